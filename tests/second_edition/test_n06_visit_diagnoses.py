"""N6: diagnoses of visits age from their latest date."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(6), ids=name_of)
def test_n06_cards(case: Case) -> None:
    """Each chart of the tables N6 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n06_what_is_past_is_quoted() -> None:
    """A sign of a visit of years ago is quoted with its date; an undated one is asked about."""
    assert "more than a year ago: quoted only" in text(one("N6-signs/5-years"))
    assert "is the diagnosis of a visit without a date: is it still present?" in text(one("N6-signs/undated-urgent"))
    assert "quoted only" not in text(one("N6-signs/40-days"))
