"""The same fact in the words of STU3, R4 or R5, or with one and many mixed up, gets the same cards."""

import json
from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request_for
from charts.seam import evaluate

Json = dict[str, Any]
Seen = tuple[str, str, list[str], list[str]]
BASIS = "org.twitch-cds.basis"
SCT, LOINC, ATC = "http://snomed.info/sct", "http://loinc.org", "http://www.whocc.no/atc"
PATIENT: Json = {"resourceType": "Patient", "id": "p1", "birthDate": "1970-01-01", "gender": "female"}
ME = {"reference": "Patient/p1"}
FLAGS = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


def coded(system: str, code: str) -> Json:
    """A CodeableConcept with one code."""
    return {"coding": [{"system": system, "code": code}]}


TWITCH = coded(SCT, "82470000")
EYELID = coded(SCT, "80243003")
PREDNISONE = coded(ATC, "H02AB07")
NEUROLOGY = coded(SCT, "183521007")
EXAM = coded(LOINC, "10202-0")
ORAL = coded(SCT, "26643006")
WEAK_HAND = coded(SCT, "298283006")
DEXAMETHASONE = coded("http://www.nlm.nih.gov/research/umls/rxnorm", "3264")


def twitch(**elements: Any) -> Json:
    """A twitch of this month on the problem list."""
    return {"resourceType": "Condition", "id": "c1", "subject": ME, "code": TWITCH, **elements}


def drug(kind: str, **elements: Any) -> Json:
    """A medicine of this patient."""
    return {"resourceType": kind, "id": "m1", "subject": ME, "status": "active", **elements}


def topics(answer: Json) -> list[str]:
    """The topics of an answer's cards."""
    return [one["source"]["topic"]["code"] for one in answer["cards"]]


def cards(*chart: Json) -> list[Seen]:
    """Topic, indicator, tags and flags of each card that a chart gets."""
    status, answer = evaluate(json.dumps(request_for([PATIENT, *chart])).encode(), TODAY)
    assert status == 200
    return [
        (one["source"]["topic"]["code"], one["indicator"], basis.get("tags", []), basis.get("flags", []))
        for one in answer["cards"]
        for basis in (one["extension"][BASIS],)
    ]


STEROID: list[Seen] = [("medication-review", "info", ["corticosteroid"], []), ("lab-order", "info", [], [])]
RECENT = twitch(recordedDate="2026-11-10")
ACTIVE = {"clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active")}
REFUTED = {"verificationStatus": coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted")}


@pytest.mark.parametrize(
    ("elements", "other"),
    [
        ({"recordedDate": "2026-09-01", **ACTIVE}, {"assertedDate": "2026-09-01", "clinicalStatus": "active"}),
        ({"bodySite": [EYELID], **ACTIVE}, {"bodySite": EYELID, **ACTIVE}),
        ({"recordedDate": "2026-11-01", **REFUTED}, {"recordedDate": "2026-11-01", "verificationStatus": "refuted"}),
        ({"onsetDateTime": "2026-09-01"}, {"onsetPeriod": {"start": "2026-09-01"}}),
        ({"clinicalStatus": {"text": "active"}}, {"clinicalStatus": {"coding": [{"display": "active"}]}}),
    ],
)
def test_a_problem_is_read_alike(elements: Json, other: Json) -> None:
    """STU3's plain status codes and `assertedDate`, and a single body site, mean what R4's do."""
    assert cards(twitch(**elements)) == cards(twitch(**other))


def test_a_refuted_twitch_is_silent_in_stu3_too() -> None:
    """The comparison above is not one of equal silence: the status counts."""
    assert cards(twitch(verificationStatus="refuted")) == []
    assert cards(twitch(verificationStatus="confirmed")) != []


@pytest.mark.parametrize(
    "reason",
    [
        {"reasonCode": [TWITCH]},
        {"reasonCode": TWITCH},
        {"reason": [TWITCH]},
        {"reason": TWITCH},
        {"reason": [{"value": [{"concept": TWITCH}]}]},
        {"reason": [{"text": "Twitching"}]},
        {"reason": [{"value": [{"reference": {"reference": "Condition/1"}}]}, {"value": [{"concept": TWITCH}]}]},
    ],
)
@pytest.mark.parametrize("period", ["period", "actualPeriod"])
def test_a_visit_for_a_twitch_is_read_alike(reason: Json, period: str) -> None:
    """STU3 says `reason`, R5 wraps it in a value and calls the period `actualPeriod`."""
    visit = {"resourceType": "Encounter", "id": "e1", "subject": ME, "status": "in-progress", **reason}

    assert cards({**visit, period: {"start": "2026-11-20"}}) == [("data-gap", "info", [], [])]


MEDICATION = {"resourceType": "Medication", "id": "med", "code": PREDNISONE}
BY_INGREDIENT = {"resourceType": "Medication", "id": "med", "ingredient": [{"itemCodeableConcept": PREDNISONE}]}
R5_INGREDIENT = {"resourceType": "Medication", "id": "med", "ingredient": [{"item": {"concept": PREDNISONE}}]}


@pytest.mark.parametrize(
    "named",
    [
        {"medicationCodeableConcept": PREDNISONE},
        {"medication": {"concept": PREDNISONE}},
        {"medicationReference": {"reference": "#med"}, "contained": [MEDICATION]},
        {"medicationReference": {"reference": "#med"}, "contained": [{"resourceType": "Organization"}, BY_INGREDIENT]},
        {"medication": {"reference": {"reference": "#med"}}, "contained": [R5_INGREDIENT]},
    ],
)
@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationStatement"])
def test_a_medicine_is_found_by_any_of_its_names(kind: str, named: Json) -> None:
    """By code, by R5's CodeableReference, or by a contained Medication and its ingredients."""
    found = cards(RECENT, drug(kind, intent="order", **named))

    assert found == STEROID


@pytest.mark.parametrize("reference", ["Medication/med", "https://ehr.example.org/fhir/Medication/med", "urn:uuid:med"])
@pytest.mark.parametrize("medication", [MEDICATION, BY_INGREDIENT, R5_INGREDIENT])
def test_a_medicine_is_found_in_the_same_bundle(reference: str, medication: Json) -> None:
    """`_include` brings the Medication beside the request, before or after it."""
    request = drug("MedicationRequest", intent="order", medicationReference={"reference": reference})
    made = request_for([PATIENT, RECENT])
    for order in ([request, medication], [medication, request]):
        made["prefetch"]["medicationRequests"] = {
            "resourceType": "Bundle",
            "entry": [{"resource": one} for one in order],
        }
        status, answer = evaluate(json.dumps(made).encode(), TODAY)

        assert (status, topics(answer)) == (200, ["medication-review", "lab-order"])


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"medicationReference": {}},
        {"medicationReference": {"reference": "#gone"}},
        {"medicationReference": {"reference": "Medication/gone"}},
        {"medication": {}},
    ],
)
def test_a_medicine_that_cannot_be_found_is_no_medicine_of_interest(named: Json) -> None:
    """A dangling reference fires nothing."""
    assert "medication-review" not in str(cards(RECENT, drug("MedicationRequest", intent="order", **named)))


@pytest.mark.parametrize("dosage", [[{"route": ORAL}], {"route": ORAL}, [{"route": {"text": "PO"}}]])
def test_a_route_counts_in_one_dosage_or_many(dosage: object) -> None:
    """Senders are known to send the dosage as an object: dexamethasone fires by its oral route only."""
    request = drug(
        "MedicationRequest", intent="order", medicationCodeableConcept=DEXAMETHASONE, dosageInstruction=dosage
    )

    assert cards(RECENT, request) == STEROID


@pytest.mark.parametrize(
    "said",
    [
        {"status": "not-taken"},
        {"taken": "n"},
        {"adherence": {"code": coded("http://hl7.org/fhir/CodeSystem/medication-statement-adherence", "not-taking")}},
    ],
)
def test_a_medicine_not_taken_is_said_in_three_ways(said: Json) -> None:
    """R4's status, STU3's `taken` and R5's `adherence` all deny the medicine."""
    taken = drug("MedicationStatement", medicationCodeableConcept=PREDNISONE)

    assert "medication-review" in str(cards(RECENT, taken))
    assert "medication-review" not in str(cards(RECENT, {**taken, **said}))


def test_a_dose_given_is_dated_in_r5_too() -> None:
    """R5 says `occurence` where R4 says `effective`."""
    given = drug("MedicationAdministration", medicationCodeableConcept=PREDNISONE) | {"status": "completed"}
    made = request_for([PATIENT, RECENT])
    answers = []
    for date in (
        {"effectiveDateTime": "2026-11-01"},
        {"occurenceDateTime": "2026-11-01"},
        {"occurencePeriod": {"start": "2026-11-01", "end": "2026-11-01"}},
    ):
        made["prefetch"]["medicationStatements"] = {"resourceType": "Bundle", "entry": [{"resource": given | date}]}
        status, answer = evaluate(json.dumps(made).encode(), TODAY)
        answers.append((status, topics(answer)))

    assert answers == [(200, ["medication-review", "lab-order"])] * 3


@pytest.mark.parametrize("kind", ["ServiceRequest", "ProcedureRequest"])
@pytest.mark.parametrize("code", [NEUROLOGY, {"concept": NEUROLOGY}])
def test_a_referral_is_found_under_either_name(kind: str, code: Json) -> None:
    """STU3 calls it ProcedureRequest, R5 wraps its code."""
    weak = twitch(id="c2", code=WEAK_HAND, recordedDate="2026-10-01")
    asked = {"resourceType": kind, "id": "s1", "subject": ME, "status": "active", "intent": "order", "code": code}
    made = request_for([PATIENT, RECENT, weak])
    found = {"resourceType": "Bundle", "entry": [{"resource": {**asked, "authoredOn": "2026-11-01"}}]}
    made["prefetch"]["serviceRequests"] = found

    status, answer = evaluate(json.dumps(made).encode(), TODAY)

    assert (status, topics(answer)) == (200, ["work-up-status"])


@pytest.mark.parametrize(
    "exam",
    [
        {"effectiveDateTime": "2026-11-20", "interpretation": [coded(FLAGS, "N")]},
        {"effectiveDateTime": "2026-11-20", "interpretation": coded(FLAGS, "N")},
        {"effectiveInstant": "2026-11-20T10:00:00Z", "interpretation": [coded(FLAGS, "N")]},
        {"effectivePeriod": {"start": "2026-11-20", "end": "2026-11-20"}, "interpretation": [coded(FLAGS, "N")]},
        {"issued": "2026-11-20T10:00:00Z", "valueCodeableConcept": coded(SCT, "17621005")},
    ],
)
def test_a_normal_examination_is_read_alike(exam: Json) -> None:
    """One interpretation or many, any of the effective times: a normal examination lets lifestyle advice through."""
    seen = {"resourceType": "Observation", "id": "o1", "subject": ME, "status": "final", "code": EXAM, **exam}

    assert cards(RECENT, seen) == [("lifestyle", "info", ["general"], [])]


@pytest.mark.parametrize(
    "done",
    [
        {"performedDateTime": "2026-11-20"},
        {"performedPeriod": {"start": "2026-11-20"}},
        {"occurrenceDateTime": "2026-11-20"},
        {"occurrencePeriod": {"end": "2026-11-20"}},
    ],
)
def test_an_examination_done_is_dated_in_any_release(done: Json) -> None:
    """R5 says `occurrence` where R4 says `performed`."""
    procedure = {"resourceType": "Procedure", "id": "x1", "subject": ME, "status": "completed", "code": EXAM, **done}

    assert cards(RECENT, {**procedure, "outcome": coded(SCT, "17621005")}) == [("lifestyle", "info", ["general"], [])]
