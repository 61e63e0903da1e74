"""No nagging: an answered card stays silent, and nothing that is new, worse or an emergency is ever hidden (4d)."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request
from charts.seam import engine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from cds.account import Caller, FeedbackItem
from cds.call import Engine
from cds.hook_handler import HookHandler
from cds.keyed import Pseudonyms
from cds.secrecy import Secret
from cds.store.memory import Manner, Memory
from cds.store.store import Store
from cds.store.writer import Pace

Json = dict[str, Any]
BASIS = "org.twitch-cds.basis"
NOON = datetime.combine(TODAY, time(12), UTC)
WINDOWS = {"info": timedelta(days=30), "warning": timedelta(days=7)}
ONCE = {"data-gap", "lifestyle", "lab-order"}
CLIENTS = (Caller(client="north"), Caller(client="south"))
HOOKS = ("patient-view", "encounter-start")
LINES: tuple[Json, ...] = (
    {"lab": "K", "value": "3.3 mmol/L", "at": "5 d"},
    {"lab": "K", "value": "3.2 mmol/L", "at": "2 d"},
    {"lab": "K", "value": "2.3 mmol/L", "at": "today"},
    {"lab": "vitD", "value": "28 nmol/L", "at": "9 d"},
    {"condition": "M62.541 wasting of the hand", "onset": "3 w"},
    {"condition": "R47.1 dysarthria", "onset": "2 w"},
    {"condition": "R25.2 cramp and spasm", "onset": "1 w"},
    {"drug": "atc:A02BC01 omeprazole", "start": "3 y"},
)
CHARTS = tuple(map(frozenset, ((), (0,), (0, 1), (2,), (3,), (0, 3), (4,), (4, 5), (6,), (7,), (2, 4), (0, 4, 7))))
PATIENTS = count()


class Ask(Struct, frozen=True):
    """A call on a chart with some of the lines."""

    lines: frozenset[int]
    hook: str
    client: int


class Answer(Struct, frozen=True):
    """Feedback on some of the cards of the last call: each in turn, or one of them."""

    outcome: str
    only: int | None


class Wait(Struct, frozen=True):
    """Time goes by."""

    days: int


STEPS = st.lists(
    st.one_of(
        st.builds(Ask, st.sampled_from(CHARTS), st.sampled_from(HOOKS), st.sampled_from((0, 0, 0, 1))),
        st.builds(Answer, st.sampled_from(("accepted", "overridden")), st.sampled_from((None, None, 0, 1))),
        st.builds(Wait, st.sampled_from((1, 6, 8, 23))),
    ),
    min_size=6,
    max_size=24,
)


class Seen(Struct, frozen=True):
    """What a card says, apart from its words."""

    topic: str
    indicator: str
    tags: tuple[str, ...]
    flags: tuple[str, ...]
    facts: frozenset[tuple[str, str, str]]

    @property
    def may_be_hidden(self) -> bool:
        return self.topic != "emergency" and self.indicator != "critical"


class Record(Struct, frozen=True):
    """A card that was shown to a client; or answered, at a moment."""

    uuid: str
    card: Seen
    client: int
    at: datetime


def seen(card: Json) -> Seen:
    """A card of an answer; the twitch itself is no news."""
    basis = card["extension"][BASIS]
    facts = [one for one in basis.get("facts", ()) if "twitch" not in one["label"]]
    return Seen(
        card["source"]["topic"]["code"],
        card["indicator"],
        tuple(basis.get("tags", ())),
        tuple(basis.get("flags", ())),
        frozenset((one["label"], str(one.get("date")), str(one.get("value"))) for one in facts),
    )


def body_of(step: Ask, patient: str) -> bytes:
    """The request of a call."""
    lines = [{"twitch": "5 w"}, *(LINES[number] for number in sorted(step.lines))]
    made = request({"patient": {"age": "40 y", "sex": "F"}, "resources": lines})
    known = made["context"]["patientId"]
    made |= {"hook": step.hook, "context": made["context"] | {"encounterId": "e1"}}
    text = json.dumps(made).replace(f'"{known}"', f'"{patient}"').replace(f'"Patient/{known}"', f'"Patient/{patient}"')
    return text.encode()


class World:
    """A service with its store, and a clock that is set by hand."""

    def __init__(self, folder: Path) -> None:
        self.now = NOON
        store = Store.open(f"sqlite:///{folder / 'store.db'}", str(folder))
        self.memory = Memory(store, Manner(patience=30.0, pace=Pace(linger=0.0)), now=lambda: self.now)
        self.memory.start()
        self.engine: Engine = replace(engine(TODAY), now=lambda: self.now)
        self.hook_handler = HookHandler(
            self.engine, memory=self.memory, pseudonyms=Pseudonyms(Secret("k" * 32)), seconds_allowed=60.0
        )

    def play(self, steps: list[Ask | Answer | Wait]) -> None:
        """One patient's story, checked at every call."""
        self.now = NOON
        asyncio.run(Story(self, f"p{next(PATIENTS)}").told(steps))


class Story:
    """What was shown and answered so far."""

    def __init__(self, world: World, patient: str) -> None:
        self.world = world
        self.patient = patient
        self.last: list[Record] = []
        self.answered: list[Record] = []
        self.displayed: list[Record] = []

    async def told(self, steps: list[Ask | Answer | Wait]) -> None:
        for step in steps:
            if isinstance(step, Ask):
                await self.ask(step)
            elif isinstance(step, Answer):
                await self.answer(step)
            else:
                self.world.now += timedelta(days=step.days)

    async def ask(self, step: Ask) -> None:
        body = body_of(step, self.patient)
        service = f"muscle-twitch-{step.hook}"
        plain = [seen(card) for card in json.loads(self.world.engine.answer(service, body)[1])["cards"]]
        reply = await self.world.hook_handler.answer(service, body, CLIENTS[step.client])
        cards = json.loads(reply.body)["cards"]
        assert self.world.memory.flush()
        self.check(step.client, plain, [seen(card) for card in cards])
        self.last = [Record(card["uuid"], seen(card), step.client, self.world.now) for card in cards]
        self.displayed += self.last

    def check(self, client: int, plain: list[Seen], shown: list[Seen]) -> None:
        for card in plain:
            if card not in shown and card.topic not in {one.topic for one in shown}:
                assert card.may_be_hidden, card
                known = (*self.recent(client, card), *self.shown_once(client, card))
                assert any(self.is_old_news(card, one) for one in known), card
        for card in shown:
            known = (*self.recent(client, card), *self.shown_once(client, card))
            assert not card.may_be_hidden or not any(card == one.card for one in known), card

    def recent(self, client: int, card: Seen) -> list[Record]:
        """What this client answered within the window of such a card."""
        window = WINDOWS.get(card.indicator, timedelta())
        return [one for one in self.answered if one.client == client and self.world.now - one.at < window]

    def shown_once(self, client: int, card: Seen) -> list[Record]:
        """What the user of this client was shown within 30 days, of the cards that are shown once (N57)."""
        shown = self.displayed if card.topic in ONCE else []
        return [one for one in shown if one.client == client and self.world.now - one.at < WINDOWS["info"]]

    @staticmethod
    def is_old_news(card: Seen, one: Record) -> bool:
        """Same card, same tags, no sign more, no value that was not on the answered card."""
        same = (card.topic, card.indicator, card.tags) == (one.card.topic, one.card.indicator, one.card.tags)
        return same and set(card.flags) <= set(one.card.flags) and card.facts <= one.card.facts

    async def answer(self, step: Answer) -> None:
        for number, record in enumerate(self.last):
            if step.only in (None, number):
                now = self.world.now
                item = FeedbackItem(card=record.uuid, outcome=step.outcome, at=now, timestamp=now.isoformat())
                await self.world.memory.keep(CLIENTS[record.client], "muscle-twitch-patient-view", [item])
                self.answered.append(Record(record.uuid, record.card, record.client, now))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One store for all stories; every story has its own patient."""
    made = World(tmp_path_factory.mktemp("store"))
    yield made
    made.memory.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_nothing_new_or_urgent_is_hidden_and_nothing_answered_is_repeated(
    world: World, steps: list[Ask | Answer | Wait]
) -> None:
    """Random stories of charts that change, calls, feedback and time (4d Repeats)."""
    world.play(steps)


def test_an_answer_holds_across_hooks_until_its_window_ends(world: World) -> None:
    """A warning answered on opening the chart is silent at the start of the visit, and back after seven days."""
    story = Story(world, "across")

    async def go() -> list[list[str]]:
        world.now, told = NOON, []
        for hook, days in (("patient-view", 0), ("encounter-start", 6), ("patient-view", 1)):
            world.now += timedelta(days=days)
            await story.ask(Ask(frozenset({3}), hook, 0))
            await story.answer(Answer("overridden", None))
            told.append([one.card.topic for one in story.last])
        return told

    assert [["abnormal-lab"], [], ["abnormal-lab"]] == asyncio.run(go())
