"""N1: one reading per entry; only what is present fires."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(1), ids=name_of)
def test_n01_cards(case: Case) -> None:
    """Each chart of the tables N1 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n01_what_is_unknown_is_said_and_forbids_reassurance() -> None:
    """An answer about a red flag that is not understood is named, and "no red flags" is not said."""
    said = text(one("N1-unclear/unknown"))

    assert "Muscle weakness: the entry of 2026-11-19 could not be read as yes or no" in said
    assert "no red flags" not in said


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("N1-status/unknown-yes", "Muscle weakness (2026-11-19) is on file with a status that says nothing"),
        ("N1-status/no-status", "Muscle weakness (2026-11-19) is on file with a status that says nothing"),
        ("N1-status/unknown-emergency", "Orthopnea (2026-11-19) is on file with a status that says nothing"),
        ("N1-status/preliminary-yes", "Muscle weakness (2026-11-19) is a preliminary entry"),
        ("N1-status/preliminary-value", "Muscle weakness (2026-11-19) is a preliminary entry"),
    ],
)
def test_n01_what_is_not_final_is_said(case: str, said: str) -> None:
    """The sign and its day are named, and "no red flags" is not said."""
    assert said in text(one(case))
    assert "no red flags" not in text(one(case)).partition("\n")[0]


def test_n01_without_it_the_words_are_said() -> None:
    """The same chart without such an entry is told that no red flags are recorded."""
    assert "no red flags" in text(one("N1-status/none"))
    assert "no red flags" in text(one("N1-status/preliminary-no"))
