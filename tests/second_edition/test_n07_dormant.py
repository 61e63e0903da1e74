"""N7: a twitch of which the chart has said nothing for a year."""

from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.notation import request_bytes
from charts.resources import Line
from charts.seam import engine
from hypothesis import given
from hypothesis import strategies as st
from numbered import got, judged, name_of, of, one

from cds.explain.explain import explain, why_silent

OLD: Line = {"twitch": "2023-03-01", "recorded": "2023-03-01", "id": "twitching"}
BESIDE: list[Line] = [
    line
    for number in (7, 10, 12, 64)
    for case in of(number)
    for line in case.chart["resources"]
    if not next(iter(line)).startswith("twitch")
]


@pytest.mark.parametrize("case", of(7), ids=name_of)
def test_n07_cards(case: Case) -> None:
    """Each chart of the table N7 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def urgent(cards: list[Any]) -> list[Any]:
    """What no age of the twitch may take away."""
    return [card for card in cards if card[0] in ("emergency", "paediatric-neurology", "neurology-urgent")]


@given(st.lists(st.sampled_from(BESIDE), max_size=6), st.sampled_from(["4 y", "20 y", "66 y"]))
def test_n07_nothing_urgent_is_hidden(beside: list[Line], age: str) -> None:
    """The urgent cards of an old twitch are those of the same twitch that came back."""
    back: Line = {**OLD, "status": "recurrence"}

    assert urgent(judged({"age": age}, [back, *beside])) == urgent(judged({"age": age}, [OLD, *beside]))


@given(st.lists(st.sampled_from(BESIDE), max_size=6), st.sampled_from(["4 y", "20 y", "66 y"]))
def test_n07_warnings_stay(beside: list[Line], age: str) -> None:
    """Only information and the routine neurology card can be missing."""
    back: Line = {**OLD, "status": "recurrence"}
    shown = judged({"age": age}, [OLD, *beside])
    missing = [card for card in judged({"age": age}, [back, *beside]) if card not in shown]

    assert {"info"} >= {card[1] for card in missing if card[0] != "neurology-evaluation"}


def test_n07_silence_is_explained() -> None:
    """Who asks why there is no card is told that the twitch is old."""
    service = engine(TODAY)
    outcome = service.call("muscle-twitch-patient-view", request_bytes(one("N7/anxiety").chart))

    assert "more than a year ago" in why_silent(outcome, service.words)
    assert "nothing within the last year" in explain(outcome, service).cards_left_out["lifestyle"]
