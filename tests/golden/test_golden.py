"""Golden cases: a chart in, exactly these cards out; at least as many must stay silent as must fire."""

import json
from collections import Counter
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Card, Case, cases, twins
from charts.notation import request_bytes
from charts.seam import evaluate

from cards.topics import Topic

BASIS = "org.twitch-cds.basis"
EVERY = [*cases(), *twins()]


@pytest.mark.parametrize("case", EVERY, ids=[case.id for case in EVERY])
def test_golden(case: Case) -> None:
    """The answer holds exactly the expected cards, in order, with their tags."""
    status, answer = evaluate(request_bytes(case.chart), TODAY)

    assert case.status == status, case.rule
    if case.status == 200:
        found = answer["cards"]
        assert list(case.expect) == [_seen(one, wanted) for one, wanted in _paired(found, case.expect)], case.rule
        _assert_details(case, found)


@pytest.mark.parametrize("case", cases(), ids=[case.id for case in cases()])
def test_case_is_well_formed(case: Case) -> None:
    """Topics, tags and flags are known, and no topic is both expected and forbidden."""
    for card in case.expect:
        card.check()
    for name in (*case.absent, *case.also_noted):
        Topic(name)
    assert not {card.topic for card in case.expect} & set(case.absent)
    assert len(case.expect) <= 3
    assert case.rule


def test_ids_are_unique() -> None:
    """No two cases share an id, twins included."""
    assert [name for name, count in Counter(case.id for case in EVERY).items() if count > 1] == []


def test_every_case_can_be_written_as_a_request() -> None:
    """The notation understands every line of every case."""
    for case in EVERY:
        assert json.loads(request_bytes(case.chart))["hook"] == case.chart.get("hook", "patient-view")


def test_silence_is_proved_at_least_as_often_as_speech() -> None:
    """At least as many cases must stay silent as must fire."""
    silent = sum(case.silent for case in EVERY)
    firing = sum(bool(case.expect) for case in EVERY)

    assert silent >= firing


def _paired(found: list[Any], expect: tuple[Card, ...]) -> list[tuple[Any, Card | None]]:
    """Each card found with the one expected in its place, if any."""
    return [(one, expect[place] if place < len(expect) else None) for place, one in enumerate(found)]


def _seen(card: dict[str, Any], wanted: Card | None) -> Card:
    basis = card.get("extension", {}).get(BASIS, {})
    pinned = wanted is not None and wanted.flags is not None
    flags = tuple(basis.get("flags", ())) if pinned else None
    return Card(card["source"]["topic"]["code"], card["indicator"], tuple(basis.get("tags", ())), flags)


def _assert_details(case: Case, found: list[dict[str, Any]]) -> None:
    assert not {card["source"]["topic"]["code"] for card in found} & set(case.absent)
    assert not case.also_noted or "Also noted" in found[-1]["detail"]
    for card in found:
        basis = json.dumps(card["extension"][BASIS].get("notChecked", []))
        assert all(name in basis for name in case.not_checked), f"{case.id}: {case.not_checked} not named"
        assert not _stops_something(card), f"{case.id}: a suggestion must never stop or replace a drug"


def _stops_something(card: dict[str, Any]) -> bool:
    actions = [action for one in card.get("suggestions", ()) for action in one.get("actions", ())]
    return any(action["type"] != "create" or _ended(action.get("resource", {})) for action in actions)


def _ended(resource: dict[str, Any]) -> bool:
    return resource.get("status") in {"stopped", "cancelled", "completed", "on-hold"}
