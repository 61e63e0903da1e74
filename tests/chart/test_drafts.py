"""Drafts as clients send them: half written, half FHIR. What cannot be read is no draft, and never an error."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from charts.dates import TODAY
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from cds.chart import drafts
from cds.chart.drafts import Drafts
from cds.chart.facts import Drug
from cds.chart.naming import Namer
from cds.chart.reader import Reader
from cds.chart.routes import RouteNames
from cds.chart.scope import Scope
from cds.errors import TooManyEntries
from cds.fhir.allowance import Allowance
from cds.knowledge.load import load

KNOWLEDGE = load()
NAMER, ROUTES = Namer(KNOWLEDGE), RouteNames(KNOWLEDGE)
SCOPE = Scope("p1", datetime(2026, 11, 22, 12, tzinfo=UTC), TODAY.toordinal(), 24, frozenset({"Patient/p1"}))
MOST = 100
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
PREDNISONE = {"coding": [{"system": RXNORM, "code": "198145", "display": "x"}], "text": "prednisone"}
DRAFT: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "d1",
    "status": "draft",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": PREDNISONE,
}
MEDICATION = {"resourceType": "Medication", "id": "m1", "code": PREDNISONE}
BY_REFERENCE = {name: value for name, value in DRAFT.items() if name != "medicationCodeableConcept"}


def read(value: object, selections: frozenset[str] | None = None) -> tuple[Drug, ...]:
    """The drafted medicines in a value of the context."""
    return drugs(json.dumps(value).encode(), selections)


def drugs(raw: bytes, selections: frozenset[str] | None = None) -> tuple[Drug, ...]:
    """The drafted medicines in the bytes of a value."""
    reader = Reader(NAMER, ROUTES, SCOPE)
    found = drafts.read(Raw(raw), selections, SCOPE, Allowance(MOST))
    reader.add(found.medications)
    return reader.drafted(found.requests)


def bundle(*resources: object, **more: Any) -> dict[str, Any]:
    """A Bundle."""
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources], **more}


@pytest.mark.parametrize(
    "value",
    [
        bundle(DRAFT),
        {"entry": [{"resource": DRAFT}]},
        {"resourceType": "Bundle", "entry": [DRAFT]},
        {"resourceType": "Bundle", "entry": [None, 7, "x", [], {}, {"resource": None}, {"resource": DRAFT}]},
        {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:1", "resource": [DRAFT]}]},
        DRAFT,
        bundle({"resourceType": "Patient"}, {"id": "untyped"}, DRAFT),
        bundle(DRAFT | {"category": {"text": "x"}, "reasonCode": {"text": "y"}, "note": 7}),
        bundle(DRAFT | {"medicationCodeableConcept": [PREDNISONE]}),
        bundle(DRAFT | {"medicationCodeableConcept": {"coding": {"system": RXNORM, "code": "198145"}}}),
        bundle(DRAFT | {"medicationCodeableConcept": {"coding": [None, {"code": 5}, *PREDNISONE["coding"]]}}),
        bundle(DRAFT | {"subject": None, "status": None, "intent": None, "id": None}),
        bundle(DRAFT | {"subject": {"display": "somebody"}}),
        bundle(DRAFT | {"subject": "Patient/p2"}),
        bundle(DRAFT | {"dosageInstruction": {"route": 7, "timing": "daily", "doseAndRate": None}}),
        bundle(DRAFT | {"dosageInstruction": [None, {"timing": {"repeat": []}}]}),
        bundle(BY_REFERENCE | {"medicationReference": {"reference": "Medication/m1"}}, MEDICATION),
        bundle(MEDICATION, BY_REFERENCE | {"medicationReference": [{"reference": "Medication/m1/_history/2"}]}),
        bundle(BY_REFERENCE | {"medicationReference": {"reference": "#m1"}, "contained": [MEDICATION]}),
        bundle(BY_REFERENCE | {"medicationReference": {"reference": "#m1"}, "contained": MEDICATION}),
        bundle(BY_REFERENCE | {"medication": {"concept": PREDNISONE}}),
        bundle(BY_REFERENCE | {"medication": {"reference": {"reference": "Medication/m1"}}}, MEDICATION),
        bundle(
            BY_REFERENCE | {"medicationReference": {"reference": "Medication/m1"}},
            {"resourceType": "Medication", "id": "m1", "ingredient": [{"itemCodeableConcept": PREDNISONE}]},
        ),
        bundle(
            BY_REFERENCE | {"medicationReference": {"reference": "Medication/m1"}},
            {"resourceType": "Medication", "id": "m1", "ingredient": {"item": {"concept": PREDNISONE}}},
        ),
        {
            "entry": [
                {"resource": BY_REFERENCE | {"medicationReference": {"reference": "urn:uuid:med"}}},
                {"fullUrl": "urn:uuid:med", "resource": MEDICATION},
            ]
        },
    ],
)
def test_a_draft_is_found_in_odd_wrappings(value: object) -> None:
    """Objects for arrays and arrays for objects, Bundles without a type, a resource alone, R5's names."""
    assert ["prednisone"] == [drug.concepts[0].ingredient for drug in read(value)]


@pytest.mark.parametrize(
    "value",
    [
        {"resourceType": "Bundle"},
        bundle(),
        {"resourceType": "Bundle", "entry": None},
        bundle(DRAFT | {"medicationCodeableConcept": None}),
        bundle(DRAFT | {"medicationCodeableConcept": {"coding": []}}),
        bundle(DRAFT | {"medicationCodeableConcept": {"coding": [{}]}}),
        bundle(DRAFT | {"medicationCodeableConcept": {"text": "Deltasone 10 mg"}}),
        bundle(DRAFT | {"medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": 198145}]}}),
        bundle(DRAFT | {"resourceType": None}),
        bundle(DRAFT | {"resourceType": "MedicationDispense"}),
        bundle(DRAFT | {"resourceType": "ServiceRequest"}),
        bundle(DRAFT | {"status": "cancelled"}),
        bundle(DRAFT | {"status": "stopped"}),
        bundle(DRAFT | {"status": "completed"}),
        bundle(DRAFT | {"status": "ended"}),
        bundle(DRAFT | {"status": "entered-in-error"}),
        bundle(DRAFT | {"doNotPerform": True}),
        bundle(DRAFT | {"subject": {"reference": "Patient/p2"}}),
        bundle(DRAFT | {"subject": None, "patient": {"reference": "Patient/p2"}}),
        bundle(BY_REFERENCE | {"medicationReference": {"reference": "Medication/elsewhere"}}, MEDICATION),
        bundle(BY_REFERENCE | {"medicationReference": {"reference": "#m2"}, "contained": [MEDICATION]}),
        bundle(BY_REFERENCE | {"medicationReference": {"reference": "#m1"}, "contained": [DRAFT | {"id": "m1"}]}),
        bundle(MEDICATION),
    ],
)
def test_what_cannot_be_read_is_no_draft(value: object) -> None:
    """Nothing there, nothing coded, another patient's, over, or no MedicationRequest: no draft."""
    assert () == read(value)


def test_an_unreadable_entry_costs_only_itself() -> None:
    """A number out of range: the draft beside it still counts."""
    raw = b'{"entry": [{"resource": {"id": 1e999}}, ' + json.dumps({"resource": DRAFT}).encode() + b"]}"

    assert 1 == len(drugs(raw))


def test_more_drafts_than_a_call_may_hold_are_refused() -> None:
    """The drafts of a context count as the resources of the prefetch do."""
    with pytest.raises(TooManyEntries):
        read(bundle(*[DRAFT] * (MOST + 1)))


def test_nothing_sent_is_no_draft() -> None:
    """A client that has nothing selected yet may leave the member out."""
    assert Drafts() == drafts.read(None, None, SCOPE, Allowance(MOST))


@pytest.mark.parametrize(
    ("selections", "found"),
    [
        ({"MedicationRequest/d1"}, 1),
        ({"d1"}, 1),
        ({"https://ehr.example.org/fhir/MedicationRequest/d1"}, 1),
        ({"MedicationRequest/d1/_history/3"}, 1),
        ({"MedicationRequest/other", "MedicationRequest/d1"}, 1),
        ({"urn:uuid:full"}, 1),
        ({"MedicationRequest/other"}, 0),
        ({"ServiceRequest/d1"}, 0),
        ({"https://ehr.example.org/fhir/ServiceRequest/d1"}, 0),
        ({""}, 0),
        (set(), 0),
    ],
)
def test_only_selected_drafts_count(selections: set[str], found: int) -> None:
    """A selection names a MedicationRequest by reference, by id alone, or by its fullUrl; none selects nothing."""
    sent = {"entry": [{"fullUrl": "urn:uuid:full", "resource": DRAFT}]}

    assert found == len(read(sent, frozenset(selections)))


def test_a_draft_without_an_id_cannot_be_selected() -> None:
    """Nothing names it, so nothing selects it; where all drafts count it counts."""
    nameless = bundle(DRAFT | {"id": None})

    assert (0, 1) == (len(read(nameless, frozenset({"MedicationRequest/d1"}))), len(read(nameless)))
    assert "MedicationRequest" == read(nameless)[0].ref


def test_route_and_reference_are_kept() -> None:
    """What the rules need: the resource's name, the codes, the route, and that it is a draft."""
    route = {"coding": [{"system": "http://snomed.info/sct", "code": "47625008"}]}
    drug = read(bundle(DRAFT | {"dosageInstruction": {"route": [route]}}))[0]

    assert ("MedicationRequest/d1", "draft", {"intravenous"}) == (drug.ref, drug.state, set(drug.routes))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*DRAFT, "coding", "entry"]), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*DRAFT, "dosageInstruction", "contained", "medicationReference"]), JSON))
def test_no_draft_is_an_error(odd: dict[str, Any]) -> None:
    """Whatever stands in a draft, reading it raises nothing."""
    assert len(read(bundle(DRAFT | odd, odd))) <= 2
    assert len(read(odd | {"resourceType": "MedicationRequest"})) <= 1
