"""Opening a Bundle or Parameters: entries, the Bundles in them, what was deleted or refused, and names of patients."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any as Anything

import msgspec
from msgspec import Raw, Struct

from cds.call import Engine
from cds.errors import UsageError
from cds.evaluate.pool import READ, UNKNOWN, Pool, patient_id
from cds.fhir.outcomes import Response

OUTCOME = "OperationOutcome"
_PATH = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)(?:/_search|/[A-Za-z0-9.-]+)?(?:[?#].*)?", re.ASCII | re.DOTALL)


class Entry(Struct):
    """One entry of a Bundle; what is not needed may be of any shape."""

    fullUrl: Anything = None  # noqa: N815 - FHIR's name
    resource: Raw = Raw()
    request: Anything = None
    response: Anything = None

    @property
    def deleted(self) -> str | None:
        """What the entry deletes, as it is named there; None if it deletes nothing."""
        request = self.request if isinstance(self.request, dict) else {}
        return str(request.get("url")) if request.get("method") == "DELETE" else None

    @property
    def is_refused(self) -> bool:
        """Whether the response says that the request of this entry failed."""
        status = self.response.get("status") if isinstance(self.response, dict) else None
        return isinstance(status, str | int) and Response(status=status).has_failed

    @property
    def asked(self) -> str | None:
        """The type that the request of this entry was about, as far as the entry says."""
        request = self.request if isinstance(self.request, dict) else {}
        response = self.response if isinstance(self.response, dict) else {}
        return _type_in(request.get("url")) or _type_in(response.get("location")) or _type_in(self.fullUrl)


class Bundle(Struct):
    """A Bundle of any type."""

    type: Anything = None
    entry: list[Raw] | None = None
    link: Anything = None

    def entries(self) -> Iterator[Entry]:
        """The entries; one that is none, or is the resource itself, holds what it is."""
        for raw in self.entry or ():
            try:
                entry = msgspec.json.decode(raw, type=Entry)
            except msgspec.ValidationError:
                yield Entry(resource=raw)
                continue
            is_bare = not bytes(entry.resource) and isinstance(_named(raw).resourceType, str)
            yield Entry(resource=raw) if is_bare else entry

    def links(self, relation: str) -> Iterator[Anything]:
        """The addresses of one relation."""
        for link in self.link if isinstance(self.link, list) else ():
            if isinstance(link, dict) and link.get("relation") == relation:
                yield link.get("url")

    @property
    def searched(self) -> str | None:
        """The type that was searched for, as far as the Bundle says."""
        return next(filter(None, map(_type_in, self.links("self"))), None)


class Parameters(Struct):
    """Parameters of any depth: the answer of $everything, or a list of charts."""

    parameter: list["Parameter"] | None = None


class Parameter(Struct):
    """One parameter."""

    resource: Raw = Raw()
    part: list["Parameter"] | None = None


class Named(Struct):
    """Type and id of a resource."""

    resourceType: Anything = None  # noqa: N815 - FHIR's name
    id: Anything = None


def pool_of(engine: Engine, text: bytes, end: datetime | None = None) -> Pool:
    """The patients of one Bundle and of the Bundles in it, or of Parameters; with `end`, as known at that moment."""
    bundles = list(_opened(text))
    pool = Pool(engine, {alias: patient for bundle in bundles for alias, patient in _aliases(bundle)}, end=end)
    for bundle in bundles:
        pool.truncated |= any(True for _ in bundle.links("next"))
        _fill(pool, bundle)
    return pool


def resources_of(text: bytes) -> Iterator[tuple[str, Raw, Mapping[str, str]]]:
    """All that a Bundle or Parameters hold: type, text, and what its references may call its patients."""
    bundles = list(_opened(text))
    names = {alias: patient for bundle in bundles for alias, patient in _aliases(bundle)}
    for bundle in bundles:
        for entry in bundle.entries():
            kind = _named(entry.resource).resourceType
            if isinstance(kind, str) and kind != "Bundle" and entry.deleted is None:
                yield kind, entry.resource, names


def is_cut(text: bytes) -> bool:
    """Whether a Bundle, or one in it, says that another page follows: that is not there."""
    return any(True for bundle in _opened(text) for _ in bundle.links("next"))


def deletions(text: bytes) -> list[str] | None:
    """What a Bundle deletes, if it does nothing else (FHIR Bulk Data, `deleted`); None if it does."""
    entries = [entry for bundle in _bundles(text) for entry in bundle.entries()]
    deleted = [entry.deleted for entry in entries]
    return [name for name in deleted if name is not None] if deleted and None not in deleted else None


def _opened(text: bytes) -> Iterator[Bundle]:
    if _named(text).resourceType != "Parameters":
        yield from _bundles(text)
        return
    try:
        parameters = msgspec.json.decode(text, type=Parameters)
    except msgspec.ValidationError as problem:
        raise UsageError("is not FHIR: its `parameter` is not a list of parameters") from problem
    resources = list(_resources(parameters.parameter or ()))
    yield Bundle(entry=[Raw(b'{"resource":' + bytes(resource) + b"}") for resource in resources])
    for resource in resources:
        if _named(resource).resourceType == "Bundle":
            yield from _bundles(resource)


def _resources(parameters: "list[Parameter] | tuple[()]") -> Iterator[Raw]:
    """The resources of parameters and of their parts."""
    for parameter in parameters:
        if bytes(parameter.resource):
            yield parameter.resource
        yield from _resources(parameter.part or ())


def _bundles(text: Raw | bytes) -> Iterator[Bundle]:
    """A Bundle and those that its entries hold (the answer to a batch)."""
    try:
        bundle = msgspec.json.decode(text, type=Bundle)
    except msgspec.ValidationError as problem:
        raise UsageError("is not FHIR: its `entry` is not a list") from problem
    yield bundle
    for entry in bundle.entries():
        if _named(entry.resource).resourceType == "Bundle":
            yield from _bundles(entry.resource)


def _fill(pool: Pool, bundle: Bundle) -> None:
    """Take what a Bundle holds; a search that failed matters only if it was, or may have been, for what rules read."""
    deleted: set[str] = set()
    searched = bundle.searched
    for entry in bundle.entries():
        names = _named(entry.resource)
        kind = names.resourceType
        if entry.deleted is not None:
            deleted.add(entry.deleted)
            if bundle.type != "history":  # there a later version may stand before it
                pool.delete(entry.deleted)
            continue
        if bundle.type == "history" and f"{kind}/{names.id}" in deleted:
            continue  # an older version of what a newer entry deleted (newest first)
        if entry.is_refused and _matters(entry.asked):
            pool.truncated = True
        if isinstance(kind, str) and kind != "Bundle":
            if kind != OUTCOME or _matters(searched):
                pool.add(kind, entry.resource, _urn(entry))
        elif kind is None and bytes(entry.resource) not in (b"", b"null"):
            pool.unread.add(UNKNOWN, None)


def _matters(kind: str | None) -> bool:
    """Whether rules read a type; an unknown one may be any."""
    return kind is None or kind in READ


def _type_in(url: Anything) -> str | None:
    """The type that a search or read is about."""
    match = _PATH.fullmatch(url) if isinstance(url, str) else None
    return match[1] if match else None


def _aliases(bundle: Bundle) -> Iterator[tuple[str, str]]:
    """What a Bundle's references may call its patients, with their ids."""
    for entry in bundle.entries():
        names = _named(entry.resource)
        if names.resourceType == "Patient" and isinstance(entry.fullUrl, str):
            ident = names.id if isinstance(names.id, str) else _urn(entry)
            if ident:
                yield entry.fullUrl, ident


def _named(text: Raw | bytes) -> Named:
    try:
        return msgspec.json.decode(text, type=Named)
    except msgspec.DecodeError:
        return Named()


def _urn(entry: Entry) -> str | None:
    """The id that other entries use for this one, where there is no other."""
    url = entry.fullUrl if isinstance(entry.fullUrl, str) else ""
    return patient_id(url, {}) if url.startswith("urn:uuid:") else None
