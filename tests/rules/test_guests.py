"""Resources without a prefetch key of their own count wherever they arrive; other releases' spellings too."""

from typing import Any

import pytest
from charts.dates import fhir_date
from visits import ME, Json, answer, coded, seen

SCT, ATC, RX = "http://snomed.info/sct", "http://www.whocc.no/atc", "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC, CM = "http://loinc.org", "http://hl7.org/fhir/sid/icd-10-cm"
NEUROLOGY, EXAM = coded(SCT, "394591006"), coded(SCT, "84728005")
NORMAL, ABNORMAL = coded(SCT, "17621005"), coded(SCT, "263654008")
PREDNISONE, SIMVASTATIN, DENOSUMAB = coded(RX, "198145"), coded(RX, "312961"), coded(ATC, "M05BX04")
WASTING: Json = {"condition": "88092000 Muscle atrophy", "recorded": "40 d"}
TWITCH: Json = {"twitch": "2 w"}
LABS: Json = {"normal_labs": "3 d"}


def administration(medicine: Json, day: str, **elements: Any) -> Json:
    """A dose given on a day."""
    made = {"resourceType": "MedicationAdministration", "id": f"given-{day}", "status": "completed", "subject": ME}
    return {**made, "medicationCodeableConcept": medicine, "effectiveDateTime": fhir_date(day), **elements}


def appointment(since: str, /, **elements: Any) -> Json:
    """A booked appointment with neurology."""
    made: Json = {"resourceType": "Appointment", "id": "a1", "status": "booked", "created": fhir_date(since)}
    return {**made, "specialty": [NEUROLOGY], "participant": [{"actor": ME}], **elements}


def impression(finding: Json, **elements: Any) -> Json:
    """An examination summed up two days ago."""
    made: Json = {"resourceType": "ClinicalImpression", "id": "i1", "status": "completed", "subject": ME, "code": EXAM}
    return {**made, "date": fhir_date("2 d"), "finding": [finding], **elements}


@pytest.mark.parametrize("key", ["procedures", "conditions", "labs", "medicationStatements", "encounters"])
def test_a_guest_counts_in_any_bundle(key: str) -> None:
    """An examination is found whatever key brought it."""
    cards = answer(TWITCH, LABS, guests=[impression({"itemCodeableConcept": NORMAL})], key=key)

    assert seen(cards) == ["lifestyle info general"]


@pytest.mark.parametrize(
    ("medicine", "day", "expected"),
    [
        (PREDNISONE, "30 d", ["medication-review info corticosteroid"]),
        (PREDNISONE, "31 d", ["data-gap info"]),
        (PREDNISONE, "3 d", ["data-gap info"]),
        (DENOSUMAB, "180 d", ["medication-review info denosumab"]),
        (DENOSUMAB, "181 d", ["data-gap info"]),
        (DENOSUMAB, "in 3 d", ["data-gap info"]),
    ],
)
def test_a_dose_given_counts_for_its_window(medicine: Json, day: str, expected: list[str]) -> None:
    """30 days, denosumab 180; after the onset it explains nothing (4b Drug, 5a)."""
    assert seen(answer(TWITCH, LABS, guests=[administration(medicine, day)])) == expected


def test_a_dose_of_digoxin_counts_for_30_days_only() -> None:
    """Potassium 2.7 on digoxin is an emergency; a dose of two years ago is no digoxin (3a E4, 4b Drug)."""
    low: Json = {"lab": "K", "value": "2.7 mmol/L"}
    digoxin = coded(ATC, "C01AA05")

    assert seen(answer(TWITCH, low, guests=[administration(digoxin, "5 d")])) == ["emergency critical potassium"]
    assert seen(answer(TWITCH, low, guests=[administration(digoxin, "2 y")])) == ["abnormal-lab warning potassium"]


def test_a_dose_of_b12_long_ago_is_no_replacement() -> None:
    """B12 150 ng/L is a warning unless B12 is being replaced now (2d, 4b Drug)."""
    low: Json = {"lab": "B12", "value": "150 ng/L"}
    b12 = coded(ATC, "B03BA01")

    assert seen(answer(TWITCH, low, guests=[administration(b12, "25 d")])) == ["abnormal-lab info vitamin-b12"]
    assert seen(answer(TWITCH, low, guests=[administration(b12, "2 y")])) == ["abnormal-lab warning vitamin-b12"]


@pytest.mark.parametrize(
    "elements",
    [
        {"status": "not-done"},
        {"subject": {"reference": "Patient/someone-else"}},
        {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-01-01", "end": "2026-02-01"}},
        {"effectiveDateTime": None},
    ],
)
def test_a_dose_not_given_lately_is_none(elements: Json) -> None:
    """Not done, of somebody else, over since February, or undated: no steroid."""
    guests = [administration(PREDNISONE, "30 d", **elements)]

    assert seen(answer(TWITCH, LABS, guests=guests)) == ["data-gap info"]


def test_r5_spells_the_dose_its_own_way() -> None:
    """R5 has `occurencePeriod` and a CodeableReference."""
    dose = {
        "resourceType": "MedicationAdministration",
        "id": "m1",
        "status": "in-progress",
        "subject": ME,
        "medication": {"concept": PREDNISONE},
        "occurencePeriod": {"start": "2026-10-30"},
        "dosage": {"route": coded(SCT, "26643006")},
    }

    assert seen(answer(TWITCH, LABS, guests=[dose])) == ["medication-review info corticosteroid"]


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, "work-up-status info"),
        ({"status": "cancelled"}, "neurology-urgent warning"),
        ({"specialty": [coded(SCT, "394579002")]}, "neurology-urgent warning"),
        ({"created": "2026-01-02"}, "neurology-urgent warning"),
        ({"created": None}, "neurology-urgent warning"),
        ({"created": "2026-12-24"}, "neurology-urgent warning"),
        ({"participant": [{"actor": {"reference": "Patient/someone-else"}}]}, "neurology-urgent warning"),
        ({"participant": [{"actor": {"reference": "Practitioner/x"}}, {}], "subject": ME}, "work-up-status info"),
        ({"participant": None, "subject": {"reference": "Patient/someone-else"}}, "neurology-urgent warning"),
    ],
)
def test_an_appointment_with_neurology_is_a_request_under_way(elements: Json, expected: str) -> None:
    """Booked, with neurology, of this patient, 180 days old at most and not older than the sign (4b WIP)."""
    assert seen(answer(TWITCH, WASTING, guests=[appointment("20 d", **elements)])) == [expected]


@pytest.mark.parametrize(
    ("guest", "expected"),
    [
        (impression({"item": {"concept": NORMAL}}), "lifestyle info general"),
        (impression({"itemCodeableConcept": ABNORMAL}), "neurology-evaluation warning"),
        (impression({}), "data-gap info"),
        (impression({"itemCodeableConcept": NORMAL}, status="in-progress"), "data-gap info"),
        (impression({"itemCodeableConcept": NORMAL}, effectiveDateTime="2026-10-01"), "data-gap info"),
        (
            impression({"itemCodeableConcept": NORMAL}, effectivePeriod={"start": "2026-11-10", "end": "2026-11-12"}),
            "lifestyle info general",
        ),
        (impression({"itemCodeableConcept": NORMAL}, code=coded(SCT, "5880005")), "data-gap info"),
        (impression({"itemCodeableConcept": NORMAL}, date="2026-12-24"), "data-gap info"),
    ],
)
def test_an_impression_can_be_the_examination(guest: Json, expected: str) -> None:
    """A ClinicalImpression with a coded result, completed, since the twitch began (4b Exam)."""
    assert seen(answer(TWITCH, LABS, guests=[guest])) == [expected]


REFERENCE: Json = {"medicationReference": {"reference": "Medication/m1"}}
VERSIONED: Json = {"medicationReference": {"reference": "https://ehr.example.org/fhir/Medication/m1/_history/2"}}
BY_UUID: Json = {"medicationReference": {"reference": "urn:uuid:m1"}}
R5: Json = {"medication": {"reference": {"reference": "Medication/m1"}}}
CONTAINED: Json = {"resourceType": "Medication", "id": "c", "code": PREDNISONE}
INSIDE: Json = {"medicationReference": {"reference": "#c"}}
ODD: Json = {"resourceType": "Device", "id": 7}
ADHERENCE = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"


@pytest.mark.parametrize(
    ("named", "medications"),
    [
        (REFERENCE, [{"code": PREDNISONE}]),
        (VERSIONED, [{"code": PREDNISONE}]),
        (BY_UUID, [{"code": PREDNISONE}]),
        (R5, [{"code": PREDNISONE}]),
        (REFERENCE, [{"ingredient": [{"itemCodeableConcept": PREDNISONE}]}]),
        (REFERENCE, [{"ingredient": [{"item": {"concept": PREDNISONE}}]}]),
        ({"contained": [CONTAINED], **INSIDE}, []),
        ({"contained": [ODD, CONTAINED], **INSIDE}, []),
    ],
)
def test_a_medicine_is_found_by_reference(named: Json, medications: list[Json]) -> None:
    """Bundled before or after, contained, by ingredient, in R5's way."""
    order = {"resourceType": "MedicationRequest", "id": "o1", "status": "active", "intent": "order", "subject": ME}
    bundled = [{"resourceType": "Medication", "id": "m1", **one} for one in medications]

    cards = answer(TWITCH, LABS, guests=[{**order, "authoredOn": "2026-01-01", **named}, *bundled])

    assert seen(cards) == ["medication-review info corticosteroid"]


@pytest.mark.parametrize(
    "named", [{"medicationReference": {"reference": "Medication/gone"}}, {"medicationReference": {}}, {}]
)
def test_a_medicine_that_cannot_be_found_is_counted_as_unread(named: Json) -> None:
    """An order without a readable medicine is named among those not checked (4f)."""
    order = {"resourceType": "MedicationRequest", "id": "o1", "status": "active", "intent": "order", "subject": ME}

    cards = answer(TWITCH, LABS, guests=[{**order, **named}, {"resourceType": "Medication"}])

    assert seen(cards) == ["data-gap info"]
    assert "1 medicine on file, 1 could not be checked" in cards[0]["detail"]


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"taken": "n"}, ["data-gap info"]),
        ({"adherence": {"code": coded(ADHERENCE, "not-taking")}}, ["data-gap info"]),
        ({"taken": "y"}, ["medication-review info corticosteroid"]),
        ({"status": "recorded", "adherence": {}}, ["medication-review info corticosteroid"]),
    ],
)
def test_a_statement_says_whether_it_is_taken(elements: Json, expected: list[str]) -> None:
    """STU3's `taken` and R5's `adherence` cancel an older order (4b Drug)."""
    statement: Json = {"resourceType": "MedicationStatement", "id": "s1", "status": "active", "subject": ME}
    statement |= {"medicationCodeableConcept": PREDNISONE, "dateAsserted": fhir_date("2 d"), **elements}

    assert seen(answer(TWITCH, LABS, {"drug": "rx:198145 prednisone"}, guests=[statement])) == expected


def test_r5_says_stopped_and_until_when() -> None:
    """A statin that R5 calls stopped two months ago still explains a raised CK (3a U8)."""
    statement = {
        "resourceType": "MedicationStatement",
        "id": "s1",
        "status": "recorded",
        "subject": ME,
        "medication": {"concept": SIMVASTATIN},
        "adherence": {"code": coded(ADHERENCE, "stopped")},
        "effectivePeriod": {"start": "2023-01-01", "end": fhir_date("2 mo")},
    }

    cards = answer(TWITCH, LABS, {"lab": "CK", "value": "450 U/L"}, guests=[statement])

    assert seen(cards) == ["neurology-urgent warning"]


@pytest.mark.parametrize(
    "reason",
    [
        {"reason": [{"value": [{"concept": coded(CM, "R25.3")}]}]},
        {"reason": [coded(CM, "R25.3")]},
        {"reason": coded(CM, "R25.3")},
        {"reasonCode": coded(CM, "R25.3")},
        {"reason": [{"value": [{"reference": {"reference": "Condition/x"}}]}, {"text": "muscle twitching"}]},
    ],
)
def test_a_visit_says_its_reason_in_three_releases(reason: Json) -> None:
    """STU3 `reason`, R4 `reasonCode`, R5 `reason.value.concept`."""
    visit = {"resourceType": "Encounter", "id": "e1", "status": "in-progress", "subject": ME, **reason}

    assert seen(answer(LABS, guests=[{**visit, "actualPeriod": {"start": "2026-11-20"}}], key="encounters")) == [
        "data-gap info"
    ]
    assert answer(LABS, guests=[{**visit, "status": "cancelled"}], key="encounters") == []


def test_a_stu3_order_is_a_request_too() -> None:
    """ProcedureRequest, and R5's code as a CodeableReference (4b WIP)."""
    base: Json = {"id": "p1", "status": "active", "intent": "order", "subject": ME, "authoredOn": fhir_date("20 d")}
    stu3 = {"resourceType": "ProcedureRequest", **base, "code": coded(SCT, "183521007")}
    r5 = {"resourceType": "ServiceRequest", **base, "code": {"concept": coded(SCT, "183521007")}}

    assert seen(answer(TWITCH, WASTING, guests=[stu3])) == ["work-up-status info"]
    assert seen(answer(TWITCH, WASTING, guests=[r5])) == ["work-up-status info"]


def test_a_repeated_resource_counts_once() -> None:
    """The same id twice is one entry; the first stands (4e step 1)."""
    first = administration(PREDNISONE, "30 d")
    second = {**first, "medicationCodeableConcept": SIMVASTATIN}

    cards = answer(TWITCH, LABS, guests=[first, second])

    assert seen(cards) == ["medication-review info corticosteroid"]


def test_old_results_beside_newer_ones() -> None:
    """An old panel and an older value of the same code change nothing; the newest old value is quoted (2b)."""
    lines: list[Json] = [{"lab": "K", "value": "2.9 mmol/L", "at": at} for at in ("500 d", "400 d", "600 d")]
    panel: Json = {"finding": "24326-1 Electrolytes", "at": "700 d", "parts": {"2823-3": {"value": "2.2 mmol/L"}}}

    cards = answer({"twitch": "6 w"}, *lines, panel)

    assert seen(cards) == ["lab-order info"]
    assert "Potassium 2.9 mmol/L (2025-10-18) is out of date" in cards[0]["detail"]
