"""N34: theophylline, and lithium with signs of toxicity at a normal level."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of, one, text


@pytest.mark.parametrize("case", of(34), ids=name_of)
def test_n34_cards(case: Case) -> None:
    """Each chart of the tables N34 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("N34/28", "theophylline 28 mg/L"),
        ("N34/15-at-66", "Theophylline 15 mg/L (2026-11-19) at age 60 or over"),
        ("N34/ciprofloxacin", "theophylline was started (2026-11-12) and no level is on file since: level today"),
        ("N34-lithium/0.9-eGFR-38-tremor", "toxic signs can occur at a normal level"),
        ("N34-lithium/0.9-eGFR-38-tremor", "lithium level: 0.9 mmol/L"),
        (
            "N34-lithium/0.7-tremor-3-d",
            "Lithium: tremor (2026-11-19) with a level below 1.0 mmol/L: repeat level and creatinine.",
        ),
        ("N34-words/confusion", "level and creatinine today"),
    ],
)
def test_n34_the_card_says_why(case: str, said: str) -> None:
    """What was found, and what to do today."""
    assert said in text(one(case)).replace("**", "")
