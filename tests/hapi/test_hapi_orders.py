"""What the cards propose, given to a real FHIR server: it stores each draft and finds no error in it."""

import json
from collections.abc import Iterator

import pytest
from charts.dates import TODAY
from charts.golden import cases
from charts.notation import request_bytes
from charts.resources import Json
from charts.seam import evaluate
from hapi_charts import golden
from hapi_client import Fhir

pytestmark = pytest.mark.hapi


def proposed() -> Iterator[Json]:
    """The resource of every action on the cards of the golden cases."""
    for case in cases():
        if case.expect:
            _, answer = evaluate(request_bytes(case.chart), TODAY)
            yield from (action["resource"] for card in answer["cards"] for action in _actions(card))


def _actions(card: Json) -> list[Json]:
    return [action for suggestion in card.get("suggestions", ()) for action in suggestion["actions"]]


def distinct(patient: str) -> list[Json]:
    """Each draft once, for a patient whom the server knows."""
    drafts = [one | {"subject": {"reference": f"Patient/{patient}"}} for one in proposed()]
    return [json.loads(text) for text in sorted({json.dumps(one, sort_keys=True) for one in drafts})]


def test_every_proposed_order_is_stored_and_valid(fhir: Fhir) -> None:
    """201 for the create, and `$validate` reports neither error nor fatal."""
    drafts = distinct(golden()[0].context["patientId"])

    assert len(drafts) > 1
    assert {201} == {fhir.post(one["resourceType"], one).status_code for one in drafts}
    assert [] == [
        issue for one in drafts for issue in errors(fhir.post(f"{one['resourceType']}/$validate", one).json())
    ]


def errors(outcome: Json) -> list[str]:
    """What `$validate` holds against a resource."""
    return [issue["diagnostics"] for issue in outcome["issue"] if issue["severity"] in {"error", "fatal"}]
