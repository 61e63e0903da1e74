"""The names of laboratory tests in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds.knowledge.analyte_words import LEARNED_MAX, LONGEST, AnalyteWords
from cds.knowledge.load import load

KNOWLEDGE = load()
WORDS, KNOWN = KNOWLEDGE.analyte_words, {None, *KNOWLEDGE.analytes}


@pytest.mark.parametrize(
    ("text", "analyte"),
    [
        ("Potassium", "potassium"),
        ("POTASSIUM (P)", "potassium"),
        ("K+", "potassium"),
        ("Kalium im Serum", "potassium"),
        ("Potassium [Moles/volume] in Arterial blood", "potassium"),
        ("Calcium, Ionized", "calcium"),
        ("25-OH Vitamin D", "vitamin-d"),
        ("Potassium, urine", None),
        ("Potassium [Moles/time] in 24 hour Urine", None),
        ("CK-MB", None),
        ("Vitamin K", None),
        ("serum", None),
        ("", None),
        (None, None),
        ("potassium" + " " * LONGEST, None),
    ],
)
def test_a_whole_name_tells_the_test(text: str | None, analyte: str | None) -> None:
    """Words of the specimen count for nothing; any other word makes it another test."""
    assert analyte == WORDS.analyte(text)
    assert analyte == WORDS.analyte(text)


def test_what_was_looked_up_is_remembered_within_bounds() -> None:
    """However many names a stranger sends, no more are kept, and all are still told apart."""
    words = AnalyteWords({"potassium": ["potassium"]}, ["serum"])
    names = [f"potassium {number}" for number in range(LEARNED_MAX + 1)]

    assert {None} == {words.analyte(name) for name in names}
    assert "potassium" == words.analyte("potassium serum")
    assert LEARNED_MAX == len(words._learned)


def test_a_name_of_two_tests_is_refused() -> None:
    """It could be either."""
    with pytest.raises(ValueError, match="K level"):
        AnalyteWords({"potassium": ["k"], "vitamin-k": ["K level"]}, ["level"])


@given(st.text(max_size=LONGEST))
def test_no_text_breaks_it(text: str) -> None:
    """Whatever is sent, the answer is an analyte of ours or none."""
    assert WORDS.analyte(text) in KNOWN
