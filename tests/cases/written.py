"""Small charts in the ways in which systems write them: the parts of which test_written.py is made."""

from typing import Any

Json = dict[str, Any]
SCT, LOINC, UCUM = "http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org"
CM, RXNORM = "http://hl7.org/fhir/sid/icd-10-cm", "http://www.nlm.nih.gov/research/umls/rxnorm"
V2 = "http://terminology.hl7.org/CodeSystem/v2-0136"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ABSENT_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
ADHERENCE = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
ME: Json = {"reference": "Patient/p1"}
PATIENT: Json = {"resourceType": "Patient", "id": "p1", "birthDate": "1970-05-05", "gender": "female"}
DAY = "2026-11-28"


def coded(system: str, code: str, display: str | None = None) -> Json:
    """A CodeableConcept with one coding."""
    return {"coding": [{"system": system, "code": code} | ({"display": display} if display else {})]}


def _made(resource: Json, other: Json) -> Json:
    """The resource with other elements; one that is None is left out."""
    return {name: value for name, value in (resource | other).items() if value is not None}


def twitch(**other: Any) -> Json:
    """A twitch on the problem list."""
    made = {
        "resourceType": "Condition",
        "id": "tw",
        "clinicalStatus": coded(CLINICAL, "active"),
        "code": coded(CM, "R25.3"),
        "subject": ME,
        "onsetDateTime": "2026-10-20",
        "recordedDate": "2026-11-01",
    }
    return _made(made, other)


def lab(code: str = "2823-3", *, system: str = LOINC, day: str | None = DAY, **other: Any) -> Json:
    """A result, of potassium unless said otherwise; without a value of its own it is 2.3 mmol/L."""
    made = {
        "resourceType": "Observation",
        "id": "lab",
        "status": "final",
        "code": coded(system, code),
        "subject": ME,
        "effectiveDateTime": day,
    }
    valued = any(name.startswith("value") for name in other)
    return _made(made | ({} if valued else {"valueQuantity": amount(2.3)}), other)


def amount(value: object, unit: str | None = "mmol/L", code: str | None = "", system: str = UCUM) -> Json:
    """A Quantity; its code is its unit unless said otherwise."""
    own = unit if code == "" else code
    made = {"value": value, "unit": unit, "code": own, "system": system if own else None}
    return {name: one for name, one in made.items() if one is not None}


def quantity(value: object, unit: str | None = "mmol/L", code: str | None = "", system: str = UCUM) -> Json:
    """Potassium with such a Quantity."""
    return lab(valueQuantity=amount(value, unit, code, system))


def words(text: str, code: str = "2823-3", day: str = DAY) -> Json:
    """A result whose value is a text."""
    return lab(code, day=day, valueString=text)


def weak(**other: Any) -> Json:
    """An Observation of muscle weakness."""
    made = {
        "resourceType": "Observation",
        "id": "sign",
        "status": "final",
        "code": coded(SCT, "26544005"),
        "subject": ME,
        "effectiveDateTime": "2026-11-20",
    }
    return _made(made, other)


def medicine(named: Json | None = None, **other: Any) -> Json:
    """A prescription, of prednisone unless said otherwise."""
    made = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": named or coded(RXNORM, "312615"),
        "subject": ME,
        "authoredOn": "2026-08-01",
    }
    return _made(made, other)


def referred(reference: str, **other: Any) -> Json:
    """A prescription that names its medicine by reference."""
    return medicine(medicationCodeableConcept=None, medicationReference={"reference": reference}, **other)


def bundle(*resources: Json) -> Json:
    """A chart of a woman of 56 years."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in (PATIENT, *resources)],
    }


def searchset(*resources: Json) -> Json:
    """What a search found."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}


def request(hook: str = "patient-view", **parts: Any) -> Json:
    """A hook request with the twitch and a potassium of 2.3 mmol/L; `context` and `prefetch` may be changed."""
    prefetch = {"patient": PATIENT, "conditions": searchset(twitch()), "labs": searchset(lab())}
    made = {
        "hook": hook,
        "hookInstance": "0d9a4a52-5d7f-4f4e-9a3c-6f1e6f0c1a11",
        "context": {"userId": "Practitioner/1", "patientId": "p1"} | parts.pop("context", {}),
        "prefetch": prefetch | parts.pop("prefetch", {}),
    }
    return _made(made, parts)
