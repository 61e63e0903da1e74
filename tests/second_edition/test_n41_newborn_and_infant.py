"""N41: twitching before the first birthday; no texts for adults below 12 years."""

from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.notation import request_bytes
from charts.seam import evaluate
from numbered import got, name_of, of, one, text

ADULT_WORDS = ("caffeine", "smok", "GAD-7", "anxiety")


@pytest.mark.parametrize("case", of(41), ids=name_of)
def test_n41_cards(case: Case) -> None:
    """Each chart of the tables N41 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def summary(case: Case) -> str:
    """The summary of the first card."""
    _, answer = evaluate(request_bytes(case.chart), TODAY)
    return str(answer["cards"][0]["summary"])


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (
            "newborn",
            "Newborn with twitching: seizure, low calcium or glucose, infection? Same-day paediatric assessment.",
        ),
        (
            "infant-seizure",
            "Infant with twitching: seizure recorded 2026-11-22; calcium not measured. Same-day paediatric assessment.",
        ),
        (
            "infant-seizure-normal-calcium",
            "Infant with twitching: seizure recorded 2026-11-15; calcium 1.25 mmol/L. Same-day paediatric assessment.",
        ),
        (
            "infant",
            (
                "Infant with twitching: seizure or spasms? See within days; "
                "today if drowsy, feeding badly or in clusters; calcium, glucose."
            ),
        ),
    ],
)
def test_n41_the_summary_says_what_to_think_of_and_how_soon(case: str, expected: str) -> None:
    """Each has its own sentence; whether calcium was measured is said."""
    assert expected == summary(one(f"N41/{case}"))


@pytest.mark.parametrize(
    ("years", "expected"), [(11, [False, False]), (12, [False, True]), (15, [False, True]), (16, [True, True])]
)
def test_n41_adult_questions_begin_at_twelve(years: int, expected: list[bool]) -> None:
    """Caffeine, smoking and anxiety are in no advice for a younger child; without an examination from 16 on (N55)."""
    charts: list[list[dict[str, Any]]] = [
        [{"twitch": "2 w", "code": "699377006 Twitching eye"}],
        [{"twitch": "2 w"}, {"lab": "exam", "interp": "N", "at": "1 d"}],
    ]
    said = [
        card["detail"]
        for lines in charts
        for card in evaluate(request_bytes({"patient": {"age": f"{years} y"}, "resources": lines}), TODAY)[1]["cards"]
    ]

    assert len(charts) == len(said)
    assert expected == [any(word in one for word in ADULT_WORDS) for one in said]


def test_n41_nothing_of_an_adult_stands_on_the_card_of_a_newborn() -> None:
    """Neither caffeine nor smoking nor a questionnaire."""
    said = text(one("N41/newborn"))

    assert [] == [word for word in ADULT_WORDS if word in said]
