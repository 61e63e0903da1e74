"""One compact line of a golden case → one FHIR R4 resource.

The first key of the line names the kind of resource, all other keys are options. What is not said
follows clinical knowledge section 7: Conditions recorded 3 days ago without onset, active and confirmed;
values 3 days old, final; drugs active, begun 2 years ago.
"""

from collections.abc import Callable
from typing import Any

from charts.codes import concept, lab_code, route
from charts.dates import UNDATED, fhir_date
from charts.forms import other_form, own_form
from charts.values import interpretation, quantity, reference_range, unit_of, value

Json = dict[str, Any]
Line = dict[str, Any]
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
TWITCHES = (
    *("twitch", "twitch_seen", "twitch_visit", "twitch_request", "twitch_appointment", "twitch_alert"),
    *("twitch_form", "twitch_answers"),
)
DRUG_START = "2 y"
REFERRED = "306206005 Referral to service"


def build(line: Line, patient: str, number: int) -> Json:
    """The resource that one line describes, for that patient, with a running id unless it names its own."""
    kind = next(iter(line))
    resource = _BUILDERS[kind](line)
    _address(resource, line.get("of", patient))
    resource["id"] = line.get("id", f"r{number}")
    for name in line.get("drop", ()):
        resource.pop(name, None)
    return {**resource, **line.get("with", {})}


def _address(resource: Json, patient: str) -> None:
    if resource["resourceType"] == "Appointment":
        resource["participant"] = [{"actor": {"reference": f"Patient/{patient}"}, "status": "accepted"}]
        return
    element = "patient" if resource["resourceType"] == "FamilyMemberHistory" else "subject"
    resource[element] = {"reference": f"Patient/{patient}"}


def _dates(line: Line, **elements: str) -> Json:
    """FHIR dates of the options that the line holds, under their element names."""
    return {element: fhir_date(line[option]) for option, element in elements.items() if line.get(option)}


def _condition(line: Line) -> Json:
    made: Json = {"resourceType": "Condition", "code": concept(line["condition"])}
    if status := line.get("status", "active"):
        made["clinicalStatus"] = {"coding": [{"system": CLINICAL, "code": status}]}
    if certainty := line.get("ver", "confirmed"):
        made["verificationStatus"] = {"coding": [{"system": VERIFICATION, "code": certainty}]}
    dates = _dates(line, onset="onsetDateTime", recorded="recordedDate", abated="abatementDateTime")
    if not dates.keys() & {"onsetDateTime", "recordedDate"} and not line.get("undated"):
        dates["recordedDate"] = fhir_date(UNDATED)
    for option, element in (("site", "bodySite"), ("severity", "severity")):
        if option in line:
            made[element] = [concept(line[option])] if option == "site" else concept(line[option])
    return made | dates


def _twitch(line: Line) -> Json:
    """A twitch Condition, R25.3 unless it names another code; its value is the onset ("" for none)."""
    code = line.get("code", "R25.3 Fasciculation")
    return _condition({**line, "condition": code, "onset": line["twitch"]})


def _observation(line: Line, code: str) -> Json:
    made: Json = {"resourceType": "Observation", "status": line.get("status", "final"), "code": concept(code)}
    if not line.get("undated"):
        made["effectiveDateTime"] = fhir_date(line.get("at", UNDATED))
    made |= value(line)
    if "interp" in line:
        made["interpretation"] = interpretation(line["interp"])
    if "range" in line:
        made["referenceRange"] = [reference_range(line["range"], unit_of(line.get("value", "")))]
    if "site" in line:
        made["bodySite"] = concept(line["site"])
    if "parts" in line:
        made["component"] = [{"code": concept(part), **value(line["parts"][part])} for part in line["parts"]]
    return made


def _lab(line: Line) -> Json:
    unit = unit_of(line["value"]) if isinstance(line.get("value"), str) else ""
    return _observation(line, lab_code(line["lab"], unit))


def _blood_pressure(line: Line) -> Json:
    high, low = line["bp"].split("/")
    parts = {"8480-6": {"value": f"{high} mm[Hg]"}, "8462-4": {"value": f"{low} mm[Hg]"}}
    return _observation({**line, "parts": parts}, "85354-9 Blood pressure panel")


def _drug(line: Line) -> Json:
    made: Json = _medicine(line, line["drug"], "active")
    if not line.get("undated"):
        made["authoredOn"] = fhir_date(line.get("start", DRUG_START))
    return made | _dosage(line, "dosageInstruction")


def _draft(line: Line) -> Json:
    """A medicine that is not yet signed; no date says anything about it."""
    return _medicine(line, line["draft"], "draft") | _dosage(line, "dosageInstruction")


def _medicine(line: Line, code: str, status: str) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "status": line.get("status", status),
        "intent": line.get("intent", "order"),
        "medicationCodeableConcept": concept(code),
    }


def _dosage(line: Line, element: str) -> Json:
    """Route, the bounds of use (`from` and `until`), and the dose with its times a day."""
    bounds = _dates(line, **{"from": "start", "until": "end"})
    repeat: Json = {"boundsPeriod": bounds} if bounds else {}
    dosage: Json = {}
    if "dose" in line:
        repeat |= {"frequency": line.get("times", 1), "period": 1, "periodUnit": "d"}
        dosage["doseAndRate"] = [{"doseQuantity": quantity(line["dose"])}]
    if repeat:
        dosage["timing"] = {"repeat": repeat}
    if "route" in line:
        dosage["route"] = route(line["route"])
    return {element: [dosage]} if dosage else {}


def _given(line: Line) -> Json:
    """One administration of a medicine."""
    return {
        "resourceType": "MedicationAdministration",
        "status": line.get("status", "completed"),
        "medicationCodeableConcept": concept(line["given"]),
    } | _dates({"at": UNDATED, **line} if not line.get("undated") else {}, at="effectiveDateTime")


def _statement(line: Line) -> Json:
    made: Json = {
        "resourceType": "MedicationStatement",
        "status": line.get("status", "active"),
        "medicationCodeableConcept": concept(line["statement"]),
    }
    if period := _dates(line, start="start", until="end"):
        made["effectivePeriod"] = period
    dosage = _dosage({name: line[name] for name in line if name not in ("from", "until")}, "dosage")
    return made | dosage | _dates(line, asserted="dateAsserted")


def _request(line: Line) -> Json:
    made: Json = {
        "resourceType": "ServiceRequest",
        "status": line.get("status", "active"),
        "intent": line.get("intent", "order"),
        "code": concept(line["request"]),
    }
    if "reason" in line:
        made["reasonCode"] = [concept(line["reason"])]
    if "specialty" in line:
        made["performerType"] = concept(line["specialty"])
    return made | _dates({"at": UNDATED, **line} if not line.get("undated") else {}, at="authoredOn")


def _procedure(line: Line) -> Json:
    made: Json = {"resourceType": "Procedure", "status": line.get("status", "completed")}
    made |= {"code": concept(line["procedure"]), "performedDateTime": fhir_date(line.get("at", UNDATED))}
    return made | ({"outcome": concept(line["outcome"])} if "outcome" in line else {})


def _report(line: Line) -> Json:
    made: Json = {"resourceType": "DiagnosticReport", "status": line.get("status", "final")}
    made |= {"code": concept(lab_code(line["report"], "")), "effectiveDateTime": fhir_date(line.get("at", UNDATED))}
    return made | ({"conclusionCode": [concept(line["finds"])]} if "finds" in line else {})


def _family(line: Line) -> Json:
    relation = {"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": line["family"]}
    conditions = [{"code": concept(line["has"])}] if "has" in line else []
    return {
        "resourceType": "FamilyMemberHistory",
        "status": line.get("status", "completed"),
        "relationship": {"coding": [relation]},
        **({"condition": conditions} if conditions else {}),
    }


def _encounter(line: Line, reason: str) -> Json:
    start = fhir_date(line.get("at", UNDATED))
    return {
        "resourceType": "Encounter",
        "status": line.get("status", "in-progress"),
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "period": {"start": start},
        "reasonCode": [concept(reason)],
    }


def _appointment(line: Line) -> Json:
    made: Json = {"resourceType": "Appointment", "status": line.get("status", "booked")}
    made |= _dates(line, at="start", made="created")
    return made | {"reasonCode": [concept(line["twitch_appointment"])]}


def _alert(line: Line) -> Json:
    period = {"start": fhir_date(line.get("at", UNDATED))} | _dates(line, until="end")
    return {
        "resourceType": "Flag",
        "status": line.get("status", "active"),
        "code": concept(line["twitch_alert"]),
        "period": period,
    }


def _raw(line: Line) -> Json:
    return dict(line["resource"])


_BUILDERS: dict[str, Callable[[Line], Json]] = {
    "twitch": _twitch,
    "twitch_seen": lambda line: _observation(line, line["twitch_seen"]),
    "twitch_visit": lambda line: _encounter(line, line["twitch_visit"]),
    "twitch_request": lambda line: _request({"request": REFERRED, **line, "reason": line["twitch_request"]}),
    "twitch_appointment": _appointment,
    "twitch_alert": _alert,
    "condition": _condition,
    "finding": lambda line: _observation(line, line["finding"]),
    "lab": _lab,
    "bp": _blood_pressure,
    "drug": _drug,
    "draft": _draft,
    "statement": _statement,
    "given": _given,
    "request": _request,
    "procedure": _procedure,
    "report": _report,
    "family": _family,
    "encounter": lambda line: _encounter(line, line["encounter"]),
    "resource": _raw,
    "form": lambda line: own_form(line, line["form"]),
    "twitch_form": lambda line: own_form(line, {"q.twitch": "Y", **line["twitch_form"]}),
    "answers": lambda line: other_form(line, line["answers"]),
    "twitch_answers": lambda line: other_form(line, line["twitch_answers"]),
}
KINDS = frozenset(_BUILDERS)
