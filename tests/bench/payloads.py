"""Hook requests of any size, the same bytes on every run: Synthea-like resources with narrative, about 1.6 kB each."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import menu
import orjson

from cds.prefetch.supply import TYPES

Json = dict[str, Any]
TODAY = date(2026, 11, 22)
SERVICE = "muscle-twitch-patient-view"
SILENT, FIRING = "silent", "firing"
KINDS = (SILENT, FIRING)
PATIENT = "5f0c1d6e-8b7a-4c3e-9d21-6a1b2c3d4e5f"
NARRATED = (700, 1930)  # with the frame of its entry, a resource then has about 1.6 kB
SHARES = {
    "labs": 34,
    "observations": 20,
    "medicationRequests": 12,
    "encounters": 10,
    "conditions": 8,
    "procedures": 8,
    "diagnosticReports": 8,
}
EMPTY = tuple(key for key in TYPES if key != "patient" and key not in SHARES)  # a client sends all that is asked for
SNOMED, LOINC, RXNORM = "http://snomed.info/sct", "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"
CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"


def request(kind: str, size: int, today: date = TODAY) -> bytes:
    """A patient-view call with that many resources; the two kinds differ in one Condition only."""
    made = _Chart(random.Random(size), kind, today)
    prefetch: Json = {"patient": made.patient()}
    for key, count in _quotas(size - 1).items():
        prefetch[key] = made.bundle(key, count)
    for key in EMPTY:
        prefetch[key] = made.bundle(key, 0)
    return orjson.dumps(
        {
            "hook": "patient-view",
            "hookInstance": "0b0e4c1a-3d6f-4a8e-9c55-1f2e3d4c5b6a",
            "context": {"userId": "Practitioner/1", "patientId": PATIENT},
            "prefetch": prefetch,
        }
    )


def _quotas(size: int) -> dict[str, int]:
    """How many resources each key gets: at least one, the rest by its share."""
    spare = size - len(SHARES)
    total = sum(SHARES.values())
    marks, counts, before = 0, {}, 0
    for key, share in SHARES.items():
        marks += share
        upto = round(spare * marks / total)
        counts[key] = 1 + upto - before
        before = upto
    return counts


def _concept(system: str, code: str, display: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _status(system: str, code: str) -> Json:
    return {"coding": [{"system": HL7 + system, "code": code}]}


def _quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


class _Chart:
    """One patient's resources; what makes a chart fire stands first under its key."""

    def __init__(self, dice: random.Random, kind: str, today: date) -> None:
        self._dice = dice
        self._today = today
        self._kind = kind
        self._makers: dict[str, Callable[[int], Json]] = {
            "labs": self._lab,
            "observations": self._vital,
            "medicationRequests": self._medicine,
            "encounters": self._encounter,
            "conditions": self._condition,
            "procedures": self._procedure,
            "diagnosticReports": self._report,
        }

    def patient(self) -> Json:
        """A man of 61, with the extensions, names and addresses that servers send."""
        name = {"use": "official", "family": "Muñoz", "given": ["José", "Ángel"], "prefix": ["Mr."]}
        address = {"line": ["12 Rue de l’Église"], "city": "Zürich", "postalCode": "8001", "country": "CH"}
        made = {"resourceType": "Patient", "id": PATIENT, "name": [name], "birthDate": "1965-03-14", "gender": "male"}
        return self._dressed({**made, "address": [address]}, "patient")

    def bundle(self, key: str, count: int) -> Json:
        """A searchset of that many resources."""
        made: Json = {"resourceType": "Bundle", "id": self._id(), "type": "searchset", "total": count}
        if count:
            made["entry"] = [self._entry(self._makers[key](number)) for number in range(count)]
        return made

    def _entry(self, resource: Json) -> Json:
        made = self._dressed(
            {**resource, "subject": {"reference": f"Patient/{PATIENT}", "display": "José Ángel Muñoz"}},
            resource["resourceType"].lower(),
        )
        url = f"https://ehr.example.org/fhir/{made['resourceType']}/{made['id']}"
        return {"fullUrl": url, "resource": made, "search": {"mode": "match"}}

    def _dressed(self, resource: Json, profile: str) -> Json:
        """The resource with meta, an identifier, and narrative up to the usual size."""
        meta = {"versionId": "3", "lastUpdated": self._moment(), "profile": [CORE + profile]}
        identifier = [{"system": "https://ehr.example.org/ids", "value": self._id()}]
        made = {**resource, "meta": meta, "identifier": identifier}
        wanted = self._dice.randint(*NARRATED)
        return {**made, "text": {"status": "generated", "div": self._narrative(wanted - len(orjson.dumps(made)))}}

    def _narrative(self, length: int) -> str:
        words = "".join(self._dice.choices(menu.SENTENCES, k=max(1, round(length / menu.SENTENCE_LENGTH) - 2)))
        return f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{words}</p></div>'

    def _id(self) -> str:
        digits = f"{self._dice.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _moment(self, days: int | None = None) -> str:
        """A day so long ago (some time in the last eight years), to the second."""
        drawn = self._dice.randint(40, 3000)
        noon = datetime.combine(self._today - timedelta(days=drawn if days is None else days), time(8), UTC)
        return (noon + timedelta(seconds=self._dice.randrange(10_000))).isoformat()

    def _visit(self) -> Json:
        return {"reference": f"Encounter/{self._id()}"}

    def _observed(self, category: str, code: str, display: str, days: int | None) -> Json:
        moment = self._moment(days)
        return {
            "resourceType": "Observation",
            "id": self._id(),
            "status": "final",
            "category": [_status("observation-category", category)],
            "code": _concept(LOINC, code, display),
            "encounter": self._visit(),
            "effectiveDateTime": moment,
            "issued": moment,
            "performer": [{"reference": "Organization/7", "display": "Laboratoire Général"}],
        }

    def _lab(self, number: int) -> Json:
        """A laboratory result in its range; the first is a low potassium of last week, the next a low vitamin D."""
        recent = number < len(menu.LOW_LABS)
        code, display, unit, low, high = menu.LOW_LABS[number] if recent else self._dice.choice(menu.LABS)
        value = low * 0.88 if recent else self._dice.uniform(low, high)
        return {
            **self._observed("laboratory", code, display, 6 if recent else None),
            "valueQuantity": _quantity(round(value, 2), unit),
            "interpretation": [_status("v3-ObservationInterpretation", "L" if recent else "N")],
            "referenceRange": [{"low": _quantity(low, unit), "high": _quantity(high, unit)}],
        }

    def _vital(self, number: int) -> Json:
        """A vital sign or an answer; the first is a questionnaire on anxiety of this month."""
        drawn = self._dice.choice(menu.VITALS)
        code, display, unit, low, high = menu.ANXIETY if number == 0 else drawn
        made = self._observed("vital-signs", code, display, 20 if number == 0 else None)
        if code == menu.SMOKING:
            return {**made, "valueCodeableConcept": _concept(SNOMED, "266919005", "Never smoked tobacco")}
        if code == menu.PRESSURE:
            return {**made, "component": [self._pressure(*part) for part in menu.PRESSURES]}
        return {**made, "valueQuantity": _quantity(round(self._dice.uniform(low, high), 1), unit)}

    def _pressure(self, code: str, display: str, low: int, high: int) -> Json:
        value = _quantity(self._dice.randint(low, high), "mm[Hg]")
        return {"code": _concept(LOINC, code, display), "valueQuantity": value}

    def _condition(self, number: int) -> Json:
        """A problem; the first of a firing chart is a twitch since the summer."""
        twitch = number == 0 and self._kind == FIRING
        drawn = self._dice.choice(menu.CONDITIONS)
        code, display = menu.TWITCH if twitch else drawn
        onset = self._moment(120 if twitch else None)
        return {
            "resourceType": "Condition",
            "id": self._id(),
            "clinicalStatus": _status("condition-clinical", "active" if twitch else "resolved"),
            "verificationStatus": _status("condition-ver-status", "confirmed"),
            "category": [_status("condition-category", "problem-list-item")],
            "code": _concept(SNOMED, code, display),
            "encounter": self._visit(),
            "onsetDateTime": onset,
            "recordedDate": onset,
        }

    def _medicine(self, number: int) -> Json:
        """A prescription; the first are of medicines that can make muscles twitch."""
        telling = number < len(menu.TELLING_MEDICINES)
        code, display = menu.TELLING_MEDICINES[number] if telling else self._dice.choice(menu.MEDICINES)
        route = _concept(SNOMED, "26643006", "Oral route")
        timing = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
        dose = {"sequence": 1, "text": "1 tablet daily – with food", "timing": timing, "route": route}
        return {
            "resourceType": "MedicationRequest",
            "id": self._id(),
            "status": "active" if telling else self._dice.choice(("active", "stopped", "completed")),
            "intent": "order",
            "medicationCodeableConcept": _concept(RXNORM, code, display),
            "encounter": self._visit(),
            "authoredOn": self._moment(200 if telling else None),
            "requester": {"reference": "Practitioner/1", "display": "Dr. Søren Ågård"},
            "dosageInstruction": [dose],
        }

    def _encounter(self, _: int) -> Json:
        start = self._moment()
        code, display = self._dice.choice(menu.VISITS)
        reason, words = self._dice.choice(menu.CONDITIONS)
        return {
            "resourceType": "Encounter",
            "id": self._id(),
            "status": "finished",
            "class": {"system": HL7 + "v3-ActCode", "code": "AMB"},
            "type": [_concept(SNOMED, code, display)],
            "participant": [{"individual": {"reference": "Practitioner/1", "display": "Dr. Søren Ågård"}}],
            "period": {"start": start, "end": start},
            "reasonCode": [_concept(SNOMED, reason, words)],
            "serviceProvider": {"reference": "Organization/7", "display": "Hôpital Général"},
        }

    def _procedure(self, _: int) -> Json:
        start = self._moment()
        code, display = self._dice.choice(menu.PROCEDURES)
        return {
            "resourceType": "Procedure",
            "id": self._id(),
            "status": "completed",
            "code": _concept(SNOMED, code, display),
            "encounter": self._visit(),
            "performedPeriod": {"start": start, "end": start},
        }

    def _report(self, _: int) -> Json:
        code, display, parts = self._dice.choice(menu.REPORTS)
        return {
            "resourceType": "DiagnosticReport",
            "id": self._id(),
            "status": "final",
            "category": [_status("v2-0074", "LAB")],
            "code": _concept(LOINC, code, display),
            "encounter": self._visit(),
            "effectiveDateTime": self._moment(),
            "issued": self._moment(),
            "result": [{"reference": f"Observation/{self._id()}", "display": part} for part in parts],
        }
