"""From the documents of a part to entries: one resource each, with its type and whose it is."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any as Anything

import msgspec
from msgspec import Raw, Struct

from cds.errors import UsageError
from cds.evaluate import bundles
from cds.evaluate.inputs import head_of
from cds.evaluate.pool import UNKNOWN, Owner, patient_id
from cds.fhir.datatypes import Reference
from cds.fhir.outcomes import FATAL
from cds.fhir.raw import read_raw
from cds.fhir.references import id_of, parts
from cds.fhir.resources import OperationOutcome, Participant
from cds.prefetch.supply import TYPES
from cds.replay.losses import Lost, Reason
from cds.replay.parts import Part, Piece

PATIENT, MEDICATION, FORM, OUTCOME = "Patient", "Medication", "Questionnaire", "OperationOutcome"
SHARED = (MEDICATION, FORM)  # they belong to nobody: whoever refers to one needs it
# What a prefetch template can ask for, and what comes with it.
READ = frozenset({*TYPES.values(), *SHARED})
PLAIN = {kind: kind for kind in READ - {*SHARED, PATIENT}} | {
    PATIENT: PATIENT
}  # each by one string: many wait in memory at once
APPOINTMENT = "Appointment"
NO_NAMES: Mapping[str, str] = {}
ABSENT = Raw()
FOLDED = ("Bundle", "Parameters")
_UNREADABLE = (msgspec.DecodeError, RecursionError)


class ResourceHead(Struct, gc=False, rename="camel"):
    """What of a resource is read first: whose it is, and what may say a twitch, which is read only if it has to be."""

    resource_type: str | None = None
    id: str | None = None
    subject: Reference | None = None
    patient: Reference | None = None
    code: Raw = ABSENT
    value_codeable_concept: Raw = ABSENT
    value_string: Raw = ABSENT
    component: Raw = ABSENT
    body_site: Raw = ABSENT
    contained: Raw = ABSENT
    reason_code: Raw = ABSENT
    reason: Raw = ABSENT
    description: Raw = ABSENT
    summary: Raw = ABSENT
    finding: Raw = ABSENT
    participant: Raw = ABSENT
    url: Anything = None

    @property
    def is_told_by_code(self) -> bool:
        """Whether nothing but its code may say a twitch."""
        return (
            self.value_codeable_concept is ABSENT
            and self.value_string is ABSENT
            and self.component is ABSENT
            and self.body_site is ABSENT
            and self.contained is ABSENT
            and self.reason_code is ABSENT
            and self.reason is ABSENT
            and self.description is ABSENT
            and self.summary is ABSENT
            and self.finding is ABSENT
        )

    @property
    def shared_as(self) -> tuple[str, ...]:
        """By what others refer to what belongs to nobody."""
        if self.resource_type != FORM:
            return (self.id,) if self.id else ()
        return tuple(name for name in (self.url, f"{FORM}/{self.id}") if isinstance(name, str))


class Entry(Struct, gc=False):
    """One resource. Without a `head` it is of a shape that only the engine can judge."""

    kind: str
    owner: str
    text: bytes
    head: ResourceHead | None


class TypeAndId(Struct):
    """Type and id of whatever it is."""

    resourceType: Anything = None  # noqa: N815 - FHIR's name
    id: Anything = None


_RESOURCE_HEAD = msgspec.json.Decoder(ResourceHead)
_TYPE_AND_ID = msgspec.json.Decoder(TypeAndId)
_OWNER = msgspec.json.Decoder(Owner)
_PARTICIPANTS = msgspec.json.Decoder(list[Participant] | None)
_OUTCOME = msgspec.json.Decoder(OperationOutcome)


class Reading:
    """Reads parts; counts what is lost on the way, and what the export says was deleted."""

    def __init__(self) -> None:
        self.lost = Lost()
        self.deleted: set[str] = set()
        self.entries = 0

    def part(self, part: Part) -> Iterator[Entry]:
        """All entries of the types that a call reads."""
        for piece in part.pieces:
            try:
                yield from self._lines(piece) if piece.end else self._documents(piece)
            except (OSError, UsageError):
                self.lost.add(Reason.NO_FILE, piece.path)

    def _lines(self, piece: Piece) -> Iterator[Entry]:
        for position, line in piece.lines():
            entry = _plain(line)
            if entry is not None:
                self.entries += 1
                yield entry
            elif not line.isspace():
                yield from self._document(piece.place(position), line)

    def _documents(self, piece: Piece) -> Iterator[Entry]:
        for place, document in piece.documents():
            yield from self._document(place, document.text)

    def _document(self, place: str, text: bytes) -> Iterator[Entry]:
        try:
            head = _RESOURCE_HEAD.decode(text)
        except _UNREADABLE:
            yield from self._odd(place, text)
            return
        if head.resource_type in READ and _is_text(text):
            yield from self._entry(place, head.resource_type, text, head, NO_NAMES, None)
        else:
            yield from self._odd(place, text)

    def _odd(self, place: str, text: bytes) -> Iterator[Entry]:
        """A document that is not a plain resource, or an odd one."""
        try:
            kind = head_of(text).resourceType
        except UsageError:
            self.lost.add(Reason.NO_JSON, place)
            return
        if kind in FOLDED:
            try:
                yield from self._folded(place, text)
            except UsageError:
                self.lost.add(Reason.NO_FHIR, place)
        elif not isinstance(kind, str) or not kind:
            self.lost.add(Reason.NO_FHIR, place)
        elif kind in READ:
            yield from self._entry(place, kind, text, None, NO_NAMES, None)
        else:
            self._other(place, kind, text)

    def _other(self, place: str, kind: str, text: Raw | bytes) -> None:
        """What no call reads; where a server says in it that something failed, a part of the export is missing."""
        self.entries += 1
        if kind == OUTCOME and _has_failed(text):
            self.lost.add(Reason.SERVER, place)

    def _folded(self, place: str, text: bytes) -> Iterator[Entry]:
        """What a Bundle or Parameters hold. What names no patient is the only patient's, as `evaluate` has it."""
        if (deleted := bundles.deletions(text)) is not None:
            self.deleted.update("/".join(parts(url.partition("?")[0])) for url in deleted)
            return
        if bundles.is_cut(text):
            self.lost.add(Reason.CUT, place)
        resources = list(bundles.resources_of(text))
        patients = {_type_and_id(raw).id for kind, raw, _ in resources if kind == PATIENT}
        only = next(iter(patients)) if len(patients) == 1 else None
        lone = only if isinstance(only, str) else None
        for kind, raw, names in resources:
            if kind not in READ:
                self._other(place, kind, raw)
                continue
            content = _compact(raw)
            yield from self._entry(place, kind, content, read_head(content), names, lone)

    def _entry(
        self, place: str, kind: str, text: bytes, head: ResourceHead | None, names: Mapping[str, str], lone: str | None
    ) -> Iterator[Entry]:
        self.entries += 1
        if kind in SHARED:
            yield Entry(kind, "", text, head)
            return
        owner, refers = _owner(kind, text, head, names)
        if owner is None:
            owner = lone
        elif refers and owner and id_of(refers) != owner:  # a Bundle calls its patient by another name
            text = _renamed(text, owner)
        if owner:
            yield Entry(kind, owner, text, head)
        else:
            self.lost.add(Reason.NO_PATIENT if owner is None else Reason.OTHER, place)


def _plain(text: bytes) -> Entry | None:
    """Most lines: a Patient, or what names its patient by a literal reference. Another is read in full: None."""
    try:
        head = _RESOURCE_HEAD.decode(text)
    except _UNREADABLE:
        return None
    kind = PLAIN.get(head.resource_type or "")
    if kind is None or not (text.isascii() or _is_text(text)):
        return None
    if kind is PATIENT:
        return Entry(kind, head.id, text, head) if head.id else None
    reference = head.subject or head.patient
    owner = _patient_of(reference.reference) if reference is not None and reference.reference else None
    return Entry(kind, owner, text, head) if owner else None


@lru_cache(65_536)
def _patient_of(reference: str) -> str | None:
    return patient_id(reference, NO_NAMES)


def _owner(kind: str, text: bytes, head: ResourceHead | None, names: Mapping[str, str]) -> tuple[str | None, str]:
    """The patient's id, and by which reference; None if it does not say, empty if it is about something else."""
    if kind == PATIENT:
        ident = head.id if head is not None else _type_and_id(text).id
        return (ident if isinstance(ident, str) and ident else None), ""
    reference = (head.subject or head.patient or _actor(head, names)) if head is not None else _reference(text)
    if reference is None or not reference.reference:
        return None, ""
    return patient_id(reference.reference, names), reference.reference


def _actor(head: ResourceHead, names: Mapping[str, str]) -> Reference | None:
    """The patient among those who take part in an appointment."""
    taking_part = read_raw(_PARTICIPANTS, head.participant) if head.resource_type == APPOINTMENT else None
    actors = (
        participant.actor
        for participant in taking_part or ()
        if participant.actor is not None and participant.actor.reference
    )
    return next((actor for actor in actors if patient_id(actor.reference or "", names)), None)


def _reference(text: bytes) -> Reference | None:
    try:
        owner = _OWNER.decode(text)
    except _UNREADABLE:
        return None
    return owner.subject or owner.patient


def _has_failed(text: Raw | bytes) -> bool:
    try:
        outcome = _OUTCOME.decode(text)
    except _UNREADABLE:
        return True
    return any(issue.severity in FATAL for issue in outcome.issue or ())


def read_head(text: bytes) -> ResourceHead | None:
    """What of a resource is read first; None if it is of another shape."""
    try:
        return _RESOURCE_HEAD.decode(text)
    except _UNREADABLE:
        return None


def _type_and_id(text: Raw | bytes) -> TypeAndId:
    try:
        return _TYPE_AND_ID.decode(text)
    except _UNREADABLE:
        return TypeAndId(UNKNOWN)


def _renamed(text: bytes, owner: str) -> bytes:
    """The same with the reference that a server would have."""
    members = msgspec.json.decode(text, type=dict[str, Raw])
    member = "subject" if "subject" in members else "patient"
    reference = Raw(msgspec.json.encode({"reference": f"Patient/{owner}"}))
    return msgspec.json.encode({**members, member: reference})


def _compact(text: Raw | bytes) -> bytes:
    """On one line: lines and tabs part the entries of a shard."""
    document = bytes(text)
    return (
        msgspec.json.format(document, indent=-1)
        if b"\n" in document or b"\t" in document or b"\r" in document
        else document
    )


def one_line(text: bytes) -> bytes:
    """The same of a document as a file holds it."""
    return _compact(text.strip())


def _is_text(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
