"""Hearing, held to the test set: each text of the development half as behaviour, the sealed half as bounds."""

import pytest
from heard_by import hears
from measure import READ, RECORD, Measured, by_language, known, main, measure, recorded
from word_score import score
from word_texts import LANGUAGES, Half, by_kind, fifth, front_desk, held, others, texts

from cds.knowledge.load import load

KNOWN = known()


@pytest.fixture(scope="module")
def measured() -> Measured:
    """All texts, heard once."""
    return measure()


@pytest.mark.parametrize("language", LANGUAGES)
def test_development(language: str, measured: Measured) -> None:
    """Every text that may be read is heard as it is meant; those that are not yet are listed, and no others."""
    missed = {fault.text.id: fault.wrong for half in READ for fault in measured[half][language].faults}
    listed = {one for one in KNOWN.texts if one.startswith(f"{language}-")}
    assert {} == {text: wrong for text, wrong in missed.items() if text not in listed}
    assert set() == listed - set(missed), "heard at last: make words WORDS_FLAGS=--record"


def test_the_record_is_what_is_measured(measured: Measured) -> None:
    """The figures that switch languages on are those of the sealed half, as it is heard now (N14)."""
    assert "\n".join(recorded(measured)) == RECORD.read_text("utf-8"), "make words WORDS_FLAGS=--record"


def test_default_languages_follow_the_record(measured: Measured) -> None:
    """A language is on by default if gate and flags reach 0.98 on the sealed half; English is the one exception."""
    precise = {
        language
        for language, one in measured[Half.SEALED].items()
        if not any("precision" in missed for missed in one.below())
    }
    assert precise | {"en"} == set(load().languages)


@pytest.mark.parametrize("language", LANGUAGES)
def test_sealed(language: str, measured: Measured) -> None:
    """Texts that the lists were not written for are heard within the targets, but in the languages that are listed."""
    result = measured[Half.SEALED][language]
    counts = {name: (one.right, one.wrong, one.missed) for name, one in result.counts.items()}
    assert (language in KNOWN.languages) == bool(result.below()), counts


def test_what_is_said_of_a_language_does_not_depend_on_others(measured: Measured) -> None:
    """A text is heard the same whichever texts were heard before it."""
    for language, some in by_language(texts(Half.DEVELOPMENT)):
        assert measured[Half.DEVELOPMENT][language].faults == score(reversed(some), hears).faults[::-1]


def test_measure_prints_and_judges(capsys: pytest.CaptureFixture[str]) -> None:
    """`make words` prints every language and half, lists no sealed text, and fails if a language misses a target."""
    status = main([])
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert len(LANGUAGES) * 10 * 3 == sum(one.startswith(LANGUAGES) and ":" not in one for one in lines)
    assert (1 if KNOWN.languages else 0) == status
    assert sorted(KNOWN.languages) == sorted({one[:2] for one in lines if "below" in one})
    unread = [*texts(Half.SEALED), *others(), *held(), *fifth(Half.SEALED), *front_desk(Half.SEALED)]
    assert [] == [text.id for text in unread if f"{text.id} " in printed]
    may_be_read = [*texts(Half.DEVELOPMENT), *by_kind(), *fifth(Half.DEVELOPMENT), *front_desk(Half.DEVELOPMENT)]
    assert sorted(KNOWN.texts) == sorted(text.id for text in may_be_read if f"{text.id} " in printed)
