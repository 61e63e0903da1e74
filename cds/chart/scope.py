"""Whose data, and when: other patients, entered-in-error and future-dated records do not count (4e step 1)."""

from datetime import date, datetime, timedelta

import msgspec
from msgspec import Raw, Struct

from cds.fhir.base import Owned
from cds.fhir.datatypes import Period, Reference
from cds.fhir.dates import When, parse
from cds.fhir.raw import read_raw
from cds.fhir.references import parts
from cds.fhir.resources import Observation, Patient

PEOPLE = frozenset({"RelatedPerson", "Person", "Practitioner"})
FIRST_DEATH = date(1900, 1, 1).toordinal()  # an earlier one is the null date of some system
_FOCUS = msgspec.json.Decoder(list[Reference] | None)


class Scope(Struct, frozen=True):
    """The patient and the moment of one call. `now` has a zone; `today` is the ordinal of the day at the site."""

    patient_id: str
    now: datetime
    today: int
    future_hours: int
    aliases: frozenset[str] = frozenset()

    def is_mine(self, reference: Reference | None) -> bool:
        """Whether a reference names this patient; a missing one is taken as meant for the patient asked about.

        A group, a device or a place of the same id is somebody else. Hosts are not compared: a proxy may have another
        name than the server, and silence would be the greater harm.
        """
        target = reference.reference if reference else None
        if target is None or target in self.aliases:
            return True
        kind, ident = parts(target)
        return ident == self.patient_id and kind in ("", "Patient")

    def owns(self, resource: Owned) -> bool:
        """Whether a resource is about this patient; an Observation may be about somebody else (R4 `focus`)."""
        if isinstance(resource, Observation) and memoryview(resource.focus) and self._is_about_another(resource.focus):
            return False
        return self.is_mine(resource.subject or resource.patient)

    def _is_about_another(self, focus: Raw) -> bool:
        """Whether a focus is another person: a relative, an unborn child, a donor. A device or a place is none."""
        targets = [parts(reference.reference or "") for reference in read_raw(_FOCUS, focus) or ()]
        return any(kind in PEOPLE or (kind == "Patient" and ident != self.patient_id) for kind, ident in targets)

    def is_future(self, when: When | None) -> bool:
        """Whether a date lies more than 24 hours ahead (4b Dates)."""
        if when is None or when.first < self.today:
            return False
        if when.instant is not None:
            return when.instant > self.now + timedelta(hours=self.future_hours)
        return when.first > self.today + self.future_hours // 24

    def date(self, when: When | None) -> When | None:
        """The date, its last day no later than today."""
        return when.capped(self.today) if when is not None else None


def span(period: Period) -> When | None:
    """A period as one interval; one open end counts as the other."""
    start, end = parse(period.start), parse(period.end)
    first, last = start or end, end or start
    if first is None or last is None:
        return None
    return When(first.first, max(first.last, last.last), last.text, last.instant)


def has_died(patient: Patient, scope: Scope) -> bool:
    """Said so, or dated; a date that lies ahead, before the birth or before 1900 is a mistake (4e step 1)."""
    died, born = parse(patient.deceased_date_time), parse(patient.birth_date)
    if patient.deceased_boolean is True or died is None:
        return patient.deceased_boolean is True
    return not scope.is_future(died) and died.last >= max(FIRST_DEATH, born.first if born else 0)
