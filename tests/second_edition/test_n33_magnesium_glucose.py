"""N33: high magnesium, and glucose."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(33), ids=name_of)
def test_n33_cards(case: Case) -> None:
    """Each chart of the tables N33 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("N33/Mg-3.00", "high magnesium 3 mmol/L"),
        ("N33/Mg-2.00", "Magnesium 2 mmol/L (2026-11-19) is high with twitching"),
        ("N33/glucose-41-today", "low glucose 41 mg/dL"),
        ("N33/glucose-20.1", "Glucose 20.1 mmol/L (2026-11-19) is high with twitching"),
        ("N33/glucose-41-10-d-LL", "Glucose 41 mg/dL (2026-11-12) is low with twitching"),
    ],
)
def test_n33_the_card_says_which_way(case: str, said: str) -> None:
    """With its value and unit."""
    assert said in text(one(case)).replace("**", "")
