"""N4: a newer entry that says no."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(4), ids=name_of)
def test_n04_cards(case: Case) -> None:
    """Each chart of the tables N4 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n04_the_problem_list_is_asked_to_be_updated() -> None:
    """A problem that an examination denies later is quoted with both dates."""
    wanted = "foot-drop recorded 2025-03-10, recorded as absent 2026-11-21: update the problem list"

    assert wanted in text(one("N4/condition-examined"))


def test_n04_an_emergency_quotes_the_absence() -> None:
    """What says no later is a line of the emergency card, which stays."""
    assert "orthopnea is also recorded as absent on 2026-11-21" in text(one("N4/emergency-stays"))
