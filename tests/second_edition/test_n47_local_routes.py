"""N47: what makes a steroid or an estrogen local."""

import pytest
from charts.golden import Case
from hypothesis import given
from hypothesis import strategies as st
from numbered import got, name_of, of

from cds.knowledge.load import load

WORDS = load().route_words
FILLERS = ["top", "knee", "joint", "gel", "foam", "drops", "im", "po", "iv", "sc", "once", "daily", "40 mg", "orally"]
LOCAL = ["Both Eyes", "nostril", "puffs", "cream", "suppository", "intra-articular", "into the left shoulder", "Salbe"]


@pytest.mark.parametrize("case", of(47), ids=name_of)
def test_n47_cards(case: Case) -> None:
    """Each chart of the tables N47 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@given(st.lists(st.sampled_from(FILLERS), max_size=6))
def test_n47_fillers_decide_nothing(words: list[str]) -> None:
    """Words that alone decide nothing do not decide together either; small letters are no abbreviations."""
    assert WORDS.said((), (), [" ".join(words)]) <= {"applied"}


@given(st.sampled_from(LOCAL), st.lists(st.sampled_from(FILLERS), max_size=4), st.booleans())
def test_n47_a_local_word_counts_before_for_only(word: str, around: list[str], upper: bool) -> None:
    """What follows "for" in a dosage is a reason; in the product it is not."""
    said = word.upper() if upper else word
    filler = " ".join(around)
    before = WORDS.said((), (), [f"{filler} {said} for {filler}"])

    assert 1 == len(before - {"applied"})
    assert before - {"applied"} == WORDS.said((), [f"{filler} {said}"], ()) - {"applied"}
    assert WORDS.said((), (), [f"{filler} For {said}"]) <= {"applied"}


@pytest.mark.parametrize(
    ("capitals", "name"), [("PO", "oral"), ("IV", "intravenous"), ("IM", "intramuscular"), ("SC", "subcutaneous")]
)
def test_n47_abbreviations_count_as_whole_words_in_capitals(capitals: str, name: str) -> None:
    """Not in small letters, and not inside a longer word."""
    assert {name} == WORDS.said((), (), [f"40 mg {capitals} once"])
    assert frozenset() == WORDS.said((), (), [f"40 mg {capitals.lower()} X{capitals} {capitals}X once"])


def test_n47_the_whole_text_of_a_route_may_be_an_abbreviation() -> None:
    """The element for the route says nothing else, so that its case does not matter."""
    assert {"intramuscular"} == WORDS.said([" im "], (), ())


def test_n47_intramuscular_with_a_joint_word_is_the_joint() -> None:
    """An injection into a joint is none into a muscle."""
    assert {"joint"} == WORDS.said(["intramuscular"], (), ["40 mg into the knee"])
