"""What the calls see of the store: answers in time, nothing in the way of a card, feedback on disk."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Awaitable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service.waiting import wait_until
from sqlalchemy import Engine
from sqlalchemy.pool import PoolProxiedConnection
from store_samples import (
    HOSPITAL,
    NOW,
    OTHER,
    PATIENT,
    SERVICE,
    accepted,
    account,
    minutes,
    overridden,
    rows_of,
    shown,
    tallied,
)

from cds.account import Suppressed
from cds.deadline import Deadline
from cds.errors import NotKept, NotReady
from cds.settings import load
from cds.store.address import address_of
from cds.store.down import StoreDown
from cds.store.facts import OtherKey, TooOld, Unfit
from cds.store.memory import Manner, Memory, open_memory
from cds.store.store import Store
from cds.store.tally import Tally
from cds.store.writer import Pace

T = TypeVar("T")
PACE = Pace(linger=0.0, first_pause=0.001, longest_pause=0.01, patience=0.05, heartbeat=0.02)
LONG = Manner(patience=30.0, idle_seconds=0.01, software_version="0.1.0", pace=PACE)


class Clock:
    """A moment, and seconds that pass with it."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def seconds(self) -> float:
        return (self.moment - NOW).total_seconds()


@pytest.fixture
def clock() -> Clock:
    """Time that stands still until it is moved."""
    return Clock()


@pytest.fixture
def memory(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Memory]:
    """The memory of a process, begun."""
    made = Memory(Store.open(database_url, str(tmp_path)), LONG, now=clock.now, seconds=clock.seconds)
    made.start()
    yield made
    made.close()


def deadline(seconds: float = 60.0) -> Deadline:
    """Much time, unless said otherwise."""
    return Deadline.after(seconds, time.monotonic)


def run(work: Awaitable[T]) -> T:
    """Run one thing on a loop of its own."""

    async def main() -> T:
        return await work

    return asyncio.run(main())


def test_what_was_shown_and_answered_is_known(memory: Memory) -> None:
    """The way of a card: shown, answered, and asked for at the next call."""
    memory.remember(HOSPITAL, SERVICE, account(shown("c1"), shown("c2", "g")), "2026.11")
    before = run(memory.answered(PATIENT, {"f", "g"}, deadline()))
    run(memory.keep(HOSPITAL, SERVICE, [overridden("c1")]))
    memory.flush()

    assert ({}, {"f": NOW}) == (before, run(memory.answered(PATIENT, {"f", "g"}, deadline())))
    assert {"showings_written": 2, "recalls": 2, "feedback_kept": 1} == counted(memory)
    assert memory.is_up


def counted(memory: Memory) -> dict[str, int]:
    """The counters that are not zero."""
    return {name: number for name, number in memory.tally.items() if number}


def test_what_is_remembered_says_which_software_and_when(memory: Memory, database_url: str) -> None:
    """Suppressed repeats as well."""
    repeat = Suppressed(topic="lifestyle", fingerprint="g")
    memory.remember(HOSPITAL, SERVICE, account(shown("c1"), suppressed=[repeat]), "2026.11")
    memory.flush()

    (card,), (suppressed,) = rows_of(database_url, "showings"), rows_of(database_url, "suppressions")
    assert ("2026.11", "0.1.0", NOW) == (card["knowledge_version"], card["software_version"], card["shown_at"])
    assert ("2026.11", "0.1.0", NOW) == (
        suppressed["knowledge_version"],
        suppressed["software_version"],
        suppressed["suppressed_at"],
    )


def test_nothing_is_asked_for_no_cards(memory: Memory) -> None:
    """A silent call does not touch the database."""
    assert {} == run(memory.answered(PATIENT, [], deadline()))
    assert {} == counted(memory)


def test_nothing_is_kept_of_no_items(memory: Memory) -> None:
    """An empty list is no feedback."""
    run(memory.keep(HOSPITAL, SERVICE, []))

    assert {} == counted(memory)


def test_a_call_without_time_goes_on_without_answers(memory: Memory) -> None:
    """That is no fault of the store."""
    assert {} == run(memory.answered(PATIENT, ["f"], deadline(0.0)))
    assert ({"recalls_failed": 1}, True) == (counted(memory), memory.is_up)


def test_a_token_is_used_once(memory: Memory) -> None:
    """Over all workers."""
    assert [True, False] == [run(memory.use_once("k" * 64, NOW + minutes(5))) for _ in range(2)]


def test_a_token_is_used_once_while_another_process_writes(tmp_path: Path, clock: Clock) -> None:
    """Whoever finds the file locked waits for it in a thread, and both find out the same."""
    memory = Memory(Store.open("", str(tmp_path)), LONG, now=clock.now, seconds=clock.seconds)
    memory.start()
    run(memory.use_once("a" * 64, NOW + minutes(5)))

    async def crowded() -> list[bool]:
        other = sqlite3.connect(next(tmp_path.glob("*.db")), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(memory.use_once("b" * 64, NOW + minutes(5)))
        await asyncio.sleep(0)
        is_free_already = waiting.done()
        other.execute("COMMIT")
        other.close()
        return [is_free_already, await waiting, await memory.use_once("b" * 64, NOW + minutes(5))]

    seen = run(crowded())
    up = memory.is_up
    memory.close()

    assert ([False, True, False], True) == (seen, up)


@pytest.mark.parametrize("keeps", [True, False], ids=["open", "closed"])
def test_a_use_that_could_not_be_told_in_time_is_written_all_the_same(
    keeps: bool, tmp_path: Path, clock: Clock
) -> None:
    """Where such a token is accepted, so that no other process accepts it later; the next is asked about as well."""
    manner = msgspec.structs.replace(LONG, patience=0.01, keeps_late_uses=keeps)
    here, there = (
        Memory(Store.open("", str(tmp_path)), one, now=clock.now, seconds=clock.seconds) for one in (manner, LONG)
    )
    for memory in (here, there):
        memory.start()
    keys = [letter * 64 for letter in "ab"]

    async def starved() -> bool:
        under_way, behind = threading.Event(), threading.Event()

        def held() -> None:
            under_way.set()
            behind.wait(600)

        first = asyncio.ensure_future(here._tokens.ask(held, 600))
        await asyncio.to_thread(under_way.wait)
        here._store.use_at_once = lambda *_: None  # type: ignore[method-assign] # another writer has the file
        for key in keys:
            with pytest.raises(NotReady):
                await here.use_once(key, NOW + minutes(5))
        behind.set()
        await first
        await here._tokens.ask(lambda: None, 600)
        return here.is_telling

    is_telling = run(starved())
    found = [run(there.use_once(key, NOW + minutes(5))) for key in keys]
    for memory in (here, there):
        memory.close()

    assert (True, [not keeps] * 2) == (is_telling, found)


def test_counts_of_a_candidate_that_could_not_be_written_lose_no_card(tmp_path: Path, clock: Clock) -> None:
    """They are no showings: the next ones hold them too."""
    folder = tmp_path / "var"
    folder.write_bytes(b"no folder")
    memory = Memory(Store.open("", str(folder)), LONG, now=clock.now, seconds=clock.seconds)
    memory.start()
    memory.shadowed([tallied(3)])
    memory.remember(HOSPITAL, SERVICE, account(shown("c1")), "2026.11")
    memory.close()

    assert 1 == counted(memory)["showings_lost"]


def test_a_store_that_is_away_holds_up_no_card_and_takes_no_feedback(tmp_path: Path, clock: Clock) -> None:
    """Calls go on, losses are counted, feedback is refused; then it is left alone for a while."""
    folder = tmp_path / "var"
    folder.write_bytes(b"no folder")
    memory = Memory(Store.open("", str(folder)), LONG, now=clock.now, seconds=clock.seconds)
    memory.start()
    answers = [run(memory.answered(PATIENT, ["f"], deadline())) for _ in range(2)]
    memory.remember(HOSPITAL, SERVICE, account(shown("c1"), shown("c2")), "2026.11")
    with pytest.raises(NotKept):
        run(memory.keep(HOSPITAL, SERVICE, [overridden("c1"), overridden("c2")]))
    with pytest.raises(NotReady):
        run(memory.use_once("k" * 64, NOW))
    up = (memory.is_up, memory.is_telling)
    memory.close()

    assert ([{}, {}], (False, False)) == (answers, up)
    assert {
        "showings_lost": 2,
        "recalls_failed": 2,
        "feedback_refused": 2,
        "tokens_unchecked": 1,
    } == counted(memory)


def test_what_was_refused_is_not_written_later(
    memory: Memory, database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what the database failed to write nor what came while it was left alone: rows and counters agree."""

    def fail(*_: object) -> None:
        raise StoreDown

    refused = []
    with monkeypatch.context() as patch:
        patch.setattr(Store, "_write", fail)
        refused.append(keeps(memory, "c1"))
    refused += [keeps(memory, "c2"), keeps(memory, "c3")]
    clock.moment += minutes(1)
    kept = keeps(memory, "c4")

    assert ([False, False, False], True) == (refused, kept)
    assert ["c4"] == [row["card"] for row in rows_of(database_url, "feedback")]
    assert {"feedback_refused": 3, "feedback_kept": 1} == counted(memory)


def keeps(memory: Memory, card: str) -> bool:
    """Whether feedback is kept."""
    try:
        run(memory.keep(HOSPITAL, SERVICE, [overridden(card)]))
    except NotKept:
        return False
    return True


def test_a_store_that_comes_back_is_used_again(tmp_path: Path) -> None:
    """Without a restart: the background writer sees it, and what waits is written."""
    folder = tmp_path / "var"
    folder.write_bytes(b"no folder")
    memory = Memory(
        Store.open("", str(folder)), Manner(patience=30.0, pace=Pace(linger=0.0, first_pause=0.01, heartbeat=0.01))
    )
    memory.start()
    down = memory.is_up
    memory.remember(HOSPITAL, SERVICE, account(shown("c1")), "2026.11")
    folder.unlink()
    written = memory.flush(30)
    wait_until(lambda: memory.is_up)
    run(memory.keep(HOSPITAL, SERVICE, [overridden("c1")]))
    memory.close()

    assert (False, True) == (down, written)
    assert ["c1"] == [row["card"] for row in rows_of(f"sqlite:///{folder / 'twitch-cds.db'}", "showings")]


def test_a_store_that_was_only_slow_is_healthy_again_at_the_next_beat(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No call has to find out."""

    def fail(*_: object) -> bool:
        raise StoreDown

    def is_down_after_a_call() -> bool:
        with pytest.raises(NotReady):
            run(memory.use_once("k" * 64, NOW))
        return not memory.is_up

    with monkeypatch.context() as patch:
        patch.setattr(Store, "use", fail)
        patch.setattr(Store, "use_at_once", fail)
        patch.setattr(Store, "probe", fail)
        wait_until(is_down_after_a_call)  # a call that gives up before a thread has taken its question proves nothing
    memory._beat()

    wait_until(lambda: memory.is_up)


def test_connections_are_open_before_the_first_question(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no check of a token waits for one: after the start, no thread connects when it is asked."""
    memory = Memory(Store.open(database_url, str(tmp_path)), LONG)
    memory.start()
    opened: list[str] = []
    make = Engine.raw_connection

    def count(engine: Engine) -> PoolProxiedConnection:
        opened.append(threading.current_thread().name)
        return make(engine)

    monkeypatch.setattr(Engine, "raw_connection", count)
    found = [run(memory.use_once(f"{number:064}", NOW + minutes(5))) for number in range(20)]
    memory.close()

    assert [True] * 20 == found
    assert [] == [name for name in opened if name.startswith("store-tokens")]


def test_a_database_of_other_hashes_ends_the_start(database_url: str, tmp_path: Path) -> None:
    """What no retry mends is no store that is down."""
    mine = Store.open(database_url, str(tmp_path), "a" * 32)
    mine.prepare()
    mine.close()
    memory = Memory(Store.open(database_url, str(tmp_path), "b" * 32), LONG)

    with pytest.raises(OtherKey):
        memory.start()
    memory.close()


def test_a_process_that_may_not_use_newer_tables_is_told_once(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs it ends it; other failures of a look are a store that is down."""
    told: list[Unfit] = []
    memory = Memory(Store.open(database_url, str(tmp_path)), LONG, unfit=told.append)
    memory.start()

    def refuse(_: Store) -> None:
        raise TooOld

    monkeypatch.setattr(Store, "check", refuse)
    memory._beat()
    memory._beat()
    memory.close()

    assert [TooOld] == [type(problem) for problem in told]


def test_old_rows_are_deleted_every_hour(memory: Memory, database_url: str, clock: Clock) -> None:
    """After the days of the setting."""
    memory.remember(HOSPITAL, SERVICE, account(shown("c1")), "2026.11")
    memory.flush()
    memory._beat()
    clock.moment += timedelta(days=731)
    memory._beat()
    memory.remember(HOSPITAL, SERVICE, account(shown("c2")), "2026.11")
    memory.flush()
    memory._beat()

    assert ["c2"] == [row["card"] for row in rows_of(database_url, "showings")]
    assert 1 == memory.tally["rows_pruned"]


def test_another_counter_is_told_of_each_step(tmp_path: Path) -> None:
    """So that several workers add up."""
    told: list[tuple[str, int]] = []
    memory = open_memory(
        load(
            {
                "TWITCH_CDS_DATA_DIR": str(tmp_path),
                "TWITCH_CDS_KEEP_COMMENTS": "true",
                "TWITCH_CDS_STORE_TIMEOUT_MS": "10000",
            }
        ),
        "0.1.0",
        lambda name, number: told.append((name, number)),
    )
    memory.start()
    run(memory.keep(HOSPITAL, SERVICE, [overridden("c1", comment="known"), accepted("c2")]))
    memory.close()
    (comment,) = [
        row["comment"] for row in rows_of(f"sqlite:///{tmp_path / 'twitch-cds.db'}", "feedback") if row["comment"]
    ]

    assert ("feedback_kept", 2) in told
    assert "known" == comment


def test_counters_start_at_zero_and_only_grow() -> None:
    """Each has its name."""
    tally = Tally()
    tally.add("recalls")
    tally.add("recalls", 2)

    assert 3 == tally.counts()["recalls"]
    assert {0, 3} == set(tally.counts().values())


STEPS = st.one_of(
    st.tuples(st.just("show"), st.integers(0, 3), st.sampled_from("fgh"), st.booleans()),
    st.tuples(st.just("answer"), st.integers(0, 5), st.just(""), st.booleans()),
    st.tuples(st.just("flush"), st.just(0), st.just(""), st.booleans()),
)


@given(steps=st.lists(STEPS, max_size=20))
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_whatever_the_order_exactly_what_was_answered_is_known(
    steps: list[tuple[str, int, str, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Random showings and answers of two tenants, as a simple model has them; answers may come first."""
    clock, folder = Clock(), tmp_path_factory.mktemp("store")
    memory = Memory(Store(address_of("", str(folder))), LONG, now=clock.now)
    memory.start()
    prints: dict[tuple[bool, str], str] = {}
    answers: dict[tuple[bool, str], datetime] = {}
    kept: set[tuple[bool, str, int]] = set()
    for index, (what, number, fingerprint, north) in enumerate(steps):
        clock.moment += minutes(1)
        caller = HOSPITAL if north else OTHER
        card = f"{number}-{north}"
        if what == "show" and (north, card) not in prints:
            prints[north, card] = fingerprint
            memory.remember(caller, SERVICE, account(shown(card, fingerprint), patient=f"{north:32}"), "k")
        elif what == "answer":
            run(memory.keep(caller, SERVICE, [overridden(card, str(index))]))
            answers[north, card] = clock.moment
            kept.add((north, card, index))
        elif what == "flush":
            memory.flush()
    memory.flush()
    known = {north: run(memory.answered(f"{north:32}", "fgh", deadline())) for north in (True, False)}
    memory.close()

    expected: dict[bool, dict[str, datetime]] = {True: {}, False: {}}
    for (north, card), fingerprint in prints.items():
        if (north, card) in answers:
            earlier = expected[north].get(fingerprint, answers[north, card])
            expected[north][fingerprint] = max(earlier, answers[north, card])
    assert expected == known
    assert len(kept) == len(rows_of(f"sqlite:///{folder / 'twitch-cds.db'}", "feedback"))
