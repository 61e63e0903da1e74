"""The services that discovery lists, with prefetch templates derived from the knowledge (CDS Hooks 2.0, discovery)."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge

CDS_HOOKS_VERSION = "2.0.1"
PATIENT = "patient={{context.patientId}}"
ASKED = ("sct", "loinc")
REPORTS = ("exam", "emg")
COUNT = {"conditions": 500, "labs": 500, "observations": 500, "medicationRequests": 500, "medicationStatements": 500}
COUNT_OF_OTHERS = 100
NOT_OBSERVED = frozenset(  # sets that rules read on other types, or as the value of an answer
    {"twitch-exclude", "referral", "work-up", "neurology", "severe", "site-eyelid", "site-tongue", "frequent", "absent"}
    | {"normal", "abnormal", "first-degree", "family-disease", "on-problem-list", "tobacco", "tobacco-current"}
    | {"pregnancy", "gestation-code", "hypoparathyroidism", "epilepsy", "digoxin"}
)
NOT_OBSERVED_KINDS = ("order-", "kd-", "deficiency-", "replacement-")


class Service(Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """One entry of discovery."""

    id: str
    hook: str
    title: str
    description: str
    prefetch: dict[str, str]
    usage_requirements: str
    version: str = msgspec.field(default=CDS_HOOKS_VERSION)
    hook_version: str


class Listed(Struct, frozen=True):
    """The answer of discovery."""

    services: list[dict[str, object]]


def patient_view(knowledge: Knowledge) -> Service:
    """The patient-view service."""
    return Service(
        id="muscle-twitch-patient-view",
        hook="patient-view",
        hook_version="1.0",
        title="Muscle twitching: causes, checks and red flags",
        description=(
            "When the chart shows an active muscle twitch, advises what on the chart may explain it, what to check, "
            "and whether a neurologist should see the patient. Silent when the chart shows no twitch."
        ),
        usage_requirements=(
            "Works from prefetch alone. A null or empty value means that there are no data; an absent key or an "
            "OperationOutcome is stated as not checked. Answers 412 when the question of a twitch cannot be answered."
        ),
        prefetch=templates(knowledge),
    )


def discovery(services: Iterable[Service]) -> bytes:
    """The JSON of `GET /cds-services`."""
    entries = [msgspec.to_builtins(service) | {"version": CDS_HOOKS_VERSION} for service in services]
    return msgspec.json.encode(Listed(entries))


def templates(knowledge: Knowledge) -> dict[str, str]:
    """Searches in the conservative 2.0 grammar; every code that a rule reads on that type is asked for."""
    labs = [one for analyte in knowledge.analytes for one in knowledge.codes.of_analyte(analyte)]
    asked = {
        "conditions": "Condition?{p}",
        "observations": f"Observation?{{p}}&code={_tokens(_observed(knowledge))}&_sort=-date",
        "encounters": "Encounter?{p}&status=planned,arrived,triaged,in-progress,onleave",
        "labs": f"Observation?{{p}}&code={_tokens(labs)}&_sort=-date",
        "medicationRequests": "MedicationRequest?{p}&status=active,completed,stopped"
        "&_include=MedicationRequest:medication",
        "medicationStatements": "MedicationStatement?{p}",
        "serviceRequests": "ServiceRequest?{p}&status=active,on-hold,completed",
        "procedures": f"Procedure?{{p}}&code={_tokens(_reports(knowledge))}",
        "diagnosticReports": f"DiagnosticReport?{{p}}&code={_tokens(_reports(knowledge))}",
        "familyHistory": "FamilyMemberHistory?{p}",
    }
    searches = {
        key: f"{text.replace('{p}', PATIENT)}&_count={COUNT.get(key, COUNT_OF_OTHERS)}" for key, text in asked.items()
    }
    return {"patient": "Patient/{{context.patientId}}", **searches}


def _reports(knowledge: Knowledge) -> list[Concept]:
    return [one for kind in REPORTS for one in knowledge.codes.members(kind)]


def _observed(knowledge: Knowledge) -> list[Concept]:
    """Codes that an Observation may carry: questions, scores, examinations and findings, in SNOMED CT and LOINC."""
    names = [name for name in knowledge.sets if name not in NOT_OBSERVED and not name.startswith(NOT_OBSERVED_KINDS)]
    systems = {knowledge.systems[short] for short in ASKED}
    found = {one.code: one for name in names for one in knowledge.codes.members(name) if one.system in systems}
    return [one for one in found.values() if one.analyte is None]


def _tokens(concepts: Iterable[Concept]) -> str:
    return ",".join(sorted({f"{one.system}|{one.code}" for one in concepts}))
