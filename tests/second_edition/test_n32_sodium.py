"""N32: sodium by value."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(32), ids=name_of)
def test_n32_cards(case: Case) -> None:
    """Each chart of the tables N32 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize("case", ["N32/124", "N32/120.5", "N32/124-old-confusion"])
def test_n32_below_125_is_for_today(case: str) -> None:
    """A warning that asks for an assessment today."""
    assert "assess today" in text(one(case))


@pytest.mark.parametrize("case", [case.id for case in of(32)])
def test_n32_no_weeks_on_a_card_about_sodium(case: str) -> None:
    """Nothing waits for weeks."""
    assert "8–12 weeks" not in text(one(case))


@pytest.mark.parametrize(("case", "side"), [("N32/110", "low"), ("N32/160", "high")])
def test_n32_an_emergency_says_which_way(case: str, side: str) -> None:
    """The summary says whether sodium is low or high."""
    assert f"{side} sodium 1" in text(one(case))
