"""One pass over the resources of a chart; what no rule reads is passed over."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any as Anything

from cds.chart import conditions, observations, workup
from cds.chart.facts import Chart, Report, Seen
from cds.chart.medicines import Cabinet, Pharmacist, RouteNames
from cds.chart.naming import Namer
from cds.chart.scope import Scope
from cds.fhir import resources as fhir
from cds.fhir.dates import parse
from cds.fhir.resources import Any, Medicated, Owned


class Reader:
    """Fills one chart. Medicines wait until all Medication resources are known (`finish`)."""

    def __init__(self, namer: Namer, routes: RouteNames, scope: Scope) -> None:
        self.chart = Chart()
        self._namer = namer
        self._scope = scope
        self._cabinet = Cabinet()
        self._pharmacist = Pharmacist(namer, scope, self._cabinet, routes)
        self._waiting: list[Medicated] = []
        self._met: set[tuple[type, str]] = set()

    def add(self, resources: Iterable[Any]) -> None:
        """Read resources; those of other patients are counted, repeated ones skipped (4e step 1)."""
        for resource in resources:
            if isinstance(resource, Owned) and not self._scope.owns(resource):
                self.chart.foreign += 1
            elif not self._is_repeated(resource) and (take := _TAKERS.get(type(resource))):
                take(self, resource)

    def finish(self) -> Chart:
        """The chart, with its medicines resolved."""
        drugs = (self._pharmacist.drug(entry) for entry in self._waiting)
        self.chart.drugs += [drug for drug in drugs if drug is not None]
        self.chart.unknown_medicines = self._pharmacist.unknown
        self._waiting = []
        return self.chart

    def _is_repeated(self, resource: Any) -> bool:
        if not resource.id:
            return False
        key = (type(resource), resource.id)
        if key in self._met:
            return True
        self._met.add(key)
        return False

    def patient(self, patient: fhir.Patient) -> None:
        """Take birth date and sex, of the right patient only."""
        if patient.id not in (None, self._scope.patient_id):
            self.chart.foreign += 1
            return
        self.chart.has_patient = True
        self.chart.birth = parse(patient.birth_date)
        self.chart.sex = patient.gender

    def condition(self, resource: fhir.Condition) -> None:
        """Take a problem."""
        self._keep(self.chart.problems, conditions.problem(resource, self._namer, self._scope, self.chart.birth))

    def observation(self, resource: fhir.Observation) -> None:
        """Take results and findings."""
        results = list(observations.labs(resource, self._namer, self._scope))
        self.chart.labs += results
        if not results:
            for seen in observations.seen(resource, self._namer, self._scope):
                self.chart.seen.append(seen)
                self.chart.reports += _exam(seen)

    def medication(self, resource: fhir.Medication) -> None:
        """Remember a Medication that others refer to."""
        self._cabinet.put(resource)

    def medicated(self, resource: Medicated) -> None:
        """Keep an entry about a medicine until all is read."""
        self._waiting.append(resource)

    def request(self, resource: fhir.ServiceRequest) -> None:
        """Take an order."""
        self._keep(self.chart.asked, workup.asked(resource, self._namer, self._scope))

    def appointment(self, resource: fhir.Appointment) -> None:
        """Take an appointment of this patient."""
        if workup.is_mine(resource, self._scope):
            self._keep(self.chart.asked, workup.booked(resource, self._namer, self._scope))

    def impression(self, resource: fhir.ClinicalImpression) -> None:
        """Take an examination."""
        self._keep(self.chart.reports, workup.impression(resource, self._namer, self._scope))

    def report(self, resource: fhir.DiagnosticReport) -> None:
        """Take a report."""
        self._keep(self.chart.reports, workup.diagnostic_report(resource, self._namer, self._scope))

    def procedure(self, resource: fhir.Procedure) -> None:
        """Take a procedure."""
        self._keep(self.chart.reports, workup.procedure(resource, self._namer, self._scope))

    def encounter(self, resource: fhir.Encounter) -> None:
        """Take a visit."""
        self._keep(self.chart.visits, workup.visit(resource, self._namer, self._scope))

    def family(self, resource: fhir.FamilyMemberHistory) -> None:
        """Take a relative."""
        self._keep(self.chart.kin, workup.kin(resource, self._namer, self._scope))

    @staticmethod
    def _keep(where: list[Anything], what: object) -> None:
        if what is not None:
            where.append(what)


def _exam(seen: Seen) -> Iterator[Report]:
    """An Observation that is an examination or an EMG."""
    kind = next((kind for kind in workup.REPORT_KINDS if kind in seen.named.sets), None)
    if kind is not None and not seen.denied:
        result = workup.result(seen.value_sets)
        yield Report(ref=seen.named.ref, kind=kind, concept=seen.named.concepts[0], when=seen.when, result=result)


_TAKERS: dict[type, Callable[[Reader, Anything], None]] = {
    fhir.Patient: Reader.patient,
    fhir.Condition: Reader.condition,
    fhir.Observation: Reader.observation,
    fhir.Medication: Reader.medication,
    fhir.MedicationRequest: Reader.medicated,
    fhir.MedicationStatement: Reader.medicated,
    fhir.MedicationAdministration: Reader.medicated,
    fhir.ServiceRequest: Reader.request,
    fhir.ProcedureRequest: Reader.request,
    fhir.Appointment: Reader.appointment,
    fhir.Encounter: Reader.encounter,
    fhir.ClinicalImpression: Reader.impression,
    fhir.DiagnosticReport: Reader.report,
    fhir.Procedure: Reader.procedure,
    fhir.FamilyMemberHistory: Reader.family,
}
