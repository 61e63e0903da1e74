"""The services that discovery lists, with prefetch templates derived from the knowledge (CDS Hooks 2.0, discovery)."""

import re
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from cds.hooks.contexts import SERVICE_IDS, SHAPES
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.modes import ALL_ON, Mode, Modes
from cds.rules.cardbook import of_chart, of_drafts
from cds.rules.reads import Reads

CDS_HOOKS_VERSION = "2.0.1"
PATIENT = "patient={{context.patientId}}"
ASKED = ("sct", "loinc")
ENCOUNTERS = "Encounter?{p}&_sort=-date"
ALERTS = "Flag?{p}"
FORMS = (
    "QuestionnaireResponse?{p}&status=completed,amended&_sort=-authored&_include=QuestionnaireResponse:questionnaire"
)
REQUESTS = "MedicationRequest?{p}&status=active,on-hold,completed,stopped,unknown&_include=MedicationRequest:medication"
STATEMENTS = "MedicationStatement?{p}&_include=MedicationStatement:medication"
GIVEN = "MedicationAdministration?{p}&_sort=-effective-time&_include=MedicationAdministration:medication"
BOOKED = "Appointment?{p}&_sort=-date"
ORDERED = "ServiceRequest?{p}&status=active,on-hold,completed"
LARGE = (
    *("conditions", "observations", "labs", "allLabs"),
    *("medicationRequests", "medicationStatements", "medicationAdministrations"),
)
COUNT = dict.fromkeys(LARGE, 500)
COUNT_OF_OTHERS = 100
_PARTING = re.compile(r"([\\|,$])")
_ENCODED = re.compile(r"[^A-Za-z0-9:/._~-]")


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


class Moment(Struct, frozen=True):
    """What one hook is good for. The version is that of the hook's own metadata table."""

    hook: str
    version: str
    title: str
    description: str
    needs: str


CHART = (
    "When the chart shows an active muscle twitch, advises what on the chart may explain it, what to check, "
    "and whether a neurologist should see the patient. Silent when the chart shows no twitch."
)
USAGE = (
    "Works from prefetch alone. A null or empty value means that there are no data. An absent key, a failed one or "
    "further pages are fetched from `fhirServer` where the operator of this service allows that server; what is still "
    "missing is stated as not checked."
)
NEEDS_LIST = (
    "Needed: `conditions`, all of it. Without it, and without a twitch elsewhere on the chart, the answer is 412, "
    "because silence would mean that there is none."
)
NEEDS_DRAFTS = (
    "Needed when a draft is a systemic corticosteroid or estrogen, a diuretic, a proton pump inhibitor, lithium, "
    "theophylline, a serotonergic medicine or denosumab: `conditions`, all of it. Without it, and without a twitch "
    "elsewhere on the chart, the answer is then 412. For all other drafts nothing is needed."
)
DRAFTED = (
    "a systemic corticosteroid or estrogen, a diuretic, a proton pump inhibitor, lithium, theophylline, a serotonergic "
    "medicine or denosumab"
)
NEEDS_RECORDED = (
    "Needed: `context.conditions`. The answer is 412 only if that cannot be read; a recorded twitch is answered with "
    "whatever prefetch there is."
)
MOMENTS = (
    Moment("patient-view", "1.0", "Muscle twitching: causes, checks and red flags", CHART, NEEDS_LIST),
    Moment("encounter-start", "1.0", "Muscle twitching: what to ask and examine at this visit", CHART, NEEDS_LIST),
    Moment(
        "encounter-discharge",
        "1.0",
        "Muscle twitching: what is still open at discharge",
        CHART,
        NEEDS_LIST,
    ),
    Moment(
        "problem-list-item-create",
        "0.1.0",
        "Muscle twitching just recorded: causes, checks and red flags",
        "When a muscle twitch has just been added to the problem list, advises what on the chart may explain it, what "
        "to check, and whether a neurologist should see the patient. Silent for all other problems.",
        NEEDS_RECORDED,
    ),
    Moment(
        "order-select",
        "1.0",
        "Medicine selected for a patient whose muscles twitch",
        f"When {DRAFTED} is selected and the chart shows an active muscle twitch, says what to check first: results at "
        "an emergency limit, results and medicines that make the draft dangerous, and what a new or raised steroid or "
        "estrogen requires. Looks at the selected drafts only; silent for all other orders.",
        NEEDS_DRAFTS,
    ),
    Moment(
        "order-sign",
        "1.0",
        "Medicine about to be signed for a patient whose muscles twitch",
        f"When {DRAFTED} is about to be signed and the chart shows an active muscle twitch, says what to check first: "
        "results at an emergency limit, results and medicines that make the draft dangerous, and what a new or raised "
        "steroid or estrogen asks for. Silent for all other orders.",
        NEEDS_DRAFTS,
    ),
    Moment(
        "medication-refill",
        "0.1.0",
        "Medicine to be refilled for a patient whose muscles twitch",
        f"When {DRAFTED} is refilled and the chart shows an active muscle twitch, says when a result at an emergency "
        "limit or another medicine makes that dangerous, and what a raised steroid or estrogen requires. "
        "Otherwise silent.",
        NEEDS_DRAFTS,
    ),
    Moment(
        "medication-verify",
        "0.1.0",
        "Medicine to be verified for a patient whose muscles twitch",
        f"When a pharmacist verifies {DRAFTED} and the chart shows an active muscle twitch, says what to check first. "
        "Silent for all other medicines.",
        NEEDS_DRAFTS,
    ),
)


STANDING = {
    Mode.OFF: "SWITCHED OFF for this client: nothing is evaluated and no card is shown. ",
    Mode.SILENT: "SILENT for this client: calls are evaluated and recorded, and no card is shown. ",
    Mode.PILOT: "PILOT for this client: cards are shown to the users who take part, and to nobody else. ",
    Mode.ON: "",
}
EMERGENCIES = "But for emergencies, which are shown to all. "


class Listed(Struct, frozen=True):
    """The answer of discovery."""

    services: list[dict[str, object]]


def services(knowledge: Knowledge) -> dict[str, Service]:
    """All services by their ids, in the order of discovery."""
    all_templates, narrow = templates(knowledge), order_templates(knowledge)
    entries = (
        Service(
            id=SERVICE_IDS[moment.hook],
            hook=moment.hook,
            hook_version=moment.version,
            title=moment.title,
            description=moment.description,
            usage_requirements=f"{moment.needs} {USAGE}",
            prefetch=narrow if SHAPES[moment.hook].is_order else all_templates,
        )
        for moment in MOMENTS
    )
    return {service.id: service for service in entries}


def discovery(services: Iterable[Service], modes: Modes = ALL_ON) -> bytes:
    """The JSON of `GET /cds-services`; what is not simply on for this client says so first."""
    entries = [
        msgspec.to_builtins(service)
        | {"version": CDS_HOOKS_VERSION, "description": _standing(service.id, modes) + service.description}
        for service in services
    ]
    return msgspec.json.encode(Listed(entries))


def _standing(service_id: str, modes: Modes) -> str:
    """What the mode of a service means, before its description."""
    mode = modes.of(service_id)
    is_recorded = mode in (Mode.SILENT, Mode.PILOT)
    return STANDING[mode] + (EMERGENCIES if is_recorded and modes.shows_emergencies else "")


def templates(knowledge: Knowledge) -> dict[str, str]:
    """Searches in the conservative 2.0 grammar; every code that a rule reads on that type is asked for."""
    reads = of_chart(knowledge)
    reports = _tokens(knowledge, [member for kind in reads.reports for member in knowledge.codes.members(kind)])
    return _searches(
        {
            "conditions": "Condition?{p}",
            "observations": _observations(knowledge, _observed(knowledge, reads)),
            "encounters": ENCOUNTERS,
            "labs": _observations(knowledge, knowledge.codes.tests()),
            "allLabs": "Observation?{p}&category=laboratory&_sort=-date",
            "medicationRequests": REQUESTS,
            "medicationStatements": STATEMENTS,
            "medicationAdministrations": GIVEN,
            "serviceRequests": ORDERED,
            "procedures": f"Procedure?{{p}}&code={reports}",
            "diagnosticReports": f"DiagnosticReport?{{p}}&code={reports}",
            "clinicalImpressions": "ClinicalImpression?{p}&status=completed&_sort=-date",
            "familyHistory": "FamilyMemberHistory?{p}",
            "flags": ALERTS,
            "appointments": BOOKED,
            "questionnaireResponses": FORMS,
        }
    )


def order_templates(knowledge: Knowledge) -> dict[str, str]:
    """What the rules on drafts read: the twitch, the medicines, and the electrolytes that a steroid moves (4d)."""
    reads = of_drafts(knowledge)
    return _searches(
        {
            "conditions": "Condition?{p}",
            "observations": _observations(knowledge, _observed(knowledge, reads)),
            "encounters": ENCOUNTERS,
            "labs": _observations(knowledge, _results(knowledge, reads)),
            "medicationRequests": REQUESTS,
            "medicationStatements": STATEMENTS,
            "medicationAdministrations": GIVEN,
            "serviceRequests": ORDERED,
            "flags": ALERTS,
            "appointments": BOOKED,
            "questionnaireResponses": FORMS,
        }
    )


def _searches(queries: dict[str, str]) -> dict[str, str]:
    """Complete templates."""
    searches = {
        key: f"{text.replace('{p}', PATIENT)}&_count={COUNT.get(key, COUNT_OF_OTHERS)}" for key, text in queries.items()
    }
    return {"patient": "Patient/{{context.patientId}}", **searches}


def _observations(knowledge: Knowledge, concepts: Iterable[Concept]) -> str:
    return f"Observation?{{p}}&code={_tokens(knowledge, concepts)}&_sort=-date"


def _results(knowledge: Knowledge, reads: Reads) -> list[Concept]:
    return [member for analyte in reads.analytes for member in knowledge.codes.of_analyte(analyte)]


def _members(knowledge: Knowledge, name: str) -> list[Concept]:
    """The codes of a value set in the systems that Observations are coded in."""
    systems = {knowledge.systems[short] for short in ASKED}
    return [member for member in knowledge.codes.members(name) if member.system in systems]


def _observed(knowledge: Knowledge, reads: Reads) -> list[Concept]:
    """Codes that an Observation may carry: questions, scores, examinations and findings, in SNOMED CT and LOINC."""
    by_code = {member.code: member for name in reads.observed for member in _members(knowledge, name)}
    return [member for member in by_code.values() if member.analyte is None]


def _tokens(knowledge: Knowledge, concepts: Iterable[Concept]) -> str:
    """The codes to search for, and the site's own codes that are read as them."""
    keys = {key for concept in concepts for key in knowledge.codes.keys(concept)}
    return ",".join(sorted(f"{_escaped(system)}|{_escaped(code)}" for system, code in keys))


def _escaped(text: str) -> str:
    """A part of a token: a backslash before what parts tokens (FHIR R4, search), all but plain characters encoded."""
    return _ENCODED.sub(_percent, _PARTING.sub(r"\\\1", text))


def _percent(character: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in character[0].encode())
