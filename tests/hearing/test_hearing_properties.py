"""Any text at all: nothing raises, reading takes steps in proportion to its length, the quick look is right."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listening import ALL, HEARING, heard, opens_gate

from cds.words.mention import Field, Mention
from cds.words.tokens import LONGEST, tokens

SAID = """no not denies calf twitching weakness of left hand , . : ; ? - / ( ) or and 3 weeks 4/5 's d' mother has
had if dog kein Muskelzucken seit sin fasciculaciones pas de secousses musculaires párpado Fuß ß œil tongue foot
drop (-)"""
WORDS = st.sampled_from(re.split(r"\s+", SAID))
TEXTS = st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=60).map(" ".join))
STEPS_FOR_A_CHARACTER = 600


@given(TEXTS, st.sampled_from(Field))
def test_any_text_is_read(text: str, field: Field) -> None:
    """Arbitrary text gives mentions whose places and quotes are in it, and never raises."""
    for one in HEARING.hear(text, ALL, field):
        assert 0 <= one.start < one.end <= len(text)
        assert len(one.quote) <= 60


@given(TEXTS)
def test_quick_look_misses_nothing(text: str) -> None:
    """Where the quick look finds nothing, no twitch is heard."""
    mentions = any(one.concept == "twitch" for one in heard(text))
    assert HEARING.may_twitch(text, ALL) or not mentions


@pytest.mark.parametrize(
    "part",
    [
        "no ",
        "calf ",
        "twitching ",
        "of the left ",
        "no twitching, ",
        "mother has ",
        "weakness of ",
        "(((",
        "a/",
        "3+",
        "'s ",
        "in in in ",
        "twitchimg ",
    ],
)
def test_steps_grow_with_length_only(part: str) -> None:
    """A text twice as long takes at most twice the steps and a few, however its words repeat."""
    once = HEARING.read((part * LONGEST)[: LONGEST // 2], ALL, Field.VISIT).steps
    twice = HEARING.read((part * LONGEST)[:LONGEST], ALL, Field.VISIT).steps
    assert twice <= 2.2 * once + STEPS_FOR_A_CHARACTER
    assert twice <= STEPS_FOR_A_CHARACTER * LONGEST


def test_only_the_first_part_of_a_long_text_is_read() -> None:
    """What stands behind the first two thousand characters is not read (N13)."""
    assert opens_gate("x" * (LONGEST - 20) + " calf twitching")
    assert not opens_gate("x" * LONGEST + " calf twitching")


@pytest.mark.parametrize(
    ("no", "phrase"),
    [
        (no, phrase)
        for no in ("no {}", "denies {}", "without {}", "{}: no", "{} denied")
        for phrase in (
            "muscle twitching",
            "calf twitching",
            "fasciculations",
            "eyelid twitching",
            "twitching of the left hand",
            "foot drop",
            "slurred speech",
            "difficulty swallowing",
            "weakness of the arm",
        )
    ]
    + [
        (no, phrase)
        for no in ("kein {}", "verneint {}", "{}: keine")
        for phrase in ("Muskelzucken", "Faszikulationen", "Lidzucken", "Muskelschwäche")
    ]
    + [
        (no, phrase)
        for no in ("niega {}", "sin {}", "{} ausentes")
        for phrase in ("fasciculaciones", "mioquimias", "debilidad muscular")
    ]
    + [
        (no, phrase)
        for no in ("pas de {}", "sans {}", "{} absentes")
        for phrase in ("fasciculations", "secousses musculaires", "myokymies")
    ],
)
def test_negated_twin_is_absent(no: str, phrase: str) -> None:
    """What is heard when it is said is absent when it is denied."""
    assert _present(heard(phrase))
    assert not _present(heard(no.format(phrase)))


def _present(mentions: tuple[Mention, ...]) -> list[str]:
    return [one.concept for one in mentions if one.polarity.value == "present"]


def test_tokens() -> None:
    """Abbreviations, grades, hyphens and apostrophes are read as one writes them."""
    assert ["r/o", "l", "oeil", "can", "wait"] == [one.text for one in tokens("r/o l'œil can. wait") if one.counts]
    assert ["mother", "'s", "cant", "drop", "foot"] == [one.text for one in tokens("mother's can't drop-foot")]
    assert ["4/5", "3+", "5/5", "12"] == [one.text for one in tokens("4/5 3+ 5/5 12")]
