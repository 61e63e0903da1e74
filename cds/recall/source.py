"""From files to entries: the forms that `evaluate` reads, resource by resource, each with its patient."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any as Anything

import msgspec
from msgspec import Raw, Struct

from cds.call import Engine
from cds.chart.medicines import Medications, reference_of
from cds.errors import UsageError
from cds.evaluate import files
from cds.evaluate.bundles import resources_of
from cds.evaluate.files import Batch, Document, Problem
from cds.evaluate.inputs import head_of
from cds.evaluate.places import at
from cds.evaluate.pool import READ, patient_id
from cds.fhir import resources as fhir
from cds.fhir.base import Owned
from cds.recall.identities import Identities
from cds.recall.model import Survey
from cds.recall.reading import Reading

NO_NAMES: Mapping[str, str] = {}
_TYPED = msgspec.json.Decoder(fhir.Any)


class Request(Struct):
    """What of a CDS Hooks request holds a chart."""

    prefetch: dict[str, Raw] | None = None


def survey(engine: Engine, paths: list[Batch | Problem], done: Callable[[int], None]) -> tuple[Survey, list[Problem]]:
    """All charts measured, and what could not be read; `done` is told the bytes of each file that is finished."""
    result = Survey()
    problems = [item for item in paths if isinstance(item, Problem)]
    for batch in paths:
        if isinstance(batch, Batch):
            export = _Export(engine, result)
            for path in batch.paths:
                problems += export.file(path)
                done(size_of(path))
            export.finish()
    return result, problems


def size_of(path: str) -> int:
    """The bytes of a file; standard input and what is not there have none."""
    try:
        return 0 if path == files.STDIN else at(path).stat().st_size
    except OSError:
        return 0


class _Export:
    """Files that belong together. Medicines that refer to a Medication wait until all are read."""

    def __init__(self, engine: Engine, survey: Survey) -> None:
        self._survey = survey
        self._reading = Reading(engine, survey)
        self._medications = Medications()
        self._waiting: list[tuple[fhir.Medicated, str]] = []
        self._identities = Identities()

    def file(self, path: str) -> Iterator[Problem]:
        """Measure a file; what of it cannot be read is a problem."""
        name = files.shown(path)
        try:
            for document in files.documents(path):
                yield from self._document(name, document)
        except (OSError, UsageError) as problem:
            yield Problem(name, files.reason(problem) if isinstance(problem, OSError) else problem.text)

    def finish(self) -> None:
        """Measure the medicines that had to wait."""
        for entry, patient in self._waiting:
            self._reading.medicine(entry, patient, self._medications)

    def _document(self, name: str, document: Document) -> Iterator[Problem]:
        resource = _plain(document.text)
        if resource is not None:
            self._take(resource, document.text, NO_NAMES)
            return
        place = name if document.number is None else f"{name}:{document.number}"
        try:
            for kind, text, names in _resources(document.text):
                if kind in READ:
                    self._read(text, names)
        except UsageError as problem:
            yield Problem(place, problem.text)

    def _read(self, text: Raw | bytes, names: Mapping[str, str]) -> None:
        try:
            resource = _TYPED.decode(text)
        except (msgspec.DecodeError, RecursionError):
            self._survey.unreadable += 1
            return
        self._take(resource, text, names)

    def _take(self, resource: Anything, text: Raw | bytes, names: Mapping[str, str]) -> None:
        if resource.id and not self._identities.add(hash((type(resource), resource.id, bytes(text)))):
            return
        self._survey.resources += 1
        self._measure(resource, _patient_of(resource, names))

    def _measure(self, resource: Anything, patient: str) -> None:
        if patient:
            self._survey.patients.add(patient)
        if isinstance(resource, fhir.Observation):
            self._reading.observation(resource, patient)
        elif isinstance(resource, fhir.Condition):
            self._reading.condition(resource, patient)
        elif isinstance(resource, fhir.DiagnosticReport):
            self._reading.report(resource, patient)
        elif isinstance(resource, fhir.Medication):
            self._medications.put(resource)
        elif isinstance(resource, fhir.Medicated):
            if reference_of(resource) is None:
                self._reading.medicine(resource, patient, self._medications)
            else:
                self._waiting.append((resource, patient))


def _plain(text: bytes) -> Anything | None:
    """What most documents are: one resource of a type that is read; None of any other, which is to be looked at."""
    if not text.isascii():
        return None
    try:
        return _TYPED.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _resources(text: bytes) -> Iterator[tuple[str, Raw | bytes, Mapping[str, str]]]:
    head = head_of(text)
    if head.resourceType in ("Bundle", "Parameters"):
        yield from resources_of(text)
    elif isinstance(head.resourceType, str) and head.resourceType:
        yield head.resourceType, text, NO_NAMES
    elif head.hook is not None:
        yield from _prefetched(text)
    else:
        raise UsageError("is not FHIR: it has neither `resourceType` nor `hook`")


def _prefetched(text: bytes) -> Iterator[tuple[str, Raw | bytes, Mapping[str, str]]]:
    try:
        request = msgspec.json.decode(text, type=Request)
    except msgspec.ValidationError as problem:
        raise UsageError("is a request whose prefetch cannot be read") from problem
    for raw in (request.prefetch or {}).values():
        if bytes(raw) != b"null":
            yield from _resources(bytes(raw))


def _patient_of(resource: Anything, names: Mapping[str, str]) -> str:
    if isinstance(resource, fhir.Patient):
        return resource.id or ""
    about = (resource.subject or resource.patient) if isinstance(resource, Owned) else None
    reference = about.reference if about else None
    owner = (patient_id(reference, names) if names else _unaliased(reference)) if reference else None
    return owner or ""


@lru_cache(65_536)
def _unaliased(reference: str) -> str | None:
    return patient_id(reference, NO_NAMES)
