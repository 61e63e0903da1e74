"""One pass over the resources of a chart; what no rule reads is passed over."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any as Anything

from cds.chart import conditions, observations, workup
from cds.chart.facts import Chart, Report, Seen
from cds.chart.medicines import Cabinet, Pharmacist, RouteNames
from cds.chart.naming import Namer
from cds.chart.scope import Scope
from cds.fhir import resources as fhir
from cds.fhir.concepts import each
from cds.fhir.dates import parse
from cds.fhir.resources import Any, Medicated, Owned

OBSERVED_DAYS = 366  # no rule reads an older Observation, but for the date of the last laboratory result (2b, 3a)


class Reader:
    """Fills one chart. Medicines wait until all Medication resources are known (`finish`)."""

    def __init__(self, namer: Namer, routes: RouteNames, scope: Scope) -> None:
        self.chart = Chart()
        self.scope = scope
        self._namer = namer
        self._cabinet = Cabinet()
        self._pharmacist = Pharmacist(namer, scope, self._cabinet, routes)
        self._waiting: list[Medicated] = []
        self._aged: list[tuple[int, fhir.Condition]] = []
        self._met: set[tuple[type, str]] = set()
        self._year_ago = date.fromordinal(max(1, scope.today - OBSERVED_DAYS)).isoformat()
        self._lab_codes = namer.lab_codes
        self._newest_lab: dict[str, str] = {}

    def add(self, resources: Iterable[Any]) -> None:
        """Read resources; those of other patients are counted, repeated ones skipped (4e step 1)."""
        for resource in resources:
            kind = type(resource)
            look = _LOOKS.get(kind)
            if look is not None and not look(self, resource):
                continue
            if isinstance(resource, Owned) and not self.scope.owns(resource):
                self.chart.foreign += 1
            elif not self._is_repeated(resource) and (take := _TAKERS.get(kind)):
                take(self, resource)

    def finish(self) -> Chart:
        """The chart, with its medicines resolved."""
        drugs = (self._pharmacist.drug(entry) for entry in self._waiting)
        self.chart.drugs += [drug for drug in drugs if drug is not None]
        self.chart.unknown_medicines = self._pharmacist.unknown
        self._waiting = []
        return self.chart

    def _codes_matter(self, resource: Anything) -> bool:
        return self._namer.may_matter(resource.code)

    def _observation_matters(self, resource: fhir.Observation) -> bool:
        """Its code or its value may be read, or those of a component; an old one only if it is a laboratory result."""
        matters = self._namer.may_matter
        text = resource.effective_date_time
        if text is not None and text < self._year_ago:
            return self._is_newest_lab(resource, text)
        if matters(resource.code) or matters(resource.value_codeable_concept):
            return True
        return any(matters(part.code) or matters(part.value_codeable_concept) for part in resource.component or ())

    def _is_newest_lab(self, resource: fhir.Observation, text: str) -> bool:
        """Whether an old Observation is a laboratory result, and none of its code that was met is younger."""
        if resource.component is not None:
            return True
        for coding in resource.code.coding or () if resource.code else ():
            code = coding.code
            if code in self._lab_codes:
                if text < self._newest_lab.get(code, ""):
                    return False
                self._newest_lab[code] = text
                return True
        return False

    def _visit_matters(self, resource: fhir.Encounter) -> bool:
        codes = resource.reason_code
        return resource.reason is not None or (codes is not None and any(map(self._namer.may_matter, each(codes))))

    def _medicine_matters(self, resource: Medicated) -> bool:
        """It names a medicine of interest, or none that any known system codes, or refers to one."""
        named = resource.medication_codeable_concept
        return named is None or not self._namer.is_coded(named) or self._namer.may_matter(named)

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
        if patient.id not in (None, self.scope.patient_id):
            self.chart.foreign += 1
            return
        self.chart.has_patient = True
        self.chart.birth = parse(patient.birth_date)
        self.chart.sex = patient.gender
        self._read_again()

    def condition(self, resource: fhir.Condition) -> None:
        """Take a problem; one that states an age is read again when the birth date comes after it."""
        found = conditions.problem(resource, self._namer, self.scope, self.chart.birth)
        if found is not None and resource.onset_age is not None and not self.chart.has_patient:
            self._aged.append((len(self.chart.problems), resource))
        self._keep(self.chart.problems, found)

    def _read_again(self) -> None:
        for place, resource in reversed(self._aged):
            found = conditions.problem(resource, self._namer, self.scope, self.chart.birth)
            self.chart.problems[place : place + 1] = [found] if found is not None else []
        self._aged = []

    def observation(self, resource: fhir.Observation) -> None:
        """Take results and findings."""
        results = list(observations.labs(resource, self._namer, self.scope))
        self.chart.labs += results
        if not results:
            for seen in observations.seen(resource, self._namer, self.scope):
                self.chart.seen.append(seen)
                if not seen.named.sets.isdisjoint(workup.REPORT_KINDS):
                    self._keep(self.chart.reports, _exam(seen))

    def medication(self, resource: fhir.Medication) -> None:
        """Remember a Medication that others refer to."""
        self._cabinet.put(resource)

    def medicated(self, resource: Medicated) -> None:
        """Keep an entry about a medicine until all is read."""
        self._waiting.append(resource)

    def request(self, resource: fhir.ServiceRequest) -> None:
        """Take an order."""
        self._keep(self.chart.asked, workup.asked(resource, self._namer, self.scope))

    def appointment(self, resource: fhir.Appointment) -> None:
        """Take an appointment of this patient."""
        if workup.is_mine(resource, self.scope):
            self._keep(self.chart.asked, workup.booked(resource, self._namer, self.scope))

    def impression(self, resource: fhir.ClinicalImpression) -> None:
        """Take an examination."""
        self._keep(self.chart.reports, workup.impression(resource, self._namer, self.scope))

    def report(self, resource: fhir.DiagnosticReport) -> None:
        """Take a report."""
        self._keep(self.chart.reports, workup.diagnostic_report(resource, self._namer, self.scope))

    def procedure(self, resource: fhir.Procedure) -> None:
        """Take a procedure."""
        self._keep(self.chart.reports, workup.procedure(resource, self._namer, self.scope))

    def encounter(self, resource: fhir.Encounter) -> None:
        """Take a visit."""
        self._keep(self.chart.visits, workup.visit(resource, self._namer, self.scope))

    def family(self, resource: fhir.FamilyMemberHistory) -> None:
        """Take a relative."""
        self._keep(self.chart.kin, workup.kin(resource, self._namer, self.scope))

    @staticmethod
    def _keep(where: list[Anything], what: object) -> None:
        if what is not None:
            where.append(what)


def _exam(seen: Seen) -> Report | None:
    """An Observation that is an examination or an EMG, unless it says that there was none."""
    if seen.denied:
        return None
    kind = next(kind for kind in workup.REPORT_KINDS if kind in seen.named.sets)
    result = workup.result(seen.value_sets)
    return Report(ref=seen.named.ref, kind=kind, concept=seen.named.concepts[0], when=seen.when, result=result)


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

_LOOKS: dict[type, Callable[[Reader, Anything], bool]] = {
    fhir.Condition: Reader._codes_matter,
    fhir.Observation: Reader._observation_matters,
    fhir.Encounter: Reader._visit_matters,
    fhir.Procedure: Reader._codes_matter,
    fhir.DiagnosticReport: Reader._codes_matter,
    fhir.MedicationRequest: Reader._medicine_matters,
    fhir.MedicationStatement: Reader._medicine_matters,
    fhir.MedicationAdministration: Reader._medicine_matters,
}
