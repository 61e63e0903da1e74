"""The memory of bodies under way: counted as they arrive, refused beyond a sum, and given back on every path."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some
from loop_clock import Loop
from web_fakes import CALL, Client, FakeEngine, demo, parts

from cds.account import Caller
from cds.errors import OutOfRoom
from cds.hook_handler import LONG_BODY, Reply
from cds.hooks.limits import USUAL
from cds.web.app import create_app
from cds.web.body import ClientGone, read_body
from cds.web.body_budget import LARGE, PAUSE, SMALL, BodyBudget, BodyBytes
from cds.web.feedback_route import FeedbackRoute
from cds.web.hook_route import HookRoute
from cds.web.intake import Intake
from cds.web.metrics import Metrics
from cds.web.parts import Parts
from cds.web.record import Recorder
from cds.web.request_boundary import NOTE

KIB = 1024
MOST = 256 * KIB
BUSY = 2 * LONG_BODY
JSON = [(b"content-type", b"application/json")]
FEEDBACK = f"{CALL}/feedback"
GONE: dict[str, Any] = {"type": "http.disconnect"}


def piece(size: int, *, more: bool = True) -> dict[str, Any]:
    """A message with so many bytes of a body."""
    return {"type": "http.request", "body": b" " * size, "more_body": more}


class Taken(NamedTuple):
    """What a place was given, or that it was refused."""

    kept: int
    refused: bool


def grown(body_bytes: BodyBytes, *sizes: int) -> Taken:
    """Let a body grow until it is refused."""
    for number, size in enumerate(sizes):
        try:
            body_bytes.grow(size)
        except OutOfRoom:
            return Taken(number, True)
    return Taken(len(sizes), False)


def test_the_first_of_each_body_is_free() -> None:
    """Small bodies are never refused for their bytes, however full the room is."""
    budget = BodyBudget(MOST)
    with BodyBytes(budget) as large, BodyBytes(budget) as small:
        large.grow(MOST + SMALL)
        small.grow(SMALL)

        assert MOST == budget.bytes_taken
        assert Taken(0, True) == grown(small, 1)


def test_a_body_that_is_alone_is_never_refused() -> None:
    """It could never be sent else; what is larger than the limit of one body never gets so far."""
    budget = BodyBudget(KIB)
    with BodyBytes(budget) as body_bytes:
        assert Taken(3, False) == grown(body_bytes, 10 * MOST, MOST, 1)
        assert 11 * MOST + 1 - SMALL == budget.bytes_taken

    assert 0 == budget.bytes_taken


def test_who_is_refused_makes_room_for_the_others() -> None:
    """One of those who grow together always gets to its end."""
    budget = BodyBudget(MOST)
    with BodyBytes(budget) as first:
        first.grow(SMALL + MOST // 2)
        with BodyBytes(budget) as second:
            second.grow(SMALL + MOST // 2)
            assert Taken(0, True) == grown(second, 1)

        assert Taken(1, False) == grown(first, MOST // 2)


Step = tuple[int, int | None]


@given(some.lists(some.tuples(some.integers(0, 5), some.none() | some.integers(0, 3 * SMALL)), max_size=60))
@example([(0, 3 * SMALL), (0, 3 * SMALL), (1, 3 * SMALL), (1, 1), (0, 3 * SMALL), (0, None)])
def test_whatever_the_order_the_sum_is_bounded_and_returns_to_nothing(steps: list[Step]) -> None:
    """Bodies grow and end in any order; nobody is refused while he is alone, and what is taken is what is held."""
    budget, lengths, places = BodyBudget(MOST), dict[int, int](), dict[int, BodyBytes]()
    for who, size in steps:
        body_bytes = places.setdefault(who, BodyBytes(budget))
        if size is None or grown(body_bytes, size).refused:
            assert size is None or budget.bytes_taken > max(0, lengths.get(who, 0) - SMALL)
            places.pop(who).__exit__()
            lengths.pop(who, None)
        else:
            lengths[who] = lengths.get(who, 0) + size
        held = [max(0, length - SMALL) for length in lengths.values()]
        assert sum(held) == budget.bytes_taken
        assert budget.bytes_taken <= max(MOST, *held, 0)
    for body_bytes in places.values():
        body_bytes.__exit__()

    assert 0 == budget.bytes_taken


class Slow(FakeEngine):
    """Attends a call as its body's first byte says, in a few turns of the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once = self.most_at_once = 0

    async def answer(self, service_id: str, body: bytes, caller: Caller) -> Reply:
        weight = min(len(body), BUSY) if len(body) >= LONG_BODY else 0
        self.at_once += weight
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return await super().answer(service_id, body, caller)
        finally:
            self.at_once -= weight


class Keeper:
    """Keeps feedback."""

    is_up = True

    async def keep(self, *_: Any) -> None:
        """Do nothing."""
        await asyncio.sleep(0)


class House(NamedTuple):
    """Both routes of a worker around one room."""

    budget: BodyBudget
    engine: Slow
    hooks: HookRoute
    feedback: FeedbackRoute


def house(most: int = MOST, **limits: str) -> House:
    """Both routes, with limits."""
    budget, engine, recorder = BodyBudget(most, BUSY), Slow(), Recorder(Metrics("1"), None, "1")
    intake = Intake(demo(**limits), budget)
    hooks = HookRoute(engine, engine, recorder, intake)
    return House(budget, engine, hooks, FeedbackRoute(engine, Keeper(), recorder, intake, USUAL))


async def posted(route: HookRoute | FeedbackRoute, *messages: dict[str, Any], before: int = 0) -> int:
    """The status of a request that comes after some turns of the loop, a message in each; 0 if there is no answer."""
    sent: list[dict[str, Any]] = []
    waiting = list(messages)

    async def receive() -> Any:
        await asyncio.sleep(0)
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    for _ in range(before):
        await asyncio.sleep(0)
    path = CALL if isinstance(route, HookRoute) else FEEDBACK
    await route({"path": path, "method": "POST", "headers": JSON, NOTE: {}}, receive, send)
    return sent[0]["status"] if sent else 0


async def asked(client: Client, path: str, *messages: dict[str, Any], go: asyncio.Event | None = None) -> Any:
    """How the application's answer begins; the last message is kept back until `go`."""
    sent: list[Any] = []
    waiting = list(messages)

    async def receive() -> Any:
        if len(waiting) == 1 and go:
            await go.wait()
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "method": "POST", "headers": JSON, "query_string": b""}
    await client.app(scope, receive, send)
    return sent[0]


def test_bodies_that_are_together_too_large_are_shed_and_counted() -> None:
    """503 with a word about when to come back, for calls and feedback alike; small ones and the first go on."""
    engine = FakeEngine()
    whole = Parts(engine=engine, hook_handler=engine, verifier=parts(engine).verifier, keeper=Keeper())
    client = Client(create_app(whole, demo(max_bytes_under_way=str(MOST))))

    async def crowd() -> list[Any]:
        go = asyncio.Event()
        first = asyncio.create_task(asked(client, CALL, piece(SMALL + MOST), piece(0, more=False), go=go))
        await asyncio.sleep(0)
        shed = [await asked(client, path, piece(SMALL + 1, more=False)) for path in (CALL, FEEDBACK)]
        small = await asked(client, CALL, piece(SMALL, more=False))
        go.set()
        return [*shed, small, await first, await asked(client, CALL, piece(SMALL + MOST, more=False))]

    answers = asyncio.run(crowd())

    assert [503, 503, 200, 200, 200] == [one["status"] for one in answers]
    assert all((b"retry-after", b"1") in one["headers"] for one in answers[:2])
    assert 'refusals_total{client="demo",reason="bytes-under-way"} 2.0' in client("GET", "/metrics").text


@pytest.mark.parametrize("end", ["answered", "gone", "late", "too large", "refused"])
@pytest.mark.parametrize("kind", ["hooks", "feedback"])
def test_what_a_body_held_is_given_back(kind: str, end: str) -> None:
    """Whichever way it goes."""
    made = house(body_timeout_ms="30", max_body_bytes=str(MOST))
    route = getattr(made, kind)
    ends = {
        "answered": ([piece(1, more=False)], {200, 400}),
        "gone": ([GONE], {0}),
        "late": ([], {408}),
        "too large": ([piece(MOST)], {413}),
        "refused": ([piece(MOST // 8)], {503}),
    }
    last, statuses = ends[end]

    async def run() -> int:
        with BodyBytes(made.budget) as other:
            other.grow(SMALL + MOST // 2 if end == "refused" else 0)
            return await posted(route, piece(MOST // 2), piece(MOST // 4), *last)

    assert asyncio.run(run()) in statuses
    assert 0 == made.budget.bytes_taken


def test_what_an_engine_that_breaks_held_is_given_back() -> None:
    """The failure goes on to the boundary."""
    made = house()
    made.engine.reply = lambda _: 1 / 0  # type: ignore[assignment,return-value]

    with pytest.raises(ZeroDivisionError):
        asyncio.run(posted(made.hooks, piece(MOST, more=False)))
    assert 0 == made.budget.bytes_taken


SIZES = some.sampled_from([0, 1, SMALL, SMALL + 1, MOST // 2, MOST, LONG_BODY, BUSY - 1, BUSY + 1])
ENDS = some.sampled_from(["whole", "gone", "stalls", "cancelled"])
CALLS = some.tuples(some.booleans(), some.lists(SIZES, max_size=4), ENDS, some.integers(0, 6))


@settings(max_examples=100)
@given(some.lists(CALLS, max_size=8))
@example([(True, [BUSY + 1], "whole", 0), (True, [BUSY + 1], "cancelled", 0), (True, [LONG_BODY], "whole", 0)])
def test_whatever_calls_come_and_go_nothing_leaks(calls: list[tuple[bool, list[int], str, int]]) -> None:
    """Calls and feedback in any order, cut in any way, ending in any way, also by force: all is free in the end."""
    made = house(4 * MOST, body_timeout_ms="20")
    statuses = asyncio.run(_all(made, calls))

    assert statuses <= {0, 200, 400, 408, 503}
    assert 0 == made.budget.bytes_taken
    assert made.engine.most_at_once <= BUSY
    asyncio.run(_turn_of_all(made.budget))


async def _turn_of_all(budget: BodyBudget) -> None:
    """Nobody is at work any more."""
    async with asyncio.timeout(5), budget.turn(BUSY):
        pass


async def _all(made: House, calls: list[tuple[bool, list[int], str, int]]) -> set[int]:
    tasks = [asyncio.create_task(one) for one in _posts(made, calls)]
    for turn in range(8):
        for task, (_, _, end, when) in zip(tasks, calls, strict=True):
            if end == "cancelled" and when == turn:
                task.cancel()
        await asyncio.sleep(0)
    done = await asyncio.gather(*tasks, return_exceptions=True)
    return {one for one in done if not isinstance(one, asyncio.CancelledError)}  # type: ignore[misc]


def _posts(made: House, calls: list[tuple[bool, list[int], str, int]]) -> Iterator[Any]:
    for is_hook, sizes, end, before in calls:
        last = {"whole": [piece(0, more=False)], "gone": [GONE]}.get(end, [])
        late = 0 if end == "cancelled" else before
        yield posted(made.hooks if is_hook else made.feedback, *map(piece, sizes), *last, before=late)


def test_long_bodies_take_turns_in_the_order_in_which_they_came() -> None:
    """A large one is not passed by for ever; what fits beside the one at work goes at once."""
    budget, order = BodyBudget(MOST, at_once=10), list[str]()

    async def work(name: str, length: int, until: asyncio.Event) -> None:
        async with budget.turn(length):
            order.append(name)
            await until.wait()

    async def run() -> None:
        ends = [asyncio.Event() for _ in range(4)]
        names = (("half", 5), ("whole", 99), ("small", 1), ("other", 1))
        tasks = [asyncio.create_task(work(*one, end)) for one, end in zip(names, ends, strict=True)]
        for number, end in enumerate(ends):
            await asyncio.sleep(0.01)
            assert [name for name, _ in names][: max(1, number + 1)] == order[: number + 1]
            end.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())

    assert ["half", "whole", "small", "other"] == order


def test_memory_is_given_back_once_after_many_large_bodies_and_never_after_small_ones() -> None:
    """A second after the first of them; the next large one has it done again."""
    given_back: list[float] = []
    loop = Loop()
    budget = BodyBudget(MOST, trim=lambda: given_back.append(loop.time()))

    async def work(*lengths: int) -> None:
        for length in lengths:
            async with budget.turn(length):
                pass
        await asyncio.sleep(2 * PAUSE)

    for lengths, times in (((KIB, LARGE - 1), 0), ((LARGE, KIB, 9 * LARGE), 1), ((LARGE,), 2)):
        loop.run_until_complete(work(*lengths))
        assert times == len(given_back)
    loop.close()


def test_who_gives_up_while_he_waits_is_waited_for_by_nobody() -> None:
    """Neither the first in the queue nor those behind."""
    budget, order = BodyBudget(MOST, at_once=10), list[int]()

    async def work(number: int) -> None:
        async with budget.turn(10):
            order.append(number)
            await asyncio.sleep(0.01)

    async def run() -> None:
        tasks = [asyncio.create_task(work(number)) for number in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())

    assert [0, 3] == order


@given(some.lists(some.integers(0, 300), min_size=1, max_size=6))
def test_a_body_is_whole_however_it_is_cut(sizes: list[int]) -> None:
    """The same bytes, and every one of them counted."""
    body = bytes(number % 251 for number in range(sum(sizes)))
    cuts = [sum(sizes[:number]) for number in range(len(sizes) + 1)]
    pieces = [body[start:end] for start, end in pairwise(cuts)]
    waiting = [{"type": "http.request", "body": one, "more_body": True} for one in pieces]
    waiting[-1].pop("more_body")
    arrived: list[int] = []

    async def receive() -> Any:
        return waiting.pop(0)

    assert body == asyncio.run(read_body(receive, 10_000, 1, arrived.append))
    assert sizes == arrived


def test_who_hangs_up_has_sent_no_body() -> None:
    """Also where nobody counts."""

    async def receive() -> Any:
        return GONE

    with pytest.raises(ClientGone):
        asyncio.run(read_body(receive, 10, 1))
