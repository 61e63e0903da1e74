"""Reading what a prefetch key or a file holds: strictly and fast, then entry by entry if something is odd."""

import sys
from collections import Counter

import msgspec
from msgspec import Raw, Struct

from cds.fhir import resources as fhir
from cds.fhir.allowance import Allowance
from cds.fhir.datatypes import CodeableConcept
from cds.fhir.resources import Any, Issue, OperationOutcome

NULL = b"null"


class Link(Struct, gc=False):
    """A page link; its address stays unread unless pages are followed."""

    relation: str | None = None
    url: Raw = Raw(NULL)


class Entry(Struct, gc=False):
    """One entry of a Bundle."""

    resource: Any | None = None


class Bundle(Struct, gc=False, tag="Bundle", tag_field="resourceType"):
    """A Bundle whose resources are all readable and of types that rules read."""

    entry: list[Entry] | None = None
    link: list[Link | None] | None = None


class RawEntry(Struct, gc=False):
    """One entry, not yet read."""

    resource: Raw = Raw(NULL)


class RawBundle(Struct, gc=False):
    """A Bundle with anything in its entries."""

    resourceType: str | None = None  # noqa: N815 - FHIR's name
    entry: list[Raw] | None = None
    link: list[Link | None] | None = None


class Peek(Struct, gc=False):
    """Just the type of a resource."""

    resourceType: str | None = None  # noqa: N815 - FHIR's name


class PeekCode(Struct, gc=False):
    """Just its code."""

    code: CodeableConcept | None = None


class Feed(Struct):
    """What was read: resources, how many of which type could not be, whether pages are missing, or all failed.

    `next` is where the next page is; `issues` are the codes of OperationOutcomes that mean a failure.
    """

    resources: list[Any] = []
    unreadable: Counter[str] = msgspec.field(default_factory=Counter)
    unread_codes: list[CodeableConcept | None] = []
    truncated: bool = False
    failed: bool = False
    next: str | None = None
    issues: frozenset[str] = frozenset()


_STRICT = msgspec.json.Decoder(Bundle | Any)
_LOOSE = msgspec.json.Decoder(RawBundle)
_ENTRY = msgspec.json.Decoder(RawEntry | None)
_ONE = msgspec.json.Decoder(Any)
_PEEK = msgspec.json.Decoder(Peek)
_PEEK_CODE = msgspec.json.Decoder(PeekCode)
_READ_TYPES = frozenset(kind.__struct_config__.tag for kind in fhir.Any.__args__)
_UNREADABLE = (msgspec.DecodeError, RecursionError)
_MILD = frozenset({"information", "success"})
_URL = msgspec.json.Decoder(str)
_UNNAMED = "processing"  # FHIR's issue type for what says no more


def read(raw: Raw | bytes, allowance: Allowance | None = None) -> Feed:
    """Read a Bundle or a single resource. One odd entry costs only itself; anything that is not FHIR is `failed`.

    Raises TooManyEntries if there are more than the allowance has left.
    """
    allowance = allowance or Allowance(sys.maxsize)
    try:
        value = _STRICT.decode(raw)
    except _UNREADABLE:
        feed = _read_loosely(raw, allowance)
    else:
        feed = _feed(value, allowance)
    allowance.take_parts(_parts(feed.resources))
    return _settled(feed)


def _feed(value: Bundle | Any, allowance: Allowance) -> Feed:
    if not isinstance(value, Bundle):
        return Feed(resources=[value])
    entries = value.entry or ()
    allowance.take(len(entries))
    resources = [entry.resource for entry in entries if entry.resource is not None]
    return _paged(Feed(resources=resources), value.link)


def _parts(resources: list[Any]) -> int:
    panels = (one.component for one in resources if isinstance(one, fhir.Observation))
    return sum(len(component) for component in panels if component)


def _paged(feed: Feed, links: list[Link | None] | None) -> Feed:
    """Say whether another page follows, and where it is (FHIR R4, paging)."""
    if links and has_next(links):
        feed.truncated = True
        feed.next = next(filter(None, map(_next_url, links)), None)
    return feed


def _next_url(link: Link | None) -> str | None:
    if link is None or link.relation != "next":
        return None
    try:
        return _URL.decode(link.url)
    except msgspec.DecodeError:
        return None


def _settled(feed: Feed) -> Feed:
    """Take OperationOutcomes out; one with an error means that the source failed (CDS Hooks 2.0, prefetch)."""
    outcomes = [resource for resource in feed.resources if isinstance(resource, OperationOutcome)]
    if outcomes:
        feed.resources = [resource for resource in feed.resources if not isinstance(resource, OperationOutcome)]
        alone = not feed.resources and not feed.unreadable
        errors = [outcome for outcome in outcomes if _is_error(outcome, alone)]
        feed.failed = feed.failed or bool(errors)
        feed.issues = frozenset(issue.code or _UNNAMED for one in errors for issue in one.issue or (Issue(),))
    return feed


def _is_error(outcome: OperationOutcome, alone: bool) -> bool:
    severities = {issue.severity for issue in outcome.issue or ()}
    return bool(severities & {"error", "fatal"}) or (alone and not (severities and severities <= _MILD))


def _read_loosely(raw: Raw | bytes, allowance: Allowance) -> Feed:
    try:
        bundle = _LOOSE.decode(raw)
    except _UNREADABLE:
        return _single(raw)
    if bundle.resourceType != "Bundle":
        return _single(raw)
    entries = bundle.entry or ()
    allowance.take(len(entries))
    feed = _paged(Feed(), bundle.link)
    for entry in entries:
        _take_entry(entry, feed)
    return feed


def _single(raw: Raw | bytes) -> Feed:
    """A resource alone that could not be read; without a type, or as a broken Bundle, it is no answer at all."""
    if _kind(raw) in (None, "Bundle"):
        return Feed(failed=True)
    feed = Feed()
    _set_aside(raw, feed)
    return feed


def _take_entry(raw: Raw, feed: Feed) -> None:
    try:
        entry = _ENTRY.decode(raw)
    except _UNREADABLE:
        _set_aside(raw, feed)
        return
    if entry is not None and bytes(entry.resource) != NULL:
        _take(entry.resource, feed)


def _take(raw: Raw, feed: Feed) -> None:
    try:
        feed.resources.append(_ONE.decode(raw))
    except _UNREADABLE:
        _set_aside(raw, feed)


def _set_aside(raw: Raw | bytes, feed: Feed) -> None:
    """Count what could not be read, unless it is of a type that no rule reads; its code may still be told."""
    kind = _kind(raw)
    if kind is None or kind in _READ_TYPES:
        feed.unreadable[kind or "unknown"] += 1
        feed.unread_codes.append(_code(raw))


def _kind(raw: Raw | bytes) -> str | None:
    try:
        return _PEEK.decode(raw).resourceType
    except _UNREADABLE:
        return None


def _code(raw: Raw | bytes) -> CodeableConcept | None:
    """The code of a resource that is otherwise unreadable."""
    try:
        return _PEEK_CODE.decode(raw).code
    except _UNREADABLE:
        return None


def has_next(links: list[Link | None] | None) -> bool:
    """Whether a page is followed by another, which is then missing."""
    return any(link is not None and link.relation == "next" for link in links or ())
