"""Sorting resources by patient while they stream in; each patient's reader keeps only what rules read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any as Anything
from typing import get_args

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from cds.call import Engine
from cds.chart.reader import Reader
from cds.errors import CallError, Unexpected, UsageError
from cds.evaluate.known import is_later
from cds.fhir import resources as fhir
from cds.fhir.base import Owned
from cds.fhir.bundle import Feed, code_of
from cds.fhir.datatypes import CodeableConcept, Reference
from cds.fhir.forms import Questionnaire
from cds.fhir.outcomes import FATAL, cuts
from cds.fhir.references import parts
from cds.outcome import Outcome
from cds.prefetch.supply import TYPES, State, Supplies, Supply

READ = frozenset(kind.__struct_config__.tag for kind in get_args(fhir.Any))
UNKNOWN, PATIENT = "unknown", "Patient"
KEYS = {kind: key for key, kind in reversed(TYPES.items())} | {
    "Medication": "medicationRequests",
    "ProcedureRequest": "serviceRequests",
    "Questionnaire": "questionnaireResponses",
}
FAILED = Unexpected("-")
_TYPED = msgspec.json.Decoder(fhir.Any)


class Owner(Struct):
    """Whose a resource is, of any type."""

    subject: Reference | None = None
    patient: Reference | None = None


class Unread(Struct):
    """What could not be read, or told apart: how many of which type, and the codes of possible problems."""

    counts: Counter[str] = msgspec.field(default_factory=Counter)
    codes: list[CodeableConcept | None] = msgspec.field(default_factory=list)

    def add(self, kind: str, code: CodeableConcept | None) -> None:
        """One more; only a Condition, or what may be one, can hide a twitch on the problem list."""
        self.counts[kind] += 1
        if kind in (UNKNOWN, "Condition"):
            self.codes.append(code)

    def joined(self, unread: "Unread") -> "Unread":
        """Both together."""
        return Unread(self.counts + unread.counts, self.codes + unread.codes)


class Whole(Supplies):
    """A chart on file: all that it does not say is not there, except what could not be read."""

    def __init__(self, unread: Unread, truncated: bool) -> None:
        super().__init__({})
        self._feeds = {key: Feed(truncated=truncated) for key in TYPES}
        for kind, count in unread.counts.items():
            self._feeds[KEYS.get(kind, "conditions")].lose(kind, count)
        self._feeds["conditions"].unread_codes = unread.codes

    def of(self, key: str) -> Supply:
        """Every key was supplied; what was read is in the reader already."""
        return Supply(key, State.SUPPLIED, self._feeds[key])


class Record(Struct):
    """One patient's part."""

    reader: Reader
    unread: Unread = msgspec.field(default_factory=Unread)


class Pool:
    """The patients of one file, Bundle or folder. `aliases` are other references to them, by patient id.

    With `end`, what came to be after that moment is not seen; `later` counts it.
    """

    def __init__(
        self, engine: Engine, aliases: Mapping[str, str] | None = None, *, end: datetime | None = None
    ) -> None:
        self.truncated = False
        self.later = 0
        self._end = end
        self.unread = Unread()
        self._engine = engine
        self._aliases = dict(aliases or {})
        self._records: dict[str, Record] = {}
        self._shared: list[fhir.Medication | Questionnaire] = []
        self._homeless: list[Anything] = []
        self._deleted: set[str] = set()

    def delete(self, url: str) -> None:
        """Leave out what was deleted since it was written, wherever it is; a conditional deletion names nothing."""
        self._deleted.add("/".join(parts(url.partition("?")[0])))

    def add(self, kind: str, text: Raw | bytes, name: str | None = None) -> None:
        """Take one resource of a type; `name` is the id that a Bundle gives it beside its own."""
        if self._end is not None and kind != PATIENT and is_later(text, self._end):
            self.later += 1
            self._meet(self._owner_of(text))
            return
        if kind not in READ:
            self._meet(self._owner_of(text))
            return
        try:
            resource = _TYPED.decode(text)
        except (msgspec.DecodeError, RecursionError):
            self._refuse(kind, text)
            return
        self._take(resource if resource.id or not name else replace(resource, id=name), name)

    def _take(self, resource: Anything, name: str | None) -> None:
        if isinstance(resource, fhir.OperationOutcome):
            issues = resource.issue or ()
            self.truncated |= any(issue.severity in FATAL for issue in issues) or bool(cuts(issues))
        elif isinstance(resource, fhir.Medication | Questionnaire):
            self._shared += [resource] if name in (None, resource.id) else [resource, replace(resource, id=name)]
        elif isinstance(resource, fhir.Patient):
            self._patient(resource)
        else:
            self._sort(resource, self._owner(_references(resource)))

    def _patient(self, patient: fhir.Patient) -> None:
        if patient.id:
            self._record(patient.id).reader.stream(patient)
        else:
            self._homeless.append(patient)

    def _sort(self, resource: Anything, owner: str | None) -> None:
        if owner is None:
            self._homeless.append(resource)
        elif owner:
            self._record(owner).reader.stream(resource)

    def _refuse(self, kind: str, text: Raw | bytes) -> None:
        owner = self._owner_of(text)
        unread = self._record(owner).unread if owner else self.unread
        unread.add(kind, code_of(text))

    def _owner_of(self, text: Raw | bytes) -> str | None:
        try:
            owner = msgspec.json.decode(text, type=Owner)
        except (msgspec.DecodeError, RecursionError):
            return None
        return self._owner([owner.subject or owner.patient])

    def _meet(self, owner: str | None) -> None:
        if owner:
            self._record(owner)

    def _owner(self, references: Iterable[Reference | None]) -> str | None:
        """The patient's id; empty if it is about something else, None if it does not say."""
        owners = [
            patient_id(reference.reference, self._aliases)
            for reference in references
            if reference and reference.reference
        ]
        return next((owner for owner in owners if owner), owners[0] if owners else None)

    def _record(self, patient: str) -> Record:
        if patient not in self._records:
            aliases = frozenset(alias for alias, owner in self._aliases.items() if owner == patient)
            self._records[patient] = Record(self._engine.reader(patient, aliases))
        return self._records[patient]

    def outcomes(self) -> Iterator[tuple[str, Outcome | CallError]]:
        """Each patient with what the engine says; raises UsageError if no patient can be identified."""
        self._check()
        self._house()
        for patient in list(self._records):
            record = self._records.pop(patient)
            if f"Patient/{patient}" not in self._deleted:
                yield patient, self._outcome(record)

    def _outcome(self, record: Record) -> Outcome | CallError:
        record.reader.add(self._shared)
        if self._deleted:
            record.reader.forget(self._deleted)
        try:
            return self._engine.judge(record.reader, Whole(record.unread.joined(self.unread), self.truncated))
        except CallError as problem:
            return problem
        except Exception:  # noqa: BLE001 - one chart that we cannot handle must not cost the others
            return FAILED

    def _check(self) -> None:
        if not self._records:
            raise UsageError(
                "the patient cannot be identified: there is no Patient with an id, and no reference to one"
            )
        if len(self._records) > 1 and not any(record.reader.chart.has_patient for record in self._records.values()):
            raise UsageError(
                f"the patient cannot be identified: there is no Patient, and the records name {len(self._records)}"
            )

    def _house(self) -> None:
        """What names no patient is the only patient's; with several it is unclear whose it is."""
        only = next(iter(self._records.values())) if len(self._records) == 1 else None
        for resource in self._homeless:
            if only is not None:
                only.reader.stream(_without_owner(resource))
            else:
                self.unread.add(type(resource).__struct_config__.tag, getattr(resource, "code", None))
        self._homeless = []


def patient_id(reference: str, aliases: Mapping[str, str]) -> str | None:
    """The id in a reference; empty for something that is not a patient, None where it is no literal reference."""
    if reference in aliases:
        return aliases[reference]
    if reference.startswith("#") or "?" in reference:
        return None
    kind, ident = parts(reference)
    return ident if kind in ("", "Patient") else ""


def _references(resource: Anything) -> list[Reference | None]:
    if isinstance(resource, fhir.Appointment):
        return [resource.subject, *(participant.actor for participant in resource.participant or ())]
    return [resource.subject or resource.patient]


def _without_owner(resource: Anything) -> Anything:
    return replace(resource, subject=None, patient=None) if isinstance(resource, Owned) else resource
