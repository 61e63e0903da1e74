"""What was known on a day: the dates of a resource that say when it came to be, whatever its type."""

from datetime import date, datetime, time, tzinfo

import msgspec
from msgspec import Raw, Struct

from cds.fhir.datatypes import Period
from cds.fhir.dates import When, parse


class Dated(Struct, rename="camel"):
    """When a resource was recorded, issued, ordered, observed or begun, as far as it says (FHIR STU3 to R5)."""

    recorded_date: str | None = None
    asserted_date: str | None = None
    issued: str | None = None
    authored_on: str | None = None
    authored: str | None = None
    date_asserted: str | None = None
    date_recorded: str | None = None
    date: str | None = None
    created: str | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    onset_date_time: str | None = None
    period: Period | None = None

    def moments(self) -> list[When]:
        """All of them."""
        texts = (
            *(self.recorded_date, self.asserted_date, self.issued, self.authored_on, self.authored),
            *(self.date_asserted, self.date_recorded, self.date, self.created),
            *(self.effective_date_time, self.performed_date_time, self.onset_date_time),
            *(period.start for period in (self.effective_period, self.performed_period, self.period) if period),
        )
        return [when for text in texts if (when := parse(text)) is not None]


class Kind(Struct):
    """The type of a resource, and what a Bundle holds."""

    resourceType: str = ""  # noqa: N815 - FHIR's name
    entry: list[dict[str, Raw]] | None = None


PATIENT, BUNDLE = "Patient", "Bundle"
NOTHING = Raw(b"null")  # in a prefetch: there is none
_DATED = msgspec.json.Decoder(Dated)


def is_later(text: Raw | bytes, end: datetime) -> bool:
    """Whether a resource says of itself that it is of a later moment; what cannot be read says nothing."""
    try:
        moments = _DATED.decode(text).moments()
    except (msgspec.DecodeError, RecursionError):
        return False
    return any(
        when.instant > end if when.instant is not None else when.first > end.date().toordinal() for when in moments
    )


def known_since(text: Raw | bytes, zone: tzinfo) -> datetime | None:
    """The moment from which `is_later` no longer holds; None where a resource names no moment at all."""
    try:
        moments = _DATED.decode(text).moments()
    except (msgspec.DecodeError, RecursionError):
        return None
    return max((moment_of(when, zone) for when in moments), default=None)


def moment_of(when: When, zone: tzinfo) -> datetime:
    """The instant, or the beginning of the first possible day at the site."""
    return when.instant or datetime.combine(date.fromordinal(when.first), time(), zone)


def request_at(text: bytes, end: datetime) -> tuple[bytes, int]:
    """A whole CDS Hooks request as its chart was known at a moment, and how many resources of its prefetch are later.

    Drafts are in the context and are what the call is about: it is left as it is.
    """
    members = msgspec.json.decode(text, type=dict[str, Raw])
    prefetch = msgspec.json.decode(members.get("prefetch", b"null"), type=dict[str, Raw] | None) or {}
    values = {key: _value_at(value, end) for key, value in prefetch.items()}
    later = sum(count for _, count in values.values())
    if not later:
        return text, 0
    encoded = msgspec.json.encode({key: value for key, (value, _) in values.items()})
    return msgspec.json.encode({**members, "prefetch": Raw(encoded)}), later


def _value_at(value: Raw, end: datetime) -> tuple[Raw, int]:
    """A resource, or nothing in its place; of a Bundle what was known."""
    try:
        kind = msgspec.json.decode(value, type=Kind)
    except (msgspec.DecodeError, RecursionError):
        return value, 0
    if kind.resourceType == BUNDLE:
        return _bundle_at(value, kind, end)
    is_known = kind.resourceType in ("", PATIENT) or not is_later(value, end)
    return (value, 0) if is_known else (NOTHING, 1)


def _bundle_at(value: Raw, bundle: Kind, end: datetime) -> tuple[Raw, int]:
    entries, later = [], 0
    for entry in bundle.entry or ():
        resource, count = _value_at(entry.get("resource", NOTHING), end)
        later += count
        if bytes(resource) != bytes(NOTHING):
            entries.append({**entry, "resource": resource})
        elif not count:
            entries.append(entry)
    if not later:
        return value, 0
    members = msgspec.json.decode(value, type=dict[str, Raw])
    return Raw(msgspec.json.encode({**members, "entry": Raw(msgspec.json.encode(entries))})), later
