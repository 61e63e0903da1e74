"""Small charts in plain FHIR for tests of whole files: a person, a twitch, a weakness."""

from typing import Any

from charts.resources import Json

SNOMED = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"


def person(ident: str = "p1", born: str = "1960-05-05", **more: Any) -> Json:
    """A Patient."""
    return {"resourceType": "Patient", "id": ident, "birthDate": born, "gender": "female", **more}


def problem(code: str, ident: str, subject: str | None = "Patient/p1", /, **more: Any) -> Json:
    """An active Condition by ICD-10-CM code, of the last days."""
    made: Json = {
        "resourceType": "Condition",
        "id": ident,
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": ICD, "code": code}]},
        "recordedDate": "2026-11-12",
    }
    if subject is not None:
        made["subject"] = {"reference": subject}
    return made | more


def twitch(subject: str | None = "Patient/p1", ident: str = "t1", **more: Any) -> Json:
    """An active fasciculation since ten days."""
    return problem("R25.3", ident, subject, **more)


def wasting(subject: str | None = "Patient/p1", ident: str = "w1", **more: Any) -> Json:
    """Muscle wasting: an urgent sign."""
    return problem("M62.50", ident, subject, **more)


def bundle(*resources: Json, kind: str = "collection", **more: Any) -> Json:
    """A Bundle of resources without addresses."""
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": one} for one in resources], **more}


def addressed(*entries: tuple[str, Json], kind: str = "transaction") -> Json:
    """A Bundle of resources with their fullUrl."""
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"fullUrl": url, "resource": one} for url, one in entries],
    }
