"""Inputs of the kinds of these folders that are not among them: other units, systems, statuses, shapes, hook faults."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from case_files import AS_OF, Answered, Row, faults
from charts.runs import Evaluate, Write
from charts.seam import engine
from written import (
    ABSENT_REASON,
    ADHERENCE,
    CLINICAL,
    CM,
    LOINC,
    ME,
    PATIENT,
    RXNORM,
    SCT,
    V2,
    VERIFICATION,
    bundle,
    coded,
    lab,
    medicine,
    quantity,
    referred,
    request,
    searchset,
    twitch,
    weak,
    words,
)

Json = dict[str, Any]
K, UNREAD = "emergency:critical:potassium", "say:potassium"
URGENT, REVIEW = "neurology-urgent", "medication-review:*:corticosteroid"
NO_ALARM = ("emergency", "abnormal-lab")
NOTHING: tuple[str, ...] = ()


def row(must: str, must_not: tuple[str, ...], status: int | None = None) -> Row:
    """What an answer must and must not be."""
    groups = tuple(tuple(part.split("|")) for part in must.split(";") if part)
    return Row("inputs", "-", "-", status, groups, must_not)


UNITS: dict[str, tuple[Json, str]] = {
    "lower-case": (quantity(2.3, "mmol/l"), K),
    "micromoles": (quantity(2300, "umol/L"), K),
    "micro-sign": (quantity(2300, "µmol/L", None), K),
    "moles": (quantity(0.0023, "mol/L"), K),
    "full-width": (quantity(2.3, "\uff4d\uff4d\uff4f\uff4c\uff0f\uff2c", None), K),
    "annotated": (quantity(2.3, "mmol/L{serum}"), K),
    "ucum-oid": (quantity(2.3, system="urn:oid:2.16.840.1.113883.6.8"), K),
    "ucum-other-scheme": (quantity(2.3, None, "mmol/L", "https://unitsofmeasure.org/"), K),
    "code-of-another-system": (quantity(2.3, "mmol/L", "258813002", SCT), K),
    "number-as-text": (quantity(" 2.3 "), K),
    "bounded": (lab(valueQuantity={"value": 2.5, "comparator": "<", "unit": "mmol/L"}), K),
    "bounded-in-words": (words(">7.0 mmol/L"), K),
    "sodium-milliequivalents": (lab("2951-2", valueQuantity={"value": 114, "unit": "mEq/L"}), "emergency:*:sodium"),
    "magnesium-mass": (lab("19123-9", valueQuantity={"value": 0.8, "unit": "mg/dL"}), "emergency:*:magnesium"),
    "glucose-per-litre": (
        lab("2345-7", day="2026-11-29", valueQuantity={"value": 0.41, "unit": "g/L"}),
        "emergency:*:glucose",
    ),
    "enzyme-in-kilounits": (
        lab("2157-6", valueQuantity={"value": 9, "unit": "kU/L"}),
        "emergency:*:rhabdomyolysis|say:creatine",
    ),
    "enzyme-in-katals": (
        lab("2157-6", valueQuantity={"value": 90, "unit": "µkat/L"}),
        "emergency:*:rhabdomyolysis|say:creatine",
    ),
    "thyroid-micro": (lab("3016-3", valueQuantity={"value": 0.005, "unit": "µU/mL"}), "abnormal-lab:warning:tsh"),
    "cobalamin-moles": (lab("14685-2", valueQuantity={"value": 90, "unit": "pmol/l"}), "abnormal-lab:*:vitamin-b12"),
    "capitals": (lab("14635-7", valueQuantity={"value": 20, "unit": "NMOL/L"}), "abnormal-lab:*:vitamin-d"),
    "not-spoiled": (lab(note=[{"text": "not haemolysed"}]), K),
    "of-a-panel": (
        lab(
            "51990-0",
            valueQuantity=None,
            component=[{"code": coded(LOINC, "2823-3"), "valueQuantity": {"value": 2.3, "unit": "mmol/L"}}],
        ),
        K,
    ),
}
DOUBTED: dict[str, Json] = {
    "negative": quantity(-2.3),
    "zero": quantity(0),
    "a-tenth": quantity(0.23),
    "no-unit": words("2.3"),
    "unit-first": words("mmol/L 2.3"),
    "unknown-comparator": lab(valueQuantity={"value": 2.3, "comparator": "~", "unit": "mmol/L"}),
    "spoiled": lab(note=[{"text": "Sample haemolysed"}]),
    "whole-number": lab(valueInteger=2),
    "ratio": lab(valueRatio={"numerator": {"value": 2.3, "unit": "mmol"}, "denominator": {"value": 1, "unit": "L"}}),
    "range": lab(valueRange={"low": {"value": 2.2, "unit": "mmol/L"}, "high": {"value": 2.4, "unit": "mmol/L"}}),
    "series": lab(valueSampledData={"origin": {"value": 2}, "period": 1, "dimensions": 1, "data": "2.3"}),
    "part-ratio": lab(
        "51990-0",
        valueQuantity=None,
        component=[{"code": coded(LOINC, "2823-3"), "valueRatio": {"numerator": {"value": 2.3}}}],
    ),
}


@pytest.fixture
def judged(evaluate: Evaluate, write: Write) -> Callable[[str], Answered]:
    """The answer of the command to a text."""

    def answer(text: str) -> Answered:
        run = evaluate("--json", "--as-of", AS_OF.isoformat(), write("input.json", text.encode()))
        return Answered(run.status, [card for one in run.answers for card in one["cards"]], run.err)

    return answer


Judged = Callable[[str], Answered]


def check(answered: Answered, must: str, must_not: tuple[str, ...] = NOTHING) -> None:
    """The answer is as it must be."""
    assert [] == faults(row(must, must_not), answered), [card["summary"] for card in answered.cards] or answered.refusal


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_read_however_it_is_written(name: str, judged: Judged) -> None:
    """By code, alias and text, with prefixes, blanks and remarks; where it cannot be read that is said."""
    result, must = UNITS[name]
    check(judged(json.dumps(bundle(twitch(), result))), must)


@pytest.mark.parametrize("name", DOUBTED)
def test_what_cannot_be_read_is_said_and_alarms_nobody(name: str, judged: Judged) -> None:
    """A value in another form is on file too: its test is not called missing."""
    check(judged(json.dumps(bundle(twitch(), DOUBTED[name]))), UNREAD, ("emergency",))


@pytest.mark.parametrize("result", [words("<4.0 mmol/L"), lab("2828-2")], ids=["open", "urine"])
def test_what_says_nothing_of_the_blood_alarms_nobody(result: Json, judged: Judged) -> None:
    """A bound that leaves all open, and a specimen that is another test."""
    check(judged(json.dumps(bundle(twitch(), result))), "", NO_ALARM)


@pytest.mark.parametrize(
    "system",
    [
        *("http://loinc.org/", "https://loinc.org", "HTTP://LOINC.ORG", "urn:oid:2.16.840.1.113883.6.1"),
        *("2.16.840.1.113883.6.1", "http://loinc.org|2.78", " http://loinc.org "),
    ],
)
def test_a_system_of_results_is_known_however_it_is_written(system: str, judged: Judged) -> None:
    """Scheme, slash, OID, version, blanks and case make no difference."""
    check(judged(json.dumps(bundle(twitch(), lab(system=system)))), K)


@pytest.mark.parametrize(
    ("system", "code", "is_read"),
    [
        ("http://hl7.org/fhir/sid/icd-10-cm/", "R25.3", True),
        ("urn:oid:2.16.840.1.113883.6.90", "R253", True),
        ("http://hl7.org/fhir/sid/icd-10", "r25.3", True),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm|2026", "R25.3", True),
        ("http://fhir.de/CodeSystem/dimdi/icd-10-gm", "R25.3", True),
        ("http://hl7.org/fhir/sid/icd-10-nl", "R25.3", True),
        ("http://hl7.org/fhir/sid/icd-10-nl", "R25.2", False),
        ("http://snomed.info/sct/731000124108/version/20260301", "82470000", True),
        ("http://snomed.info/sct/900000000000207008", "82470000", True),
        ("urn:oid:2.16.840.1.113883.6.96", "82470000", True),
        ("http://ehr.example/codes", "82470000", False),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "R25.3 G", False),
    ],
)
def test_a_twitch_is_known_in_every_edition(system: str, code: str, is_read: bool, judged: Judged) -> None:
    """National editions where they mean the same; the same code of another system is another thing."""
    answered = judged(json.dumps(bundle(twitch(code=coded(system, code)), lab())))
    check(answered, K if is_read else "", NOTHING if is_read else ("any",))


YES: dict[str, Json] = {
    "v2": {"valueCodeableConcept": coded(V2, "Y")},
    "snomed": {"valueCodeableConcept": coded(SCT, "52101004")},
    "loinc": {"valueCodeableConcept": coded(LOINC, "LA6576-8")},
    "power": {"valueString": "0/5"},
    "capitals": {"valueBoolean": True, "status": "FINAL"},
    "corrected": {"valueBoolean": True, "status": "corrected"},
}
NO: dict[str, Json] = {
    "v2": {"valueCodeableConcept": coded(V2, "N")},
    "v2-oid": {"valueCodeableConcept": coded("urn:oid:2.16.840.1.113883.12.136", "N")},
    "snomed": {"valueCodeableConcept": coded(SCT, "2667000")},
    "none": {"valueCodeableConcept": coded(LOINC, "LA137-2", "None")},
    "local": {"valueCodeableConcept": coded("http://ehr.example/answers", "none")},
    "text-of-a-concept": {"valueCodeableConcept": {"text": "No"}},
    "two-codings": {
        "valueCodeableConcept": {"coding": [{"system": "local", "code": "N"}, {"system": SCT, "code": "373067005"}]}
    },
    "reason-first": {"valueBoolean": True, "dataAbsentReason": coded(ABSENT_REASON, "unknown")},
    "cancelled": {"valueBoolean": True, "status": "Cancelled "},
    **{text: {"valueString": text} for text in ("nein", "No.", "Denies.", "NIL", "pas de faiblesse", "-", "5/5")},
}


@pytest.mark.parametrize("name", YES)
def test_a_yes_is_heard(name: str, judged: Judged) -> None:
    """In every list of answers, and whatever the case of the status."""
    check(judged(json.dumps(bundle(twitch(), weak(**YES[name])))), URGENT)


@pytest.mark.parametrize("name", NO)
def test_what_is_no_yes_fires_nothing(name: str, judged: Judged) -> None:
    """A no, an answer that nobody knows, and an entry that is void."""
    check(judged(json.dumps(bundle(twitch(), weak(**NO[name])))), "", (URGENT,))


@pytest.mark.parametrize("status", ["appended", "unknown", None, "prelim"])
def test_a_sign_of_an_unknown_status_is_named(status: str | None, judged: Judged) -> None:
    """It is no finding, and not as if it were absent (N1)."""
    answered = judged(json.dumps(bundle(twitch(), weak(valueBoolean=True, status=status))))
    check(answered, "text:status that says nothing", (URGENT,))


@pytest.mark.parametrize(
    ("elements", "is_active"),
    [
        ({"clinicalStatus": {"text": "Active"}}, True),
        ({"clinicalStatus": "active"}, True),
        ({"clinicalStatus": coded(CLINICAL, "RESOLVED")}, False),
        ({"clinicalStatus": None, "abatementString": "gone"}, False),
        ({"verificationStatus": coded(VERIFICATION, "Refuted")}, False),
        ({"verificationStatus": {"text": "refuted"}}, False),
        ({"verificationStatus": "entered-in-error"}, False),
    ],
)
def test_the_status_of_a_problem_is_read_in_every_form(elements: Json, is_active: bool, judged: Judged) -> None:
    """As concept, text or STU3 code, in any case."""
    answered = judged(json.dumps(bundle(twitch(**elements), lab())))
    check(answered, K if is_active else "", NOTHING if is_active else ("any",))


ORAL = [{"route": coded(SCT, "26643006")}]
NOT_TAKING = {
    "resourceType": "MedicationStatement",
    "id": "s",
    "status": "recorded",
    "adherence": {"code": coded(ADHERENCE, "not-taking")},
    "medicationCodeableConcept": coded(RXNORM, "312615"),
    "subject": ME,
    "dateAsserted": "2026-11-20",
}
TAKEN: dict[str, Json] = {
    "capitals": medicine({"text": "PREDNISOLON 20 MG TABLETTEN"}),
    "status-with-blank": medicine(status="Active "),
    "intent-capitals": medicine(intent="ORDER"),
    "atc-lower-case": medicine(coded("http://www.whocc.no/atc", "h02ab06"), dosageInstruction=ORAL),
    "atc-german": medicine(coded("http://fhir.de/CodeSystem/bfarm/atc|2026", "H02AB06"), dosageInstruction=ORAL),
    "r5": medicine(medicationCodeableConcept=None, medication={"concept": coded(RXNORM, "312615")}),
    "contained": referred(
        "#x", contained=[{"resourceType": "Medication", "id": "x", "code": {"text": "Prednisone 20 mg tablet"}}]
    ),
}
NOT_TAKEN: dict[str, list[Json]] = {
    "not-to-be-done": [medicine(doNotPerform=True)],
    "eye-drops": [medicine({"text": "Prednisolone eye drops"})],
    "eye-drops-german": [medicine({"text": "Prednisolon Augentropfen"})],
    "r5-not-taking": [medicine(), NOT_TAKING],
    "no-status": [medicine(status=None)],
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_steroid_is_seen_however_it_is_written(name: str, judged: Judged) -> None:
    """By code in any spelling, by word, inside the prescription."""
    check(judged(json.dumps(bundle(twitch(), TAKEN[name]))), REVIEW)


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_what_is_not_taken_or_not_systemic_fires_nothing(name: str, judged: Judged) -> None:
    """Nor what nobody says to be taken; that one is quoted."""
    must = "text:prednis" if name == "no-status" else ""
    check(judged(json.dumps(bundle(twitch(), *NOT_TAKEN[name]))), must, ("medication-review",))


DATES: dict[str, Json] = {
    "seconds": {"day": "2026-11-28T09:30:00Z"},
    "fraction": {"day": "2026-11-28T09:30:00.123+01:00"},
    "issued": {"day": None, "issued": "2026-11-28T10:00:00Z"},
    "period": {"day": None, "effectivePeriod": {"start": "2026-11-28", "end": "2026-11-28"}},
    "instant": {"day": None, "effectiveInstant": "2026-11-28T10:00:00Z"},
    **{
        text: {"day": text}
        for text in ("20261128", "2026/11/28", "28.11.2026", "2026-11-28 09:30", "2026-11", " 2026-11-28 ")
    },
}


@pytest.mark.parametrize("name", DATES)
def test_a_date_is_read_or_said(name: str, judged: Judged) -> None:
    """A result whose day cannot be told is on file all the same."""
    check(judged(json.dumps(bundle(twitch(), lab(**DATES[name])))), f"{K}|{UNREAD}")


CHART = bundle(twitch(), lab())
OLD = {"meta": {"versionId": "1", "lastUpdated": "2026-11-01T00:00:00Z"}}
NEW = {"meta": {"versionId": "2", "lastUpdated": "2026-11-20T00:00:00Z"}, "clinicalStatus": coded(CLINICAL, "resolved")}
NOTICE = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]}
DELETION = {"fullUrl": "http://ehr.example/Condition/tw", "request": {"method": "DELETE", "url": "Condition/tw"}}
SHAPES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "byte-order-mark": ("\ufeff" + json.dumps(CHART), K, NOTHING),
    "empty-entries": (json.dumps(CHART | {"entry": [None, *CHART["entry"], {"resource": None}]}), K, NOTHING),
    "notice": (json.dumps(CHART | {"entry": [*CHART["entry"], {"resource": NOTICE}]}), K, NOTHING),
    "batch": (
        json.dumps(
            {
                "resourceType": "Bundle",
                "type": "batch-response",
                "entry": [
                    {"resource": searchset(one), "response": {"status": "200"}} for one in (PATIENT, twitch(), lab())
                ],
            }
        ),
        K,
        NOTHING,
    ),
    "list": (json.dumps([PATIENT, twitch(), lab()]), K, NOTHING),
    "lines": ("\r\n".join(map(json.dumps, (PATIENT, twitch(), lab()))) + "\r\n\r\n", K, NOTHING),
    "parameters": (
        json.dumps({"resourceType": "Parameters", "parameter": [{"name": "return", "resource": CHART}]}),
        K,
        NOTHING,
    ),
    "absolute": (
        json.dumps(
            bundle(
                twitch(subject={"reference": "https://ehr.example/Patient/p1"}),
                lab(subject={"reference": "https://a.example/Patient/p1/_history/3"}),
            )
        ),
        K,
        NOTHING,
    ),
    "unknown-type": (
        json.dumps(CHART | {"entry": [*CHART["entry"], {"resource": {"resourceType": "Foo"}}]}),
        K,
        NOTHING,
    ),
    "somebody-else": (json.dumps(bundle(twitch(), lab(subject={"reference": "Patient/p2"}))), "", ("emergency",)),
    "future": (json.dumps(bundle(twitch(), lab(day="2027-11-28"))), "", ("emergency",)),
    "deleted": (json.dumps(CHART | {"type": "history", "entry": [DELETION, *CHART["entry"]]}), "", ("any",)),
    "newer-version": (json.dumps(bundle(twitch(**OLD), twitch(**NEW), lab())), "", ("any",)),
    "not-a-number": (
        json.dumps(bundle(twitch(), quantity(float("nan")))),
        "refused|say:potassium|say:Observation",
        ("emergency",),
    ),
    "cut": (json.dumps(CHART)[:-40], "refused", ("any",)),
    "empty": ("", "refused", ("any",)),
    "xml": ("<Bundle xmlns='http://hl7.org/fhir'></Bundle>", "refused:XML", ("any",)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_chart_is_read_in_every_shape(name: str, judged: Judged) -> None:
    """Or refused in words; what was deleted, of somebody else or of a day to come does not count."""
    text, must, must_not = SHAPES[name]
    check(judged(text), must, must_not)


DRAFT = medicine(status="draft", id="d1", authoredOn="2026-11-29")
SIGNED, SELECTED = searchset(DRAFT), {"draftOrders": searchset(DRAFT)}
REFUSED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "security"}]}
CALLS: dict[str, tuple[object, int, str]] = {
    "conditions-null": (request(prefetch={"conditions": None}), 200, ""),
    "conditions-list": (request(prefetch={"conditions": [twitch()]}), 412, "refused:conditions"),
    "conditions-text": (request(prefetch={"conditions": "none"}), 412, "refused:conditions"),
    "conditions-empty-object": (request(prefetch={"conditions": {}}), 412, "refused:conditions"),
    "conditions-refused": (request(prefetch={"conditions": REFUSED}), 412, "refused:conditions"),
    "conditions-single": (request(prefetch={"conditions": twitch()}), 200, K),
    "no-prefetch": ({name: one for name, one in request().items() if name != "prefetch"}, 412, "refused:conditions"),
    "labs-cut": (request(prefetch={"labs": searchset(lab()) | {"link": [{"relation": "next", "url": "x"}]}}), 200, K),
    "another-patient": (request(prefetch={"patient": PATIENT | {"id": "p2"}}), 412, "refused:Patient"),
    "patient-with-type": (request(context={"patientId": "Patient/p1"}), 400, "refused:patientId"),
    "patient-number": (request(context={"patientId": 7}), 400, "refused:patientId"),
    "user-missing": (request(context={"userId": None}), 400, "refused:userId"),
    "encounter-number": (request(context={"encounterId": 7}), 400, "refused:encounterId"),
    "context-null": (request() | {"context": None}, 400, "refused:context"),
    "context-list": (request() | {"context": []}, 400, "refused:context"),
    "instance-no-uuid": (request(hookInstance="1"), 400, "refused:hookInstance"),
    "authorization-text": (request(fhirAuthorization="Bearer x"), 400, "refused:fhirAuthorization"),
    "server-number": (request(fhirServer=7), 400, "refused:fhirServer"),
    "extension": (request(extension={"com.ehr": [1]}), 200, K),
    "list": ([request()], 400, "refused:body"),
    "draft": (request("order-sign", context=SELECTED), 200, K),
    "no-drafts": (request("order-sign", context={"draftOrders": {"resourceType": "Bundle"}}), 200, ""),
    "drafts-list": (request("order-sign", context={"draftOrders": [DRAFT]}), 400, "refused:draftOrders"),
    "drafts-null": (request("order-sign", context={"draftOrders": None}), 400, "refused:draftOrders"),
    "drafts-missing": (request("order-sign"), 400, "refused:draftOrders"),
    "selection-text": (request("order-select", context=SELECTED | {"selections": "d1"}), 400, "refused:selections"),
    "selection-absolute": (
        request("order-select", context=SELECTED | {"selections": ["https://a.example/MedicationRequest/d1"]}),
        200,
        K,
    ),
    "selection-of-another": (
        request("order-select", context=SELECTED | {"selections": ["MedicationRequest/d2"]}),
        200,
        "",
    ),
    "nothing-selected": (request("order-select", context=SELECTED | {"selections": []}), 200, ""),
    "recorded-single": (
        request("problem-list-item-create", context={"conditions": twitch()}),
        400,
        "refused:conditions",
    ),
    "recorded-other": (
        request("problem-list-item-create", context={"conditions": searchset(twitch(code=coded(CM, "I10")))}),
        200,
        "",
    ),
    "refilled": (request("medication-refill", context={"medications": SIGNED}), 200, K),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_answered_or_refused_by_name(name: str) -> None:
    """What is wrong with a request is named by its path; what is right with it is answered."""
    body, status, must = CALLS[name]
    hook = body["hook"] if isinstance(body, dict) else "patient-view"
    found, answer = engine(AS_OF).answer(f"muscle-twitch-{hook}", json.dumps(body).encode())
    told = json.loads(answer)
    answered = Answered(found, told["cards"]) if found == 200 else Answered(found, refusal=answer.decode())

    assert [] == faults(row(must, NOTHING if must else ("any",), status), answered), answered.refusal
