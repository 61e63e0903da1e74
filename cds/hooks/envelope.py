"""The request of a hook call, its chart left unread: one pass over the bytes (CDS Hooks 2.0, HTTP request)."""

import re
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from cds.access import Authorization, Source
from cds.errors import BadEnvelope, WrongHook
from cds.fhir.references import parts
from cds.hooks import contexts
from cds.hooks.contexts import SHAPES, Context
from cds.hooks.limits import USUAL, Limits
from cds.hooks.members import member_object, members
from cds.secrecy import Secret

NO_SOURCE = Source()
USUAL_UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # tried first: it costs a tenth of UUID


class Request(Struct, frozen=True):
    """A hook call whose envelope is in order. Prefetch values are still bytes."""

    hook: str
    hook_instance: str
    context: Context
    prefetch: dict[str, Raw]
    source: Source

    @property
    def patient_id(self) -> str:
        """The patient in context."""
        return self.context.patient_id


def read(body: bytes, hook: str, limits: Limits = USUAL) -> Request:
    """The request; raises a CallError that says what is wrong with it."""
    request = members(body, limits)
    _check_hook(request, hook)
    _check_instance(request.get("hookInstance"))
    context_members = member_object(request, "context")
    if context_members is None:
        raise BadEnvelope("context")
    context = contexts.read(context_members, SHAPES[hook])
    return Request(
        hook=hook,
        hook_instance=request["hookInstance"],
        context=context,
        prefetch=member_object(request, "prefetch") or {},
        source=_source(request, context),
    )


def _check_hook(request: dict[str, Any], hook: str) -> None:
    sent_hook = request.get("hook")
    if sent_hook is None:
        raise BadEnvelope("hook")
    if not isinstance(sent_hook, str):
        raise BadEnvelope("hook", "must be a string")
    if sent_hook != hook:
        raise WrongHook(hook)


def _check_instance(instance: object) -> None:
    if instance is None:
        raise BadEnvelope("hookInstance")
    if isinstance(instance, str) and USUAL_UUID.fullmatch(instance):
        return
    try:
        UUID(instance if isinstance(instance, str) else "")
    except ValueError as problem:
        raise BadEnvelope("hookInstance", "is not a UUID") from problem


def _source(request: dict[str, Any], context: Context) -> Source:
    """Where more may be asked for, with the values that templates may hold (conformance C 19, D 39)."""
    server, auth = request.get("fhirServer"), member_object(request, "fhirAuthorization")
    if server is not None and not (isinstance(server, str) and server.startswith(("http://", "https://"))):
        raise BadEnvelope("fhirServer", "must be an absolute URL")
    if server is None:
        if auth is not None:
            raise BadEnvelope("fhirServer")
        return NO_SOURCE
    values = {
        "context.patientId": context.patient_id,
        "context.userId": context.user_id,
        "context.encounterId": context.encounter_id,
    }
    authorization = _authorization(auth) if auth is not None else None
    return Source(
        server=server,
        authorization=authorization,
        is_unusable=auth is not None and authorization is None,
        context={name: text for name, text in values.items() if text} | _user(context.user_id or ""),
    )


def _user(reference: str) -> dict[str, str]:
    """The token that represents the user's own id, such as `userPractitionerId`."""
    kind, ident = parts(reference)
    return {f"user{kind}Id": ident} if ident and kind.isalpha() else {}


class Given(Struct):
    """`fhirAuthorization` as it ought to be sent."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str
    subject: str
    patient: str | None = None


def _authorization(raw_members: dict[str, Raw]) -> Authorization | None:
    """`fhirAuthorization`; None if it cannot be used. The prefetch beside it can be answered all the same."""
    try:
        read = msgspec.convert({name: msgspec.json.decode(raw) for name, raw in raw_members.items()}, Given)
    except (msgspec.DecodeError, RecursionError):  # a ValidationError is a DecodeError
        return None
    if not (read.access_token and read.scope and read.subject):
        return None
    return Authorization(
        token=Secret(read.access_token),
        expires_in=read.expires_in,
        scope=read.scope,
        subject=read.subject,
        patient=read.patient,
    )
