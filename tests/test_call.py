"""Whole calls: what must not change the cards, what every answer must be, and what a failing rule leaves standing."""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases, service_of
from charts.notation import request, request_bytes
from charts.seam import engine
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cards.topics import Topic
from cds.call import Engine, build_engine
from cds.knowledge.load import load
from cds.outcome import SILENCE
from cds.settings import load as load_settings

Json = dict[str, Any]
Seen = tuple[str, str, tuple[str, ...], tuple[str, ...]]
CALM = settings(max_examples=80)
SERVICE = "muscle-twitch-patient-view"
BASIS = "org.twitch-cds.basis"
WHOLE = [
    case for case in cases() if case.status == 200 and not case.chart.get("missing") and service_of(case) == SERVICE
]
FIRING = [case for case in WHOLE if case.expect]
CASES = st.sampled_from(WHOLE)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MEMBERS = {
    "answer": {"cards"},
    "card": {
        *("uuid", "summary", "detail", "indicator", "source", "suggestions", "selectionBehavior"),
        *("overrideReasons", "links", "extension"),
    },
    "source": {"label", "url", "icon", "topic"},
    "coding": {"code", "system", "display"},
    "suggestion": {"label", "uuid", "isRecommended", "actions"},
    "action": {"type", "description", "resource", "resourceId"},
    "link": {"label", "url", "type", "appContext", "autolaunchable"},
    "basis": {"tags", "flags", "facts", "notChecked", "knowledgeVersion"},
    "fact": {
        *("resource", "label", "code", "value", "unit", "date", "limit", "limitSource", "quoted", "note"),
    },
    "notChecked": {"type", "reason", "key", "count"},
}


def answer(body: bytes, using: Engine | None = None) -> Json:
    """The decoded answer of a call that succeeds, read strictly."""
    status, text = (using or engine(TODAY)).answer(SERVICE, body)
    assert status == 200, text
    return strict(text)


def strict(text: bytes) -> Json:
    """JSON without NaN and without repeated names."""
    decoded: Json = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
    return decoded


def _no_constant(name: str) -> None:
    raise AssertionError(name)


def _once(pairs: list[tuple[str, Any]]) -> Json:
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


def seen(whole: Json) -> list[Seen]:
    """Topic, indicator, tags and flags of the cards that a request gets."""
    return [
        (
            card["source"]["topic"]["code"],
            card["indicator"],
            tuple(basis.get("tags", ())),
            tuple(basis.get("flags", ())),
        )
        for card in answer(json.dumps(whole).encode())["cards"]
        for basis in (card["extension"][BASIS],)
    ]


@pytest.mark.parametrize("died", ["2026-13-45", "yes", "2031-01-01"])
def test_a_date_of_death_that_cannot_be_one_silences_nothing(died: str) -> None:
    """Unreadable, or ahead: the chart is answered as that of the living."""
    whole = request(FIRING[0].chart)
    whole["prefetch"]["patient"]["deceasedDateTime"] = died

    assert seen(request(FIRING[0].chart)) == seen(whole)
    whole["prefetch"]["patient"]["deceasedDateTime"] = "2026-11-01"
    assert [] == seen(whole)


def bundles(whole: Json) -> Iterator[tuple[str, list[Json]]]:
    """The searches of a request and their entries."""
    for key, value in whole["prefetch"].items():
        if value and value["resourceType"] == "Bundle":
            yield key, value.setdefault("entry", [])


def entry(resource: Json) -> Json:
    """A search match."""
    return {"resource": resource, "search": {"mode": "match"}}


def of_somebody_else(resource: Json) -> Json:
    """The same record of another patient."""
    name = "patient" if "patient" in resource else "subject"
    return {**resource, "id": f"foreign-{resource['id']}", name: {"reference": "Patient/somebody-else"}}


def in_error(resource: Json) -> Json:
    """The same record, entered in error."""
    wrong = {**resource, "id": f"wrong-{resource['id']}"}
    if resource["resourceType"] == "Condition":
        return {**wrong, "verificationStatus": {"coding": [{"code": "entered-in-error"}]}}
    return {**wrong, "status": "entered-in-error"}


@CALM
@given(CASES, st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(case: Case, random: Random) -> None:
    """Servers sort as they like: topics, indicators, tags and flags stay."""
    whole = request(case.chart)
    shuffled = deepcopy(whole)
    for _, entries in bundles(shuffled):
        random.shuffle(entries)

    assert seen(whole) == seen(shuffled)


def _everything(case: Case) -> list[tuple[str, Json]]:
    """All resources of the golden chart of another case, with their keys."""
    return [(key, one["resource"]) for key, entries in bundles(request(case.chart)) for one in entries]


@CALM
@given(CASES, st.sampled_from(FIRING), st.sampled_from([of_somebody_else, in_error]), st.booleans())
def test_foreign_and_mistaken_records_do_not_matter(
    case: Case, other: Case, disguise: Callable[[Json], Json], first: bool
) -> None:
    """A whole other chart, another patient's or entered in error, changes nothing, before or after one's own."""
    whole = request(case.chart)
    mixed = deepcopy(whole)
    places = dict(bundles(mixed))
    for key, resource in _everything(other):
        places[key].insert(0 if first else len(places[key]), entry(disguise(resource)))

    assert seen(whole) == seen(mixed)


@CALM
@given(CASES, st.integers(2, 3))
def test_duplicate_entries_do_not_matter(case: Case, times: int) -> None:
    """The same entry twice, as pages that overlap bring it, is one."""
    whole = request(case.chart)
    doubled = deepcopy(whole)
    for _, entries in bundles(doubled):
        entries[:] = entries * times

    assert seen(whole) == seen(doubled)


@CALM
@given(CASES, st.sampled_from(["AllergyIntolerance", "Binary", "Provenance", "Invented", "Bundle"]), st.booleans())
def test_unknown_types_and_keys_do_not_matter(case: Case, kind: str, first: bool) -> None:
    """Resources of types and prefetch under keys that nobody asked for are passed over."""
    whole = request(case.chart)
    more = deepcopy(whole)
    for _, entries in bundles(more):
        entries.insert(0 if first else len(entries), entry({"resourceType": kind, "id": "x", "code": 7}))
    more["prefetch"] |= {"allergies": {"resourceType": "Bundle"}, "x": None, "y": "text", "z": [[]]}

    assert seen(whole) == seen(more)


@CALM
@given(CASES)
def test_the_same_input_gets_the_same_cards(case: Case) -> None:
    """Apart from uuids two answers are the same bytes, and a uuid is never used again."""
    first, second = (answer(request_bytes(case.chart)) for _ in range(2))
    known = [*uuids(first), *uuids(second)]

    assert len(known) == len(set(known))
    assert UUID.sub("", json.dumps(first)) == UUID.sub("", json.dumps(second))


def uuids(node: Any) -> Iterator[str]:
    """All uuids of an answer."""
    if isinstance(node, dict):
        if "uuid" in node:
            assert UUID.fullmatch(node["uuid"])
            yield node["uuid"]
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from uuids(item)


def only(node: Json, kind: str) -> Json:
    """The object, with no member that its kind does not have."""
    assert node.keys() <= MEMBERS[kind], node.keys() - MEMBERS[kind]
    return node


def assert_filled(node: Any, name: str = "") -> None:
    """No null, no empty text, array or object anywhere but `cards: []` (CDS Hooks 2.0, JSON)."""
    assert node is not None, name
    if isinstance(node, str | list | dict):
        assert node or name == "cards", name
    if isinstance(node, dict):
        for key, value in node.items():
            assert_filled(value, key)
    elif isinstance(node, list):
        for value in node:
            assert_filled(value, name and f"{name}[]")


def assert_card(card: Json) -> None:
    """A card as CDS Hooks 2.0 has it."""
    only(card, "card")
    assert {"uuid", "summary", "indicator", "source", "detail", "extension"} <= card.keys()
    assert len(card["summary"]) < 140
    assert "\n" not in card["summary"]
    assert card["indicator"] in ("info", "warning", "critical")
    topic = only(only(card["source"], "source")["topic"], "coding")
    assert Topic(topic["code"])
    assert topic["system"]
    assert ("suggestions" in card) == ("selectionBehavior" in card)
    assert card.get("selectionBehavior", "any") in ("any", "at-most-one")
    for suggestion in card.get("suggestions", ()):
        assert {"label", "uuid"} <= only(suggestion, "suggestion").keys()
        for action in suggestion.get("actions", ()):
            assert_action(action)
    for reason in card.get("overrideReasons", ()):
        assert MEMBERS["coding"] == reason.keys()
    for link in card.get("links", ()):
        assert {"label", "url", "type"} <= only(link, "link").keys()
        assert re.match("https?://", link["url"])
        assert link["type"] in ("absolute", "smart")
    assert_basis(card["extension"])


def assert_action(action: Json) -> None:
    """A draft for this patient is created; nothing is changed or taken away."""
    only(action, "action")
    assert "create" == action["type"]
    assert action["description"]
    resource = action["resource"]
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    assert "draft" == resource["status"]
    assert resource.get("subject", resource.get("for"))["reference"].startswith("Patient/")


def assert_basis(extension: Json) -> None:
    """The machine-readable basis, and nothing beside it."""
    assert {BASIS} == extension.keys()
    basis = only(extension[BASIS], "basis")
    assert basis["knowledgeVersion"] == engine(TODAY).knowledge_version
    for fact in basis.get("facts", ()):
        assert {"resource", "label"} <= only(fact, "fact").keys()
        assert only(fact.get("code", {}), "coding") is not None
        assert re.fullmatch(r"[A-Za-z]+(/(?!None$).+)?", fact["resource"])  # a resource may have no id
    for one in basis.get("notChecked", ()):
        assert {"type", "reason"} <= only(one, "notChecked").keys()


@pytest.mark.parametrize("case", cases(), ids=[case.id for case in cases()])
def test_every_answer_is_as_the_specification_has_it(case: Case) -> None:
    """Strict JSON, no empty members, known members only; cards as CDS Hooks 2.0, drafts as FHIR R4 has them."""
    status, body = engine(TODAY).answer(service_of(case), request_bytes(case.chart))
    decoded = strict(body)

    assert_filled(decoded)
    if status == 200:
        for card in only(decoded, "answer")["cards"]:
            assert_card(card)
    else:
        assert ("OperationOutcome", 1) == (decoded["resourceType"], len(decoded["issue"]))


def test_silence_is_an_empty_list() -> None:
    """A chart without a twitch gets exactly that."""
    silent = next(case for case in WHOLE if case.silent)

    assert (200, b'{"cards":[]}') == engine(TODAY).answer(SERVICE, request_bytes(silent.chart))
    assert b'{"cards":[]}' == SILENCE


@pytest.mark.parametrize("rule", ["E1", "E4", "U1", "R1", "LAB", "stress"])
def test_a_rule_that_fails_is_named_and_the_others_still_speak(
    rule: str, fail_rule: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Isolation: status 200, the cards of the other rules, and "not checked" with the rule's name on each."""
    case = next(one for one in FIRING if {"U2"} == {flag for card in one.expect for flag in card.flags or ()})
    before = seen(request(case.chart))
    fail_rule(rule)
    after = answer(request_bytes(case.chart))["cards"]

    assert before == seen(request(case.chart))
    for card in after:
        assert {"type": rule, "reason": "rule-failed"} in card["extension"][BASIS]["notChecked"]
    assert "rule failed" in caplog.text


def test_a_rule_that_fails_never_turns_cards_into_silence(fail_rule: Callable[[str], None]) -> None:
    """The rule behind the only card fails: the twitch still gets a card that says what was not checked."""
    case = next(one for one in FIRING if {"U1"} == {flag for card in one.expect for flag in card.flags or ()})
    fail_rule("U1")
    cards = answer(request_bytes(case.chart))["cards"]

    assert cards
    assert all("U1" in json.dumps(card["extension"][BASIS]["notChecked"]) for card in cards)


def test_time_and_ids_are_given_from_outside() -> None:
    """An engine with its own clock and numbers for ids uses them, so a call can be repeated to the byte."""
    case = FIRING[0]

    def made() -> Engine:
        numbers = count()
        at_noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
        return build_engine(load_settings({"TWITCH_CDS_DEMO": "true"}), lambda: at_noon, lambda: f"id-{next(numbers)}")

    first, second = (made().answer(SERVICE, request_bytes(case.chart)) for _ in range(2))

    assert first == second
    assert b'"uuid":"id-0"' in first.body


def test_without_a_clock_the_engine_takes_the_sites() -> None:
    """The default clock runs in the zone of the settings, and default ids are UUIDs."""
    made = build_engine(load_settings({"TWITCH_CDS_DEMO": "true", "TWITCH_CDS_TIME_ZONE": "Pacific/Kiritimati"}))

    assert "Pacific/Kiritimati" == str(made.now().tzinfo)
    assert UUID.fullmatch(made.new_id())
    assert frozenset({SERVICE}) <= made.service_ids


def test_a_chart_from_the_future_is_not_read() -> None:
    """For a clock that stands long before the chart's dates there is no twitch yet (4b Dates)."""
    whole = request(next(case for case in FIRING if case.file == "twitch_found").chart)
    early = replace(engine(TODAY), now=lambda: datetime(1999, 1, 1, tzinfo=UTC))

    assert seen(whole)
    assert {"cards": []} == answer(json.dumps(whole).encode(), early)


def test_an_outcome_tells_how_it_came_about() -> None:
    """The seam behind the bytes gives the cards with the consultation; silence has none."""
    firing, silent = FIRING[0], next(case for case in cases() if case.silent)

    assert engine(TODAY).call(SERVICE, request_bytes(firing.chart)).evaluation is not None
    assert engine(TODAY).call(SERVICE, request_bytes(silent.chart)).evaluation is None


# Any value in the place of any other: nothing a chart may hold breaks a call.
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e17, -1e17, 10**30, "", "x", "2026-13-45", "9999-12-31", "0001-01-01", [], {}, [None]),
    *("NaN", "Cel", "10*400/d", "<", "\u0000", "a", "-5", "[degF]"),
)


def paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values."""
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from paths(value, (*path, key))


def put(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The same structure with one value replaced."""
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = put(node[path[0]], path[1:], value)
    return copy


@settings(max_examples=400)
@given(st.sampled_from(FIRING), st.data())
def test_no_odd_value_anywhere_breaks_a_call(case: Case, data: st.DataObject) -> None:
    """One value of a request replaced by an odd one: cards, silence or a 4xx, never an error of ours."""
    whole = request(case.chart)
    place = data.draw(st.sampled_from(list(paths(whole["prefetch"]))))
    made = {**whole, "prefetch": put(whole["prefetch"], place, data.draw(st.sampled_from(ODD)))}

    status, body = engine(TODAY).answer(SERVICE, json.dumps(made).encode())

    assert status in (200, 400, 412)
    assert_filled(strict(body))


def test_an_engine_tells_its_knowledge() -> None:
    """Version, evidence address, and the limits and windows behind a card."""
    made = build_engine(load_settings({"TWITCH_CDS_DEMO": "true"}))

    assert made.evidence_url.endswith("/evidence")
    assert engine(TODAY).knowledge_version == made.knowledge_version != load().version
    assert made.basis("abnormal-lab")
