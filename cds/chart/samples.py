"""Remarks on a sample that stand elsewhere than on its result: on the specimen, and on the report (N64)."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from cds.chart.facts import LabResult
from cds.chart.observations import VOID
from cds.fhir.datatypes import Reference
from cds.fhir.raw import read_raw
from cds.fhir.references import id_of
from cds.fhir.resources import DiagnosticReport, Observation, Specimen
from cds.fhir.statuses import status_of
from cds.knowledge.unit_names import UnitWords

SPOILED = "specimen"
DECIDED = frozenset({"code", "status", "date", SPOILED})  # troubles that are told before the sample
_ONE = msgspec.json.Decoder(Reference)
_MANY = msgspec.json.Decoder(list[Reference])


class Samples:
    """What is known of samples, by the entry that says it."""

    def __init__(self, units: UnitWords) -> None:
        self._spoils = units.spoils
        self._taken_from: dict[str, str] = {}
        self._specimens: set[str] = set()
        self._reports: dict[str, tuple[frozenset[str], str]] = {}

    def result(self, observation: Observation) -> None:
        """Remember from which specimen a result is."""
        reference = read_raw(_ONE, observation.specimen)
        if reference is not None and reference.reference:
            self._taken_from[observation.ref] = _id(reference)

    def specimen(self, specimen: Specimen) -> None:
        """Take a specimen that is called spoiled."""
        if specimen.id and status_of(specimen) != "entered-in-error" and self._says(specimen.condition, specimen.note):
            self._specimens.add(specimen.id)

    def matters(self, report: DiagnosticReport) -> bool:
        """Whether a report may say something of the samples of its results."""
        return any(map(memoryview, (report.conclusion, report.note, report.comments, report.specimen)))

    def report(self, report: DiagnosticReport) -> None:
        """Take a report that calls a sample spoiled, or names the one specimen of its results."""
        if status_of(report) in VOID:
            return
        specimens = read_raw(_MANY, report.specimen) or ()
        if self._says(report.conclusion, report.note, report.comments):
            self._reports[report.ref] = (_results(report), "")
        elif len(specimens) == 1:
            self._reports[report.ref] = (_results(report), _id(specimens[0]))

    def forget(self, refs: set[str]) -> None:
        """Leave out what some entries said."""
        self._specimens -= {ref.removeprefix("Specimen/") for ref in refs}
        for ref in refs:
            self._reports.pop(ref, None)
            self._taken_from.pop(ref, None)

    def marked(self, results: Iterable[LabResult]) -> Iterator[LabResult]:
        """The results, those of a spoiled sample with that as their trouble."""
        spoiled = {ref for refs, of in self._reports.values() if not of or of in self._specimens for ref in refs}
        sampled = {ref for ref, of in self._taken_from.items() if of in self._specimens}
        theirs = {ref for refs, of in self._reports.values() if not of for ref in refs}
        for result in results:
            is_spoiled = result.ref in sampled | theirs or (
                result.ref in spoiled and result.ref not in self._taken_from
            )
            yield replace(result, trouble=SPOILED) if is_spoiled and result.trouble not in DECIDED else result

    def _says(self, *remarks: Raw) -> bool:
        return any(self._spoils(bytes(remark).decode("utf-8", "replace")) for remark in remarks if memoryview(remark))


def _results(report: DiagnosticReport) -> frozenset[str]:
    """The results that a report names, and what it holds within itself, which are known by its own name."""
    return frozenset(
        (report.ref, *(f"Observation/{_id(reference)}" for reference in read_raw(_MANY, report.result) or ()))
    )


def _id(reference: Reference) -> str:
    return id_of(reference.reference or "")
