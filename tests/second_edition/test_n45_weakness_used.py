"""N45: weakness that an emergency already explains is not counted again, and is asked for after correction."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text

AGAIN = "Weakness recorded 2026-11-18: examine again after correction; if it persists, neurology within 2 weeks."
DISEASE = "CK without exertion, statin or seizure on this chart: muscle disease?"


@pytest.mark.parametrize("case", of(45), ids=name_of)
def test_n45_cards(case: Case) -> None:
    """Each chart of the tables N45 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n45_the_emergency_asks_to_examine_again() -> None:
    """Where weakness was used, with its day; not where none was, or where neurology is asked."""
    assert AGAIN in text(one("N45/potassium"))
    assert "examine again after correction" not in text(one("N45/potassium-16-d"))
    assert "examine again after correction" not in text(one("N45/potassium-and-wasting"))


def test_n45_an_unexplained_ck_asks_for_a_muscle_disease() -> None:
    """From 5000 U/L, without exertion, a statin or a recent seizure."""
    assert DISEASE in text(one("N45/ck-12000-unexplained"))
    assert DISEASE not in text(one("N45/ck-12000-after-seizure"))
    assert DISEASE not in text(one("N45/rhabdomyolysis"))
