"""The context of each hook: what it must hold, and what may be half written."""

import json
from typing import Any
from uuid import uuid4

import pytest

from cds.errors import BadEnvelope
from cds.hooks.contexts import SHAPES
from cds.hooks.envelope import Request, read

ABSENT = object()
BUNDLE: dict[str, Any] = {"resourceType": "Bundle", "entry": []}
REQUEST: dict[str, Any] = {"resourceType": "MedicationRequest"}
AROUND = ("fhirServer", "fhirAuthorization")
CONTEXTS: dict[str, dict[str, Any]] = {
    "patient-view": {"userId": "Practitioner/1", "patientId": "p1"},
    "encounter-start": {"userId": "Practitioner/1", "patientId": "p1", "encounterId": "e1"},
    "encounter-discharge": {"userId": "Practitioner/1", "patientId": "p1", "encounterId": "e1"},
    "problem-list-item-create": {"userId": "Practitioner/1", "patientId": "p1", "conditions": BUNDLE},
    "order-select": {"userId": "Practitioner/1", "patientId": "p1", "selections": [], "draftOrders": BUNDLE},
    "order-sign": {"userId": "Practitioner/1", "patientId": "p1", "draftOrders": BUNDLE},
    "medication-refill": {"patientId": "p1", "medications": BUNDLE},
    "medication-verify": {"userId": "Practitioner/1", "patientId": "p1", "medication": REQUEST},
}
REQUIRED = [
    (hook, field)
    for hook, context in CONTEXTS.items()
    for field in context
    if (hook, field) != ("order-select", "draftOrders")
]


def made(hook: str, **changes: Any) -> Request:
    """The request of a hook, with its context changed."""
    context: dict[str, Any] = dict(CONTEXTS[hook], **changes)
    for name in [name for name, value in context.items() if value is ABSENT]:
        del context[name]
    extra: dict[str, Any] = {name: context.pop(name) for name in AROUND if name in context}
    sent = {"hook": hook, "hookInstance": str(uuid4()), "context": context, **extra}
    return read(json.dumps(sent).encode(), hook)


def test_every_hook_has_a_case_here() -> None:
    """A new hook must be added to these tests."""
    assert set(SHAPES) == set(CONTEXTS)


@pytest.mark.parametrize("hook", CONTEXTS)
def test_the_least_that_a_hook_sends_is_enough(hook: str) -> None:
    """The required members, and nothing else (hook library, context)."""
    assert "p1" == made(hook).patient_id


@pytest.mark.parametrize(("hook", "field"), REQUIRED)
@pytest.mark.parametrize("value", [ABSENT, None])
def test_a_required_member_is_named_when_it_is_missing(hook: str, field: str, value: object) -> None:
    """Absent and null alike."""
    with pytest.raises(BadEnvelope, match=rf"`context\.{field}` is missing") as caught:
        made(hook, **{field: value})

    assert "required" == caught.value.code


HELD = [(hook, shape.drafts or shape.problems) for hook, shape in SHAPES.items() if shape.drafts or shape.problems]
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


@pytest.mark.parametrize(("hook", "field"), HELD)
@pytest.mark.parametrize(
    "value",
    [7, "x", [], True, {}, [REQUEST], OUTCOME, {"resourceType": "Bundle", "entry": {}}, {"resourceType": "Patient"}],
)
def test_what_is_being_written_must_have_its_type(hook: str, field: str, value: object) -> None:
    """A problem or draft that is there but cannot be read must not pass as none."""
    kind = "MedicationRequest" if hook == "medication-verify" else "Bundle"
    selected = {"selections": ["MedicationRequest/1"]} if hook == "order-select" else {}

    with pytest.raises(BadEnvelope, match=rf"`context\.{field}` must be a {kind}"):
        made(hook, **{field: value}, **selected)


@pytest.mark.parametrize(("hook", "field"), [one for one in HELD if one[0] != "medication-verify"])
def test_a_bundle_may_leave_out_its_type(hook: str, field: str) -> None:
    """Some clients send the entries alone."""
    found = made(hook, **{field: {"entry": []}}).context

    assert b'{"entry": []}' == bytes(found.drafts or found.problems or b"")


def test_a_refill_may_have_no_user() -> None:
    """No user may be present at a refill."""
    assert made("medication-refill").context.user_id is None
    assert not made("medication-refill").context.is_for_patient
    assert "Practitioner/9" == made("medication-refill", userId="Practitioner/9").context.user_id


@pytest.mark.parametrize(
    ("drafts", "selections", "expected"),
    [
        (ABSENT, ABSENT, set()),
        (None, None, set()),
        (ABSENT, [], set()),
        (BUNDLE, [], set()),
        (BUNDLE, ["MedicationRequest/1", "ServiceRequest/2"], {"MedicationRequest/1", "ServiceRequest/2"}),
    ],
)
def test_only_order_select_has_selections(drafts: object, selections: object, expected: set[str]) -> None:
    """Nothing selected is not the same as everything."""
    found = made("order-select", draftOrders=drafts, selections=selections).context

    assert frozenset(expected) == found.selections
    assert made("order-sign", selections=selections).context.selections is None


@pytest.mark.parametrize("drafts", [ABSENT, None])
def test_a_selection_without_drafts_is_refused(drafts: object) -> None:
    """Something is selected, and nobody can know what it is."""
    with pytest.raises(BadEnvelope, match=r"`context\.draftOrders` is missing"):
        made("order-select", selections=["MedicationRequest/1"], draftOrders=drafts)


@pytest.mark.parametrize("selections", ["MedicationRequest/1", 7, {}, True, ["MedicationRequest/1", 7], [None]])
def test_selections_of_another_kind_are_refused(selections: object) -> None:
    """They would read as nothing selected."""
    with pytest.raises(BadEnvelope, match=r"`context\.selections` must be a list of references"):
        made("order-select", selections=selections)


@pytest.mark.parametrize(
    ("user", "is_for_patient"),
    [
        ("Patient/p1", True),
        ("RelatedPerson/r1", True),
        ("https://ehr.example/fhir/Patient/p1", True),
        ("Patient/p1/_history/2", True),
        ("Practitioner/1", False),
        ("PractitionerRole/1", False),
        ("Patient", False),
    ],
)
def test_a_user_who_is_the_patient_is_known(user: str, is_for_patient: bool) -> None:
    """By the type in the reference, wherever it points."""
    assert is_for_patient == made("patient-view", userId=user).context.is_for_patient


def test_without_a_server_there_is_no_source() -> None:
    """What is not named cannot be asked."""
    source = made("patient-view").source

    assert (None, None, {}) == (source.server, source.authorization, source.context)


def test_the_source_holds_the_values_of_the_template_tokens() -> None:
    """Ids of the context, and the user's own id by its type (conformance C 19)."""
    source = made("encounter-start", fhirServer="https://ehr.example/fhir").source

    assert "https://ehr.example/fhir" == source.server
    assert {
        "context.patientId": "p1",
        "context.userId": "Practitioner/1",
        "context.encounterId": "e1",
        "userPractitionerId": "1",
    } == source.context


@pytest.mark.parametrize("user", ["nobody", "Practitioner/", "/1", "a-b/1"])
def test_a_user_of_no_type_fills_no_token(user: str) -> None:
    """Only a reference of the form Type/id does."""
    source = made("patient-view", userId=user, fhirServer="https://ehr.example/fhir").source

    assert {"context.patientId", "context.userId"} == set(source.context)


def test_the_token_is_held_but_never_shown() -> None:
    """It prints as stars, in the request too."""
    given = {
        "access_token": "canary-token",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "subject": "cds",
        "patient": "p1",
    }
    request = made("patient-view", fhirServer="https://ehr.example/fhir", fhirAuthorization=given)
    authorization = request.source.authorization

    assert authorization is not None
    assert "canary-token" == authorization.token.reveal()
    assert (300, "patient/*.read", "cds", "p1") == (
        authorization.expires_in,
        authorization.scope,
        authorization.subject,
        authorization.patient,
    )
    assert "canary-token" not in repr(request)
