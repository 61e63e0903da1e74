"""Reading what a prefetch key or a file holds: strictly and fast, then entry by entry if something is odd."""

import sys
from collections.abc import Iterable

import msgspec
from msgspec import Raw, Struct

from cds.fhir import outcomes
from cds.fhir import resources as fhir
from cds.fhir.allowance import Allowance
from cds.fhir.datatypes import CodeableConcept
from cds.fhir.outcomes import Response
from cds.fhir.raw import read_raw
from cds.fhir.resources import Any, OperationOutcome

NULL = b"null"
DEEPEST = 4  # Bundles in Bundles: the answer to a batch has two


class Link(Struct, gc=False):
    """A page link; its address stays unread unless pages are followed."""

    relation: str | None = None
    url: Raw = Raw(NULL)


class Entry(Struct, gc=False):
    """One entry of a Bundle. `resourceType` is there only if the entry is itself a resource, as some clients send."""

    resource: Any | None = None
    response: Response | None = None
    resourceType: str | None = None  # noqa: N815 - FHIR's name


class Bundle(Struct, gc=False, tag="Bundle", tag_field="resourceType"):
    """A Bundle whose resources are all readable and of types that rules read."""

    entry: list[Entry] | None = None
    link: list[Link | None] | None = None


class RawEntry(Struct, gc=False):
    """One entry, not yet read."""

    resource: Raw = Raw(NULL)
    response: Response | None = None
    resourceType: str | None = None  # noqa: N815 - FHIR's name


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

    `next` is where the next page is, `search` what the searchset says that it was searched by; `issues` are the issue
    types of what failed, or of why a part is missing.
    """

    resources: list[Any] = []
    unreadable: dict[str, int] = {}
    unread_codes: list[CodeableConcept | None] = []
    truncated: bool = False
    failed: bool = False
    next: str | None = None
    search: str = ""
    issues: frozenset[str] = frozenset()

    def lose(self, kind: str, count: int = 1) -> None:
        """Count resources of a type that could not be read."""
        self.unreadable[kind] = self.unreadable.get(kind, 0) + count


_STRICT = msgspec.json.Decoder(Bundle | Any)
_LOOSE = msgspec.json.Decoder(RawBundle)
_ENTRY = msgspec.json.Decoder(RawEntry | None)
_ONE = msgspec.json.Decoder(Any)
_PEEK = msgspec.json.Decoder(Peek)
_PEEK_CODE = msgspec.json.Decoder(PeekCode)
_READ_TYPES = frozenset(kind.__struct_config__.tag for kind in fhir.Any.__args__)
_UNREADABLE = (msgspec.DecodeError, RecursionError)
_TEXT = msgspec.json.Decoder(str)


def read(raw: Raw | bytes, allowance: Allowance | None = None) -> Feed:
    """Read a Bundle or a single resource. One odd entry costs only itself; anything that is not FHIR is `failed`.

    Raises TooManyEntries if there are more than the allowance has left.
    """
    allowance = allowance or Allowance(sys.maxsize)
    try:
        value = _STRICT.decode(raw)
    except _UNREADABLE:
        feed, in_bundle = _read_loosely(raw, allowance), True
    else:
        in_bundle = isinstance(value, Bundle)
        feed = _feed(value, raw, allowance) if isinstance(value, Bundle) else Feed(resources=[value])
    allowance.take_parts(_parts(feed.resources))
    return _settled(feed, in_bundle)


def _feed(value: Bundle, raw: Raw | bytes, allowance: Allowance) -> Feed:
    entries = value.entry or ()
    for entry in entries:
        if entry.response is not None or (entry.resource is None and entry.resourceType is not None):
            return _read_loosely(raw, allowance)
    allowance.take(len(entries))
    resources = [entry.resource for entry in entries if entry.resource is not None]
    return _paged(Feed(resources=resources), value.link)


def _parts(resources: list[Any]) -> int:
    observations = (resource for resource in resources if isinstance(resource, fhir.Observation))
    return sum([len(observation.component) for observation in observations if observation.component])


def _paged(feed: Feed, links: list[Link | None] | None) -> Feed:
    """Say whether another page follows, and where it is; and what the search was (FHIR R4, paging; search, self)."""
    if not links:
        return feed
    if has_next(links):
        feed.truncated = True
        feed.next = _url(links, "next")
    feed.search = _url(links, "self") or ""
    return feed


def _url(links: Iterable[Link | None], relation: str) -> str | None:
    """The first address of a relation that can be read."""
    addresses = (_address(link) for link in links if link is not None and link.relation == relation)
    return next((url for url in addresses if url), None)


def _address(link: Link) -> str | None:
    try:
        return _TEXT.decode(link.url)
    except msgspec.DecodeError:
        return None


def _settled(feed: Feed, in_bundle: bool) -> Feed:
    """Take OperationOutcomes out: an error means that the source failed, others may say that a part is missing."""
    reports = [resource for resource in feed.resources if isinstance(resource, OperationOutcome)]
    if reports:
        feed.resources = [resource for resource in feed.resources if not isinstance(resource, OperationOutcome)]
        has_results = bool(feed.resources or feed.unreadable)
        failures = [
            outcome for outcome in reports if outcomes.is_failure(outcome, has_results=has_results, in_bundle=in_bundle)
        ]
        feed.failed = feed.failed or bool(failures)
        feed.issues |= outcomes.codes(failures)
        _cut(feed, outcomes.cuts(issue for outcome in reports for issue in outcome.issue or ()))
    return feed


def _cut(feed: Feed, issues: frozenset[str]) -> None:
    """Say that a part is missing, and why."""
    if issues:
        feed.truncated = True
        feed.issues |= issues


def _read_loosely(raw: Raw | bytes, allowance: Allowance) -> Feed:
    bundle = _opened(raw)
    if bundle is None:
        return _single(raw)
    feed = Feed()
    _take_bundle(bundle, feed, allowance, DEEPEST)
    return feed


def _opened(raw: Raw | bytes) -> RawBundle | None:
    """A Bundle with its entries unread; None if it is none, or broken."""
    try:
        bundle = _LOOSE.decode(raw)
    except _UNREADABLE:
        return None
    return bundle if bundle.resourceType == "Bundle" else None


def _take_bundle(bundle: RawBundle, feed: Feed, allowance: Allowance, depth: int) -> None:
    entries = bundle.entry or ()
    allowance.take(len(entries))
    for entry in entries:
        _take_entry(entry, feed, allowance, depth)
    if depth == DEEPEST:
        _paged(feed, bundle.link)
    else:  # an inner Bundle's next page cannot be followed from here
        feed.truncated |= has_next(bundle.link)


def _single(raw: Raw | bytes) -> Feed:
    """A resource alone that could not be read; without a type, or as a broken Bundle, it is no answer at all."""
    if _kind(raw) in (None, "Bundle"):
        return Feed(failed=True)
    feed = Feed()
    _set_aside(raw, feed)
    return feed


def _take_entry(raw: Raw, feed: Feed, allowance: Allowance, depth: int) -> None:
    try:
        entry = _ENTRY.decode(raw)
    except _UNREADABLE:
        _set_aside(raw, feed)
        return
    if entry is None:
        return
    if entry.response is not None and entry.response.has_failed:
        _cut(feed, entry.response.issues())
    if bytes(entry.resource) != NULL:
        _take(entry.resource, feed, allowance, depth)
    elif entry.resourceType is not None:
        _take(raw, feed, allowance, depth)


def _take(raw: Raw, feed: Feed, allowance: Allowance, depth: int) -> None:
    try:
        feed.resources.append(_ONE.decode(raw))
    except _UNREADABLE:
        inner = _opened(raw)
        if inner is not None and depth:
            _take_bundle(inner, feed, allowance, depth - 1)
        else:
            _set_aside(raw, feed)


def _set_aside(raw: Raw | bytes, feed: Feed) -> None:
    """Count what could not be read, unless it is of a type that no rule reads; its code may still be known."""
    kind = _kind(raw)
    if kind in (None, "Bundle") or kind in _READ_TYPES:
        feed.lose("unknown" if kind is None or kind == "Bundle" else kind)
        feed.unread_codes.append(code_of(raw))


def _kind(raw: Raw | bytes) -> str | None:
    peek = read_raw(_PEEK, raw)
    return peek.resourceType if peek else None


def code_of(raw: Raw | bytes) -> CodeableConcept | None:
    """The code of a resource that is otherwise unreadable, if at least that can be read."""
    peek = read_raw(_PEEK_CODE, raw)
    return peek.code if peek else None


def has_next(links: list[Link | None] | None) -> bool:
    """Whether a page is followed by another, which is then missing."""
    return any(link is not None and link.relation == "next" for link in links or ())
