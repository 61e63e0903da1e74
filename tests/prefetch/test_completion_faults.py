"""The fault table: what a FHIR server may do wrong, the reason given for it, what counts nevertheless, and the time."""

import asyncio
import gzip
from collections.abc import Callable
from typing import NamedTuple

import pytest
from fetching import MS, Client, ids, reasons, run
from fhir_double import FHIR, Double, Handler, Wire, dumps, forever, head, in_turn, outcome, resource, saying, searchset

DEADLINE = 300
PAGE = dumps(searchset(resource("Condition", "c1")))
FIRST = searchset(resource("Condition", "c1"), following="Condition?page=2")


class Fault(NamedTuple):
    """One row: what the server does on Condition searches, the reason, and what arrived."""

    name: str
    handler: Callable[[], Handler]
    reason: str
    arrived: tuple[str, ...] = ()


async def slow_body(wire: Wire) -> None:
    """Half a page, then nothing."""
    await wire.send(head(200, {**FHIR, "Content-Length": str(len(PAGE))}) + PAGE[:40])
    await forever(wire)


async def reset(wire: Wire) -> None:
    """Half a page, then the connection is torn down."""
    await wire.send(head(200, {**FHIR, "Content-Length": str(len(PAGE))}) + PAGE[:40])
    wire.out.transport.abort()


async def hang_up(wire: Wire) -> None:
    """No answer, and the connection is closed."""
    wire.out.close()


async def endless(wire: Wire) -> None:
    """Chunk after chunk of blanks, slowly enough never to be too many."""
    await wire.send(head(200, {**FHIR, "Transfer-Encoding": "chunked"}))
    while True:
        await wire.send(b"1\r\n \r\n")
        await asyncio.sleep(0.05)


async def huge(wire: Wire) -> None:
    """50 MB in chunks, without saying so before."""
    await wire.send(head(200, {**FHIR, "Transfer-Encoding": "chunked"}))
    for _ in range(800):
        await wire.send(b"10000\r\n" + b" " * 65_536 + b"\r\n")


def announced(status: int) -> Handler:
    """50 MB, said before and begun."""

    async def handler(wire: Wire) -> None:
        await wire.send(head(status, {**FHIR, "Content-Length": "50000000"}) + b" " * 65_536)
        await forever(wire)

    return handler


async def gibberish(wire: Wire) -> None:
    """No HTTP at all."""
    await wire.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


async def slow_error(wire: Wire) -> None:
    """A status at once, and a body that never ends."""
    await wire.send(head(403, {**FHIR, "Content-Length": "100"}) + b"{")
    await forever(wire)


async def cut_error(wire: Wire) -> None:
    """A status at once, and a body that breaks off."""
    await wire.send(head(403, {**FHIR, "Content-Length": "100"}) + b"{")
    wire.out.transport.abort()


def with_type(kind: str) -> dict[str, str]:
    """Headers that name a content type."""
    return {"Content-Type": kind}


BOMB = gzip.compress(b" " * 20_000_000)
HTML = b"<!DOCTYPE html><html><body>Please sign in</body></html>"
FAULTS = [
    Fault("slow headers", lambda: forever, "timed-out"),
    Fault("slow body", lambda: slow_body, "timed-out"),
    Fault("endless body", lambda: endless, "timed-out"),
    Fault("slow second page", lambda: in_turn(saying(FIRST), forever), "timed-out", ("c1",)),
    Fault("cut JSON", lambda: saying(PAGE[:-20]), "unreadable"),
    Fault("no JSON", lambda: saying(b"nonsense"), "unreadable"),
    Fault("no FHIR", lambda: saying({}), "unreadable"),
    Fault("nothing", lambda: saying(b""), "unreadable"),
    Fault("invalid UTF-8", lambda: saying(PAGE.replace(b"c1", b"c\xff")), "unreadable"),
    Fault("UTF-16", lambda: saying(PAGE.decode().encode("utf-16")), "unreadable"),
    Fault("wrong content type", lambda: saying(PAGE, headers=with_type("text/plain")), "unreadable"),
    Fault("no content type", lambda: saying(PAGE, headers={}), "unreadable"),
    Fault("FHIR XML", lambda: saying(b"<Bundle/>", headers=with_type("application/fhir+xml")), "unreadable"),
    Fault("HTML with 200", lambda: saying(HTML, headers=with_type("text/html; charset=utf-8")), "unreadable"),
    Fault("HTML called FHIR", lambda: saying(HTML), "unreadable"),
    Fault("gzip bomb", lambda: saying(BOMB, headers={**FHIR, "Content-Encoding": "gzip"}), "unreadable"),
    Fault("204", lambda: saying(b"", 204), "unreadable"),
    Fault("206", lambda: saying(PAGE, 206), "unreadable"),
    Fault("OperationOutcome with 200", lambda: saying(outcome("exception")), "failed"),
    Fault("OperationOutcome without issue", lambda: saying({"resourceType": "OperationOutcome"}), "failed"),
    Fault("OperationOutcome that refuses", lambda: saying(outcome("forbidden")), "forbidden"),
    Fault("OperationOutcome that suppresses", lambda: saying(outcome("suppressed")), "forbidden"),
    Fault(
        "OperationOutcome beside entries",
        lambda: saying(searchset(resource("Condition", "c1"), outcome("exception"))),
        "failed",
        ("c1",),
    ),
    Fault("20,001 resources", lambda: saying(searchset(*[{"resourceType": "Basic"}] * 20_001)), "too-large"),
    Fault("400", lambda: saying(outcome("invalid"), 400), "failed"),
    Fault("401", lambda: saying(b"", 401), "unauthorized"),
    Fault("401 after the first page", lambda: in_turn(saying(FIRST), saying(b"", 401)), "unauthorized", ("c1",)),
    Fault("403", lambda: saying(outcome("forbidden"), 403), "forbidden"),
    Fault("403 with a slow body", lambda: slow_error, "forbidden"),
    Fault("403 with a broken body", lambda: cut_error, "forbidden"),
    Fault("404", lambda: saying(outcome("not-found"), 404), "unsupported"),
    Fault("404 for the second page", lambda: in_turn(saying(FIRST), saying(b"", 404)), "not-found", ("c1",)),
    Fault("405", lambda: saying(b"", 405), "unsupported"),
    Fault("410 for the second page", lambda: in_turn(saying(FIRST), saying(b"", 410)), "not-found", ("c1",)),
    Fault("500", lambda: saying(outcome("exception"), 500), "server-error"),
    Fault("501", lambda: saying(b"", 501), "unsupported"),
    Fault("503", lambda: saying(HTML, 503, with_type("text/html")), "server-error"),
    Fault("503 with Retry-After", lambda: saying(HTML, 503, {"Retry-After": "1"}), "server-error"),
    Fault("429", lambda: saying(b"", 429), "busy"),
    Fault("429 with Retry-After", lambda: saying(b"", 429, {"Retry-After": "120"}), "busy"),
    Fault("loop of next", lambda: saying(FIRST), "partial", ("c1",)),
    Fault("next to itself", lambda: saying(searchset(resource("Condition", "c1"), following="?")), "partial", ("c1",)),
    Fault("next without address", lambda: saying(FIRST | {"link": [{"relation": "next"}]}), "partial", ("c1",)),
    Fault(
        "next that is no text", lambda: saying(FIRST | {"link": [{"relation": "next", "url": 7}]}), "partial", ("c1",)
    ),
    Fault("redirect", lambda: saying(b"", 302, {"Location": "/fhir/Encounter"}), "redirected"),
    Fault("redirect for good", lambda: saying(b"", 308, {"Location": "http://127.0.0.1:1/"}), "redirected"),
    Fault("50 MB", lambda: huge, "too-large"),
    Fault("50 MB, announced", lambda: announced(200), "too-large"),
    Fault("50 MB error", lambda: announced(500), "server-error"),
    Fault("reset", lambda: reset, "unreachable"),
    Fault("hung up", lambda: hang_up, "unreachable"),
    Fault("no HTTP", lambda: gibberish, "unreachable"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_fault_has_its_reason_and_costs_no_more_than_the_deadline(fault: Fault) -> None:
    """What arrived counts, what did not is named with the reason, other keys are untouched, and the call is in time."""

    async def call() -> None:
        visits = saying(searchset(resource("Encounter", "e1")))
        async with (
            Double({"Condition": fault.handler(), "Encounter": visits}) as double,
            Client(double, deadline_ms=DEADLINE) as client,
        ):
            found = await client.fetch("conditions", "encounters")

            assert {"conditions": fault.reason} == reasons(found)
            assert list(fault.arrived) == ids(found["conditions"])
            assert ["e1"] == ids(found["encounters"])
            assert not found["conditions"].is_complete
            assert client.took <= DEADLINE / MS
            assert "Encounter" not in [target for target in double.targets if "?" not in target]

    run(call())
