"""The entrance: so many calls at once and no more, whoever they are; and among those inside, one step at a time."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from web_fakes import CALL, Client, FakeEngine, demo, started

from cds.account import NOBODY, Caller
from cds.errors import Overloaded
from cds.hook_handler import LONG_BODY, Reply
from cds.settings import Settings, load
from cds.trust.standing import Standing
from cds.web.admission import CALLER
from cds.web.app import create_app
from cds.web.concurrency import CROWD, ConcurrencyLimit
from cds.web.parts import Parts
from cds.web.request_boundary import NOTE

JSON = [(b"content-type", b"application/json")]


class Queue:
    """Verifies nobody before it is told to, and keeps feedback."""

    is_up = True
    standing = Standing()

    def __init__(self) -> None:
        self.asked = 0
        self.go = asyncio.Event()

    @property
    def modes(self) -> Mapping[str, Mapping[str, str]]:
        return {}

    async def verify(self, authorization: str | None, audience: str) -> Caller:
        self.asked += 1
        await self.go.wait()
        return NOBODY

    async def keep(self, *_: Any) -> None:
        """Do nothing."""


async def asked(app: Any, path: str = CALL, method: str = "POST", body: bytes = b'{"feedback":[]}') -> int:
    """The status of one request."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(
        {"type": "http", "path": path, "method": method, "headers": JSON, "query_string": b"", NOTE: {}}, receive, send
    )
    status: int = sent[0]["status"]
    return status


def closed(most: int) -> tuple[Client, Queue]:
    """The application outside demo mode."""
    engine, queue = FakeEngine(), Queue()
    given: Settings = load({"TWITCH_CDS_MAX_CONCURRENT": str(most)})
    return Client(create_app(Parts(engine=engine, hook_handler=engine, verifier=queue, keeper=queue), given)), queue


@pytest.mark.parametrize("path", [CALL, f"{CALL}/feedback", "/cds-services", "/cds-services/nobody"])
def test_no_queue_grows_before_callers_are_verified(path: str) -> None:
    """Who comes when all places are taken is told so at once, and is not verified."""
    client, queue = closed(most=3)

    async def crowd() -> tuple[list[int], list[int]]:
        first = [asyncio.create_task(asked(client.app)) for _ in range(3 * CROWD)]
        while queue.asked < len(first):
            await asyncio.sleep(0)
        method = "GET" if path == "/cds-services" else "POST"
        shed = [await asked(client.app, path, method) for _ in range(5)]
        queue.go.set()
        return shed, [*await asyncio.gather(*first), await asked(client.app)]

    shed, answered = asyncio.run(crowd())

    assert [503] * 5 == shed
    assert [200] * 3 == answered[:3]
    assert {200, 503} == set(answered)
    assert 200 == answered[-1]
    assert 3 * CROWD + 1 == queue.asked
    numbers = client("GET", "/metrics").text
    assert 'refusals_total{client="",reason="concurrency"} 5.0' in numbers
    assert f'refusals_total{{client="demo",reason="concurrency"}} {answered.count(503)}.0' in numbers


def test_health_and_numbers_are_told_in_any_crowd() -> None:
    """They have to be, above all then."""
    client, queue = closed(most=1)

    async def crowd() -> list[int]:
        first = asyncio.create_task(asked(client.app))
        while not queue.asked:
            await asyncio.sleep(0)
        others = [await asked(client.app, path, "GET") for path in ("/health/live", "/health/ready", "/metrics")]
        queue.go.set()
        return [*others, await first]

    assert [200] * 4 == asyncio.run(crowd())


def test_a_place_is_given_back_however_a_call_ends() -> None:
    """Also by force, and by a failure."""
    ways = iter([ValueError("bug"), asyncio.CancelledError(), None])
    told: list[tuple[str, str]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if way := next(ways):
            raise way
        await send({"type": "http.response.start", "status": 200, "headers": []})

    limit = ConcurrencyLimit(app, most=1, limited=lambda *said: told.append(said))

    async def three() -> int:
        for kind in (ValueError, asyncio.CancelledError):
            with pytest.raises(kind):
                await asked(limit)
        return await asked(limit)

    assert 200 == asyncio.run(three())
    assert [] == told


@pytest.mark.parametrize(("known", "client"), [({}, ""), ({CALLER: Caller(client="ehr")}, "ehr")])
def test_a_refusal_says_when_to_come_back_and_is_named_in_the_log(known: dict[str, Any], client: str) -> None:
    """Its outcome is the error's name; it counts for the client, if that is known already."""
    note: dict[str, Any] = {}
    sent: list[Any] = []
    told: list[tuple[str, str]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    limit = ConcurrencyLimit(_never, most=0, limited=lambda *said: told.append(said))
    asyncio.run(limit({"type": "http", "path": CALL, NOTE: note, **known}, _never, send))

    assert (503, (b"retry-after", b"1")) == (sent[0]["status"], sent[0]["headers"][-1])
    assert ("Overloaded", [(Overloaded.reason, client)]) == (note["outcome"], told)


async def _never(*_: Any) -> Any:
    raise AssertionError


class Timed(FakeEngine):
    """Remembers in which turn of the loop each call was begun."""

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__()
        self.begun: list[int] = []
        self._now = now

    async def answer(self, service_id: str, body: bytes, caller: Caller) -> Reply:
        self.begun.append(self._now())
        return await super().answer(service_id, body, caller)


def test_a_crowd_of_short_calls_leaves_the_loop_free_between_them() -> None:
    """One is begun in each turn, in their order; those who are too many are told so before most are through."""
    turns = 0
    engine = Timed(lambda: turns)
    plain = Parts(engine=engine, hook_handler=engine, verifier=Queue())
    app = create_app(plain, demo(max_concurrent="20"))

    async def crowd() -> list[int]:
        nonlocal turns
        calls = [asyncio.create_task(asked(app, body=b"%d" % number)) for number in range(30)]
        while not all(call.done() for call in calls):
            await asyncio.sleep(0)
            turns += 1
            if turns == 3:
                assert [503] * 9 == [call.result() for call in calls[21:]]
        return [call.result() for call in calls]

    assert [200] * 21 + [503] * 9 == asyncio.run(crowd())  # the first is through before the last comes
    assert [b"%d" % number for number in range(21)] == [body for _, body in engine.asked]
    assert 21 == len(set(engine.begun))


def test_a_long_call_does_not_wait_for_short_ones() -> None:
    """It is worked on beside the loop."""
    client, engine = started()

    async def both() -> list[int]:
        calls = [asked(client.app, body=b" " * size) for size in (1, 2, LONG_BODY)]
        return await asyncio.gather(*calls)

    assert [200] * 3 == asyncio.run(both())
    assert [1, LONG_BODY, 2] == [len(body) for _, body in engine.asked]
