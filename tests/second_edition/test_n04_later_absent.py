"""N4: a newer entry that says no."""

from typing import Any

import pytest
from charts.golden import Case
from charts.resources import Line
from hypothesis import given
from hypothesis import strategies as st
from numbered import got, judged, name_of, of, one, text

from cds.knowledge.load import load

KNOWLEDGE = load()
SNOMED = KNOWLEDGE.systems["sct"]
TWITCH: Line = {"twitch": "2 w"}


def coded(sets: frozenset[str]) -> list[str]:
    """The SNOMED codes of some value sets."""
    members = (one for name in sorted(sets) for one in KNOWLEDGE.codes.members(name))
    return sorted({one.code for one in members if one.system == SNOMED})


ALARMS, SIGNS = coded(KNOWLEDGE.signs.emergency), coded(KNOWLEDGE.signs.every)


def with_and_without_a_no(code: str, days: int, person: Line) -> tuple[list[Any], list[Any]]:
    """The cards of a chart whose sign is there, and of the same chart with a newer entry that says no."""
    there: Line = {"finding": f"sct:{code}", "is": "373066001 Yes", "at": f"{days} d"}
    denied: Line = {"finding": f"sct:{code}", "is": "373067005 No", "at": "today"}
    return judged(person, [TWITCH, there]), judged(person, [TWITCH, there, denied])


@pytest.mark.parametrize("case", of(4), ids=name_of)
def test_n04_cards(case: Case) -> None:
    """Each chart of the tables N4 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n04_the_problem_list_is_asked_to_be_updated() -> None:
    """A problem that an examination denies later is quoted with both dates."""
    wanted = "Foot-drop recorded 2025-03-10, recorded as absent 2026-11-21: update the problem list"

    assert wanted in text(one("N4/condition-examined"))


def test_n04_an_emergency_quotes_the_absence() -> None:
    """What says no later is a line of the emergency card, which stays."""
    assert "Orthopnea is also recorded as absent on 2026-11-21" in text(one("N4/emergency-stays"))


@pytest.mark.parametrize(("case", "sign"), [("gait", "unsteady gait"), ("optic", "optic neuritis")])
def test_n04_a_central_sign_stays_and_quotes_the_absence(case: str, sign: str) -> None:
    """What says no later is a line of the card of R2, which stays."""
    assert f"{sign.capitalize()} is also recorded as absent on 2026-11-21" in text(
        one(f"edges-windows/{case}-absent-later")
    )


@given(st.sampled_from(ALARMS), st.integers(1, 30), st.sampled_from(["30 y", "70 y"]))
def test_n04_nothing_takes_an_emergency_or_a_childs_sign(code: str, days: int, age: str) -> None:
    """A newer entry that says no changes no card of a sign that may be an emergency, within the longest window."""
    alone, denied = with_and_without_a_no(code, days, {"age": age})

    assert alone == denied


@given(st.sampled_from(SIGNS), st.integers(1, 360), st.integers(1, 15))
def test_n04_no_childs_urgent_sign_is_cancelled(code: str, days: int, years: int) -> None:
    """Below 16 years a newer entry that says no takes no paediatric card."""
    alone, denied = with_and_without_a_no(code, days, {"age": f"{years} y"})

    assert [card for card in alone if card[0] in ("paediatric-neurology", "emergency")] == [
        card for card in denied if card[0] in ("paediatric-neurology", "emergency")
    ]
