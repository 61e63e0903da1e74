"""A server that is dead, busy, or left in the middle: the breaker, and what a cancelled call leaves behind."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count

import pytest
from fetching import Client, ids, reasons, run, still_running
from fhir_double import Double, Handler, Wire, forever, in_turn, resource, saying, searchset

from cds.access import Authorization, Source
from cds.prefetch.breaker import ALIVE_SECONDS, FAILURES, LONGEST_BUSY, OPEN_SECONDS, Breaker
from cds.prefetch.completion import Completion
from cds.secrecy import Secret
from cds.settings import Settings

GATE = ("patient", "conditions", "observations", "encounters")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HEALTHY: dict[str, Handler] = {
    "Patient/p1": saying(resource("Patient", "p1")),
    "Condition": saying(searchset(resource("Condition", "c1"))),
}


def of(double: Double, name: str) -> Source:
    """A call for a patient whose token is the id."""
    token = Authorization(token=Secret(name), expires_in=300, scope="", subject="app", patient=name)
    return Source(server=double.base, authorization=token, context={"context.patientId": name})


class Hand:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def with_clock(hand: Callable[[], float]) -> Callable[[Settings], Completion]:
    """A completion whose breaker follows that clock."""
    return lambda settings: Completion(settings, seconds=hand, now=lambda: NOW)


def broken(reason: str, times: int = FAILURES) -> tuple[Hand, Breaker]:
    """A breaker after some failures."""
    hand = Hand()
    breaker = Breaker(hand)
    for _ in range(times):
        breaker.note(reason)
    return hand, breaker


@pytest.mark.parametrize("reason", ["unreachable", "timed-out", "server-error"])
def test_a_breaker_opens_after_failures_in_a_row(reason: str) -> None:
    """It keeps the reason, and lets nobody in for a while."""
    hand, breaker = broken(reason)

    assert reason == breaker.enter()
    hand.at += OPEN_SECONDS - 0.1
    assert reason == breaker.enter()
    assert "" == broken(reason, FAILURES - 1)[1].enter()


@pytest.mark.parametrize(
    "reason", ["", "unauthorized", "forbidden", "not-found", "unsupported", "unreadable", "failed"]
)
def test_an_answer_is_no_failure(reason: str) -> None:
    """A server that answers is alive, whatever it says; the row begins anew."""
    hand, breaker = broken("unreachable", FAILURES - 1)
    breaker.note(reason)
    hand.at += ALIVE_SECONDS
    breaker.note("unreachable")

    assert "" == breaker.enter()


def test_a_server_that_answered_a_moment_ago_is_not_dead() -> None:
    """Slow searches beside quick ones do not open the breaker; silence afterwards does."""
    hand = Hand()
    breaker = Breaker(hand)
    breaker.note("")
    for _ in range(2 * FAILURES):
        breaker.note("timed-out")

    assert "" == breaker.enter()
    hand.at += ALIVE_SECONDS
    breaker.note("timed-out")
    assert "timed-out" == breaker.enter()


@pytest.mark.parametrize(("outcome", "then"), [("", ""), ("unreachable", "unreachable")])
def test_one_call_tries_when_the_time_is_over(outcome: str, then: str) -> None:
    """The others wait for what it finds."""
    hand, breaker = broken("timed-out")
    hand.at += OPEN_SECONDS

    assert ("", "timed-out") == (breaker.enter(), breaker.enter())
    breaker.note(outcome)
    breaker.leave()
    assert then == breaker.enter()


def test_a_try_that_tells_nothing_is_followed_by_another() -> None:
    """A call that was cut off too early to judge gives its place to the next."""
    hand, breaker = broken("timed-out")
    hand.at += OPEN_SECONDS
    breaker.enter()
    breaker.leave()

    assert ("", "timed-out") == (breaker.enter(), breaker.enter())


@pytest.mark.parametrize(("wait", "kept"), [(10.0, 10.0), (1e9, LONGEST_BUSY)])
def test_a_busy_server_is_left_alone(wait: float, kept: float) -> None:
    """As long as it asks, within bounds; an answer to an earlier request does not end it."""
    hand, breaker = broken("", 1)
    breaker.pause(wait)
    breaker.note("busy")
    breaker.note("")

    hand.at += kept - 0.1
    assert "busy" == breaker.enter()
    hand.at += 0.1
    assert "" == breaker.enter()
    breaker.note("")
    breaker.leave()
    assert ["", ""] == [breaker.enter(), breaker.enter()]


def test_a_dead_server_costs_one_deadline() -> None:
    """The first call waits, the next twenty do not; when the server is back, one call finds it so."""

    async def call() -> None:
        hand = Hand()
        async with (
            Double(dict.fromkeys(("Patient", "Condition", "Observation", "Encounter"), forever)) as double,
            Client(double, with_clock(lambda: hand.at + next(ticks) * 0.2), deadline_ms=300) as client,
        ):
            first = await client.fetch(*GATE)
            asked, waited = len(double.seen), client.took
            rest = [(await client.fetch(*GATE), client.took) for _ in range(20)]

            assert dict.fromkeys(GATE, "timed-out") == reasons(first)
            assert 0.3 <= waited
            assert all(dict.fromkeys(GATE, "timed-out") == reasons(found) for found, _ in rest)
            assert 0.3 > sum(took for _, took in rest)
            assert 4 == asked == len(double.seen)
            double.handlers = HEALTHY
            hand.at += 60
            assert ["p1"] == ids((await client.fetch("patient"))["patient"])
            assert ["c1"] == ids((await client.fetch("conditions"))["conditions"])

    ticks = count()
    run(call())


def test_a_refused_connection_is_unreachable() -> None:
    """Nobody listens: every key says so, at once."""

    async def call() -> None:
        async with Double() as double:
            pass
        async with Client(double, deadline_ms=1000) as client:
            found = await client.fetch(*GATE)

            assert dict.fromkeys(GATE, "unreachable") == reasons(found)
            assert 1.0 > client.took
            assert {"unreachable": 4} == dict(client.completion.tally.requests)
            assert dict.fromkeys(GATE, "unreachable") == reasons(await client.fetch(*GATE))
            assert {"unreachable": 1} == dict(client.completion.tally.kept_back)

    run(call())


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": format_datetime(datetime(2026, 11, 23, 12, 0, 7, tzinfo=UTC), usegmt=True)}, 7.0),
        ({"Retry-After": "soon"}, 1.0),
        ({}, 1.0),
        ({"Retry-After": "999999999"}, 60.0),
        ({"Retry-After": format_datetime(datetime(2026, 11, 23, 11, 0, tzinfo=UTC), usegmt=True)}, -1.0),
    ],
)
def test_a_busy_server_says_when_to_come_back(header: dict[str, str], seconds: float) -> None:
    """Seconds or a date; until then nothing is asked, and the reason stays."""

    async def call() -> None:
        hand = Hand()
        async with (
            Double({"Condition": saying(b"", 429, header)}) as double,
            Client(double, with_clock(hand)) as client,
        ):
            assert {"conditions": "busy"} == reasons(await client.fetch("conditions"))
            double.handlers = HEALTHY
            hand.at += max(0.0, seconds - 0.5)
            early = await client.fetch("conditions")
            hand.at += 0.5
            late = await client.fetch("conditions")

            assert ({"conditions": "busy"} if seconds > 0 else {}) == reasons(early)
            assert {} == reasons(late)

    run(call())


def test_prefetched_medicines_of_a_dead_server_keep_what_they_have() -> None:
    """While nothing is asked, what was sent counts, and its Medications are named with the same reason."""

    async def call() -> None:
        order = resource("MedicationRequest", "r1", medicationReference={"reference": "Medication/m1"})
        async with Double() as sound, Client(sound) as client:
            sound.handlers["MedicationRequest"] = saying(searchset(order))
            held = await client.fetch("medicationRequests", templates={})
            fetched = await client.fetch("medicationRequests")
            held["medicationRequests"] = fetched["medicationRequests"]
            held["medicationRequests"].unread = {}
        async with Client(sound) as client:
            for _ in range(FAILURES):
                await client.fetch("patient")
            found = await client.fetch("medicationRequests", held=held)

            assert ["r1"] == ids(found["medicationRequests"])
            assert {} == reasons(found)
            assert {"Medication/m1": "unreachable"} == found["medicationRequests"].unread

    run(call())


async def half(wire: Wire) -> None:
    """Begin an answer and go silent."""
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 99\r\n\r\n{")
    await forever(wire)


@pytest.mark.parametrize("handler", [forever, half])
@pytest.mark.parametrize("how", ["deadline", "caller"])
def test_a_cancelled_fetch_leaves_nothing_behind(handler: Handler, how: str) -> None:
    """No task, and no connection: neither after the deadline nor after the caller has gone."""

    async def call() -> None:
        async with Double({"": handler}) as double, Client(double, deadline_ms=200) as client:
            before = asyncio.all_tasks()
            if how == "deadline":
                await client.fetch(*GATE, "medicationRequests")
            else:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await client.fetch(*GATE, "medicationRequests")

            assert [] == still_running(before)
            await double.deserted()
            double.handlers = HEALTHY
            then = (
                {} if how == "caller" else {"conditions": "timed-out"}
            )  # only the server's own delay counts against it
            assert then == reasons(await client.fetch("conditions"))

    run(call())


def test_calls_side_by_side_do_not_mix() -> None:
    """Each call gets its own patient's chart with its own token, however the answers come in."""

    async def own(wire: Wire) -> None:
        name = wire.request.target.rpartition("/")[2]
        await asyncio.sleep(0.001 * (hash(name) % 7))
        assert f"Bearer {name}" == wire.request.headers["authorization"]
        await saying(resource("Patient", name))(wire)

    async def call() -> None:
        async with Double({"Patient/": own}) as double, Client(double) as client:
            names = [f"x{n}" for n in range(60)]
            found = await asyncio.gather(*(client.fetch("patient", source=of(double, name)) for name in names))

            assert [[name] for name in names] == [ids(one["patient"]) for one in found]

    run(call())


def test_connections_are_used_again() -> None:
    """Calls one after the other need no new connection, also after a small error."""

    async def call() -> None:
        handlers = {"Condition": in_turn(saying(b"{}", 404), saying(b"{}", 403), HEALTHY["Condition"])}
        async with Double(handlers) as double, Client(double) as client:
            for _ in range(5):
                await client.fetch("conditions")

            assert (5, 1) == (len(double.seen), double.connections)

    run(call())


def test_a_short_time_says_nothing_about_the_server() -> None:
    """Calls that come with hardly any time left do not open the breaker."""

    async def call() -> None:
        async with Double({"": forever}) as double, Client(double, with_clock(Hand()), deadline_ms=100) as client:
            for _ in range(3):
                assert dict.fromkeys(GATE, "timed-out") == reasons(await client.fetch(*GATE))

            assert {} == dict(client.completion.tally.kept_back)
            assert {"timed-out": 3 * len(GATE)} == dict(client.completion.tally.requests)

    run(call())
