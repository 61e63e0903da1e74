"""The test set of words is what it says it is: its size, its halves, its languages and kinds, no text twice."""

from collections import Counter

import pytest
from word_texts import (
    CONCEPTS,
    FIELDS,
    FOLDER,
    KINDS,
    LANGUAGES,
    Gate,
    Half,
    WordText,
    by_kind,
    fifth,
    front_desk,
    half_of,
    held,
    others,
    read,
    texts,
)

ALL = [text for half in Half for text in texts(half)]
OTHERS = others()
WRITTEN = by_kind()
HELD = held()
FIFTH = [text for half in Half for text in fifth(half)]
DESK = [text for half in Half for text in front_desk(half)]
LEAST, LEAST_OF_LANGUAGE, LEAST_OTHERS, LEAST_WRITTEN, LEAST_HELD = 2_000, 400, 300, 600, 500
LEAST_DESK = 480


@pytest.mark.parametrize("half", Half)
def test_halves(half: Half) -> None:
    """A text is in the half that its hash chooses, whoever wrote it."""
    assert [] == [text.id for text in texts(half) if half_of(text.text) != half]


def test_sizes() -> None:
    """There are enough texts in every language and half for a bound that means something."""
    languages = Counter(text.language for text in ALL)
    assert len(ALL) >= LEAST
    assert {language for language in LANGUAGES if languages[language] >= LEAST_OF_LANGUAGE} == set(LANGUAGES)
    assert min(len(texts(half)) for half in Half) >= LEAST / 2
    assert len(OTHERS) >= LEAST_OTHERS
    assert len(WRITTEN) >= LEAST_WRITTEN
    assert len(HELD) >= LEAST_HELD
    assert len(DESK) >= LEAST_DESK
    assert (
        set(LANGUAGES)
        == {text.language for text in OTHERS}
        == {text.language for text in WRITTEN}
        == {text.language for text in HELD}
        == {text.language for text in DESK}
    )


def test_texts_are_sound() -> None:
    """Every text has an id of its own, is written once, and uses the columns' own words."""
    every = [*ALL, *OTHERS, *WRITTEN, *HELD, *FIFTH, *DESK]
    assert [] == [one for one, times in Counter(text.text for text in every).items() if times > 1]
    assert [] == [one for one, times in Counter(text.id for text in every).items() if times > 1]
    assert [] == [text.id for text in every if not _is_sound(text)]
    assert [] == [text.id for text in every if not 0 < len(text.text) <= 300]


def _is_sound(text: WordText) -> bool:
    concepts = {concept for flag in text.flags for concept in flag.concepts}
    return (
        text.language in LANGUAGES
        and text.field in FIELDS
        and text.kind in KINDS
        and concepts <= CONCEPTS
        and text.id.startswith(f"{text.language}-")
    )


def test_a_table_holds_one_language() -> None:
    """The table of a language holds that language and no other."""
    for half in Half:
        for language in LANGUAGES:
            assert {language} == {text.language for text in read([FOLDER / half / f"{language}.tsv"])}


def test_silent_texts() -> None:
    """As many texts stay silent as open the gate, near enough, and both halves and all languages hold every kind."""
    opens = sum(text.gate.is_open for text in ALL)
    assert 0.4 <= opens / len(ALL) <= 0.6
    for half in Half:
        for language in LANGUAGES:
            kinds = {text.kind for text in texts(half) if text.language == language}
            assert kinds == KINDS, (half, language)


def test_kinds_agree_with_the_gate() -> None:
    """What a text is called and what is expected of it do not contradict each other."""
    closed = {"negated", "negation after the phrase", "doubtful", "historical", "homonym", "hypothetical", "nothing"}
    every = [*ALL, *OTHERS, *WRITTEN, *HELD, *FIFTH, *DESK]
    assert [] == [text.id for text in every if text.kind in closed and text.gate.is_open]
    assert [] == [text.id for text in every if text.kind == "other person" and text.gate not in {Gate.OTHER, Gate.NONE}]
    assert [] == [text.id for text in every if text.kind == "lay word" and not text.gate.is_open]
