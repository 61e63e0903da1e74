"""What the cards propose, given to a real FHIR server: it stores each draft and finds no error in it."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import cases
from charts.notation import request_bytes
from charts.resources import Json
from charts.seam import evaluate
from hapi_client import Fhir

pytestmark = pytest.mark.hapi


@cache
def drafts() -> tuple[Json, ...]:
    """The resource of every action on the cards of the golden cases, each once."""
    texts = {json.dumps(one, sort_keys=True) for one in _proposed()}
    return tuple(json.loads(text) for text in sorted(texts))


def test_every_proposed_resource_is_stored(fhir: Fhir) -> None:
    """Each is created: 201."""
    entries = [{"resource": one, "request": {"method": "POST", "url": one["resourceType"]}} for one in drafts()]
    answer = fhir.post("", {"resourceType": "Bundle", "type": "batch", "entry": entries}).json()

    assert {"ServiceRequest", "Task"} == {one["resourceType"] for one in drafts()}
    assert ["201 Created"] * len(entries) == [entry["response"]["status"] for entry in answer["entry"]]


def test_every_kind_of_proposal_is_valid(fhir: Fhir) -> None:
    """`$validate` reports neither error nor fatal for one draft of each shape and code."""
    kinds = {json.dumps([_shape(one), one.get("code")]): one for one in drafts()}

    found = {text: _errors(fhir.post(f"{one['resourceType']}/$validate", one).json()) for text, one in kinds.items()}

    assert {} == {text: errors for text, errors in found.items() if errors}


def _proposed() -> Iterator[Json]:
    for case in cases():
        if case.expect:
            _, answer = evaluate(request_bytes(case.chart), TODAY)
            suggestions = [one for card in answer["cards"] for one in card.get("suggestions", ())]
            yield from (action["resource"] for one in suggestions for action in one["actions"])


def _shape(node: Any) -> Any:
    """Which elements there are, whatever they hold; a list is as its first item."""
    if isinstance(node, dict):
        return {name: _shape(value) for name, value in node.items()}
    return [_shape(node[0])] if isinstance(node, list) else None


def _errors(outcome: Json) -> list[str]:
    """What `$validate` holds against a resource."""
    return [issue["diagnostics"] for issue in outcome["issue"] if issue["severity"] in {"error", "fatal"}]
