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
AROUND = ("fhirServer", "fhirAuthorization")
CONTEXTS: dict[str, dict[str, Any]] = {
    "patient-view": {"userId": "Practitioner/1", "patientId": "p1"},
    "encounter-start": {"userId": "Practitioner/1", "patientId": "p1", "encounterId": "e1"},
    "problem-list-item-create": {"userId": "Practitioner/1", "patientId": "p1", "conditions": BUNDLE},
    "order-select": {"userId": "Practitioner/1", "patientId": "p1", "selections": [], "draftOrders": BUNDLE},
    "order-sign": {"userId": "Practitioner/1", "patientId": "p1", "draftOrders": BUNDLE},
    "medication-refill": {"patientId": "p1", "medications": BUNDLE},
}
REQUIRED = [
    (hook, field)
    for hook, context in CONTEXTS.items()
    for field in context
    if field not in ("draftOrders", "selections", "medications")
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


@pytest.mark.parametrize("value", [7, "x", [], True])
def test_conditions_that_are_no_bundle_are_refused(value: object) -> None:
    """A problem that was saved but cannot be read must not pass as no problem."""
    with pytest.raises(BadEnvelope, match="is no Bundle"):
        made("problem-list-item-create", conditions=value)


def test_a_refill_may_have_no_user() -> None:
    """No user may be present at a refill."""
    assert made("medication-refill").context.user_id is None
    assert "Practitioner/9" == made("medication-refill", userId="Practitioner/9").context.user_id


@pytest.mark.parametrize("hook", ["order-select", "order-sign", "medication-refill"])
@pytest.mark.parametrize("value", [ABSENT, None, 7, "x", [], {}, {"entry": {}}])
def test_drafts_may_be_anything(hook: str, value: object) -> None:
    """Clients send drafts half written, or leave them out; their reader decides."""
    found = made(hook, **{SHAPES[hook].drafts: value})

    assert (found.context.drafts is None) == (value is ABSENT)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ABSENT, set()),
        (None, set()),
        ("MedicationRequest/1", set()),
        ([], set()),
        (["MedicationRequest/1", 7, None], {"MedicationRequest/1"}),
    ],
)
def test_only_order_select_has_selections(value: object, expected: set[str]) -> None:
    """Nothing selected is not the same as everything."""
    assert frozenset(expected) == made("order-select", selections=value).context.selections
    assert made("order-sign", selections=value).context.selections is None


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
