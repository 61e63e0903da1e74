"""Several versions of one resource: which of them stand (FHIR R4, Resource.meta.lastUpdated)."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from cds.fhir.base import Resource
from cds.fhir.dates import parse


class Meta(Struct, gc=False, rename="camel"):
    """When the server last changed the resource."""

    last_updated: str | None = None


R = TypeVar("R", bound=Resource)
_META = msgspec.json.Decoder(Meta | None)


def standing(versions: Iterable[R]) -> list[R]:
    """The newest version, whatever their order.

    Where nothing tells which that is (no time stated, or the same one), those that differ stand side by side: the rules
    then take the active one, or the more abnormal.
    """
    by_content: dict[bytes, tuple[R, datetime | None]] = {}
    for version in versions:
        content, changed = _content(version), _changed(version)
        other_version = by_content.get(content)
        if other_version is None or _is_later(changed, other_version[1]):
            by_content[content] = (version, changed)
    newest = max((changed for _, changed in by_content.values() if changed), default=None)
    return [version for _, (version, changed) in sorted(by_content.items()) if changed in (None, newest)]


def _content(version: Resource) -> bytes:
    """All that is read of it but `meta`."""
    return msgspec.json.encode(replace(version, meta=Raw(b"null")))


def _changed(version: Resource) -> datetime | None:
    """When it was last changed; None if that is not stated, or not as FHIR states it."""
    try:
        meta = _META.decode(version.meta)
    except msgspec.DecodeError:
        return None
    when = parse(meta.last_updated) if meta else None
    return when.instant if when else None


def _is_later(first: datetime | None, second: datetime | None) -> bool:
    return first is not None and (second is None or first > second)
