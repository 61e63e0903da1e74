"""JSON objects read strictly: every name once, real UTF-8, finite numbers; what they hold is left unread (RFC 8259)."""

import re
from typing import Any

import msgspec
from msgspec import Raw

from cds.errors import BadEnvelope, DuplicateName, MalformedJson, NonFiniteNumber, NotUtf8, TooDeep
from cds.hooks.limits import USUAL, Limits

PIECE = 4096
LONG = 2**20
MOST_NAMES = 10_000  # of a long request; a shorter one cannot hold enough of them to matter
CONTINUATION = 0x80
LONGEST_CHARACTER = 4
_NON_FINITE = re.compile(rb"[:\[,]\s*-?(?:NaN|Infinity)\b")
_OUT_OF_RANGE = "out of range"


class Name(str):
    """A member's name that hashes as nothing but itself, so that a dictionary keeps repeated names apart."""

    __slots__ = ()
    __hash__ = object.__hash__


_Value = str | int | float | bool | None | list[Raw] | dict[Name, Raw]
_Members = dict[Name, _Value]
_OBJECT = msgspec.json.Decoder(_Members, dec_hook=lambda _kind, value: Name(value))
_ANY = msgspec.json.Decoder()


def members(body: bytes, limits: Limits = USUAL) -> dict[str, Any]:
    """The members of the outermost object; raises a CallError that says what is wrong with the body."""
    limits.check_values(body)
    if not body.isascii():
        _check_utf8(body)
    unique = _unique(_decoded(body))
    limits.check_depth(body, unique)
    return unique


class Counting:
    """Makes the names of one long request, and stops when there are too many."""

    __slots__ = ("_remaining",)

    def __init__(self) -> None:
        self._remaining = MOST_NAMES

    def __call__(self, _: type, value: str) -> Name:
        self._remaining -= 1
        if self._remaining < 0:
            raise BadEnvelope("body", "holds too many members")
        return Name(value)


def _decoded(body: bytes) -> dict[Name, Any]:
    decoder = _OBJECT if len(body) < LONG else msgspec.json.Decoder(_Members, dec_hook=Counting())
    try:
        return decoder.decode(body)
    except RecursionError as problem:
        raise TooDeep from problem
    except msgspec.ValidationError as problem:
        if _OUT_OF_RANGE in str(problem):
            raise NonFiniteNumber from problem
        raise BadEnvelope("body", "must be a JSON object") from problem
    except msgspec.DecodeError as problem:
        raise (NonFiniteNumber() if _NON_FINITE.search(body) else MalformedJson()) from problem


def _check_utf8(body: bytes) -> None:
    """Refuse what is not UTF-8, piece by piece: the text itself is never needed whole."""
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
    """The object with ordinary names; a duplicate name is refused."""
    plain = {str.__str__(name): value for name, value in pairs.items()}
    if len(plain) != len(pairs):
        raise DuplicateName
    return plain


def member_object(parent: dict[str, Any], field: str) -> dict[str, Raw] | None:
    """A member that is an object itself, or None if it is absent or null."""
    value = parent.get(field)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadEnvelope(field, "must be a JSON object")
    return _unique(value)


def required_text(parent: dict[str, Raw], field: str, name: str = "context") -> str:
    """A text that must be there and not be empty; `name` is what the parent is called."""
    string = text(parent, field, name)
    if not string:
        raise BadEnvelope(f"{name}.{field}")
    return string


def text(parent: dict[str, Raw], field: str, name: str = "context") -> str | None:
    """A text, or None if it is absent or null."""
    member = value(parent, field)
    if member is not None and not isinstance(member, str):
        raise BadEnvelope(f"{name}.{field}", "must be a string")
    return member


def value(parent: dict[str, Raw], field: str) -> Any:
    """Whatever a member holds, read."""
    if field not in parent:
        return None
    try:
        return _ANY.decode(parent[field])
    except msgspec.DecodeError as problem:
        raise BadEnvelope(field, "cannot be read") from problem
