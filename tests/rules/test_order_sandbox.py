"""Drafts exactly as the CDS Hooks sandbox sends them: not valid R4, and to be answered all the same."""

import json
from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request_for, resources
from charts.seam import evaluate
from visits import Json, seen

CHART = {"patient": {"age": "55 y", "sex": "F"}, "resources": [{"twitch": "5 w"}]}
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
PREDNISONE = ("198145", "predniSONE 10 MG Oral Tablet")
ASPIRIN = ("243670", "Aspirin 81 MG Oral Tablet")
SELECTED = ["MedicationRequest/request-123"]
NOT_YET: tuple[str, ...] = ("medicationCodeableConcept", "intent")


def draft(drug: tuple[str, str], *without: str, **more: Any) -> Json:
    """The sandbox's draft: `category` and `reasonCode` are objects."""
    code, name = drug
    made = {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "intent": "order",
        "authoredOn": "2026-11-22",
        "subject": {"reference": "Patient/golden"},
        "category": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/medicationrequest-category", "code": "community"}
            ]
        },
        "medicationCodeableConcept": {"text": name, "coding": [{"code": code, "display": name, "system": RXNORM}]},
        "reasonCode": {
            "coding": [{"system": "http://snomed.info/sct", "code": "44054006"}],
            "text": "Type 2 diabetes mellitus",
        },
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [
                    {"doseQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "{pill}"}}
                ],
            }
        ],
        "dispenseRequest": {
            "expectedSupplyDuration": {
                "value": 30,
                "unit": "days",
                "system": "http://unitsofmeasure.org",
                "code": "d",
            }
        },
    }
    return {name: value for name, value in made.items() if name not in without} | more


def study(**code: Any) -> Json:
    """The ServiceRequest of the sandbox's imaging page."""
    return {
        "resourceType": "ServiceRequest",
        "id": "example-request-id",
        "status": "draft",
        "intent": "plan",
        "subject": {"reference": "Patient/golden"},
        "code": {"coding": [code]},
        "reasonCode": [],
    }


def bundle(*drafts: Json) -> Json:
    """The sandbox's Bundle: no type, no fullUrl."""
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in drafts]}


def answered(hook: str, context: Json, chart: Json = CHART) -> list[str]:
    """The cards for such a context, which must be answered with 200."""
    sent = request_for(resources(chart), context | {"userId": "Practitioner/COREPRACTITIONER1"}, hook=hook)
    status, body = evaluate(json.dumps(sent).encode(), TODAY)
    assert status == 200, body
    return seen(body["cards"])


def test_a_selected_steroid_gets_its_card() -> None:
    """Rx View with prednisone chosen."""
    assert ["steroid-order info"] == answered(
        "order-select", {"selections": SELECTED, "draftOrders": bundle(draft(PREDNISONE))}
    )


def test_a_signed_steroid_gets_its_card() -> None:
    """Sign Order: no selections, no reasonCode."""
    assert ["steroid-order info"] == answered("order-sign", {"draftOrders": bundle(draft(PREDNISONE, "reasonCode"))})


def test_one_pill_a_day_of_what_is_taken_is_a_renewal() -> None:
    """The dose in pills is read by the product's strength."""
    taken = {"drug": "rx:198145 prednisone 10 MG Oral Tablet", "dose": "10 mg"}
    half = {"drug": "rx:312617 prednisone 5 MG Oral Tablet", "dose": "1 {pill}"}
    context = {"draftOrders": bundle(draft(PREDNISONE))}

    assert [] == answered("order-sign", context, {**CHART, "resources": [{"twitch": "5 w"}, taken]})
    assert ["steroid-order info"] == answered("order-sign", context, {**CHART, "resources": [{"twitch": "5 w"}, half]})


@pytest.mark.parametrize(
    "context",
    [
        {"selections": SELECTED, "draftOrders": bundle(draft(ASPIRIN))},
        {"selections": SELECTED, "draftOrders": bundle(draft(PREDNISONE, *NOT_YET))},
        {"selections": SELECTED, "draftOrders": bundle(draft(PREDNISONE, *NOT_YET, "reasonCode", "dosageInstruction"))},
        {},
        {"selections": []},
        {"selections": None, "draftOrders": None},
        {"selections": [], "draftOrders": bundle(draft(PREDNISONE))},
        {"selections": ["ServiceRequest/example-request-id"], "draftOrders": bundle(study())},
        {
            "selections": ["ServiceRequest/example-request-id"],
            "draftOrders": bundle(study(system="http://www.ama-assn.org/go/cpt", code="70450")),
        },
    ],
)
def test_what_is_half_written_gets_no_card(context: Json) -> None:
    """No drug yet, no drafts at all, nothing selected, an imaging order, another drug: 200 without cards."""
    assert [] == answered("order-select", context)


def test_signing_nothing_gets_no_card() -> None:
    """order-sign with no drug in it."""
    assert [] == answered("order-sign", {"draftOrders": bundle(draft(PREDNISONE, *NOT_YET))})


def test_refilling_nothing_gets_no_card() -> None:
    """medication-refill with an empty Bundle."""
    assert [] == answered("medication-refill", {"medications": bundle()})
