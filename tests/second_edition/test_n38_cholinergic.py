"""N38: a cholinergic picture is an emergency before somebody has named it."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(38), ids=name_of)
def test_n38_cards(case: Case) -> None:
    """Each chart of the tables N38 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n38_the_review_asks_for_too_much_of_the_inhibitor() -> None:
    """With the sign and its day; a slow pulse counts as one."""
    assert "Disturbances of salivary secretion (2026-11-08) on pyridostigmine: cholinergic excess?" in text(
        one("N38/pyridostigmine-and-drooling")
    )
    assert "Heart rate 44/min (2026-11-17) on pyridostigmine" in text(one("N38/pyridostigmine-and-slow-pulse"))
    assert "cholinergic excess?" not in text(one("N38/pyridostigmine-and-drooling-15-d"))
