"""The request of a hook call, its chart left unread: one pass over the bytes (CDS Hooks 2.0, HTTP request)."""

import re
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from cds.errors import (
    BadEnvelope,
    DuplicateName,
    MalformedJson,
    NonFiniteNumber,
    NotUtf8,
    TooDeep,
    WrongHook,
)

PIECE = 4096
CONTINUATION = 0x80
LONGEST_CHARACTER = 4
FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_NON_FINITE = re.compile(rb"[:\[,]\s*-?(?:NaN|Infinity)\b")
_OUT_OF_RANGE = "out of range"


class Name(str):
    """A member's name that hashes as nothing but itself, so that a dictionary keeps repeated names apart."""

    __slots__ = ()
    __hash__ = object.__hash__


class Request(Struct, frozen=True):
    """A hook call whose envelope is in order. Prefetch values are still bytes."""

    hook_instance: str
    patient_id: str
    user_id: str
    encounter_id: str | None
    prefetch: dict[str, Raw]


_Value = str | int | float | bool | None | list[Raw] | dict[Name, Raw]
_ENVELOPE = msgspec.json.Decoder(dict[Name, _Value], dec_hook=lambda _kind, value: Name(value))
_ANY = msgspec.json.Decoder()


def read(body: bytes, hook: str) -> Request:
    """The request; raises a CallError that says what is wrong with it."""
    members = _members(body)
    _check_hook(members, hook)
    _check_instance(members.get("hookInstance"))
    _check_authorization(members)
    context = _object(members, "context")
    if context is None:
        raise BadEnvelope("context")
    return Request(
        hook_instance=members["hookInstance"],
        patient_id=_patient_id(context),
        user_id=_required_text(context, "userId"),
        encounter_id=_text(context, "encounterId"),
        prefetch=_object(members, "prefetch") or {},
    )


def _members(body: bytes) -> dict[str, Any]:
    if not body.isascii():
        _check_utf8(body)
    try:
        return _unique(_ENVELOPE.decode(body))
    except RecursionError as problem:
        raise TooDeep from problem
    except msgspec.ValidationError as problem:
        if _OUT_OF_RANGE in str(problem):
            raise NonFiniteNumber from problem
        raise BadEnvelope("body", "is no JSON object") from problem
    except msgspec.DecodeError as problem:
        raise (NonFiniteNumber() if _NON_FINITE.search(body) else MalformedJson()) from problem


def _check_utf8(body: bytes) -> None:
    """Refuse what is no UTF-8, piece by piece: the text itself is never needed whole."""
    start, size = 0, len(body)
    try:
        while start < size:
            end = start + PIECE
            while end < size and body[end] & 0xC0 == CONTINUATION and end < start + PIECE + LONGEST_CHARACTER:
                end += 1
            piece = body[start:end]
            if not piece.isascii():
                piece.decode("utf-8")
            start = end
    except UnicodeDecodeError as problem:
        raise NotUtf8 from problem


def _unique(pairs: dict[Name, Any]) -> dict[str, Any]:
    """The object with ordinary names; a name that stands twice is refused."""
    plain = {str.__str__(name): value for name, value in pairs.items()}
    if len(plain) != len(pairs):
        raise DuplicateName
    return plain


def _object(members: dict[str, Any], field: str) -> dict[str, Raw] | None:
    value = members.get(field)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadEnvelope(field, "is no JSON object")
    return _unique(value)


def _check_hook(members: dict[str, Any], hook: str) -> None:
    given = members.get("hook")
    if given is None:
        raise BadEnvelope("hook")
    if not isinstance(given, str):
        raise BadEnvelope("hook", "is no text")
    if given != hook:
        raise WrongHook(hook)


def _check_instance(given: object) -> None:
    if given is None:
        raise BadEnvelope("hookInstance")
    try:
        UUID(given if isinstance(given, str) else "")
    except ValueError as problem:
        raise BadEnvelope("hookInstance", "is no UUID") from problem


def _check_authorization(members: dict[str, Any]) -> None:
    """fhirServer and fhirAuthorization must be well formed, though a prefetch-only service does not use them."""
    server, authorization = members.get("fhirServer"), _object(members, "fhirAuthorization")
    if server is not None and not (isinstance(server, str) and server.startswith(("http://", "https://"))):
        raise BadEnvelope("fhirServer", "is no absolute URL")
    if authorization is None:
        return
    if server is None:
        raise BadEnvelope("fhirServer")
    for field in ("access_token", "token_type", "scope", "subject"):
        _required_text(authorization, field, "fhirAuthorization")
    lifetime = _value(authorization, "expires_in")
    if not isinstance(lifetime, int) or isinstance(lifetime, bool):
        raise BadEnvelope("fhirAuthorization.expires_in", "is no whole number")
    if _value(authorization, "token_type") != "Bearer":
        raise BadEnvelope("fhirAuthorization.token_type", "is not Bearer")


def _patient_id(context: dict[str, Raw]) -> str:
    patient_id = _required_text(context, "patientId")
    if not FHIR_ID.fullmatch(patient_id):
        raise BadEnvelope("context.patientId", "is no FHIR id")
    return patient_id


def _required_text(members: dict[str, Raw], field: str, parent: str = "context") -> str:
    text = _text(members, field, parent)
    if not text:
        raise BadEnvelope(f"{parent}.{field}")
    return text


def _text(members: dict[str, Raw], field: str, parent: str = "context") -> str | None:
    value = _value(members, field)
    if value is not None and not isinstance(value, str):
        raise BadEnvelope(f"{parent}.{field}", "is no text")
    return value


def _value(members: dict[str, Raw], field: str) -> Any:
    if field not in members:
        return None
    try:
        return _ANY.decode(members[field])
    except (msgspec.DecodeError, RecursionError) as problem:
        raise BadEnvelope(field, "cannot be read") from problem
