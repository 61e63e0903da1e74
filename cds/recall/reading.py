"""Every entry of a chart held against what the chart reader makes of it: read, or why not."""

from collections.abc import Iterable, Iterator
from typing import Any as Anything

from msgspec.structs import replace

from cds.call import Engine
from cds.chart import observations
from cds.chart.medicines import MedicationReader, Medications
from cds.chart.scope import Scope
from cds.chart.spoken import UNREAD
from cds.fhir import concepts
from cds.fhir import resources as fhir
from cds.fhir.datatypes import CodeableConcept
from cds.fhir.statuses import code_of, status_of
from cds.knowledge.maps.names import Names
from cds.recall.model import LOCAL, NATIONAL, NONE, OTHER, SYSTEMS, WORDS, Key, Kind, Survey, Type
from cds.rules.lab_limits import LabLimits
from cds.rules.ranges import Person

WITHDRAWN = frozenset({"entered-in-error", "cancelled", "draft", "not-done"})
UNCLEAR = frozenset({"", "unknown"})
STATUS, CODE = "status", "code"


class Reading:
    """Measures one entry after the other into a survey. Medicines may wait for what they refer to (`medicine`)."""

    def __init__(self, engine: Engine, survey: Survey) -> None:
        self._survey = survey
        self._namer = engine.namer
        self._routes = engine.routes
        self._knowledge = engine.knowledge
        self._limits = LabLimits(engine.knowledge, Person(None, None, None, pregnant=False))
        self._names = Names(engine.knowledge)
        self._systems = {engine.knowledge.systems[short]: label for short, label in SYSTEMS.items()}
        self._now = engine.now()
        self._today = self._now.date().toordinal()
        self._future_hours = int(engine.knowledge.at("future_hours"))
        classes = engine.knowledge.medicines.values()
        self._groups = frozenset(
            name for medicine_class in classes for name in (*medicine_class.groups, *medicine_class.check_route)
        )

    def observation(self, observation: fhir.Observation, patient: str) -> None:
        """A result or a finding, and each of its components."""
        if status_of(observation) in observations.VOID:
            return
        for part in _parts(observation):
            results = list(observations.labs(part, self._namer, self._scope(patient)))
            for result in results:
                self._result(part, result, patient)
            if not results:
                self._finding(part, patient)

    def report(self, report: fhir.DiagnosticReport, patient: str) -> None:
        """The results within a report."""
        for observation in observations.within(report):
            self.observation(observation, patient)

    def condition(self, condition: fhir.Condition, patient: str) -> None:
        """A problem."""
        name = self._namer.named(condition.ref, condition.code)
        if "entered-in-error" in {code_of(word) for word in concepts.words(condition.verification_status)}:
            return
        source = self._source(condition.code)
        if name is not None and UNREAD not in name.phrases:
            self._survey.share(Type.PROBLEM, source).read += 1
        elif not self._namer.is_coded(condition.code) and self._may_matter(condition.code):
            self._survey.share(Type.PROBLEM, source).unread[CODE] += 1
            self._unknown(Type.PROBLEM, condition.code, patient)

    def medicine(self, entry: fhir.Medicated, patient: str, medications: Medications) -> None:
        """An entry about a medicine, with all Medications that it may refer to."""
        status = status_of(entry)
        if status in WITHDRAWN:
            return
        medicine_concepts = medications.concepts_of(entry)
        hits = MedicationReader(self._namer, self._scope(patient), medications, self._routes).hits(
            entry, medicine_concepts
        )
        source = self._source(*medicine_concepts)
        if hits:
            if any(not self._groups.isdisjoint(hit.groups) for hit in hits):
                self._taken(status, source, patient)
                self._contradiction(Type.MEDICINE, hits, medicine_concepts, patient)
        elif not any(map(self._namer.is_classified, medicine_concepts)):
            if not any(map(self._namer.is_coded, medicine_concepts)):
                self._survey.share(Type.MEDICINE, source).unread[CODE] += 1
            for concept in medicine_concepts or [CodeableConcept(text=medications.name_of(entry))]:
                self._unknown(Type.MEDICINE, concept, patient)

    def _may_matter(self, concept: CodeableConcept | None) -> bool:
        """Whether it may be something that a rule reads; not if no rule reads its code in the parent of its edition."""
        codes = self._knowledge.codes
        codings = [
            (codes.parent_of(coding.system), coding.code) for coding in (concept.coding or () if concept else ())
        ]
        parents = [(parent, code) for parent, code in codings if parent is not None]
        return not parents or any(codes.find(parent, code) is not None for parent, code in parents)

    def _taken(self, status: str, source: str, patient: str) -> None:
        share = self._survey.share(Type.MEDICINE, source)
        if status not in UNCLEAR:
            share.read += 1
            return
        share.unread[STATUS] += 1
        self._survey.miss(Key(Type.MEDICINE, Kind.STATUS, text=status or NONE), patient)

    def _result(self, part: fhir.Observation, result: Anything, patient: str) -> None:
        reason, quantity = self._limits.read(result).trouble, result.quantity
        if reason is None and quantity is None and not result.flags:
            return
        unit = self._knowledge.unit_names.ucum(quantity) or "" if quantity is not None else ""
        share = self._survey.share(Type.RESULT, self._source(part.code, read_system=result.concept.system))
        if reason is None:
            share.read += 1
            self._contradiction(Type.RESULT, (result.concept,), [part.code] if part.code else [], patient)
            return
        share.unread[reason] += 1
        if reason == observations.BY_NAME:
            self._unknown(Type.RESULT, part.code, patient, unit)
        elif reason == Kind.UNIT:
            printed_unit = (
                (quantity.unit or "").strip() or (quantity.code or "").strip() if quantity is not None else ""
            )
            key = Key(Type.RESULT, Kind.UNIT, text=printed_unit or NONE, about=result.analyte)
            self._survey.miss(key, patient)
        elif reason == Kind.STATUS:
            self._survey.miss(Key(Type.RESULT, Kind.STATUS, text=status_of(part) or NONE), patient)
        else:
            self._survey.miss(Key(Type.RESULT, Kind.VALUE, text=reason, about=result.analyte), patient)

    def _finding(self, part: fhir.Observation, patient: str) -> None:
        """An Observation of which no rule reads a result: what no known system codes may be anything."""
        code = part.code
        if code is None or self._namer.is_coded(code) or self._namer.named(part.ref, code) is not None:
            return
        if (part.value_quantity or part.value_string or part.value_codeable_concept) and not self._namer.concepts(code):
            quantity = part.value_quantity
            unit = self._knowledge.unit_names.ucum(quantity) or "" if quantity is not None else ""
            self._unknown(Type.OBSERVATION, code, patient, unit)

    def _unknown(self, kind: Type, concept: CodeableConcept | None, patient: str, unit: str = "") -> None:
        """What a concept says, by its first code, or by its words where it has none."""
        codings = [coding for coding in (concept.coding or () if concept else ()) if coding.code]
        text = next(concepts.texts(concept), "")
        for system in sorted({coding.system or NONE for coding in codings if not self._namer.knows(coding.system)}):
            self._survey.miss(Key(kind, Kind.SYSTEM, system=system), patient)
        if codings:
            coding = codings[0]
            key = Key(kind, Kind.CODE, system=coding.system or "", code=coding.code or "")
            self._survey.miss(key, patient, coding.display or text, unit)
        else:
            self._survey.miss(Key(kind, Kind.TEXT, text=text.strip() or NONE), patient, unit=unit)

    def _contradiction(
        self, kind: Type, hits: Iterable[Anything], medicine_concepts: Iterable[CodeableConcept], patient: str
    ) -> None:
        """A code whose own name says another specimen, analyte or medicine."""
        texts = [text for concept in medicine_concepts for text in concepts.texts(concept)]
        coded_hits = [hit for hit in hits if hit.code]
        reasons = [reason for hit in coded_hits if (reason := self._names.objection(hit, texts))]
        if coded_hits and len(reasons) == len(coded_hits):
            self._survey.miss(Key(kind, Kind.NAME, coded_hits[0].system, coded_hits[0].code), patient, reasons[0])

    def _source(self, *concepts_of_entry: CodeableConcept | None, read_system: str = "") -> str:
        """By what an entry is known: the system of the code that was read, else of its first code, else its words."""
        if read_system:
            return self._systems.get(read_system, OTHER)
        systems = [
            coding.system for concept in concepts_of_entry if concept for coding in concept.coding or () if coding.code
        ]
        for system in systems:
            name = self._knowledge.codes.names.find(system) if system else None
            if name is not None:
                return NATIONAL if self._knowledge.codes.parent_of(name) else self._systems.get(name, OTHER)
        return LOCAL if systems else WORDS

    def _scope(self, patient: str) -> Scope:
        return Scope(patient, self._now, self._today, self._future_hours)


def _parts(observation: fhir.Observation) -> Iterator[fhir.Observation]:
    """The Observation itself, and each component as one of its own."""
    if observation.component is None:
        yield observation
        return
    yield replace(observation, component=None)
    for part in observation.component:
        fields = {name: getattr(part, name) for name in fhir.Component.__struct_fields__}
        yield replace(observation, component=None, **fields)
