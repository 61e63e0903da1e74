"""Every suggestion that the golden cases bring about: a new, valid draft about the patient, and never a medicine."""

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest
from charts.dates import TODAY
from charts.fhir_r4 import faults
from charts.golden import cases
from charts.notation import PATIENT, request_bytes
from charts.resources import Json
from charts.seam import evaluate

from cards.topics import Topic

WITH_SUGGESTIONS = {
    Topic.EMERG,
    Topic.PED_NEURO,
    Topic.NEURO_URG,
    Topic.NEW_SIGN,
    Topic.STATUS,
    Topic.NEURO_EVAL,
    Topic.KNOWN,
    Topic.LAB_ABN,
    Topic.MED_REV,
    Topic.LAB_ORDER,
    Topic.LIFESTYLE,
    Topic.ORD_RISK,
    Topic.ORD_STEROID,
}


@cache
def shown() -> tuple[tuple[str, Json], ...]:
    """All cards of all cases, each with the id of its case."""
    answers = ((case.id, evaluate(request_bytes(case.chart), TODAY)[1]) for case in cases() if case.expect)
    return tuple((name, card) for name, answer in answers for card in answer["cards"])


def actions() -> list[tuple[str, Json]]:
    """All actions of all cards."""
    return [
        (f"{name} {suggestion['label']}", action)
        for name, card in shown()
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
    ]


def resources() -> list[Json]:
    """Each proposed resource once."""
    texts = {json.dumps(action["resource"], sort_keys=True) for _, action in actions()}
    return [json.loads(text) for text in sorted(texts)]


FIRST = {
    "emergency": "Task: contact the on-call team today",
    "paediatric-neurology": "Order: paediatric neurology referral, urgent",
    "lab-order": "Order: ",
    "abnormal-lab": "Order: ",
    "steroid-order": "Order: ",
    "risk-order": "Order: ",
    "lifestyle": "Order: ",
    "neurology-urgent": "Order: neurology referral, urgent",
    "neurology-evaluation": "Order: neurology referral",
    "work-up-status": "Task: check that the request on file names",
    "medication-review": "Task: review",
    "new-sign": "Task: tell the team that treats the disease",
}


# Cards whose sentence names another action than the rest of their topic, by its words.
OTHERWISE = {
    "ask and examine today": "Task: ask and examine today",
    "consider child development review": "Order: CK (creatine kinase)",
    "CK, potassium and creatinine today": "Order: CK (creatine kinase)",
}
# The test that a known cause asks for, where it is due; of the others no test that can be ordered comes first (N25).
OF_CAUSE = {
    "thyroid": ("TSH",),
    "low-parathyroid": ("calcium", "magnesium"),
    "high-calcium": ("calcium",),
    "kidney": ("calcium", "potassium", "magnesium"),
    "alcohol": ("magnesium", "potassium"),
    "hyperventilation": ("calcium",),
}


def test_n58_the_primary_action_stands_first() -> None:
    """Who is to see the patient, or to be spoken to, before any test, unless its sentence says otherwise."""
    first_labels = [(card, card["suggestions"][0]["label"]) for _, card in shown() if card.get("suggestions")]
    expected_labels = [(card["source"]["topic"]["code"], _primary(card), label) for card, label in first_labels]

    assert WITH_SUGGESTIONS == {topic for topic, _, _ in expected_labels}
    assert [] == [each for each in expected_labels if not each[2].startswith(each[1])]


def test_n58_every_sentence_with_an_action_of_its_own_is_met() -> None:
    """Each exception to the order of a topic stands on a golden card."""
    summaries = [card["summary"] for _, card in shown() if card.get("suggestions")]

    assert [] == [words for words in OTHERWISE if not any(words in summary for summary in summaries)]


def _primary(card: Json) -> str:
    """How the first button of a card begins."""
    labels = [one["label"] for one in card["suggestions"]]
    own = next((first for words, first in OTHERWISE.items() if words in card["summary"] and first in labels), None)
    topic = card["source"]["topic"]["code"]
    if topic != "known-cause":
        return own or FIRST[topic]
    tags = card["extension"]["org.twitch-cds.basis"]["tags"]
    test_labels = (f"Order: {test}" for test in OF_CAUSE.get(tags[0], ()))
    return next((first for first in test_labels if first in labels), "Order: ")


def test_every_proposed_resource_is_valid() -> None:
    """The R4B model, HL7's JSON schema, the required codes and our own rules find nothing."""
    wrong: dict[str, list[str]] = {json.dumps(one): faults(one) for one in resources()}

    assert {} == {text: found for text, found in wrong.items() if found}
    assert {"ServiceRequest", "Task"} == {one["resourceType"] for one in resources()}


def test_actions_only_create() -> None:
    """Nothing is updated or deleted, so no drug is stopped or replaced by a button."""
    assert {"create"} == {action["type"] for _, action in actions()}
    assert [] == [name for name, action in actions() if "Medication" in action["resource"]["resourceType"]]


def test_every_proposal_is_about_the_patient() -> None:
    """The patient in context, whoever else is on the chart."""
    owners = Counter((one.get("for") or one["subject"])["reference"] for one in resources())

    assert [f"Patient/{PATIENT}"] == list(owners)


def test_every_button_has_words_and_an_id_of_its_own() -> None:
    """Label, description and a uuid that no other button of the card has; no two buttons do the same."""
    for name, card in shown():
        suggestions = card.get("suggestions", [])
        labels = [one["label"] for one in suggestions]
        assert len(labels) == len(set(labels)), name
        assert len(suggestions) == len({one["uuid"] for one in suggestions}), name
        assert all(action["description"] for one in suggestions for action in one["actions"]), name


@pytest.mark.parametrize("topic", Topic)
def test_cards_propose_what_the_clinical_knowledge_names(topic: Topic) -> None:
    """4a, suggested actions: these cards have some, the others (and ORD-ESTROGEN: no lab button) have none."""
    mine = [card for _, card in shown() if card["source"]["topic"]["code"] == topic]

    assert mine
    assert (topic in WITH_SUGGESTIONS) is any(card.get("suggestions") for card in mine)


def test_a_referral_names_the_sign_by_its_code() -> None:
    """The sign stands in reasonCode in words, and by the code that was read on the chart."""
    referrals = [one for one in resources() if one.get("code", {}).get("text") == "neurology referral, urgent"]
    coded = [part for one in referrals for part in one["reasonCode"] if "coding" in part]

    assert referrals
    assert all(one["reasonCode"][0]["text"].startswith("Muscle twitching") for one in referrals)
    assert {"system": "http://snomed.info/sct", "code": "88092000"} in [part["coding"][0] for part in coded]
    assert all(_is_named(one) for one in referrals)


def _is_named(referral: dict[str, Any]) -> bool:
    """Whether the sentence names every sign that is coded."""
    sentence, *signs = referral["reasonCode"]
    return all(sign["text"] in sentence["text"] for sign in signs)
