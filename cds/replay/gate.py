"""The gate over one part of an export: which patients may show a twitch at all, and which calls were made.

It is the glance of the engine itself (`cds.chart.glance`), one resource at a time. Whoever it lets pass is judged
properly; of everybody else a call is silent. Most resources have a code and nothing else that may say a twitch, and an
export has the same few thousand codes again and again: what is found of one is remembered by its bytes.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec
from msgspec import Struct, field

from cds.chart.glance import FORM, Glimpse, is_suspect
from cds.chart.naming import Namer
from cds.fhir import resources as fhir
from cds.fhir.dates import parse
from cds.hooks.contexts import FHIR_ID
from cds.prefetch.supply import TWITCH_KEYS, TYPES
from cds.replay import keep
from cds.replay.entries import PATIENT, Entry, Reading
from cds.replay.events import CALLING, Calendar
from cds.replay.losses import Lost
from cds.replay.names import Names
from cds.replay.parts import Part
from cds.replay.rows import EventRow, OwnerRow, PersonRow

GATED = frozenset(TYPES[key] for key in TWITCH_KEYS)
REMEMBERED, LONGEST = 65_536, 512  # codes, and bytes of one
_PATIENT = msgspec.json.Decoder(fhir.Patient)
_GLIMPSE = msgspec.json.Decoder(Glimpse)


class GateResult(Struct):
    """What one part came to, beside its tables."""

    entries: int
    lost: Lost
    deleted: list[str] = field(default_factory=list)


class TwitchGate:
    """Decides which resources may record a twitch."""

    def __init__(self, namer: Namer) -> None:
        self._namer = namer
        self._by_code: dict[bytes, bool] = {}

    def may_twitch(self, entry: Entry) -> bool:
        """Whether a resource may say a twitch, or cannot be read so fast: True for all that opens the rules' gate."""
        if entry.kind not in GATED:
            return False
        head = entry.head
        if head is None or entry.kind == FORM or not head.is_told_by_code:
            return head is None or self._is_suspect(entry)
        code = bytes(head.code)
        remembered = self._by_code.get(code)
        if remembered is None:
            remembered = self._is_suspect(entry)
            if len(code) <= LONGEST and len(self._by_code) < REMEMBERED:
                self._by_code[code] = remembered
        return remembered

    def _is_suspect(self, entry: Entry) -> bool:
        try:
            return is_suspect(_GLIMPSE.decode(entry.text), self._namer)
        except (msgspec.DecodeError, RecursionError):
            return True


def gate(part: Part, twitches: TwitchGate, names: Names, calendar: Calendar, into: Path) -> GateResult:
    """Read one part, and write the tables of its patients, their calls and their Patient resources."""
    reading = Reading()
    owners: dict[str, OwnerRow] = {}
    events: list[EventRow] = []
    persons: list[PersonRow] = []
    for entry in reading.part(part):
        if not entry.owner:
            continue
        owner = owners.get(entry.owner)
        if owner is None:
            owner = owners[entry.owner] = OwnerRow(
                owner=entry.owner,
                patient=names.patient(entry.owner),
                suspect=FHIR_ID.fullmatch(entry.owner) is None,  # a call refuses it, and says so
            )
        owner.size += len(entry.text)
        if entry.kind in GATED:
            owner.entries += 1
            owner.suspect = owner.suspect or twitches.may_twitch(entry)
        if entry.kind == PATIENT:
            persons.append(_person(entry))
        elif entry.kind in CALLING and (event := _event(entry, names, calendar)) is not None:
            events.append(event)
    _put(into, part.number, owners.values(), events, persons)
    result = GateResult(reading.entries, reading.lost, sorted(reading.deleted))
    keep.put_json(into / f"{part.number:05}.json", result)
    return result


def _put(into: Path, number: int, owners: Iterable[OwnerRow], events: list[EventRow], people: list[PersonRow]) -> None:
    keep.put_lines(into / f"{number:05}.owners.ndjson", owners)
    keep.put_lines(into / f"{number:05}.events.ndjson", events)
    keep.put_lines(into / f"{number:05}.persons.ndjson", people)


def _event(entry: Entry, names: Names, calendar: Calendar) -> EventRow | None:
    event = calendar.event(entry)
    if event is None:
        return None
    return EventRow(
        owner=event.owner,
        patient=names.patient(event.owner),
        visit=names.visit(event),
        source=f"{entry.kind}/{entry.head.id if entry.head else ''}",
        hook=event.hook,
        day=event.at[:10],
        moment=event.at,
        why=event.why,
        clinician=names.clinician(event.clinician),
        clinic=event.clinic,
        day_only=event.day_only,
    )


def _person(entry: Entry) -> PersonRow:
    """Birth date and sex; one that cannot be read is nobody else."""
    try:
        patient = _PATIENT.decode(entry.text)
    except (msgspec.DecodeError, RecursionError):
        return PersonRow(owner=entry.owner)
    born = parse(patient.birth_date)
    return PersonRow(
        owner=entry.owner,
        born=date.fromordinal(born.first).isoformat() if born else "",
        sex=patient.gender or "",
    )
