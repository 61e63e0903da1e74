"""N6: diagnoses of visits age from their latest date."""

import json

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.notation import request
from charts.seam import evaluate
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


@pytest.mark.parametrize(("status", "topics"), [("finished", []), ("entered-in-error", ["data-gap"])])
def test_n6_a_visit_that_was_entered_in_error_dates_no_diagnosis(status: str, topics: list[str]) -> None:
    """A twitch that nothing else dates is of an unknown day then, and not as old as that visit."""
    chart = request(one("N6/by-its-old-visit").chart)
    for held in chart["prefetch"].values():
        for entry in (held or {}).get("entry", ()):
            if entry["resource"]["resourceType"] == "Encounter":
                entry["resource"]["status"] = status
    answer = evaluate(json.dumps(chart).encode(), TODAY)[1]

    assert topics == [card["source"]["topic"]["code"] for card in answer["cards"]]
