"""N52: a new sign in known disease is told to the team that treats it; what is old or a symptom stays silent."""

from dataclasses import replace

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.seam import engine
from numbered import got, name_of, of, one, text

from cards.advice import Advice
from cards.summary import summarise
from cards.topics import Indicator, Topic


@pytest.mark.parametrize("case", of(52), ids=name_of)
def test_n52_cards(case: Case) -> None:
    """Each chart of the tables N52 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (
            "N52/breathing",
            "(2026-10-23) in known amyotrophic lateral sclerosis: tell the team that treats it, same day.",
        ),
        (
            "N52/swallowing-requested",
            "(2026-11-19) in known amyotrophic lateral sclerosis: tell the team that treats it, same day.",
        ),
        (
            "N52/weakness",
            "New muscle weakness (2026-11-17) in known amyotrophic lateral sclerosis: tell the team that treats it.",
        ),
        (
            "N52-MS/facial-myokymia",
            (
                "New facial myokymia (2026-11-18) in known multiple sclerosis: possible relapse? "
                "Tell the MS team within days."
            ),
        ),
        ("N52-MS/swallowing", "(2026-11-19) in known multiple sclerosis: tell the team that treats it, same day."),
    ],
)
def test_n52_sentences(case: str, said: str) -> None:
    """Breathing and swallowing are for the same day, in multiple sclerosis too; another sign there may be a relapse."""
    assert said in text(one(case))


def test_n52_every_sign_stands_on_the_card() -> None:
    """The summary names the most dangerous one, the detail all three."""
    shown = text(one("N52/A73"))

    assert shown.startswith("New dyspnea (2026-11-19)")
    assert "Dysphagia" in shown
    assert "Abnormal weight loss" in shown


def test_n52_a_sign_that_a_request_covers_is_a_line_on_another_card() -> None:
    """It makes no card of its own, and is said where one is shown."""
    case = one("N52/weakness-requested")
    beside = {**case.chart, "resources": [*case.chart["resources"], {"lab": "K", "value": "3.2 mmol/L"}]}
    said = "Muscle weakness (2026-11-17) is new in the known disease; a request of 2026-11-17 is on file."

    assert said in text(replace(case, chart=beside))


@pytest.mark.parametrize(("variant", "length"), [("same-day", 139), ("default", 129), ("sclerosis", 130)])
def test_n52_the_longest_sentences_fit(variant: str, length: int) -> None:
    """With a sign of 36 and a disease of 35 characters they are under 140."""
    values = {"sign": "s" * 36, "date": "2026-11-19", "disease": "d" * 35}
    advice = Advice(topic=Topic.NEW_SIGN, indicator=Indicator.WARNING, variant=variant, values=values)

    assert length == len(summarise(advice, engine(TODAY).words))
