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


@pytest.mark.parametrize("sign", ["optic", "ataxia", "facial-myokymia"])
def test_n06_a_central_sign_of_a_visit_of_more_than_a_year_ago_is_quoted(sign: str) -> None:
    """The signs of R2 age as all others do."""
    assert "more than a year ago: quoted only" in text(one(f"N6-every-sign/{sign}"))
