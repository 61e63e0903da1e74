"""The few elements of FHIR resources that rules read: R4 and R4B, with R5's and STU3's names beside them.

Absent and unknown ones cost nothing; another shape makes the resource unreadable, unless senders mix one and many.
"""

from msgspec import Raw, Struct

from cds.fhir.base import Owned, Resource
from cds.fhir.datatypes import (
    CodeableConcept,
    CodeableReference,
    Coding,
    Concepts,
    Integer,
    NamedReference,
    Period,
    Quantity,
    Reference,
    ReferenceRange,
)
from cds.fhir.forms import Questionnaire, QuestionnaireResponse


class Patient(Resource, tag="Patient", rename="camel"):
    """Birth date and sex, and whether the patient has died (R4 `deceased[x]`)."""

    birth_date: str | None = None
    gender: str | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None


class Condition(Owned, tag="Condition", rename="camel"):
    """A problem, with STU3's `assertedDate`, `context` and plain status codes."""

    clinical_status: CodeableConcept | str | None = None
    verification_status: CodeableConcept | str | None = None
    code: CodeableConcept | None = None
    body_site: Concepts = None
    severity: CodeableConcept | None = None
    onset_date_time: str | None = None
    onset_age: Quantity | None = None
    onset_period: Period | None = None
    onset_range: Raw = Raw()
    onset_string: str | None = None
    abatement_date_time: str | None = None
    abatement_string: str | None = None
    abatement_age: Quantity | None = None
    abatement_period: Period | None = None
    abatement_boolean: bool | None = None
    category: Raw = Raw()
    encounter: Reference | None = None
    context: Reference | None = None
    recorded_date: str | None = None
    asserted_date: str | None = None
    note: Raw = Raw()


class Component(Struct, gc=False, rename="camel"):
    """One part of an Observation, such as the systolic pressure."""

    code: CodeableConcept | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_boolean: bool | None = None
    value_integer: Integer | None = None
    value_string: str | None = None
    value_ratio: Raw = Raw()
    value_range: Raw = Raw()
    value_sampled_data: Raw = Raw()
    value_date_time: str | None = None
    value_time: Raw = Raw()
    value_period: Raw = Raw()
    data_absent_reason: CodeableConcept | None = None
    interpretation: Concepts = None


class Observation(Owned, tag="Observation", rename="camel"):
    """A result, a score or a finding; what is `Raw` stays unread until it is asked for."""

    status: str | None = None
    category: Raw = Raw()
    performer: Raw = Raw()
    note: Raw = Raw()
    specimen: Raw = Raw()
    code: CodeableConcept | None = None
    body_site: Concepts = None
    effective_date_time: str | None = None
    effective_instant: str | None = None
    effective_period: Period | None = None
    issued: str | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_boolean: bool | None = None
    value_integer: Integer | None = None
    value_string: str | None = None
    value_date_time: str | None = None
    value_ratio: Raw = Raw()
    value_range: Raw = Raw()
    value_sampled_data: Raw = Raw()
    value_time: Raw = Raw()
    value_period: Raw = Raw()
    data_absent_reason: CodeableConcept | None = None
    interpretation: Concepts = None
    reference_range: list[ReferenceRange] | None = None
    component: list[Component] | None = None
    derived_from: Raw = Raw()
    focus: Raw = Raw()
    contained: list[Raw] | None = None


class Repeat(Struct, gc=False, rename="camel"):
    """When a dose is taken; how often is left unread until a daily dose is asked for."""

    bounds_period: Period | None = None
    frequency: Raw = Raw()
    frequency_max: Raw = Raw()
    period: Raw = Raw()
    period_unit: Raw = Raw()
    time_of_day: Raw = Raw()


class Timing(Struct, gc=False):
    """The timing of a dose."""

    repeat: Repeat | None = None


class Dosage(Struct, gc=False, rename="camel"):
    """Text, route, method and timing; the dose is left unread until asked for. STU3 states it outside `doseAndRate`."""

    text: str | None = None
    route: CodeableConcept | None = None
    method: CodeableConcept | None = None
    timing: Timing | None = None
    as_needed_boolean: Raw = Raw()
    as_needed_codeable_concept: Raw = Raw()
    sequence: Raw = Raw()
    dose_and_rate: Raw = Raw()
    dose_quantity: Raw = Raw()
    dose_range: Raw = Raw()
    max_dose_per_period: Raw = Raw()


class Supply(Struct, gc=False, rename="camel"):
    """How long a prescription lasts, and how many days one supply of it."""

    validity_period: Period | None = None
    expected_supply_duration: Quantity | None = None


class Medicated(Owned, rename="camel"):
    """The ways in which a medicine is named."""

    status: str | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: NamedReference | None = None
    medication: CodeableReference | None = None
    contained: list[Raw] | None = None


class MedicationRequest(Medicated, tag="MedicationRequest", rename="camel"):
    """A prescription."""

    intent: str | None = None
    do_not_perform: bool | None = None
    authored_on: str | None = None
    dosage_instruction: list[Dosage] | Dosage | None = None
    dispense_request: Supply | None = None


class MedicationStatement(Medicated, tag="MedicationStatement", rename="camel"):
    """What is taken, with STU3's `taken` and R5's `adherence`."""

    effective_date_time: str | None = None
    effective_period: Period | None = None
    date_asserted: str | None = None
    dosage: list[Dosage] | Dosage | None = None
    taken: str | None = None
    adherence: "Adherence | None" = None


class Adherence(Struct, gc=False):
    """R5: whether it is taken."""

    code: CodeableConcept | None = None


class MedicationAdministration(Medicated, tag="MedicationAdministration", rename="camel"):
    """A dose given; R5 says `occurence`."""

    effective_date_time: str | None = None
    effective_period: Period | None = None
    occurence_date_time: str | None = None
    occurence_period: Period | None = None
    dosage: Dosage | list[Dosage] | None = None


class MedicationDispense(Medicated, tag="MedicationDispense", rename="camel"):
    """A supply handed out."""

    when_handed_over: str | None = None
    when_prepared: str | None = None
    days_supply: Quantity | None = None
    dosage_instruction: list[Dosage] | Dosage | None = None


class Ingredient(Struct, gc=False, rename="camel"):
    """One ingredient of a medicine."""

    item_codeable_concept: CodeableConcept | None = None
    item_reference: NamedReference | None = None
    item: CodeableReference | None = None


class Medication(Resource, tag="Medication"):
    """A medicine that others refer to."""

    code: CodeableConcept | None = None
    form: CodeableConcept | None = None
    ingredient: list[Ingredient] | None = None


class ServiceRequest(Owned, tag="ServiceRequest", rename="camel"):
    """An order or a referral."""

    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    code: CodeableConcept | None = None
    performer_type: Concepts = None
    authored_on: str | None = None
    reason_code: Concepts = None
    reason: list[CodeableReference] | None = None
    contained: list[Raw] | None = None


class ProcedureRequest(ServiceRequest, tag="ProcedureRequest", rename="camel"):
    """STU3's ServiceRequest."""


class Flag(Owned, tag="Flag"):
    """An alert on a chart."""

    status: str | None = None
    code: CodeableConcept | None = None
    period: Period | None = None


class Participant(Struct, gc=False):
    """Who takes part in an appointment."""

    actor: Reference | None = None


class Reason(Struct, gc=False):
    """A reason as R5 has it, with its uses (Encounter) or without (Appointment), or as STU3 has it: a concept."""

    value: list[CodeableReference] | None = None
    concept: CodeableConcept | None = None
    coding: list[Coding] | None = None
    text: str | None = None


class Appointment(Resource, tag="Appointment", rename="camel"):
    """A booked visit and why."""

    status: str | None = None
    reason_code: Concepts = None
    description: str | None = None
    specialty: Concepts = None
    reason: list[Reason] | Reason | None = None
    created: str | None = None
    start: str | None = None
    participant: list[Participant] | None = None
    subject: Reference | None = None
    contained: list[Raw] | None = None


class Encounter(Owned, tag="Encounter", rename="camel"):
    """A visit and why; STU3 says `reason`, R5 wraps it and calls the period `actualPeriod`."""

    status: str | None = None
    reason_code: Concepts = None
    reason: list[Reason] | Reason | None = None
    period: Period | None = None
    actual_period: Period | None = None
    contained: list[Raw] | None = None


class Item(Struct, gc=False, rename="camel"):
    """One finding of a clinical impression."""

    item_codeable_concept: CodeableConcept | None = None
    item_reference: NamedReference | None = None
    item: CodeableReference | None = None


class ClinicalImpression(Owned, tag="ClinicalImpression", rename="camel"):
    """An examination summed up."""

    status: str | None = None
    code: CodeableConcept | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    date: str | None = None
    summary: str | None = None
    finding: list[Item] | None = None


class DiagnosticReport(Owned, tag="DiagnosticReport", rename="camel"):
    """A report, such as of an EMG; results may be contained in it."""

    status: str | None = None
    contained: list[Raw] | None = None
    code: CodeableConcept | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    issued: str | None = None
    result: Raw = Raw()
    specimen: Raw = Raw()
    conclusion: Raw = Raw()
    comments: Raw = Raw()
    note: Raw = Raw()
    conclusion_code: Concepts = None
    coded_diagnosis: Concepts = None


class Specimen(Owned, tag="Specimen"):
    """A sample, and what is said of its state."""

    status: str | None = None
    condition: Raw = Raw()
    note: Raw = Raw()


class Procedure(Owned, tag="Procedure", rename="camel"):
    """Something done; R5 says `occurrence`."""

    status: str | None = None
    code: CodeableConcept | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    outcome: CodeableConcept | None = None


class Relative(Struct, gc=False):
    """A condition of a relative."""

    code: CodeableConcept | None = None


class FamilyMemberHistory(Owned, tag="FamilyMemberHistory"):
    """One relative and the conditions."""

    status: str | None = None
    date: str | None = None
    relationship: CodeableConcept | None = None
    condition: list[Relative] | None = None


class Issue(Struct, gc=False):
    """One issue of an OperationOutcome."""

    severity: str | None = None
    code: str | None = None


class OperationOutcome(Resource, tag="OperationOutcome"):
    """A failure reported in FHIR."""

    issue: list[Issue] | None = None


Any = (
    Patient
    | Condition
    | Observation
    | MedicationRequest
    | MedicationStatement
    | MedicationAdministration
    | MedicationDispense
    | Medication
    | ServiceRequest
    | ProcedureRequest
    | Appointment
    | Encounter
    | Flag
    | ClinicalImpression
    | DiagnosticReport
    | Specimen
    | Procedure
    | FamilyMemberHistory
    | QuestionnaireResponse
    | Questionnaire
    | OperationOutcome
)
