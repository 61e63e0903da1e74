"""A golden case in compact notation → a FHIR Bundle, or a whole CDS Hooks request with prefetch."""

import json
from collections.abc import Callable
from typing import Any

from charts import moments
from charts.codes import LAB_CODES
from charts.dates import birth_date, fhir_date
from charts.resources import Json, Line, build

PATIENT = "golden"
HOOK_INSTANCE = "0d9a4a52-5d7f-4f4e-9a3c-6f1e6f0c1a11"
KEY_OF_TYPE = {
    "Condition": "conditions",
    "MedicationRequest": "medicationRequests",
    "MedicationStatement": "medicationStatements",
    "Observation": "observations",
    "ServiceRequest": "serviceRequests",
    "Procedure": "procedures",
    "DiagnosticReport": "diagnosticReports",
    "FamilyMemberHistory": "familyHistory",
    "Encounter": "encounters",
    "Flag": "flags",
    "Appointment": "appointments",
    "MedicationAdministration": "medicationAdministrations",
    "ClinicalImpression": "clinicalImpressions",
    "QuestionnaireResponse": "questionnaireResponses",
}
PREFETCH_KEYS = ("patient", "labs", "allLabs", *KEY_OF_TYPE.values())
GENDERS = {"F": "female", "M": "male"}
NORMAL_LABS = {
    "adjCa": "2.35 mmol/L",
    "K": "4.2 mmol/L",
    "Mg": "0.85 mmol/L",
    "Na": "140 mmol/L",
    "PO4": "1.10 mmol/L",
    "TSH": "2.0 m[IU]/L",
    "vitD": "80 nmol/L",
    "B12": "500 ng/L",
}
_PERSON = {"id", "age", "birthDate", "sex", "deceased"}


def patient(spec: Line) -> Json:
    """The Patient: `birthDate`, or `age` ("29 y", "5 mo"), `sex`, `deceased` (whether or when); each may be unknown."""
    if unknown := spec.keys() - _PERSON:
        raise ValueError(f"patient: unknown {sorted(unknown)}")
    made: Json = {"resourceType": "Patient", "id": spec.get("id", PATIENT), "active": True}
    made["name"] = [{"use": "official", "family": "Golden", "given": ["Case"]}]
    if "sex" in spec:
        made["gender"] = GENDERS[spec["sex"]]
    if "birthDate" in spec:
        made["birthDate"] = fhir_date(spec["birthDate"])
    elif "age" in spec:
        made["birthDate"] = birth_date(spec["age"])
    died = spec.get("deceased")
    if died is not None:
        made |= {"deceasedBoolean": died} if isinstance(died, bool) else {"deceasedDateTime": fhir_date(died)}
    return made


def resources(case: Line) -> list[Json]:
    """All resources of a case, the Patient first, ids running in the order written."""
    who = patient(case["patient"])
    lines = [line for given in case["resources"] for line in unfold(given)]
    return [who, *(build(line, who["id"], number) for number, line in enumerate(lines, 1))]


def unfold(line: Line) -> list[Line]:
    """The lines a line stands for: `normal_labs = "3 d"` is one normal result of each analyte in NORMAL_LABS."""
    if "normal_labs" not in line:
        return [line]
    left_out = line.get("without", ())
    wanted = {name: text for name, text in NORMAL_LABS.items() if name not in left_out}
    return [{"lab": name, "value": text, "at": line["normal_labs"]} for name, text in wanted.items()]


def bundle(case: Line) -> Json:
    """The chart as one Bundle of type collection."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources(case)]}


def request(case: Line) -> Json:
    """The whole request of a case, with all prefetch keys but those the case says are missing."""
    chart = resources(case)
    context = moments.context(case, chart[0]["id"]) | case.get("context", {})
    return request_for(chart, context, case.get("missing", {}), case.get("hook", moments.PATIENT_VIEW))


def request_for(
    chart: list[Json],
    context: Json | None = None,
    missing: dict[str, str] | None = None,
    hook: str = moments.PATIENT_VIEW,
) -> Json:
    """The whole request for a chart, its Patient first."""
    known = {"userId": "Practitioner/example", "patientId": chart[0]["id"]}
    return {
        "hook": hook,
        "hookInstance": HOOK_INSTANCE,
        "context": known | (context or {}),
        "prefetch": damaged(prefetch(chart), missing or {}),
    }


def request_bytes(case: Line) -> bytes:
    """The request as it goes over the wire."""
    return json.dumps(request(case)).encode()


def prefetch(chart: list[Json]) -> Json:
    """Every prefetch key with the part of the chart that a client would send under it; empty searches included."""
    parts: dict[str, list[Json]] = {key: [] for key in PREFETCH_KEYS[1:]}
    for resource in chart[1:]:
        if key := _key_of(resource):
            parts[key].append(resource)
    return {"patient": chart[0], **{key: searchset(found) for key, found in parts.items()}}


def damaged(keys: Json, missing: dict[str, str]) -> Json:
    """The same prefetch with some keys gone, null, failed or only in part."""
    made = dict(keys)
    for key, how in missing.items():
        if key not in made:
            raise ValueError(f"{key!r} is no prefetch key")
        if how == "absent":
            del made[key]
        else:
            made[key] = _DAMAGE[how](made[key])
    return made


def searchset(found: list[Json]) -> Json:
    """A search answer as servers give it: no `entry` when nothing was found."""
    made: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    if found:
        made["entry"] = [{"resource": one, "search": {"mode": "match"}} for one in found]
    return made


def outcome() -> Json:
    """What a server says when a search failed."""
    issue = {"severity": "error", "code": "timeout", "diagnostics": "The search took too long."}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _first_page(whole: Json) -> Json:
    link = {"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}
    return {**whole, "total": whole["total"] + 50, "link": [link]}


def _key_of(resource: Json) -> str | None:
    kind = resource["resourceType"]
    if kind == "Observation" and LAB_CODES & _loinc_codes(resource):
        return "labs"
    return KEY_OF_TYPE.get(kind)


def _loinc_codes(resource: Json) -> set[str]:
    codings: list[dict[str, Any]] = resource.get("code", {}).get("coding", [])
    return {one.get("code", "") for one in codings if one.get("system") == "http://loinc.org"}


_DAMAGE: dict[str, Callable[[Json], Json | None]] = {
    "null": lambda whole: None,
    "operation-outcome": lambda whole: outcome(),
    "next-page": _first_page,
    "no-entries": lambda whole: searchset([]),
}
MISSING = frozenset({"absent", *_DAMAGE})
