"""A chart that holds only the twitch, before and after the form: what each answer brings (N22)."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request_bytes
from charts.resources import Line
from charts.seam import evaluate

DOC = Path(__file__).parents[2] / "docs" / "questionnaire.md"
NOTHING: Line = {
    "q.signs": ["none"],
    "q.also": ["none"],
    "q.coffee": 1,
    "q.energy": 0,
    "q.sleep": 8,
    "q.gad1": "not-at-all",
    "q.gad2": "not-at-all",
    "q.recent": ["none"],
    "q.smoke": "N",
    "q.diet": "none",
    "q.family": "N",
}
STARTED = {"q.drugs.change": "started", "q.drugs.date": "4 w"}
CAUSES: dict[str, tuple[Line, str]] = {
    "stress": ({"q.gad1": "more-than-half", "q.gad2": "several-days"}, "lifestyle"),
    "sleep": ({"q.sleep": 5}, "lifestyle"),
    "exertion": ({"q.recent": ["exert"]}, "lifestyle"),
    "caffeine": ({"q.coffee": 3, "q.energy": 2}, "lifestyle"),
    "dehydration": ({"q.recent": ["fluid"]}, "lifestyle"),
    "smoking": ({"q.smoke": "Y"}, "lifestyle"),
    "diet (vitamin D, B12, calcium)": ({"q.diet": "vegan"}, "lab-order"),
    "steroids": ({"q.drugs": [{"q.drugs.name": "prednisone", **STARTED}]}, "medication-review"),
    "estrogen": ({"q.drugs": [{"q.drugs.name": "ethinyl estradiol", **STARTED}]}, "medication-review"),
    "nothing at all": ({}, "data-gap"),
}


@cache
def shown(cause: str | None) -> tuple[tuple[str, str], ...]:
    """Topic and summary of the cards, without the form or with that of a cause."""
    form: list[Line] = [] if cause is None else [{"form": {**NOTHING, **CAUSES[cause][0]}, "at": "1 d"}]
    chart: dict[str, Any] = {"patient": {"age": "30 y", "sex": "F"}, "resources": [{"twitch": "2 w"}, *form]}
    status, answer = evaluate(request_bytes(chart), TODAY)
    assert 200 == status
    return tuple((card["source"]["topic"]["code"], card["summary"]) for card in answer["cards"])


def told(cause: str | None) -> str:
    """The cards as one cell of a table."""
    return "<br>".join(f"`{topic}` {summary}" for topic, summary in shown(cause))


@pytest.mark.parametrize("cause", CAUSES)
def test_an_answer_brings_the_card_of_its_cause(cause: str) -> None:
    """Before the form one card says what was not found; after it the card of the cause comes first, and never calms."""
    assert ["data-gap"] == [topic for topic, _ in shown(None)]
    assert CAUSES[cause][1] == shown(cause)[0][0]
    assert [] == [summary for _, summary in shown(cause) if "no red flags" in summary.lower()]
    assert "reassurance" not in {topic for topic, _ in shown(cause)}


def test_the_table_in_the_documentation_is_what_is_shown() -> None:
    """Each cause with its cards."""
    rows = [f"| {cause} | {told(cause)} |" for cause in CAUSES]

    assert [] == [row for row in [f"| (before) | {told(None)} |", *rows] if row not in DOC.read_text("utf-8")]
