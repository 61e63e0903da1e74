"""Item 9 of the PHQ-9, thoughts of self-harm (2a PHQ-9, N58): never hidden."""

from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request_bytes
from charts.seam import evaluate

ITEM, LINE = "44260-8", "PHQ-9 item 9 (thoughts of self-harm) is positive ({}): follow the local policy today."
CHART: dict[str, Any] = {"patient": {"age": "45 y", "sex": "F"}}
TWITCH = {"twitch": "2 w"}
SOME = "loinc:LA6569-3 Several days"


def item(**said: Any) -> dict[str, Any]:
    """An Observation of item 9."""
    return {"lab": ITEM, "at": "3 d", **said}


def details(*lines: dict[str, Any]) -> list[str]:
    """The detail of each card."""
    _, answer = evaluate(request_bytes({**CHART, "resources": list(lines)}), TODAY)
    return [card.get("detail", "") for card in answer["cards"]]


@pytest.mark.parametrize(
    "said",
    [
        {"is": SOME},
        {"is": "loinc:LA6570-1 More than half the days"},
        {"is": "loinc:LA6571-9 Nearly every day"},
        {"value": "1 {score}"},
        {"value": "3 {score}"},
    ],
)
def test_a_positive_answer_is_a_line_whatever_the_score(said: dict[str, Any]) -> None:
    """By code or by number, without any other part of the PHQ-9; it stands before all other lines."""
    (detail,) = details(TWITCH, item(**said), {"form": {"q.recent": ["alcstop"]}, "at": "1 d"})

    assert LINE.format("2026-11-19") in detail
    assert detail.index(LINE.format("2026-11-19")) < detail.index("Alcohol cut down")


@pytest.mark.parametrize(
    "lines",
    [
        [item(**{"is": "loinc:LA6568-5 Not at all"})],
        [item(value="0 {score}")],
        [item(value="7 {score}")],
        [item(value="1 {score}", at="91 d")],
        [item(value="1 {score}", status="entered-in-error")],
        [item(**{"is": "local:often Often"})],
        [item(**{"is": SOME, "at": "9 d"}), item(**{"is": "loinc:LA6568-5 Not at all"})],
        [{"lab": "PHQ9", "value": "9 {score}"}],
    ],
    ids=["not-at-all", "0", "beyond-3", "91-days", "in-error", "unknown-answer", "newer-not-at-all", "score-only"],
)
def test_what_is_no_positive_answer_is_no_line(lines: list[dict[str, Any]]) -> None:
    """Nothing is said of an answer that is not positive, out of date, or cannot be read."""
    assert [] == [detail for detail in details(TWITCH, *lines) if "self-harm" in detail]


def test_without_a_twitch_nothing_is_said() -> None:
    """The service speaks of twitching only."""
    assert [] == details(item(**{"is": SOME}))


def test_a_newer_answer_that_cannot_be_read_hides_nothing() -> None:
    """An unknown is never a no."""
    (detail,) = details(TWITCH, item(**{"is": SOME, "at": "9 d"}), item(**{"is": "local:often Often"}))

    assert LINE.format("2026-11-13") in detail


def test_of_two_answers_at_one_moment_the_worse_one_counts() -> None:
    """Nothing tells which came last."""
    (detail,) = details(TWITCH, item(value="0 {score}"), item(value="2 {score}"))

    assert LINE.format("2026-11-19") in detail


def test_it_takes_the_place_of_the_line_of_the_score() -> None:
    """Who sees that item 9 is positive need not be told to look at it; otherwise the score asks for that."""
    score = [TWITCH, {"condition": "F41.1"}, {"lab": "PHQ9", "value": "12 {score}"}]

    assert any("PHQ-9 12: look at item 9" in one for one in details(*score))
    assert not any("look at item 9" in one for one in details(*score, item(**{"is": SOME})))
    assert any("look at item 9" in one for one in details(*score, item(value="0 {score}")))


def test_it_is_said_on_an_emergency_too() -> None:
    """Whatever card comes first has the line."""
    first, *_ = details(TWITCH, {"lab": "K", "value": "2.3 mmol/L"}, item(**{"is": SOME}))

    assert LINE.format("2026-11-19") in first


def test_the_answer_of_a_form_counts() -> None:
    """A QuestionnaireResponse to the PHQ-9, by the code of its question (N20)."""
    (detail,) = details(TWITCH, {"answers": {ITEM: f"={SOME}"}, "at": "3 d"})

    assert LINE.format("2026-11-19") in detail
