"""Discovery: the services as CDS Hooks 2.0 lists them, and searches that ask for all that rules read, and no more."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request, searchset
from charts.seam import engine, evaluate
from msgspec import Struct

from cds.knowledge.load import load
from cds.prefetch.supply import GATE, MEDICINES, TYPES

Json = dict[str, Any]
BASIS = "org.twitch-cds.basis"
LONGEST_URL = 8000
REQUIRED = {"hook", "id", "description"}
OPTIONAL = {"title", "prefetch", "usageRequirements", "version", "hookVersion", "extension"}
HOOK_VERSIONS = {
    "patient-view": "1.0",
    "encounter-start": "1.0",
    "encounter-discharge": "1.0",
    "order-sign": "1.0",
    "order-select": "1.0",
    "problem-list-item-create": "0.1.0",
    "medication-refill": "0.1.0",
    "medication-verify": "0.1.0",
}
LOINC = "http://loinc.org"
TOKENS = {"context.patientId", "context.userId", "context.encounterId"}
# Search parameters of FHIR R4 within the subset that CDS Hooks 2.0 recommends, by resource type.
PARAMETERS = {
    "Condition": {"patient", "code", "clinical-status"},
    "Observation": {"patient", "code", "status", "category", "date"},
    "Encounter": {"patient", "status"},
    "MedicationRequest": {"patient", "status", "intent"},
    "MedicationStatement": {"patient", "status"},
    "MedicationAdministration": {"patient", "status"},
    "ServiceRequest": {"patient", "status", "intent", "code"},
    "Procedure": {"patient", "code", "status"},
    "DiagnosticReport": {"patient", "code", "status"},
    "Flag": {"patient"},
    "ClinicalImpression": {"patient", "status"},
    "Appointment": {"patient"},
    "QuestionnaireResponse": {"patient", "status"},
    "FamilyMemberHistory": {"patient", "status"},
}
CONTROLS = {"_count": r"[1-9]\d{0,3}", "_sort": r"-?[a-z]+(-[a-z]+)*", "_include": r"[A-Z]\w+:[a-z]+"}
# What no search by code or open status can find, by golden case: the only reading is of the whole chart.
UNSEARCHABLE = {
    "flagged-and-not-readable/unknown-test-in-words": "no rule reads the code, and no category tells of a laboratory",
    "U1/observed-value": "the code is text, only the value is coded",
    "tongue-anywhere/observed-value-site": "the code is text, only the value is coded",
    "text/seen": "the code is text",
    "N15-heard-now/observation-value": "the code is text",
    "N1/component-present": "the code is local, only the part is coded",
    "N1-status/preliminary-value": "the code is local, only the value is coded",
    "N2/question-is-finding": "the code is text, only the value is coded",
    "N4/by-the-other-side": "the code is of ICD-10-CM, in which Observations are not asked for",
    "N8/said-again": "the code is of ICD-10-CM, in which Observations are not asked for",
    "within-a-panel/K": "the code of the panel is not asked for, only the result inside it is coded",
    "within-a-panel/sign": "the panel's code is text, only the sign inside it is coded",
    "contained-twitch/panel": "the panel's code is text, only the twitch inside it is coded",
    "site-in-words/wasting-observed": "the code is text",
    "N48/contained": "the report's code is text, only the result inside it is coded",
    "N48-due/on-file": "the code is text",
    "N48-known/by-name": "the code is text",
    "grade-of-power/three-of-five": "the code is text",
    "grade-of-power/four-minus": "the code is text",
    "grade-of-power/MRC": "the code is text",
    "grade-of-power/M4": "the code is text",
    "grade-of-power/unlisted-code": "the code is unlisted",
    "grade-of-power/number": "the code is text",
    "grade-of-power/component": "the code is text",
    "grade-of-power/preliminary": "the code is text",
    "lost-before-final/uncategorised-lost": "the code is local, and no category tells that a laboratory measured it",
    "N35-reassurance/uncategorised-HH": "the code is local, and no category tells that a laboratory measured it",
    "N48-calm/medicine-of-unknown-status": "the status is no code of FHIR, and a server searches by the codes of FHIR",
    "N23-caffeine/social-history": "the code is local",
    "statuses/active-capitals": "the status is no code of FHIR, and a server searches by the codes of FHIR",
}
# Value sets that describe a sign (its site, absence, kin) or lead away from one.
NO_SIGNS = {
    "absent",
    "site-tongue",
    "site-eyelid",
    "first-degree",
    "family-disease",
    "twitch-exclude",
    "on-problem-list",
}
TOKEN_LIST = r"[A-Za-z0-9.\-|:/]+(,[A-Za-z0-9.\-|:/]+)*"


class Template(Struct, frozen=True):
    """A prefetch template taken apart."""

    kind: str
    read: str | None
    parameters: tuple[tuple[str, str], ...]

    def wanted(self, name: str) -> set[str]:
        """The alternatives of one parameter."""
        return set(dict(self.parameters).get(name, "").split(",")) - {""}


def parse(text: str) -> Template:
    """A template of the 2.0 grammar: `Type/{{token}}` or `Type?name=value&…`; anything else is an error."""
    if found := re.fullmatch(r"([A-Z][A-Za-z]+)/\{\{([A-Za-z.]+)\}\}", text):
        return Template(found[1], found[2], ())
    found = re.fullmatch(r"([A-Z][A-Za-z]+)\?(.+)", text)
    assert found, text
    pairs = tuple(_parameter(part) for part in found[2].split("&"))
    return Template(found[1], None, pairs)


def _parameter(part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    assert equals, part
    assert re.fullmatch(r"[a-z_\-]+", name), part
    return name, value


ORDER_HOOKS = ("order-select", "order-sign", "medication-refill", "medication-verify")
READ_FOR_DRAFTS = (*GATE, "labs", *MEDICINES)


@cache
def services() -> list[Json]:
    """What discovery lists."""
    answer: Json = json.loads(engine(TODAY).discovery())
    assert set(answer) == {"services"}
    listed: list[Json] = answer["services"]
    return listed


def every_template() -> Iterator[tuple[str, str]]:
    """All templates with their keys."""
    for service in services():
        yield from service.get("prefetch", {}).items()


def test_a_service_has_the_members_of_the_specification() -> None:
    """hook, id and description are there, all members are texts, nothing else is sent (CDS Hooks 2.0, discovery)."""
    for service in services():
        assert REQUIRED <= set(service) <= REQUIRED | OPTIONAL
        texts = {name: value for name, value in service.items() if name not in ("prefetch", "extension")}
        assert all(isinstance(value, str) and value.strip() for value in texts.values())
        assert service["prefetch"]
        assert all(isinstance(value, str) for value in service["prefetch"].values())


@pytest.mark.parametrize("hook", HOOK_VERSIONS)
def test_each_hook_says_what_it_needs_and_needs_no_more(hook: str) -> None:
    """With that alone the answer is no 412; without it, it is, unless the hook says so (CDS Hooks 2.0, discovery)."""
    (usage,) = [service["usageRequirements"] for service in services() if service["hook"] == hook]
    context = {"userId": "Practitioner/1", "patientId": "1", "encounterId": "1"} | CONTEXTS.get(hook, {})
    call = {"hook": hook, "hookInstance": "0d9a4a52-5d7f-4f4e-9a3c-6f1e6f0c1a11", "context": context}
    statuses = [
        evaluate(json.dumps(call | more).encode(), TODAY)[0] for more in ({"prefetch": {"conditions": None}}, {})
    ]

    assert re.match(NEEDS[hook], usage), usage
    assert [200, 200 if hook in CONTEXTS else 412] == statuses


EMPTY: Json = {"resourceType": "Bundle", "type": "collection", "entry": []}
CONTEXTS: dict[str, Json] = {
    "problem-list-item-create": {"conditions": EMPTY},
    "order-select": {"selections": [], "draftOrders": EMPTY},
    "order-sign": {"draftOrders": EMPTY},
    "medication-refill": {"medications": EMPTY},
    "medication-verify": {"medication": {"resourceType": "MedicationRequest"}},
}
NEEDS = {
    "patient-view": r"Needed: `conditions`",
    "encounter-start": r"Needed: `conditions`",
    "encounter-discharge": r"Needed: `conditions`",
    "problem-list-item-create": r"Needed: `context\.conditions`",
} | dict.fromkeys(ORDER_HOOKS, r"Needed when a draft is .*: `conditions`.* For all other drafts nothing is needed\.")


def test_an_id_is_one_path_segment_and_its_own() -> None:
    """The sandbox keys services by URL, so each has its own id."""
    ids = [service["id"] for service in services()]

    assert len(ids) == len(set(ids)) > 0
    assert all(re.fullmatch(r"[a-z0-9\-]+", one) for one in ids)
    assert set(ids) == engine(TODAY).service_ids


def test_versions_are_those_of_the_published_hooks() -> None:
    """`version` is the CDS Hooks release, `hookVersion` that of the hook."""
    for service in services():
        assert re.fullmatch(r"2\.0\.\d+", service["version"])
        assert HOOK_VERSIONS[service["hook"]] == service["hookVersion"]


def test_keys_are_those_that_the_service_reads() -> None:
    """Each key offered is read, each key read is offered, under its type."""
    for service in services():
        kinds = {key: parse(text).kind for key, text in service["prefetch"].items()}
        read = dict(TYPES) if service["hook"] not in ORDER_HOOKS else {key: TYPES[key] for key in READ_FOR_DRAFTS}
        assert read == kinds


@pytest.mark.parametrize(("key", "text"), list(every_template()))
def test_a_template_keeps_to_the_common_grammar(key: str, text: str) -> None:
    """Reads and searches with R4 parameters, tokens of the context, no modifiers, no repeated parameter."""
    template = parse(text)
    names = [name for name, _ in template.parameters]

    assert {token.strip() for token in re.findall(r"\{\{(.*?)\}\}", text)} <= TOKENS
    assert template.read in TOKENS or template.read is None
    assert len(names) == len(set(names))
    for name, value in template.parameters:
        if name in CONTROLS:
            assert re.fullmatch(CONTROLS[name], value), (name, value)
        else:
            assert name in PARAMETERS[template.kind]
            assert value == "{{context.patientId}}" or re.fullmatch(TOKEN_LIST, value), (name, value)


@pytest.mark.parametrize(("key", "text"), list(every_template()))
def test_a_template_asks_for_this_patient_only(key: str, text: str) -> None:
    """Least data: each search is limited to the patient in context."""
    template = parse(text)

    assert "context.patientId" == template.read or {"{{context.patientId}}"} == template.wanted("patient")


@pytest.mark.parametrize(("key", "text"), list(every_template()))
def test_a_template_fits_a_url(key: str, text: str) -> None:
    """Also percent-encoded and behind a long base, a GET stays below the 8 kB that common servers take."""
    url = "https://ehr.example.org/some/rather/long/base/path/fhir/r4/" + quote(
        text.replace("{{context.patientId}}", "p" * 64), safe="/?=&"
    )

    assert len(url) < LONGEST_URL


def test_the_newest_come_first_where_a_page_may_not_hold_all() -> None:
    """Results are sorted by date, so that a short first page holds the current ones."""
    for key, text in every_template():
        if TYPES[key] == "Observation":
            assert {"-date"} == parse(text).wanted("_sort")


@cache
def asked() -> dict[str, Template]:
    """The templates of patient-view, taken apart."""
    service = next(one for one in services() if one["hook"] == "patient-view")
    return {key: parse(text) for key, text in service["prefetch"].items()}


def matches(resource: Json, template: Template) -> bool:
    """Whether a FHIR server would find a resource by a template: type, code (with or without system) and status."""
    codes = {
        text
        for coding in resource.get("code", {}).get("coding", ())
        for text in (coding.get("code"), f"{coding.get('system')}|{coding.get('code')}")
    }
    return (
        resource["resourceType"] == template.kind
        and (not template.wanted("code") or bool(codes & template.wanted("code")))
        and (not template.wanted("category") or bool(categories(resource) & template.wanted("category")))
        and (not template.wanted("status") or resource.get("status") in template.wanted("status"))
    )


def categories(resource: Json) -> set[str]:
    """The codes of a resource's categories."""
    return {coding["code"] for one in resource.get("category", ()) for coding in one.get("coding", ())}


def found_by_search(whole: Json) -> Json:
    """The request with its chart searched through the templates, as a client would fill them."""
    prefetch = whole["prefetch"]
    bundles = {key: value for key, value in prefetch.items() if (value or {}).get("resourceType") == "Bundle"}
    chart = [entry["resource"] for value in bundles.values() for entry in value.get("entry", ())]
    searched = {
        key: _searched(value, [one for one in chart if matches(one, asked()[key])]) for key, value in bundles.items()
    }
    return {**whole, "prefetch": {**prefetch, **searched}}


def _searched(value: Json, found: list[Json]) -> Json:
    return {**value, **searchset(found)} if found else {name: value[name] for name in value if name != "entry"}


def seen(body: bytes) -> tuple[int, list[tuple[str, str, list[str], list[str]]]]:
    """Status, and topic, indicator, tags and flags of each card."""
    status, answer = evaluate(body, TODAY)
    bases = [(card, card["extension"][BASIS]) for card in answer.get("cards", ())]
    return status, [
        (card["source"]["topic"]["code"], card["indicator"], basis.get("tags", []), basis.get("flags", []))
        for card, basis in bases
    ]


@pytest.mark.parametrize("case", cases(), ids=[case.id for case in cases()])
def test_the_searches_find_all_that_a_case_needs(case: Case) -> None:
    """A golden chart, searched by the templates, gets the same cards as the whole chart."""
    whole = request(case.chart)
    if case.id in UNSEARCHABLE:
        assert seen(json.dumps(whole).encode()) != seen(json.dumps(found_by_search(whole)).encode())
        return

    assert seen(json.dumps(whole).encode()) == seen(json.dumps(found_by_search(whole)).encode())


def test_every_code_that_feeds_an_analyte_is_asked_for() -> None:
    """All laboratory codes that rules read are in the labs search, and those of tests that are only quoted (N35)."""
    knowledge = load()
    codes = {one.code for name in knowledge.analytes for one in knowledge.codes.of_analyte(name)}
    quoted = {one.code for one in knowledge.codes.in_groups(LOINC, ("pth", "creatinine", "hba1c", "lactate"))}

    assert len(quoted) == 10
    assert codes | quoted <= {token.rpartition("|")[2] for token in asked()["labs"].wanted("code")}


def test_every_examination_and_emg_code_is_asked_for() -> None:
    """Examinations may be Observations, Procedures or reports: all three searches ask for them."""
    knowledge = load()
    codes = {one.code for name in ("exam", "emg") for one in knowledge.codes.members(name)}

    for key in ("observations", "procedures", "diagnosticReports"):
        assert codes <= {token.rpartition("|")[2] for token in asked()[key].wanted("code")}


def test_every_sign_is_asked_for_among_observations() -> None:
    """A SNOMED CT or LOINC code of the twitch or of a flag may come as an Observation."""
    knowledge = load()
    systems = {knowledge.systems["sct"], knowledge.systems["loinc"]}
    signs = {name for name, one in knowledge.sets.items() if one.source.startswith(("3a", "4b TW"))} - NO_SIGNS
    wanted = {
        one.code
        for name in signs
        for one in knowledge.codes.members(name)
        if one.system in systems and one.analyte is None
    }

    assert len(signs) > 20
    assert set() == wanted - {token.rpartition("|")[2] for token in asked()["observations"].wanted("code")}
