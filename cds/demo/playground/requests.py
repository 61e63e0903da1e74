"""The hook calls that the playground's EHR makes: context, drafts, and prefetch filled by running the templates."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

from msgspec.json import Encoder

from cds.demo.fhir.bundles import Place, searchset
from cds.demo.fhir.charts import ChartStore, Resource
from cds.demo.fhir.parameters import table_of
from cds.demo.fhir.queries import read_query
from cds.demo.playground.choices import OWN, Choices, Wish
from cds.demo.playground.reading import one, text
from cds.hooks.services import Service

USER = "Practitioner/demo"
DRAFT = "draft-1"
PATIENT_TOKEN = "{{context.patientId}}"  # noqa: S105 - a token of a template
ENCODER = Encoder(decimal_format="number")
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
UCUM = "http://unitsofmeasure.org"
Json = dict[str, Any]


class Ehr:
    """Makes requests as an EHR does: whatever a template asks for is searched on its FHIR server and sent along."""

    def __init__(
        self,
        services: Mapping[str, Service],
        fhir: str,
        choices: Choices,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._services = {service.hook: service for service in services.values()}
        self._fhir = fhir
        self._choices = choices
        self._new_id = new_id

    def service(self, hook: str) -> Service | None:
        """The service that answers a hook; None if there is none."""
        return self._services.get(hook)

    @property
    def opening(self) -> Service:
        """The service that is asked when a chart is opened."""
        return self._services["patient-view"]

    def service_id(self, hook: str) -> str:
        """The id of the service that answers one of our own moments."""
        return self._services[hook].id

    def request(self, store: ChartStore, patient: str, wish: Wish, today: date) -> Json:
        """The whole call for one patient."""
        service = self._services[wish.moment.hook]
        call: Json = {"hook": service.hook, "hookInstance": self._new_id()}
        context = {"userId": USER, "patientId": patient, **self._context(store, patient, wish, today)}
        if wish.is_fetched:
            return {**call, "fhirServer": self._fhir, "context": context}
        return {**call, "context": context, "prefetch": self.prefetch(store, patient, service)}

    def prefetch(self, store: ChartStore, patient: str, service: Service) -> Json:
        """Every key of a service, searched in one chart."""
        chart = store.charts[patient]
        return {key: self._filled(template, store, chart, patient) for key, template in service.prefetch.items()}

    def _filled(self, template: str, store: ChartStore, chart: Sequence[Resource], patient: str) -> Json | None:
        """One template: a read, or a search as the demo's FHIR server answers it."""
        filled = template.replace(PATIENT_TOKEN, patient)
        kind, search, query = filled.partition("?")
        if not search:
            return store.find(filled)
        candidates = [resource for resource in chart if resource["resourceType"] == kind]
        read = read_query(query.encode(), table_of(kind), self._fhir, strict=False)
        return searchset(store, candidates, read, Place(self._fhir, kind))

    def _context(self, store: ChartStore, patient: str, wish: Wish, today: date) -> Json:
        hook = wish.moment.hook
        if hook in ("encounter-start", "encounter-discharge"):
            return {"encounterId": _visit(store.charts[patient])}
        if hook == "problem-list-item-create":
            return {"conditions": _bundle(self._condition(patient, wish, today))}
        if wish.moment.needs != "medicine":
            return {}
        draft = self._draft(store, patient, wish, today)
        if hook == "medication-verify":
            return {"medication": draft}
        drafts = _bundle(draft)
        if hook == "medication-refill":
            return {"medications": drafts}
        selected = {"selections": [f"MedicationRequest/{DRAFT}"]} if hook == "order-select" else {}
        return {**selected, "draftOrders": drafts}

    def _condition(self, patient: str, wish: Wish, today: date) -> Json:
        problem = self._choices.problem[wish.problem]
        coding = {"system": problem.system, "code": problem.code, "display": problem.display}
        return {
            "resourceType": "Condition",
            "id": "new-1",
            "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]},
            "category": [{"coding": [{"system": CATEGORY, "code": "problem-list-item"}]}],
            "code": {"coding": [coding], "text": problem.display},
            "subject": {"reference": f"Patient/{patient}"},
            "recordedDate": today.isoformat(),
        }

    def _draft(self, store: ChartStore, patient: str, wish: Wish, today: date) -> Json:
        repeat = {"frequency": 1, "period": 1, "periodUnit": "d"}
        dose = {"value": wish.daily, "unit": "tablet", "system": UCUM, "code": "{tbl}"}
        return {
            "resourceType": "MedicationRequest",
            "id": DRAFT,
            "status": "draft",
            "intent": "order",
            "medicationCodeableConcept": self._medicine(store, wish),
            "subject": {"reference": f"Patient/{patient}"},
            "authoredOn": today.isoformat(),
            "dosageInstruction": [{"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": dose}]}],
        }

    def _medicine(self, store: ChartStore, wish: Wish) -> Json:
        """A listed medicine, or one that is on this chart already."""
        order = store.find(f"MedicationRequest/{wish.medicine.removeprefix(OWN)}") if OWN in wish.medicine else None
        if order is not None:
            return one(order.get("medicationCodeableConcept"))
        medicine = self._choices.medicine.get(wish.medicine) or next(iter(self._choices.medicine.values()))
        coding = {"system": medicine.system, "code": medicine.code, "display": medicine.display}
        return {"coding": [coding], "text": medicine.display}


def _bundle(resource: Json) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource}]}


def _visit(chart: Sequence[Resource]) -> str:
    """The newest visit, or one that has only just begun."""
    visits = [resource for resource in chart if resource["resourceType"] == "Encounter"]
    newest = max(visits, key=lambda visit: text(one(visit.get("period")).get("start")), default={"id": "new-visit"})
    return str(newest["id"])
