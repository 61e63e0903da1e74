"""One pass over the resources of a chart; what no rule reads is passed over."""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any as Anything

from msgspec import Raw
from msgspec.structs import replace

from cds.chart import care_events, conditions, contained, examinations, observations, worded
from cds.chart.facts import Chart, ClinicalObservation, Drug, Problem
from cds.chart.forms import Forms
from cds.chart.looks import ObservationLook
from cds.chart.medicines import MedicationReader, Medications
from cds.chart.naming import Namer
from cds.chart.routes import RouteNames
from cds.chart.samples import Samples
from cds.chart.scope import Scope, has_died
from cds.chart.sequence import of_drug, put_in_order
from cds.chart.versions import standing
from cds.fhir import resources as fhir
from cds.fhir.base import Owned
from cds.fhir.concepts import each
from cds.fhir.dates import When, parse
from cds.fhir.forms import Questionnaire, QuestionnaireResponse
from cds.fhir.resources import Any, Medicated
from cds.fhir.statuses import status_of

TAKEN = ("active", "unknown", "")  # a medicine of these statuses is taken, or may be


class Reader:
    """Fills one chart. Medicines wait until all Medication resources are known (`finish`)."""

    def __init__(self, namer: Namer, routes: RouteNames, scope: Scope) -> None:
        self.scope = scope
        self._forms = Forms(namer, scope)
        self._chart = Chart()
        self._is_settled = True
        self._namer = namer
        self._medications = Medications()
        self._medication_reader = MedicationReader(namer, scope, self._medications, routes)
        self._samples = Samples(namer.units)
        self._waiting: list[Medicated] = []
        self._aged: list[tuple[Problem, fhir.Condition]] = []
        self._aged_with: When | None = None
        self._known_entries: dict[tuple[type, str], Any] = {}
        self._versions: dict[tuple[type, str], list[Any]] = {}
        self._disputed: set[tuple[type, str]] = set()
        self._foreign: list[str] = []
        self._skipped: set[str] = set()
        self._strange: dict[str, str | None] = {}
        self._ahead: set[str] = set()
        self._observation_look = ObservationLook(namer, scope.today)

    def add(self, resources: Iterable[Any]) -> None:
        """Read resources; those of other patients are counted, repeated ones skipped (4e step 1).

        A version whose code no rule reads is passed over like any other resource: it takes no older one back.
        """
        self._is_settled = False
        for resource in resources:
            kind = type(resource)
            look = _LOOKS.get(kind)
            if look is not None and not look(self, resource):
                continue
            if not resource.id or (first := self._known_entries.setdefault((kind, resource.id), resource)) is resource:
                self._take(kind, resource)
            elif resource != first:
                self._keep_version(kind, resource, first)

    def stream(self, resource: Any) -> None:
        """Read one resource of a long stream, and let go of the text it came from."""
        self.add([replace(resource, meta=Raw(bytes(resource.meta)))])

    def forget(self, refs: set[str]) -> None:
        """Leave out resources by their references: they were deleted."""
        chart = self.chart  # what stands is settled first, so that nothing comes back
        self._forget(refs)
        put_in_order(chart)

    @property
    def chart(self) -> Chart:
        """What was read so far, in an order that does not depend on the order in which it came."""
        if not self._is_settled:
            self._settle()
            self._read_again()
            self._read_forms()
            self._chart.foreign = len(self._foreign)
            put_in_order(self._chart)
            self._is_settled = True
        return self._chart

    def finish(self) -> Chart:
        """The chart, with its medicines resolved."""
        chart = self.chart
        drugs = (self._medication_reader.drug(entry) for entry in self._waiting)
        chart.drugs += [drug for drug in drugs if drug is not None]
        chart.labs[:] = self._samples.marked(chart.labs)
        chart.strange_problems = sum(statement is None for statement in self._strange.values())
        chart.problems_not_known = "unknown" in self._strange.values()
        chart.ahead = tuple(sorted(self._ahead | self._medication_reader.ahead))
        chart.unknown_medicines = self._medication_reader.unknown
        medicines = self._medication_reader.medicines
        chart.medicines = replace(medicines, active=medicines.active + len(self._skipped))
        self._waiting = []
        chart.drugs.sort(key=of_drug)
        return chart

    def drafted(self, requests: Iterable[fhir.MedicationRequest]) -> tuple[Drug, ...]:
        """The drafted medicines that rules read, named by all Medications that are known by now."""
        drugs = map(self._medication_reader.draft, requests)
        return tuple(drug for drug in drugs if drug is not None)

    def unnamed(self, requests: Iterable[fhir.MedicationRequest]) -> tuple[fhir.MedicationRequest, ...]:
        """The drafts whose medicine is named by a reference that leads nowhere."""
        return tuple(request for request in requests if self._medication_reader.is_unnamed(request))

    def _take(self, kind: type, resource: Any) -> None:
        if isinstance(resource, Owned) and not self.scope.owns(resource):
            self._foreign.append(resource.ref)
        elif take := _TAKERS.get(kind):
            take(self, resource)

    def _problem_matters(self, resource: fhir.Condition) -> bool:
        """A rule may read it; one that counts and is known by an unknown code only is counted (N48)."""
        if self._namer.may_matter_at(resource.code, resource.body_site):
            return True
        if self.scope.owns(resource):
            self._count_if_strange(resource)
        return False

    def _count_if_strange(self, resource: fhir.Condition) -> None:
        strange = self._namer.tells_nothing(resource.code)
        if strange and conditions.counts(resource, self._namer.answers, self.scope):
            self._strange[resource.ref] = self._namer.nothing_known(each(resource.code))

    def _codes_matter(self, resource: Anything) -> bool:
        return self._namer.may_matter(resource.code)

    def _alert_matters(self, resource: fhir.Flag) -> bool:
        return self._namer.may_tell(resource.code)

    def _report_matters(self, resource: fhir.DiagnosticReport) -> bool:
        return bool(resource.contained) or self._samples.matters(resource) or self._namer.may_matter(resource.code)

    def _observation_matters(self, resource: fhir.Observation) -> bool:
        return self._observation_look.matters(resource)

    def _visit_matters(self, resource: fhir.Encounter) -> bool:
        """Its reason may be read; when it began may date a diagnosis that was made then (N6)."""
        period = resource.period or resource.actual_period
        start = period.start if period and status_of(resource) not in observations.VOID else None
        if resource.id and start and self.scope.owns(resource):
            self._chart.visit_starts[resource.id] = start
        codes = resource.reason_code
        if resource.reason is not None or resource.contained:
            return True
        return codes is not None and any(map(self._namer.may_tell, each(codes)))

    def _medicine_matters(self, resource: Medicated) -> bool:
        """It names a medicine of interest, by code or in words, or is in no classification, or refers to one."""
        concept, namer = resource.medication_codeable_concept, self._namer
        if concept is None or not namer.is_classified(concept) or namer.may_matter(concept):
            return True
        return namer.names_ingredient(concept)

    def _prescription_matters(self, resource: Medicated) -> bool:
        """The same; one that is or may be taken and of no class that a rule reads is counted (N48)."""
        if self._medicine_matters(resource):
            return True
        if status_of(resource) in TAKEN and self.scope.owns(resource):
            self._skipped.add(resource.ref)
        return False

    def _keep_version(self, kind: type, resource: Any, first: Any) -> None:
        """Another version of what was met: it waits until all are known (`_settle`)."""
        if "/" not in resource.ref:
            self._take(kind, resource)  # its id is none that a server gives: nothing could be taken back
            return
        key = (kind, resource.id or "")
        self._versions.setdefault(key, [first]).append(resource)
        self._disputed.add(key)

    def _settle(self) -> None:
        """Read the versions that stand instead of those that came first."""
        if not self._disputed:
            return
        disputed, self._disputed = self._disputed, set()
        versions = [standing(self._versions[key]) for key in disputed]
        self._forget({group[0].ref for group in versions})
        for version in chain.from_iterable(versions):
            self._take(type(version), version)

    def _forget(self, refs: set[str]) -> None:
        self._chart.forget(refs)
        self._waiting = [medicated for medicated in self._waiting if medicated.ref not in refs]
        self._aged = [aged for aged in self._aged if aged[1].ref not in refs]
        self._foreign = [ref for ref in self._foreign if ref not in refs]
        self._forms.forget(refs)
        self._skipped -= refs
        self._strange = {ref: statement for ref, statement in self._strange.items() if ref not in refs}
        self._ahead -= refs
        self._samples.forget(refs)

    def patient(self, patient: fhir.Patient) -> None:
        """Take birth date, sex and death, of the right patient only."""
        if patient.id not in (None, self.scope.patient_id):
            self._foreign.append(patient.ref)
            return
        self._chart.has_patient = True
        self._chart.birth = parse(patient.birth_date)
        self._chart.sex = patient.gender
        self._chart.has_died |= has_died(patient, self.scope)

    def condition(self, resource: fhir.Condition) -> None:
        """Take a problem; one that states an age is read again when the birth date comes after it."""
        problem = conditions.problem(resource, self._namer, self.scope, self._chart.birth)
        if problem is not None and resource.onset_age is not None:
            self._aged.append((problem, resource))
        if conditions.lies_ahead(resource, self.scope, self._chart.birth, self._namer.answers):
            self._ahead.add(resource.ref)
        if problem is None:
            self._count_if_strange(resource)
        self._keep(self._chart.problems, problem)

    def _read_again(self) -> None:
        if self._aged_with == self._chart.birth:
            return
        self._aged_with = self._chart.birth
        aged, self._aged = self._aged, []
        gone = {id(problem) for problem, _ in aged}  # by identity: two entries may be equal in every field that is kept
        self._chart.problems[:] = [problem for problem in self._chart.problems if id(problem) not in gone]
        for _, resource in aged:
            self.condition(resource)

    def _read_forms(self) -> None:
        """What the forms say, with all the Questionnaires that are known by now."""
        chart, reading = self._chart, self._forms.read()
        chart.seen[:] = [
            observation for observation in chart.seen if not observation.named.ref.startswith(observations.FORM)
        ]
        chart.reports[:] = [report for report in chart.reports if not report.ref.startswith(observations.FORM)]
        for observation in reading.seen:
            self._see(observation)
        chart.reported_medicines[:] = reading.medicines
        chart.unread_answers = reading.left

    def _see(self, observation: ClinicalObservation) -> None:
        """Take a finding."""
        self._chart.seen.append(observation)
        self._examine(observation)

    def _see_each(self, findings: Iterable[ClinicalObservation]) -> None:
        """Take findings; what has a status that says nothing counts for nothing, and is said (N1)."""
        for observation in findings:
            if observation.is_settled or observation.preliminary:
                self._see(observation)
            else:
                self._chart.unsettled.append(observation)
                self._examine(observation)

    def _hold(self, resource: contained.Reason) -> None:
        """Take the problems and findings that a visit, a request or an appointment holds within itself."""
        self._chart.problems += contained.problems(resource, self._namer, self.scope, self._chart.birth)
        self._see_each(contained.seen(resource, self._namer, self.scope))

    def _examine(self, observation: ClinicalObservation) -> None:
        """Take an examination; one that a patient reports is none."""
        if not (observation.reported or observation.named.sets.isdisjoint(examinations.KINDS)):
            self._keep(self._chart.reports, examinations.examined(observation))

    def form(self, resource: QuestionnaireResponse) -> None:
        """Take the answers to a form."""
        self._forms.put(resource)

    def questionnaire(self, resource: Questionnaire) -> None:
        """Take the questions of forms."""
        self._forms.ask(resource)

    def observation(self, resource: fhir.Observation) -> None:
        """Take results and findings, and what a text says; what a panel holds within itself is known by the panel."""
        for inner in observations.within(resource):
            if self.scope.owns(inner):
                self.observation(replace(inner, id=resource.id, contained=None))
        if observations.lies_ahead(resource, self.scope):
            self._ahead.add(resource.ref)
        self._chart.told += worded.told(resource, self._namer, self.scope)
        results = list(observations.labs(resource, self._namer, self.scope))
        self._chart.labs += results
        if not results:
            self._keep(self._chart.others, observations.other(resource, self._namer, self.scope))
        if results and memoryview(resource.specimen):
            self._samples.result(resource)
        if all(lab_result.trouble == observations.BY_NAME for lab_result in results):
            self._see_each(observations.seen(resource, self._namer, self.scope))

    def medication(self, resource: fhir.Medication) -> None:
        """Remember a Medication that others refer to."""
        self._medications.put(resource)

    def medicated(self, resource: Medicated) -> None:
        """Keep an entry about a medicine until all is read."""
        self._waiting.append(resource)

    def request(self, resource: fhir.ServiceRequest) -> None:
        """Take an order."""
        if care_events.lies_ahead(resource, self._namer, self.scope):
            self._ahead.add(resource.ref)
        self._keep(self._chart.asked, care_events.asked(resource, self._namer, self.scope))
        self._chart.told += care_events.told_by_request(resource, self._namer, self.scope)
        self._hold(resource)

    def appointment(self, resource: fhir.Appointment) -> None:
        """Take an appointment of this patient."""
        if care_events.is_mine(resource, self.scope):
            self._keep(self._chart.asked, care_events.booked(resource, self._namer, self.scope))
            self._chart.told += care_events.told_by_appointment(resource, self._namer, self.scope)
            self._hold(resource)

    def impression(self, resource: fhir.ClinicalImpression) -> None:
        """Take an examination."""
        self._keep(self._chart.reports, care_events.impression(resource, self._namer, self.scope))
        self._chart.told += care_events.told_by_impression(resource, self._namer, self.scope)

    def report(self, resource: fhir.DiagnosticReport) -> None:
        """Take a report, and the results that it holds within itself."""
        self._samples.report(resource)
        self._chart.labs += observations.contained(resource, self._namer, self.scope)
        self._see_each(contained.seen(resource, self._namer, self.scope))
        self._keep(self._chart.reports, care_events.diagnostic_report(resource, self._namer, self.scope))

    def specimen(self, resource: fhir.Specimen) -> None:
        """Take what is said of a sample."""
        self._samples.specimen(resource)

    def procedure(self, resource: fhir.Procedure) -> None:
        """Take a procedure."""
        self._keep(self._chart.reports, care_events.procedure(resource, self._namer, self.scope))

    def encounter(self, resource: fhir.Encounter) -> None:
        """Take a visit."""
        self._chart.visits += care_events.visits(resource, self._namer, self.scope)
        self._hold(resource)

    def alert(self, resource: fhir.Flag) -> None:
        """Take an alert."""
        self._chart.told += care_events.told_by_alert(resource, self._namer, self.scope)

    def family(self, resource: fhir.FamilyMemberHistory) -> None:
        """Take a relative."""
        relative = care_events.kin(resource, self._namer, self.scope)
        self._keep(self._chart.kin, relative)
        if relative is None:
            self._chart.told += care_events.told_of_relative(resource, self._namer, self.scope)

    @staticmethod
    def _keep(where: list[Anything], fact: object) -> None:
        if fact is not None:
            where.append(fact)


_TAKERS: dict[type, Callable[[Reader, Anything], None]] = {
    fhir.Patient: Reader.patient,
    fhir.Condition: Reader.condition,
    fhir.Observation: Reader.observation,
    fhir.Medication: Reader.medication,
    fhir.MedicationRequest: Reader.medicated,
    fhir.MedicationStatement: Reader.medicated,
    fhir.MedicationAdministration: Reader.medicated,
    fhir.MedicationDispense: Reader.medicated,
    fhir.ServiceRequest: Reader.request,
    fhir.ProcedureRequest: Reader.request,
    fhir.Appointment: Reader.appointment,
    fhir.Encounter: Reader.encounter,
    fhir.Flag: Reader.alert,
    fhir.ClinicalImpression: Reader.impression,
    fhir.DiagnosticReport: Reader.report,
    fhir.Procedure: Reader.procedure,
    fhir.Specimen: Reader.specimen,
    fhir.FamilyMemberHistory: Reader.family,
    QuestionnaireResponse: Reader.form,
    Questionnaire: Reader.questionnaire,
}

_LOOKS: dict[type, Callable[[Reader, Anything], bool]] = {
    fhir.Condition: Reader._problem_matters,
    fhir.Observation: Reader._observation_matters,
    fhir.Encounter: Reader._visit_matters,
    fhir.Procedure: Reader._codes_matter,
    fhir.Flag: Reader._alert_matters,
    fhir.DiagnosticReport: Reader._report_matters,
    fhir.MedicationRequest: Reader._prescription_matters,
    fhir.MedicationStatement: Reader._prescription_matters,
    fhir.MedicationAdministration: Reader._medicine_matters,
    fhir.MedicationDispense: Reader._medicine_matters,
}
