"""Drafts that name their medicine by a reference: read wherever it leads, and said where it leads nowhere."""

import json
from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request_for, resources
from charts.seam import evaluate

Json = dict[str, Any]
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
TWITCH = {"patient": {"age": "55 y", "sex": "F"}, "resources": [{"twitch": "5 w"}]}
QUIET = {"patient": {"age": "55 y", "sex": "F"}, "resources": []}
STEROID = {"coding": [{"system": RXNORM, "code": "198145"}]}
ASPIRIN = {"coding": [{"system": RXNORM, "code": "243670"}]}


def draft(target: str, **more: Any) -> Json:
    """A draft that refers to its medicine."""
    reference = {"reference": target, "display": "TABS WITHOUT A NAME 20 MG"}
    made = {
        "resourceType": "MedicationRequest",
        "id": "d1",
        "status": "draft",
        "subject": {"reference": "Patient/golden"},
    }
    return {**made, "medicationReference": reference, **more}


def medication(code: Json, **more: Any) -> Json:
    """A medicine."""
    return {"resourceType": "Medication", "id": "m1", "code": code, **more}


def signed(*drafts: Json, chart: Json = TWITCH, sent: Json | None = None) -> list[Json]:
    """The cards for drafts that are about to be signed."""
    context = {"draftOrders": {"resourceType": "Bundle", "entry": [{"resource": one} for one in drafts]}}
    body = request_for(resources(chart), context, hook="order-sign")
    body["prefetch"] |= sent or {}
    status, answer = evaluate(json.dumps(body).encode(), TODAY)
    assert status == 200, answer
    return list(answer["cards"])


def topics(cards: list[Json]) -> list[str]:
    """What the cards are."""
    return [card["source"]["topic"]["code"] for card in cards]


def held(*medications: Json) -> Json:
    """The medicines of the chart, with what they refer to."""
    return {"medicationRequests": {"resourceType": "Bundle", "entry": [{"resource": one} for one in medications]}}


@pytest.mark.parametrize(
    ("drafts", "sent"),
    [
        ([draft("Medication/m1"), medication(STEROID)], None),
        ([draft("#m1", contained=[medication(STEROID)])], None),
        ([draft("Medication/m1")], held(medication(STEROID))),
        ([draft("https://ehr.example/fhir/Medication/m1/_history/2")], held(medication(STEROID))),
    ],
)
def test_a_medicine_is_found_where_the_reference_leads(drafts: list[Json], sent: Json | None) -> None:
    """Among the drafts, in the draft itself, or in the prefetch."""
    assert ["steroid-order"] == topics(signed(*drafts, sent=sent))


@pytest.mark.parametrize("sent", [None, held(medication(ASPIRIN, id="m2"))])
def test_a_medicine_that_is_not_found_is_said(sent: Json | None) -> None:
    """One info card, with what the draft calls it; nothing of what it may be."""
    (card,) = signed(draft("Medication/m1"), sent=sent)

    assert ("data-gap", "info") == (card["source"]["topic"]["code"], card["indicator"])
    assert "A drafted medicine could not be read: TABS WITHOUT A NAME 20 MG." in card["summary"]


def test_a_reference_without_a_name_is_said_too() -> None:
    """The card does not invent one."""
    (card,) = signed(draft("Medication/m1", medicationReference={"reference": "Medication/m1"}))

    assert "could not be read: a medicine without a name." in card["summary"]


def test_a_name_with_markup_stays_text() -> None:
    """What the chart calls a medicine may hold anything; the summary is one line under 140 characters."""
    name = "<b>x</b>\n" + "y" * 300
    (card,) = signed(draft("Medication/m1", medicationReference={"reference": "Medication/m1", "display": name}))

    assert len(card["summary"]) < 140
    assert "\n" not in card["summary"]


def test_a_steroid_beside_an_unread_medicine_keeps_its_card() -> None:
    """The card for what was read comes first, the other one after it."""
    coded = draft("Medication/m1", id="d2", medicationCodeableConcept=STEROID)
    del coded["medicationReference"]

    assert ["steroid-order", "data-gap"] == topics(signed(coded, draft("Medication/m9")))


@pytest.mark.parametrize(
    "drafts", [[draft("Medication/m1"), medication(ASPIRIN)], [draft("Medication/m1", status="stopped")]]
)
def test_a_medicine_of_no_concern_is_silent(drafts: list[Json]) -> None:
    """It was read, or the draft is over."""
    assert [] == signed(*drafts)


def test_without_a_twitch_an_unread_medicine_is_silent() -> None:
    """Whatever it is, no card could follow."""
    assert [] == signed(draft("Medication/m1"), chart=QUIET)


def test_a_medicine_found_on_the_chart_only_may_be_of_no_concern() -> None:
    """The reference is resolved after the gate, and then nothing is left to say."""
    assert [] == signed(draft("Medication/m1"), sent=held(medication(ASPIRIN)))
