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

    assert "muscle weakness: the entry of 2026-11-19 could not be read as yes or no" in said
    assert "no red flags" not in said
