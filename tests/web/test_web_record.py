"""The record of what is done: a line of audit for each start, call, feedback and refusal, written before the answer."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest
from web_fakes import CALL, FIXTURES, ONE_CARD, SERVICE, Client, FakeEngine, Strangers, demo

from cards.topics import Topic
from cds.account import Account, Caller, FeedbackItem
from cds.errors import NotKept
from cds.hook_handler import Reply
from cds.settings import load
from cds.web.app import create_app
from cds.web.metrics import Metrics
from cds.web.parts import Parts
from cds.web.record import Call, Recorder

VERSIONS = {"knowledgeVersion", "softwareVersion"}
FEEDBACK = json.dumps(
    {"feedback": [{"card": "c1", "outcome": "overridden", "outcomeTimestamp": "2026-11-22T06:55:49Z"}]}
).encode()


class FakeJournal:
    """Keeps the lines."""

    is_up = True

    def __init__(self) -> None:
        self.lines: list[Mapping[str, Any]] = []

    def write(self, line: Mapping[str, object]) -> None:
        self.lines.append(line)


class FakeKeeper:
    """A store that can be told to fail."""

    is_up = True

    async def keep(self, caller: Caller, service_id: str, items: Sequence[FeedbackItem]) -> None:
        if not self.is_up:
            raise NotKept


@pytest.fixture
def journal() -> FakeJournal:
    """The audit."""
    return FakeJournal()


@pytest.fixture
def keeper() -> FakeKeeper:
    """The store."""
    return FakeKeeper()


@pytest.fixture
def engine() -> FakeEngine:
    """The engine, which is its own attendant."""
    return FakeEngine()


@pytest.fixture
def client(engine: FakeEngine, journal: FakeJournal, keeper: FakeKeeper) -> Client:
    """The application in demo mode."""
    parts = Parts(engine=engine, hook_handler=engine, verifier=Strangers(), keeper=keeper, journal=journal)
    return Client(create_app(parts, demo(), fixtures=FIXTURES))


@pytest.mark.parametrize(("off", "told"), [((), None), ((Topic.EMERG,), ["emergency"])])
def test_a_start_is_written_with_what_the_site_does_not_show(
    off: tuple[Topic, ...], told: list[str] | None, engine: FakeEngine, journal: FakeJournal
) -> None:
    """A committee can tell from the audit since when."""
    engine.switched_off = off
    app = create_app(Parts(engine=engine, hook_handler=engine, verifier=Strangers(), journal=journal), demo())

    async def run() -> None:
        async with app.router.lifespan_context(app):
            pass

    asyncio.run(run())

    (line,) = journal.lines
    assert ("started", told) == (line["kind"], json.loads(json.dumps(line)).get("switchedOff"))


def test_a_call_with_a_card_is_written_whole(client: Client, engine: FakeEngine, journal: FakeJournal) -> None:
    """Ids, codes and hashes; what is empty is left out."""
    engine.reply = lambda _: (200, ONE_CARD)
    client.call()
    (line,) = journal.lines

    assert ("call", "demo", SERVICE, 200, "cards") == tuple(
        line[name] for name in ("kind", "client", "service", "status", "outcome")
    )
    assert [{"uuid": "c", "topic": "lab-order", "indicator": "info", "tags": (), "flags": ()}] == line["cards"]
    assert {"hook", "hookInstance", "patient", "user", "ms"} | VERSIONS <= line.keys()
    assert {"suppressed", "notChecked", "tenant", "reason"}.isdisjoint(line)


def test_what_could_not_be_read_is_written_and_counted_by_type_and_reason(journal: FakeJournal) -> None:
    """As numbers only, under the client, of which so many are told apart."""
    metrics = Metrics("k")
    account = Account(
        hook="patient-view",
        hook_instance="i",
        patient="p",
        user="u",
        unread={"Observation:unit": 2, "Medication:code": 9},
    )
    call = Call(Caller(client="ehr"), SERVICE, Reply(200, b"{}", account), 0.1)

    Recorder(metrics, journal, "k").record(call)

    assert {"Observation:unit": 2, "Medication:code": 9} == journal.lines[0]["unread"]
    page = metrics.text().decode()
    assert 'twitch_cds_unread_total{client="ehr",reason="unit",type="Observation"} 2.0' in page
    assert 'twitch_cds_unread_total{client="ehr",reason="code",type="Medication"} 9.0' in page


def test_a_call_that_could_not_be_read_is_written_too(client: Client, journal: FakeJournal) -> None:
    """Its status, and for which service; an unknown one is not quoted."""
    client.call(content_type="text/plain")
    client.call(path="/cds-services/patient-7")

    assert [("call", SERVICE, 415), ("call", "unknown", 404)] == [
        (line["kind"], line["service"], line["status"]) for line in journal.lines
    ]
    assert "patient-7" not in repr(journal.lines)


def test_feedback_is_written_whether_it_was_kept_or_not(
    client: Client, journal: FakeJournal, keeper: FakeKeeper
) -> None:
    """How many items, from whom, and the status."""
    for body, is_up in ((FEEDBACK, True), (b"{}", True), (FEEDBACK, False)):
        keeper.is_up = is_up
        client.call(body, f"{CALL}/feedback")

    assert [(200, 1), (400, 0), (503, 0)] == [(line["status"], line["items"]) for line in journal.lines]
    assert {("feedback", "demo", SERVICE)} == {
        (line["kind"], line["client"], line["service"]) for line in journal.lines
    }


def test_feedback_tells_what_was_done_with_which_card(client: Client, journal: FakeJournal) -> None:
    """Our ids and our codes, the first of very many; whatever else stands there could be a name."""
    card = "0d9a4a52-5d7f-4f4e-9a3c-6f1e6f0c1a11"
    moment = {"outcomeTimestamp": "2026-11-22T06:55:49Z"}
    items = [
        {"card": card, "outcome": "overridden", "overrideReason": {"reason": {"code": "wrong-data"}}} | moment,
        {"card": "ruth", "outcome": "overridden", "overrideReason": {"reason": {"code": "ruth"}}} | moment,
        {"card": card, "outcome": "accepted", "acceptedSuggestions": [{"id": "ruth"}]} | moment,
    ]
    for sent in (items, items * 100):
        client.call(json.dumps({"feedback": sent}).encode(), f"{CALL}/feedback")

    few, many = journal.lines
    assert [
        {"card": card, "outcome": "overridden", "reason": "wrong-data"},
        {"card": "other", "outcome": "overridden", "reason": "other"},
        {"card": card, "outcome": "accepted"},
    ] == few["answers"]
    assert (300, 200) == (many["items"], len(many["answers"]))
    assert "ruth" not in repr(journal.lines)


def test_feedback_tells_the_tenant_of_its_client(journal: FakeJournal) -> None:
    """As a call does: ids of cards are looked for within one tenant."""
    Recorder(Metrics("1"), journal, "1").feedback(Caller(client="ehr", tenant="north"), SERVICE, 200, ())

    assert [("ehr", "north", 0)] == [(line["client"], line["tenant"], line["items"]) for line in journal.lines]


def test_a_refusal_is_written_with_its_reason(engine: FakeEngine, journal: FakeJournal) -> None:
    """The caller is told nothing of it; the path is cut to its route."""
    parts = Parts(engine=engine, hook_handler=engine, verifier=Strangers(), journal=journal)
    answer = Client(create_app(parts, load({})))("POST", f"{CALL}-patient-7")
    (line,) = journal.lines

    assert 401 == answer.status_code
    assert {"kind", "status", "check", "requestId", "route", "reason"} | VERSIONS == line.keys()
    assert ("refused", 401, "header", "/cds-services") == tuple(
        line[name] for name in ("kind", "status", "check", "route")
    )
    assert line["reason"] not in answer.text


def test_refusals_that_were_only_counted_are_told_when_the_service_ends(
    engine: FakeEngine, journal: FakeJournal
) -> None:
    """After the first few, one line for all others; the metrics count each."""
    parts = Parts(engine=engine, hook_handler=engine, verifier=Strangers(), journal=journal)
    client = Client(create_app(parts, load({})))
    transport = httpx.ASGITransport(client.app)

    async def visit() -> str:
        sender = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
        async with client.app.router.lifespan_context(client.app), sender as caller:
            for _ in range(30):
                await caller.get("/cds-services")
            return (await caller.get("/metrics")).text

    metrics = asyncio.run(visit())
    started, *told, summed = journal.lines

    assert ["started", *["refused"] * len(told), "refusals"] == [line["kind"] for line in journal.lines]
    assert (30 - len(told), "header") == (summed["count"], summed["check"])
    assert started.keys() > VERSIONS < summed.keys()
    assert 'twitch_cds_refusals_total{client="",reason="header"} 30.0' in metrics
