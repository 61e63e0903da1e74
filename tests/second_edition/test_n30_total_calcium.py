"""N30: total calcium without albumin."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(30), ids=name_of)
def test_n30_cards(case: Case) -> None:
    """Each chart of the tables N30 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (
            "N30/8.0-mg",
            "Total calcium 8 mg/dL (2026-11-19) is low, albumin not on file: measure albumin or ionised calcium.",
        ),
        (
            "N30/1.60",
            "Total calcium 1.6 mmol/L (2026-11-19), no albumin on file: adjust or measure ionised calcium today.",
        ),
        ("N30/flagged-LL-no-unit", "no unit given"),
        ("N30/2.70", "Total calcium 2.7 mmol/L (2026-11-19) is high with twitching"),
    ],
)
def test_n30_the_card_says_what_is_missing(case: str, said: str) -> None:
    """A total without albumin asks for albumin or ionised calcium; a number without a unit is said to have none."""
    assert said in text(one(case))


def test_n30_calcium_is_still_called_missing() -> None:
    """The card lists it among the tests that are due."""
    assert "**Not on file or out of date:** calcium (with albumin or ionised)" in text(one("N30/8.0-mg"))
