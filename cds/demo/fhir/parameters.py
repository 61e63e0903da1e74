"""The search parameters of each resource type, as R4 names them: those that charts, templates and test clients use."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias


class Parameter(NamedTuple):
    """How a parameter compares, where it looks, and the one type it refers to, if only one."""

    kind: Literal["token", "reference", "date", "string"]
    paths: tuple[str, ...]
    target: str | None = None


Table: TypeAlias = Mapping[str, Parameter]


def _token(*paths: str) -> Parameter:
    return Parameter("token", paths)


def _date(*paths: str) -> Parameter:
    return Parameter("date", paths)


def _string(*paths: str) -> Parameter:
    return Parameter("string", paths)


def _ref(*paths: str, target: str | None = None) -> Parameter:
    return Parameter("reference", paths, target)


_COMMON: Final = {"_id": _token("id"), "_lastUpdated": _date("meta.lastUpdated")}
_SUBJECT: Final = {"patient": _ref("subject", target="Patient"), "subject": _ref("subject")}
_PATIENT: Final = {"patient": _ref("patient", target="Patient")}
_ENCOUNTER: Final = {"encounter": _ref("encounter", target="Encounter")}
_CONTEXT: Final = {"context": _ref("context")}
_CODED: Final = {"code": _token("code"), "category": _token("category"), "identifier": _token("identifier")}
_STATUS: Final = {"status": _token("status")}
_CLINICAL: Final = {"clinical-status": _token("clinicalStatus"), "verification-status": _token("verificationStatus")}
_DRUG: Final = {
    "code": _token("medicationCodeableConcept"),
    "medication": _ref("medicationReference", target="Medication"),
    "category": _token("category"),
    "identifier": _token("identifier"),
}
_HUMAN: Final = {
    "name": _string("name.text", "name.family", "name.given", "name.prefix", "name.suffix"),
    "family": _string("name.family"),
    "given": _string("name.given"),
    "gender": _token("gender"),
    "identifier": _token("identifier"),
    "active": _token("active"),
}
_PLACE: Final = {"name": _string("name", "alias"), "identifier": _token("identifier")}
_ORDER: Final = {"intent": _token("intent"), "priority": _token("priority"), "requester": _ref("requester")}

_BY_TYPE: Final[Mapping[str, Table]] = {
    "AllergyIntolerance": _PATIENT
    | _CODED
    | _CLINICAL
    | {"date": _date("recordedDate"), "onset": _date("reaction.onset"), "last-date": _date("lastOccurrence")}
    | {"criticality": _token("criticality"), "type": _token("type"), "code": _token("code", "reaction.substance")},
    "Appointment": _STATUS
    | {"patient": _ref("participant.actor", target="Patient"), "actor": _ref("participant.actor")}
    | {"date": _date("start"), "specialty": _token("specialty"), "service-type": _token("serviceType")}
    | {"service-category": _token("serviceCategory"), "appointment-type": _token("appointmentType")}
    | {"identifier": _token("identifier"), "reason-code": _token("reasonCode")},
    "CarePlan": _SUBJECT
    | _ENCOUNTER
    | _STATUS
    | {"category": _token("category"), "date": _date("period"), "intent": _token("intent")},
    "ClinicalImpression": _SUBJECT
    | _ENCOUNTER
    | _STATUS
    | {"date": _date("effectiveDateTime", "effectivePeriod"), "finding-code": _token("finding.itemCodeableConcept")},
    "Condition": _SUBJECT
    | _ENCOUNTER
    | _CODED
    | _CLINICAL
    | {
        "onset-date": _date("onsetDateTime", "onsetPeriod"),
        "abatement-date": _date("abatementDateTime", "abatementPeriod"),
    }
    | {"recorded-date": _date("recordedDate"), "severity": _token("severity"), "body-site": _token("bodySite")},
    "DiagnosticReport": _SUBJECT
    | _ENCOUNTER
    | _CODED
    | _STATUS
    | {"date": _date("effectiveDateTime", "effectivePeriod"), "issued": _date("issued"), "result": _ref("result")}
    | {"conclusion": _token("conclusionCode"), "performer": _ref("performer"), "based-on": _ref("basedOn")},
    "DocumentReference": _SUBJECT
    | _STATUS
    | {
        "category": _token("category"),
        "type": _token("type"),
        "date": _date("date"),
        "period": _date("context.period"),
    },
    "Encounter": _SUBJECT
    | _STATUS
    | {"date": _date("period"), "class": _token("class"), "type": _token("type"), "identifier": _token("identifier")}
    | {"reason-code": _token("reasonCode"), "participant": _ref("participant.individual")},
    "FamilyMemberHistory": _PATIENT
    | _STATUS
    | {"code": _token("condition.code"), "relationship": _token("relationship"), "sex": _token("sex")}
    | {"date": _date("date"), "identifier": _token("identifier")},
    "Goal": _SUBJECT
    | {"lifecycle-status": _token("lifecycleStatus"), "category": _token("category")}
    | {"start-date": _date("startDate"), "target-date": _date("target.dueDate")},
    "Immunization": _PATIENT
    | _STATUS
    | {"date": _date("occurrenceDateTime"), "vaccine-code": _token("vaccineCode"), "identifier": _token("identifier")},
    "Location": _PLACE | _STATUS,
    "Medication": _STATUS | {"code": _token("code"), "identifier": _token("identifier"), "form": _token("form")},
    "MedicationAdministration": _SUBJECT
    | _CONTEXT
    | _DRUG
    | _STATUS
    | {"effective-time": _date("effectiveDateTime", "effectivePeriod")},
    "MedicationDispense": _SUBJECT
    | _CONTEXT
    | _DRUG
    | _STATUS
    | {"whenhandedover": _date("whenHandedOver"), "whenprepared": _date("whenPrepared")}
    | {"prescription": _ref("authorizingPrescription", target="MedicationRequest")},
    "MedicationRequest": _SUBJECT
    | _ENCOUNTER
    | _DRUG
    | _STATUS
    | _ORDER
    | {"authoredon": _date("authoredOn"), "date": _date("dosageInstruction.timing.event")},
    "MedicationStatement": _SUBJECT
    | _CONTEXT
    | _DRUG
    | _STATUS
    | {"effective": _date("effectiveDateTime", "effectivePeriod"), "source": _ref("informationSource")},
    "Observation": _SUBJECT
    | _ENCOUNTER
    | _CODED
    | _STATUS
    | {"date": _date("effectiveDateTime", "effectivePeriod", "effectiveInstant"), "performer": _ref("performer")}
    | {"component-code": _token("component.code"), "combo-code": _token("code", "component.code")}
    | {"value-concept": _token("valueCodeableConcept")},
    "Organization": _PLACE | {"active": _token("active"), "type": _token("type")},
    "Patient": _HUMAN
    | {"birthdate": _date("birthDate"), "death-date": _date("deceasedDateTime")}
    | {"general-practitioner": _ref("generalPractitioner"), "organization": _ref("managingOrganization")},
    "Practitioner": _HUMAN,
    "PractitionerRole": {"practitioner": _ref("practitioner", target="Practitioner"), "active": _token("active")}
    | {"organization": _ref("organization", target="Organization"), "identifier": _token("identifier")}
    | {"role": _token("code"), "specialty": _token("specialty"), "date": _date("period")},
    "Procedure": _SUBJECT
    | _ENCOUNTER
    | _CODED
    | _STATUS
    | {"date": _date("performedDateTime", "performedPeriod"), "performer": _ref("performer.actor")},
    "QuestionnaireResponse": _SUBJECT | _ENCOUNTER | _STATUS | {"authored": _date("authored")},
    "ServiceRequest": _SUBJECT
    | _ENCOUNTER
    | _CODED
    | _STATUS
    | _ORDER
    | {"authored": _date("authoredOn"), "occurrence": _date("occurrenceDateTime", "occurrencePeriod")}
    | {"performer-type": _token("performerType"), "performer": _ref("performer"), "body-site": _token("bodySite")},
    "Specimen": _SUBJECT
    | _STATUS
    | {"type": _token("type"), "collected": _date("collection.collectedDateTime", "collection.collectedPeriod")},
}

KINDS: Final = frozenset(_BY_TYPE)
EVERYTHING: Final[Table] = {"_type": _token("resourceType")}


def table_of(kind: str) -> Table:
    """The parameters of a type; a chart may hold further types, which are found by id and by patient."""
    return {**_COMMON, **_BY_TYPE.get(kind, {"patient": _ref("subject", "patient", target="Patient")})}
