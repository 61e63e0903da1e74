"""Single use of tokens, with a shared store, without one, and with one that fails."""

import asyncio
import logging
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from trust_fakes import NOW, Hands, token, verified, verifier

from cds.account import Caller
from cds.errors import NotKept, UseUnknown
from cds.trust.once import Once, UsedHere
from cds.trust.refusal import Refused

LATER = NOW + timedelta(minutes=5)


class Store:
    """A shared store that does what it is told."""

    def __init__(self) -> None:
        self.keys: dict[str, datetime] = {}
        self.fail: Exception | None = None
        self.hang = False

    @property
    def is_telling(self) -> bool:
        return self.fail is None and not self.hang

    async def use_once(self, key: str, expires: datetime) -> bool:
        if self.fail:
            raise self.fail
        if self.hang:
            await asyncio.Event().wait()
        is_first = key not in self.keys
        self.keys[key] = expires
        return is_first


def first(once: Once, key: str = "k", expires: datetime = LATER) -> bool:
    """Whether it is the first use."""
    return asyncio.run(once.is_first(key, expires))


def two_workers(store: Store | None, seconds: float = 5, *, is_closed: bool = False) -> tuple[Once, Once]:
    """Two processes around one store."""
    hands = Hands()
    here, there = (Once(UsedHere(hands.now), store, seconds, is_closed=is_closed) for _ in range(2))
    return here, there


def test_a_token_used_in_one_worker_is_used_in_all() -> None:
    """The store knows."""
    here, there = two_workers(Store())

    assert [True, False, False] == [first(here), first(there), first(here)]


def test_without_a_store_a_process_knows_its_own() -> None:
    """As in a test, or in a service of one process."""
    here, there = two_workers(None)

    assert [True, False, True] == [first(here), first(here), first(there)]


@pytest.mark.parametrize("fail", [NotKept(), OSError("disk"), TimeoutError()])
def test_a_store_that_is_down_blocks_no_call(fail: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """The process's own list goes on; each such call is counted, the log says it once, and recovery is seen."""
    store = Store()
    store.fail = fail
    here, _ = two_workers(store)

    with caplog.at_level(logging.ERROR, "twitch-cds"):
        found = [first(here, "a"), first(here, "a"), first(here, "b")]
    down = here.is_down
    store.fail = None

    assert [True, False, True] == found
    assert (2, True, False, True) == (here.unshared, down, here.is_down, first(here, "c"))
    assert ["used tokens are known to this process only"] == [record.message for record in caplog.records]


@pytest.mark.parametrize("fail", [NotKept(), OSError("disk"), TimeoutError()])
def test_a_store_that_is_down_stops_every_call_where_that_is_wanted(
    fail: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Closed: nobody is answered, in no worker; when the store is back, the same token counts as new, once."""
    store = Store()
    store.fail = fail
    workers = two_workers(store, is_closed=True)

    with caplog.at_level(logging.ERROR, "twitch-cds"):
        for worker in (*workers, *workers):
            with pytest.raises(UseUnknown):
                first(worker)
    store.fail = None
    found = [first(worker) for worker in (*workers, *workers)]

    assert [True, False, False, False] == found
    assert [2, 2] == [worker.unshared for worker in workers]
    assert ["calls are refused: used tokens cannot be checked"] * 2 == [record.message for record in caplog.records]


def test_each_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """A second one after the first has ended as well."""
    store = Store()
    here, _ = two_workers(store)
    with caplog.at_level(logging.ERROR, "twitch-cds"):
        for number, fail in enumerate((OSError(), OSError(), None, OSError())):
            store.fail = fail
            first(here, str(number))

    assert 2 == len(caplog.records)


def test_a_store_that_hangs_is_waited_for_no_longer_than_set() -> None:
    """Then it counts as down."""
    store = Store()
    store.hang = True
    here, _ = two_workers(store, seconds=0.01)

    assert (True, 1) == (first(here), here.unshared)


def test_names_are_forgotten_when_the_token_has_expired() -> None:
    """Not before: an expired token is refused by its time."""
    hands = Hands()
    used = UsedHere(hands.now)

    async def use(key: str, minutes: int) -> bool:
        return await used.use_once(key, NOW + timedelta(minutes=minutes))

    found = [asyncio.run(use("long", 5)), asyncio.run(use("short", 1)), asyncio.run(use("short", 1))]
    hands.move(60)
    found += [asyncio.run(use("new", 5)), asyncio.run(use("long", 5))]

    assert [True, True, False, True, False] == found
    assert 2 == len(used)


def test_the_list_of_a_process_is_bounded() -> None:
    """Those that expire first are forgotten first."""
    used = UsedHere(lambda: NOW, most=3)

    async def use(key: int) -> bool:
        return await used.use_once(str(key), NOW + timedelta(seconds=10 + key))

    found = [asyncio.run(use(key)) for key in (4, 1, 3, 2)]

    assert [True] * 4 + [False, True] == [*found, asyncio.run(use(4)), asyncio.run(use(1))]
    assert 3 == len(used)


def test_a_token_is_remembered_until_it_has_expired_on_every_clock(tmp_path: Path) -> None:
    """Its exp, the skew, and a second; under a hash, so that the store holds no part of the token."""
    store = Store()
    verified(verifier(tmp_path, used=store), token())

    ((key, expires),) = store.keys.items()
    assert (64, NOW + timedelta(seconds=300 + 60 + 1)) == (len(key), expires)


def test_replay_is_refused_by_another_worker(tmp_path: Path) -> None:
    """Two verifiers with one store."""
    store = Store()
    workers = [verifier(tmp_path, used=store) for _ in range(2)]

    def outcome(number: int) -> object:
        try:
            return verified(workers[number], token())
        except Refused as problem:
            return problem.refusal.kind

    assert [Caller(client="ehr"), "replay"] == [outcome(0), outcome(1)]


def test_a_store_that_is_down_is_told_with_the_problems(tmp_path: Path) -> None:
    """And counted for the metrics."""
    store = Store()
    by = verifier(tmp_path, used=store)
    healthy = (by.problems, by.unshared)
    store.fail = NotKept()
    verified(by, token())

    assert ((), 0) == healthy
    assert (("used tokens are known to this process only",), 1) == (by.problems, by.unshared)
