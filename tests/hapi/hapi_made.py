"""Charts that no golden case has: medicines by reference, and more results than a page holds."""

from datetime import timedelta
from functools import cache

from charts.dates import TODAY
from charts.people import person, twitch
from charts.resources import Json
from hapi_charts import Found, OnServer, patient_view

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
PREDNISONE = "198145"
STEROID: tuple[Found, ...] = (("medication-review", "info", ("corticosteroid",)), ("lab-order", "info", ()))
LOW_POTASSIUM: tuple[Found, ...] = (("abnormal-lab", "info", ("potassium",)),)
MANY = 450
PAGE = 200  # what the server gives at once, whatever `_count` asks


@cache
def made() -> dict[str, OnServer]:
    """The charts by name."""
    charts = (_by_reference("MedicationRequest"), _by_reference("MedicationStatement"), _long())
    return {chart.name: chart for chart in charts}


def _by_reference(kind: str) -> OnServer:
    """A corticosteroid that is only named by another resource, the Medication."""
    who = f"by-{kind.lower()}"
    subject = {"reference": f"Patient/{who}"}
    coding = {"system": RXNORM, "code": PREDNISONE, "display": "prednisone 10 MG Oral Tablet"}
    medication = {"resourceType": "Medication", "id": f"{who}-drug", "code": {"coding": [coding]}}
    use: Json = {"resourceType": kind, "id": f"{who}-use", "status": "active", "subject": subject}
    use |= {"medicationReference": {"reference": f"Medication/{who}-drug"}}
    if kind == "MedicationRequest":
        use |= {"intent": "order", "authoredOn": "2025-11-22"}
    return _chart(kind, who, (medication, use), STEROID)


def _long() -> OnServer:
    """Years of normal potassium results, the newest low."""
    results = [_potassium(number, 3.2 if number == 0 else 4.2) for number in range(MANY)]
    return _chart("long", "long", tuple(results), LOW_POTASSIUM)


def _chart(name: str, who: str, rest: tuple[Json, ...], cards: tuple[Found, ...]) -> OnServer:
    twitches = twitch(f"Patient/{who}", f"{who}-twitch", onsetDateTime="2026-11-08")
    return OnServer(name, (person(who), twitches, *rest), cards, patient_view(who))


def _potassium(days: int, value: float) -> Json:
    unit = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    return {
        "resourceType": "Observation",
        "id": f"long-{days}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
        "subject": {"reference": "Patient/long"},
        "effectiveDateTime": (TODAY - timedelta(days=days + 1)).isoformat(),
        "valueQuantity": {"value": value, **unit},
    }
