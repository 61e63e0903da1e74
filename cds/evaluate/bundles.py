"""Opening a Bundle of any type: its entries, the Bundles in it, and what it calls its patients."""

from collections.abc import Iterator
from typing import Any as Anything

import msgspec
from msgspec import Raw, Struct

from cds.call import Engine
from cds.errors import UsageError
from cds.evaluate.pool import UNKNOWN, Pool, patient_id


class Entry(Struct):
    """One entry of a Bundle; what is not needed may be of any shape."""

    fullUrl: Anything = None  # noqa: N815 - FHIR's name
    resource: Raw = Raw()
    request: Anything = None


class Bundle(Struct):
    """A Bundle of any type."""

    type: Anything = None
    entry: list[Raw] | None = None
    link: Anything = None

    def entries(self) -> Iterator[Entry]:
        """The entries; one that is none holds something that is no resource."""
        for raw in self.entry or ():
            try:
                yield msgspec.json.decode(raw, type=Entry)
            except msgspec.ValidationError:
                yield Entry(resource=raw)


class Named(Struct):
    """Type and id of a resource."""

    resourceType: Anything = None  # noqa: N815 - FHIR's name
    id: Anything = None


def pool_of(engine: Engine, text: bytes) -> Pool:
    """The patients of one Bundle and of the Bundles in it."""
    bundles = list(_bundles(text))
    pool = Pool(engine, {alias: known for bundle in bundles for alias, known in _aliases(bundle)})
    for bundle in bundles:
        pool.truncated |= _has_next(bundle)
        _fill(pool, bundle)
    return pool


def _bundles(text: Raw | bytes) -> Iterator[Bundle]:
    """A Bundle and those that its entries hold (the answer to a batch)."""
    try:
        bundle = msgspec.json.decode(text, type=Bundle)
    except msgspec.ValidationError as problem:
        raise UsageError("is no FHIR: its `entry` is no list") from problem
    yield bundle
    for entry in bundle.entries():
        if _named(entry).resourceType == "Bundle":
            yield from _bundles(entry.resource)


def _fill(pool: Pool, bundle: Bundle) -> None:
    deleted: set[str] = set()
    for entry in bundle.entries():
        named = _named(entry)
        kind = named.resourceType
        if bundle.type == "history" and _is_deleted(entry, named, deleted):
            continue
        if isinstance(kind, str) and kind != "Bundle":
            pool.add(kind, entry.resource, _urn(entry))
        elif kind is None and bytes(entry.resource) not in (b"", b"null"):
            pool.unread.add(UNKNOWN, None)


def _is_deleted(entry: Entry, named: Named, deleted: set[str]) -> bool:
    """Whether an entry deletes, or is an older version of what a newer entry deleted (newest first)."""
    request = entry.request if isinstance(entry.request, dict) else {}
    if request.get("method") == "DELETE":
        deleted.add(str(request.get("url")))
        return True
    return f"{named.resourceType}/{named.id}" in deleted


def _aliases(bundle: Bundle) -> Iterator[tuple[str, str]]:
    """What a Bundle's references may call its patients, with their ids."""
    for entry in bundle.entries():
        named = _named(entry)
        if named.resourceType == "Patient" and isinstance(entry.fullUrl, str):
            known = named.id if isinstance(named.id, str) else _urn(entry)
            if known:
                yield entry.fullUrl, known


def _named(entry: Entry) -> Named:
    try:
        return msgspec.json.decode(entry.resource, type=Named)
    except msgspec.DecodeError:
        return Named()


def _urn(entry: Entry) -> str | None:
    """The id that other entries use for this one, where there is no other."""
    url = entry.fullUrl if isinstance(entry.fullUrl, str) else ""
    return patient_id(url, {}) if url.startswith("urn:uuid:") else None


def _has_next(bundle: Bundle) -> bool:
    links = bundle.link if isinstance(bundle.link, list) else []
    return any(isinstance(link, dict) and link.get("relation") == "next" for link in links)
