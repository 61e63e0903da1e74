"""Asking the database from the event loop: in time or not at all, and not while it is down."""

import asyncio
import functools
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from cds.store.down import StoreDown
from cds.store.executor import StoreExecutor, TooSlow

T = TypeVar("T")


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def fail() -> None:
    """A question that the database cannot answer."""
    raise StoreDown from OSError("disk of patient 4711")


async def down(answer: Awaitable[object]) -> str:
    """The words of the failure."""
    with pytest.raises(StoreDown) as caught:
        await answer
    return str(caught.value)


def on_executor(
    work: Callable[[StoreExecutor], Awaitable[T]], clock: Clock | None = None, threads: int = 1, most_slow: int = 0
) -> T:
    """Run something on an executor of its own."""

    async def run() -> T:
        executor = StoreExecutor("recall", threads, clock or Clock(), most_slow=most_slow)
        try:
            return await work(executor)
        finally:
            await asyncio.to_thread(executor.close)

    return asyncio.run(run())


def test_an_answer_comes_from_another_thread() -> None:
    """The loop is free meanwhile."""

    async def work(executor: StoreExecutor) -> tuple[int, bool]:
        return await executor.ask(threading.get_ident, 5), executor.is_healthy

    ident, healthy = on_executor(work)

    assert ident != threading.get_ident()
    assert healthy


def test_after_a_failure_nobody_is_let_in_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    """Then it is tried again; the log tells when it began, and what kind of failure it was."""
    clock, asked = Clock(), []

    async def work(executor: StoreExecutor) -> tuple[list[str], list[bool]]:
        said, well = [await down(executor.ask(fail, 5))], [executor.is_healthy]
        said.append(await down(executor.ask(lambda: asked.append("too early"), 5)))
        clock.now += 2.9
        said.append(await down(executor.ask(lambda: asked.append("too early"), 5)))
        clock.now += 0.2
        said.append(await down(executor.ask(fail, 5)))
        clock.now += 3.1
        await executor.ask(lambda: asked.append("again"), 5)
        return said, [*well, executor.is_healthy]

    said, well = on_executor(work, clock)

    assert ["", "not asked", "not asked", ""] == said
    assert ([False, True], ["again"]) == (well, asked)
    assert [{"asked": "recall", "reason": "OSError"}] == [record.fields for record in caplog.records]  # type: ignore[attr-defined]
    assert "4711" not in caplog.text


def test_who_waits_too_long_goes_without() -> None:
    """The answer that comes later is nobody's, and the thread takes the next question."""
    gate = threading.Event()

    async def work(executor: StoreExecutor) -> tuple[bool, object]:
        with pytest.raises(TooSlow):
            await executor.ask(lambda: gate.wait(600), 0.01)
        well = executor.is_healthy
        executor.heal()
        gate.set()
        return well, await executor.ask(lambda: "next", 30)

    assert (False, "next") == on_executor(work)


def test_a_call_with_little_time_left_is_no_fault_of_the_store() -> None:
    """Its own deadline ended the wait; the next call may ask."""
    gate = threading.Event()

    async def work(executor: StoreExecutor) -> tuple[str, bool]:
        with pytest.raises(TooSlow):
            await executor.ask(lambda: gate.wait(600), 30, 0.01)
        said = await down(executor.ask(gate.set, 30, 0.0))
        gate.set()
        return said, executor.is_healthy

    assert ("not asked", True) == on_executor(work)


@pytest.mark.parametrize("is_certain", [True, False])
def test_a_question_that_is_certain_is_put_although_its_asker_has_gone(is_certain: bool) -> None:
    """What was accepted without its answer is written down; of a mere question nothing is left to do."""
    gate, asked = threading.Event(), []

    async def work(executor: StoreExecutor) -> str:
        slow = asyncio.ensure_future(executor.ask(lambda: gate.wait(600), 600))
        await asyncio.sleep(0)
        with pytest.raises(TooSlow):
            await executor.ask(lambda: asked.append("late"), 600, 0.01, is_certain=is_certain)
        gate.set()
        await slow
        return await executor.ask(lambda: "next", 600)

    assert "next" == on_executor(work)
    assert ["late"] * is_certain == asked


def test_after_a_failure_nothing_is_put_for_those_who_have_gone() -> None:
    """Not even what is certain: each would wait for a database that is away."""
    gate, asked = threading.Event(), []

    def fail_later() -> None:
        gate.wait(600)
        fail()

    async def work(executor: StoreExecutor) -> None:
        slow = asyncio.ensure_future(executor.ask(fail_later, 600))
        await asyncio.sleep(0)
        with pytest.raises(TooSlow):
            await executor.ask(lambda: asked.append("late"), 0.01, is_certain=True)
        gate.set()
        await down(slow)

    on_executor(work)
    assert [] == asked


def test_a_few_slow_answers_in_a_row_close_nothing() -> None:
    """A busy machine is no database that is away; one too many is a failure, and a good one begins the count anew."""

    async def work(executor: StoreExecutor) -> list[bool]:
        seen = []
        for is_good in (False, False, True, False, False, False):
            gate = threading.Event()
            if is_good:
                await executor.ask(lambda: 1, 600)
            else:
                with pytest.raises(TooSlow):
                    await executor.ask(functools.partial(gate.wait, 600), 0.01)
            seen.append(executor.is_healthy)
            gate.set()
        return seen

    assert [True, True, True, True, True, False] == on_executor(work, most_slow=2)


def test_a_question_that_nobody_waits_for_any_more_is_not_asked() -> None:
    """It waited behind a slow one, and its asker has gone."""
    gate, asked = threading.Event(), []

    async def work(executor: StoreExecutor) -> None:
        slow = asyncio.ensure_future(executor.ask(lambda: gate.wait(600), 30))
        await asyncio.sleep(0)
        with pytest.raises(TooSlow):
            await executor.ask(lambda: asked.append("late"), 30, 0.01)
        gate.set()
        await slow

    on_executor(work)

    assert [] == asked


def test_too_many_who_wait_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that hangs does not fill the memory."""
    monkeypatch.setattr("cds.store.executor.MOST_WAITING", 2)
    gate, begun = threading.Event(), threading.Event()

    def hang() -> bool:
        begun.set()
        return gate.wait(600)

    async def work(executor: StoreExecutor) -> str:
        waiting = [asyncio.ensure_future(executor.ask(hang, 30))]
        await asyncio.sleep(0)
        await asyncio.to_thread(begun.wait, 30)
        waiting += [asyncio.ensure_future(executor.ask(hang, 30)) for _ in range(2)]
        await asyncio.sleep(0)
        said = await down(executor.ask(hang, 30))
        gate.set()
        await asyncio.gather(*waiting)
        return said

    assert "not asked" == on_executor(work)


def test_who_is_called_off_leaves_the_store_alone_for_others() -> None:
    """Somebody else's deadline ended the wait: that the store is slow is known from then on."""
    gate = threading.Event()

    async def work(executor: StoreExecutor) -> bool:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await executor.ask(lambda: gate.wait(600), 30)
        gate.set()
        return executor.is_healthy

    assert on_executor(work) is False


def test_an_error_that_nobody_expected_is_a_failure_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The asker is told at once, the error is not hidden, and the next question finds a new thread."""
    clock, seen, told = Clock(), [], threading.Event()

    def tell(problem: threading.ExceptHookArgs) -> None:
        seen.append(problem.exc_type)
        told.set()

    monkeypatch.setattr(threading, "excepthook", tell)

    async def work(executor: StoreExecutor) -> tuple[str, object]:
        said = await down(executor.ask(lambda: 1 // 0, 30))
        clock.now += 10
        return said, await executor.ask(lambda: "next", 30)

    assert ("failed", "next") == on_executor(work, clock)
    assert told.wait(600)
    assert [ZeroDivisionError] == seen


def test_an_answer_for_a_loop_that_has_ended_is_dropped() -> None:
    """As when a process ends while the database is slow."""
    gate, executor = threading.Event(), StoreExecutor("recall", 1, Clock())

    async def work() -> None:
        with pytest.raises(TooSlow):
            await executor.ask(lambda: gate.wait(600), 0.01)

    asyncio.run(work())
    gate.set()
    executor.close()


def test_an_executor_where_nobody_asked_can_be_closed() -> None:
    """Its threads were never started."""
    executor = StoreExecutor("recall", 2)
    executor.close()

    assert executor.is_healthy


class Server:
    """A database that threads connect to, and who did."""

    def __init__(self) -> None:
        self.is_away = False
        self.connected: list[str] = []
        self.tried = threading.Semaphore(0)

    def connect(self) -> None:
        """What `warm` does."""
        try:
            if self.is_away:
                raise StoreDown from OSError("away")
            self.connected.append(threading.current_thread().name)
        finally:
            self.tried.release()


def test_every_thread_connects_before_it_is_asked() -> None:
    """When `open` has come back, each has done so, once, and no question makes it do so again."""
    server, clock = Server(), Clock()
    executor = StoreExecutor("tokens", 3, clock, warm=server.connect)
    executor.open(30)

    async def work() -> list[int]:
        return [await executor.ask(lambda: 7, 30) for _ in range(9)]

    found = asyncio.run(work())
    executor.fail(StoreDown())
    executor.revive()
    executor.close()

    assert ["store-tokens-0", "store-tokens-1", "store-tokens-2"] == sorted(server.connected)
    assert [7] * 9 == found
    assert executor.is_healthy


def test_a_server_that_is_away_is_found_again_without_a_question() -> None:
    """Idle threads try again; well is only the executor whose threads could all connect."""
    server, clock = Server(), Clock()
    server.is_away = True
    executor = StoreExecutor("tokens", 2, clock, warm=server.connect, idle=0.001)
    executor.open(30)
    executor.revive()
    before = executor.is_healthy
    server.is_away = False
    for _ in range(1000):
        assert server.tried.acquire(timeout=600)
        if executor.is_healthy:
            break
    after = executor.is_healthy
    executor.close()

    assert (False, True) == (before, after)


def test_one_thread_that_cannot_connect_keeps_the_executor_unwell() -> None:
    """A question could be given to it."""
    server, clock = Server(), Clock()
    executor = StoreExecutor("tokens", 2, clock, warm=server.connect)
    executor._warm_up(0)
    server.is_away = True
    executor._warm_up(1)
    server.is_away = False
    executor._warm_up(0)
    half = executor.is_healthy
    executor._warm_up(1)

    assert (False, True) == (half, executor.is_healthy)


def test_idle_threads_without_a_server_do_nothing() -> None:
    """There is nothing to connect to; the next question is answered."""

    async def work(executor: StoreExecutor) -> object:
        await executor.ask(lambda: 1, 30)
        await asyncio.sleep(0.01)
        return await executor.ask(lambda: 2, 30)

    async def run() -> object:
        executor = StoreExecutor("recall", 1, Clock(), idle=0.001)
        try:
            return await work(executor)
        finally:
            await asyncio.to_thread(executor.close)

    assert 2 == asyncio.run(run())
