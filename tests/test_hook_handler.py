"""One call with the world around it: what is asked of the FHIR server and of the store, and what is kept of it."""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request, request_for, resources
from charts.seam import engine
from msgspec import Raw

from cds.access import Source
from cds.account import NOBODY, Account, Caller
from cds.deadline import Deadline
from cds.fhir.bundle import Feed
from cds.fhir.datatypes import CodeableConcept
from cds.fhir.resources import Medication
from cds.hook_handler import LONG_BODY, HookHandler, Reply
from cds.keyed import Pseudonyms
from cds.prefetch.supply import DRAFTS, TWITCH_KEYS, TYPES, State, Supply, supply
from cds.secrecy import Secret

Json = dict[str, Any]
SERVER = "https://ehr.example/fhir"
VIEW = "muscle-twitch-patient-view"
PSEUDONYMS = Pseudonyms(Secret("k" * 32))
BY_ID = {case.id: case for case in cases()}
REST = {"patient", "labs", "medicationRequests", "medicationStatements", "procedures"}


class ChartStore:
    """A FHIR server that has everything, and remembers what it was asked for."""

    def __init__(self, prefetch: Json, lacks: Collection[str] = ()) -> None:
        self._prefetch = prefetch
        self._lacks = lacks
        self.asked: list[set[str]] = []
        self.callers: list[Caller] = []

    async def fetch(
        self,
        wanted: Sequence[str],
        source: Source,
        templates: Mapping[str, str],
        held: Mapping[str, Supply],
        caller: Caller,
        deadline: Deadline,
    ) -> dict[str, Supply]:
        assert set(held) == set(wanted) <= set(templates)
        assert SERVER == source.server
        assert 0 < deadline.left <= 0.45
        self.asked.append(set(wanted))
        self.callers.append(caller)
        found = {key: Raw(json.dumps(self._prefetch[key]).encode()) for key in wanted if key not in self._lacks}
        return {key: supply(key, found.get(key)) for key in wanted}


DRAFT = {
    "resourceType": "MedicationRequest",
    "id": "d1",
    "status": "draft",
    "subject": {"reference": "Patient/golden"},
    "medicationReference": {"reference": "Medication/m1"},
}
STEROID = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "198145"}]}


class Pharmacy:
    """A FHIR server that knows one medicine."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []

    async def fetch(
        self,
        wanted: Sequence[str],
        source: Source,
        templates: Mapping[str, str],
        held: Mapping[str, Supply],
        caller: Caller,
        deadline: Deadline,
    ) -> dict[str, Supply]:
        self.asked.append(set(wanted))
        found = [*held[DRAFTS].feed.resources, Medication(id="m1", code=msgspec.convert(STEROID, CodeableConcept))]
        return {DRAFTS: Supply(DRAFTS, State.SUPPLIED, Feed(resources=found))}


class Notebook:
    """A store that knows what it is told, and remembers what it was given."""

    def __init__(self, answered: Mapping[str, datetime] | None = None) -> None:
        self.known = answered or {}
        self.asked: list[tuple[str, set[str]]] = []
        self.kept: list[tuple[Caller, str, Account, str]] = []
        self.asked_of: list[str] = []
        self.shown_before: dict[str, datetime] = {}

    async def answered(self, patient: str, fingerprints: Collection[str], deadline: Deadline) -> Mapping[str, datetime]:
        self.asked.append((patient, set(fingerprints)))
        return {one: when for one, when in self.known.items() if one in fingerprints}

    async def shown(
        self, patient: str, user: str, fingerprints: Collection[str], deadline: Deadline
    ) -> Mapping[str, datetime]:
        self.asked_of.append(user)
        return {one: when for one, when in self.shown_before.items() if one in fingerprints}

    def remember(self, caller: Caller, service_id: str, account: Account, knowledge_version: str) -> None:
        self.kept.append((caller, service_id, account, knowledge_version))


def attended(body: Json, service: str = VIEW, caller: Caller = NOBODY, **parts: Any) -> Reply:
    """The reply to one call."""
    parts = {"seconds": lambda: 0.0} | parts  # time stands still: no test depends on how fast the machine is
    hook_handler = HookHandler(engine(TODAY), pseudonyms=PSEUDONYMS, **parts)
    return asyncio.run(hook_handler.answer(service, json.dumps(body).encode(), caller))


def topics(reply: Reply) -> list[str]:
    """The cards of a call that succeeds."""
    assert reply.status == 200, reply.body
    return [card["source"]["topic"]["code"] for card in json.loads(reply.body)["cards"]]


def without(case: Case, *keys: str) -> Json:
    """The request of a case without some keys, from a client that names its server."""
    whole = deepcopy(request(case.chart)) | {"fhirServer": SERVER}
    for key in keys:
        whole["prefetch"].pop(key, None)
    return whole


FIRING, QUIET = BY_ID["V02"], BY_ID["V10"]


def test_a_whole_chart_is_answered_without_asking_anybody() -> None:
    """Prefetch is enough; the cards are those of the engine alone."""
    chart_store = ChartStore({})

    assert [card.topic for card in FIRING.expect] == topics(attended(without(FIRING), completion=chart_store))
    assert [] == chart_store.asked


def test_the_gate_comes_first_and_the_rest_only_behind_it() -> None:
    """Two rounds for a chart that twitches, one for a chart that does not (design 4, gate first)."""
    for case, rounds in ((FIRING, 2), (QUIET, 1)):
        chart_store = ChartStore(request(case.chart)["prefetch"])

        assert [card.topic for card in case.expect] == topics(attended(without(case, *TYPES), completion=chart_store))
        assert rounds == len(chart_store.asked)
        assert {*TWITCH_KEYS} == chart_store.asked[0]
        assert all(REST <= asked for asked in chart_store.asked[1:])


def test_only_what_is_missing_is_asked_for() -> None:
    """Known-empty keys are not; a failed one is; what came is not asked for again."""
    body = without(FIRING, "labs")
    body["prefetch"]["familyHistory"] = None
    body["prefetch"]["procedures"] = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "processing"}],
    }
    chart_store = ChartStore(request(FIRING.chart)["prefetch"])

    assert [card.topic for card in FIRING.expect] == topics(attended(body, completion=chart_store))
    assert [{"labs", "procedures"}] == chart_store.asked


def test_without_a_server_nothing_is_asked_for() -> None:
    """The request decides whether there is one; what is missing is stated."""
    body = without(FIRING, "labs")
    del body["fhirServer"]
    chart_store = ChartStore({})
    reply = attended(body, completion=chart_store)

    assert [] == chart_store.asked
    assert "Observation:absent" in (reply.account.not_checked if reply.account else ())


def test_a_silent_gate_is_not_enough_while_observations_can_be_had() -> None:
    """A twitch may stand among the observations only: they are asked for before the call falls silent."""
    case = BY_ID["V10"]
    chart_store = ChartStore(request(case.chart)["prefetch"])

    assert [] == topics(attended(without(case, "observations"), completion=chart_store))
    assert [{"observations"}] == chart_store.asked


def test_a_first_page_without_a_twitch_is_not_the_whole_answer() -> None:
    """Further pages of observations may hold one: they are asked for while a server is named."""
    body = without(QUIET)
    found = body["prefetch"]["observations"] or {"resourceType": "Bundle"}
    body["prefetch"]["observations"] = {**found, "link": [{"relation": "next", "url": f"{SERVER}?page=2"}]}
    chart_store = ChartStore(request(QUIET.chart)["prefetch"])

    assert [] == topics(attended(body, completion=chart_store))
    assert [{"observations"}] == chart_store.asked


def test_the_twitch_question_stays_open_if_the_server_has_no_answer() -> None:
    """412, and the key is named; silence would read as reassurance (4e step 4)."""
    chart_store = ChartStore(request(QUIET.chart)["prefetch"], lacks={"conditions"})
    reply = attended(without(QUIET, *TYPES), completion=chart_store)

    assert 412 == reply.status
    assert b"`conditions`" in reply.body
    assert reply.account is not None


def test_a_fetched_patient_must_be_the_one_in_context() -> None:
    """The server's mistake must not become ours."""
    prefetch = request(FIRING.chart)["prefetch"]
    prefetch["patient"] = prefetch["patient"] | {"id": "somebody-else"}

    assert 412 == attended(without(FIRING, *TYPES), completion=ChartStore(prefetch)).status


def test_the_caller_is_handed_on() -> None:
    """A client may be held to its own FHIR servers."""
    chart_store, caller = ChartStore(request(QUIET.chart)["prefetch"]), Caller(client="north", fhir_servers=(SERVER,))
    attended(without(QUIET, *TYPES), caller=caller, completion=chart_store)

    assert [caller] == chart_store.callers


def test_a_long_chart_is_read_in_a_thread_with_the_same_answer() -> None:
    """Short calls beside it go on."""
    body = without(FIRING) | {"padding": "x" * LONG_BODY}

    assert [card.topic for card in FIRING.expect] == topics(attended(body))
    assert 400 == attended(body | {"hook": 7}).status


def test_the_account_names_cards_and_hides_people() -> None:
    """Ids, codes and keyed hashes; never the patient's or the user's id."""
    notebook = Notebook()
    body = without(FIRING)
    reply = attended(body, memory=notebook)
    cards = json.loads(reply.body)["cards"]
    account = reply.account

    assert account is not None
    assert [card["uuid"] for card in cards] == [one.uuid for one in account.cards]
    assert [card.topic for card in FIRING.expect] == [one.topic for one in account.cards]
    assert [one["uuid"] for card in cards for one in card.get("suggestions", ())] == [
        uuid for one in account.cards for uuid in one.suggestions
    ]
    assert [(NOBODY, VIEW, account, engine(TODAY).knowledge_version)] == notebook.kept
    assert all(len(word) == 32 for word in (account.patient, account.user))
    assert body["context"]["patientId"] not in repr(account)
    assert body["context"]["userId"] not in repr(account)


def test_a_silent_call_leaves_the_store_alone() -> None:
    """Most calls end there: nothing is recalled, nothing kept."""
    notebook = Notebook()
    reply = attended(without(QUIET), memory=notebook)

    assert ([], []) == (notebook.asked, notebook.kept)
    assert reply.account is not None
    assert () == reply.account.cards


def test_what_was_answered_stays_silent_and_is_accounted_for() -> None:
    """The store is asked by keyed words; what it knows is not shown again (4d Repeats)."""
    first = attended(without(FIRING), memory=(asked := Notebook()))
    assert first.account is not None
    review = next(one for one in first.account.cards if one.topic == "medication-review")
    second = attended(
        without(FIRING), memory=(notebook := Notebook({review.fingerprint: datetime(2026, 11, 20, tzinfo=UTC)}))
    )

    assert ["neurology-urgent"] == topics(second)
    assert second.account is not None
    assert ["medication-review"] == [one.topic for one in second.account.suppressed]
    assert asked.asked == notebook.asked
    assert [(first.account.patient, {one.fingerprint for one in first.account.cards})] == asked.asked
    assert second.account == notebook.kept[0][2]


def test_what_a_user_was_shown_once_is_asked_for_by_keyed_words() -> None:
    """The store is asked with the hash of the user; what it knows is not shown again and is accounted for (N57)."""
    ordinary = {"patient": {"age": "30 y"}, "resources": [{"twitch": "2 w"}]}
    first = attended(request(ordinary), memory=(asked := Notebook()))
    assert first.account is not None
    again = Notebook()
    again.shown_before = {one.fingerprint: datetime(2026, 11, 20, tzinfo=UTC) for one in first.account.cards}
    second = attended(request(ordinary), memory=again)

    assert (["data-gap"], []) == (topics(first), topics(second))
    assert [first.account.user] == asked.asked_of == again.asked_of
    assert second.account is not None
    assert ["data-gap"] == [one.topic for one in second.account.suppressed]


def test_two_clients_do_not_share_a_patient() -> None:
    """The same id in two hospitals is two patients."""
    one = attended(without(FIRING), caller=Caller(client="north")).account
    other = attended(without(FIRING), caller=Caller(client="south", tenant="a")).account

    assert one is not None
    assert other is not None
    assert one.patient != other.patient
    assert {card.fingerprint for card in one.cards}.isdisjoint(card.fingerprint for card in other.cards)


@pytest.mark.parametrize(("service", "status"), [("nobody", 404), (VIEW, 400)])
def test_what_cannot_be_read_has_no_account(service: str, status: int) -> None:
    """Nothing is known of it but its status."""
    reply = attended({"hook": "patient-view"}, service)

    assert (status, None) == (reply.status, reply.account)


def test_a_patient_is_shown_no_cards_unless_the_client_says_so() -> None:
    """Cards are for professionals; the call is accounted for all the same."""
    body = without(FIRING)
    body["context"]["userId"] = "Patient/golden"
    reply = attended(body)
    allowed = attended(body, caller=Caller(client="portal", patient_users=True))

    assert [] == topics(reply)
    assert reply.account is not None
    assert () == reply.account.cards
    assert [card.topic for card in FIRING.expect] == topics(allowed)


def test_a_client_may_want_no_extension() -> None:
    """The same cards, without our own member."""
    plain = json.loads(attended(without(FIRING), caller=Caller(client="old", card_extension=False)).body)["cards"]
    usual = json.loads(attended(without(FIRING)).body)["cards"]

    assert len(usual) == len(plain) > 0
    assert all("extension" in card for card in usual)
    assert not any("extension" in card for card in plain)
    assert [card["summary"] for card in usual] == [card["summary"] for card in plain]


def links(reply: Reply) -> dict[str, list[Json]]:
    """The links of each card beside that to its evidence, by topic."""
    cards = json.loads(reply.body).get("cards", ())
    return {card["source"]["topic"]["code"]: [one for one in card["links"] if one["type"] == "smart"] for card in cards}


def test_a_client_with_the_app_is_offered_to_ask_the_patient() -> None:
    """On cards whose cause needs history, and on no other; the app is told the card (CDS Hooks 2.0, `appContext`)."""
    asking = {"neurology-evaluation", "lab-order", "reassurance", "lifestyle", "data-gap"}
    offered = [links(attended(without(case), caller=Caller(client="ehr", smart=True))) for case in cases()[:120]]
    usual = [links(attended(without(case))) for case in cases()[:120]]

    found = {topic: bool(made) for one in offered for topic, made in one.items()}
    assert found == {topic: topic in asking for topic in found}
    assert {True, False} == set(found.values())
    link = next(made[0] for one in offered for made in one.values() if made)
    assert ("Ask the patient: one minute", "/smart/launch") == (link["label"], link["url"][-13:])
    assert json.loads(link["appContext"])["topic"] in asking
    assert [] == [made for one in usual for made in one.values() if made]


def test_a_client_may_want_the_missing_tests_in_one_suggestion() -> None:
    """The same drafts, in one suggestion with an action each; what is remembered is what was shown."""
    body = without(next(case for case in cases() if case.id == "V02"))
    reply = attended(body, caller=Caller(client="new", many_actions=True))
    many, usual = (json.loads(one.body)["cards"] for one in (reply, attended(body)))
    drafts = [
        [action["description"] for card in some for one in card["suggestions"] for action in one["actions"]]
        for some in (many, usual)
    ]
    labels = [one["label"] for card in many for one in card["suggestions"]]

    assert drafts[0] == drafts[1]
    assert ["Order: neurology referral, urgent", "Order the 7 missing tests"] == labels[:2]
    assert ["Task: review simvastatin with the prescriber", "Order: CK (creatine kinase)"] == labels[2:]
    assert reply.account is not None
    assert [one["uuid"] for card in many for one in card["suggestions"]] == [
        uuid for card in reply.account.cards for uuid in card.suggestions
    ]


def test_the_medicine_of_a_draft_is_asked_for_only_behind_the_gate() -> None:
    """A chart without a twitch costs no request; with one, the Medication is read and may bring a card."""
    context = {"draftOrders": {"resourceType": "Bundle", "entry": [{"resource": DRAFT}]}}
    for lines, rounds, expected in (([{"twitch": "5 w"}], 1, ["steroid-order"]), ([], 0, [])):
        chart = resources({"patient": {"age": "55 y", "sex": "F"}, "resources": lines})
        body = request_for(chart, context, hook="order-sign") | {"fhirServer": SERVER}
        pharmacy = Pharmacy()

        assert expected == topics(attended(body, "muscle-twitch-order-sign", completion=pharmacy))
        assert [{DRAFTS}] * rounds == pharmacy.asked


def test_with_an_authorization_that_cannot_be_used_nobody_is_asked() -> None:
    """What is missing is stated, and the cards say that the access was no good."""
    body = without(FIRING, "labs") | {"fhirAuthorization": {"access_token": "x", "token_type": "bearer"}}
    chart_store = ChartStore(request(FIRING.chart)["prefetch"])
    reply = attended(body, completion=chart_store)

    assert [] == chart_store.asked
    assert reply.account is not None
    assert {"fhirServer:unusable-authorization", "Observation:absent"} <= set(reply.account.not_checked)


def test_silence_and_refusal_say_that_the_authorization_was_no_good() -> None:
    """A silent call is accounted for; where the twitch question stays open, the reason is in the refusal."""
    authorized = {"fhirAuthorization": {"access_token": "x", "token_type": "bearer"}}
    silent = attended(without(QUIET) | authorized)
    refused = attended(without(QUIET, "conditions") | authorized)

    assert ([], ("fhirServer:unusable-authorization",)) == (
        topics(silent),
        silent.account and silent.account.not_checked,
    )
    assert 412 == refused.status
    assert b"unusable-authorization" in refused.body
