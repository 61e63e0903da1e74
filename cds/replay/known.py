"""What was known of a resource on a day: whether it was there yet, and which status it had then."""

from datetime import datetime, tzinfo
from typing import Any as Anything

import msgspec
from msgspec import Raw, Struct

from cds.evaluate.known import known_since, moment_of
from cds.fhir.datatypes import CodeableConcept, Period
from cds.fhir.dates import parse
from cds.replay.entries import PATIENT

ENCOUNTER, CONDITION = "Encounter", "Condition"
# The status that came before the last one, and which ones are last; of these a date may say when they came.
RUNNING = {
    ENCOUNTER: "in-progress",
    "Procedure": "in-progress",
    "MedicationAdministration": "in-progress",
    "MedicationStatement": "active",
    "Flag": "active",
}
OVER = frozenset({"finished", "discharged", "completed", "stopped", "inactive", "ended", "revoked", "cancelled"})
RESOLVED = frozenset({"inactive", "resolved", "remission"})
CHANGED = frozenset({"entered-in-error", "amended", "corrected", "appended", "refuted"})
ACTIVE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
ENDS = ("period", "actualPeriod", "performedPeriod", "effectivePeriod")
_UNREADABLE = (msgspec.DecodeError, RecursionError)


class Meta(Struct, rename="camel"):
    """When the server last changed it."""

    last_updated: str | None = None


class Course(Struct, rename="camel"):
    """How far something has come, and when it ended."""

    status: Anything = None
    clinical_status: CodeableConcept | str | None = None
    verification_status: CodeableConcept | str | None = None
    abatement_date_time: str | None = None
    abatement_period: Period | None = None
    period: Period | None = None
    actual_period: Period | None = None
    performed_period: Period | None = None
    effective_period: Period | None = None
    deceased_date_time: str | None = None
    deceased_boolean: Anything = None
    meta: Meta | None = None

    def end(self) -> str | None:
        """When it ended, as it says."""
        periods = (self.period, self.actual_period, self.performed_period, self.effective_period, self.abatement_period)
        ends = (self.deceased_date_time, self.abatement_date_time, *(period.end for period in periods if period))
        return next(filter(None, ends), None)


_COURSE = msgspec.json.Decoder(Course)
NO_COURSE = Course()


class DatedResource(Struct):
    """One resource of a patient: since when it was known, and until when it had another status than now.

    `since` None: it names no day. `until` None: no date says when its status came. `unchanged`: the server last changed
    it then. `is_last`: its status is one that something has in the end only. `size`: of its text, in bytes.
    """

    kind: str
    text: bytes
    since: datetime | None
    until: datetime | None
    unchanged: datetime | None
    is_last: bool
    size: int

    def is_known(self, moment: datetime) -> bool:
        """Whether it was there; what names no day counts as there."""
        return self.since is None or self.since <= moment

    def is_unsure(self, moment: datetime) -> bool:
        """Whether it cannot be known which status it had: it has its last one, and nothing says since when."""
        return self.is_last and self.until is None and not self._is_unchanged(moment)

    def at(self, moment: datetime) -> bytes:
        """As it was at a moment: not over before it ended."""
        if self.until is None or self.until <= moment or not self.is_last or self._is_unchanged(moment):
            return self.text
        return self.before()

    def before(self) -> bytes:
        """As it was before its end, whenever that was."""
        members = msgspec.json.decode(self.text, type=dict[str, Raw])
        return msgspec.json.encode(_before_the_end(self.kind, members))

    def _is_unchanged(self, moment: datetime) -> bool:
        return self.unchanged is not None and self.unchanged <= moment


def dated_resource(kind: str, text: bytes, zone: tzinfo) -> DatedResource:
    """A resource with its dates; a Patient is known from the beginning."""
    try:
        course = _COURSE.decode(text)
    except _UNREADABLE:
        course = NO_COURSE
    is_person = kind == PATIENT
    since = None if is_person else known_since(text, zone)
    updated = course.meta.last_updated if course.meta else None
    return DatedResource(
        kind, text, since, _moment(course.end(), zone), _moment(updated, zone), _is_last(kind, course), len(text)
    )


def _moment(text: str | None, zone: tzinfo) -> datetime | None:
    when = parse(text)
    return moment_of(when, zone) if when is not None else None


def _is_last(kind: str, course: Course) -> bool:
    if kind == PATIENT:
        return course.deceased_date_time is not None or course.deceased_boolean is True
    words = {course.status if isinstance(course.status, str) else "", *_codes(course.verification_status)}
    if not words.isdisjoint(CHANGED):
        return True
    if kind == CONDITION:
        return not RESOLVED.isdisjoint(_codes(course.clinical_status)) or course.end() is not None
    return not words.isdisjoint(OVER) and kind not in ("Observation", "DiagnosticReport", "FamilyMemberHistory")


def _codes(status: CodeableConcept | str | None) -> set[str]:
    if isinstance(status, str):
        return {status}
    return {coding.code or "" for coding in (status.coding or () if status else ())}


def _before_the_end(kind: str, members: dict[str, Raw]) -> dict[str, Raw]:
    """The same resource while it went on; what was changed in another way stays as it is."""
    if kind == PATIENT:
        return {name: value for name, value in members.items() if not name.startswith("deceased")}
    if kind == CONDITION:
        kept_members = {name: value for name, value in members.items() if not name.startswith("abatement")}
        status = (
            b'"active"' if bytes(members.get("clinicalStatus", b"")).startswith(b'"') else msgspec.json.encode(ACTIVE)
        )
        return {**kept_members, "clinicalStatus": Raw(status)}
    if kind not in RUNNING:
        return members
    kept_members = {name: (_open(value) if name in ENDS else value) for name, value in members.items()}
    return {**kept_members, "status": Raw(msgspec.json.encode(RUNNING[kind]))}


def _open(period: Raw) -> Raw:
    members = msgspec.json.decode(period, type=dict[str, Raw])
    return Raw(msgspec.json.encode({name: value for name, value in members.items() if name != "end"}))
