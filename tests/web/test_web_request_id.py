"""The id of a request: one and the same in the log, in the audit and in the answer."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from web_fakes import CALL, FIXTURES, Client, FakeEngine, Strangers, demo

from cds.account import Caller
from cds.settings import load
from cds.web.app import create_app
from cds.web.cors import Cors
from cds.web.parts import Parts
from cds.web.request_boundary import RequestBoundary
from cds.web.request_id import current, new_request_id

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
MADE = "made-here"
FEEDBACK = f"{CALL}/feedback"


class Journal:
    """Keeps the lines of the audit."""

    is_up = True

    def __init__(self) -> None:
        self.lines: list[Mapping[str, Any]] = []

    def write(self, line: Mapping[str, object]) -> None:
        self.lines.append(line)


class Keeper:
    """Keeps feedback."""

    is_up = True

    async def keep(self, caller: Caller, service_id: str, items: object) -> None:
        """Do nothing."""


def answered(*headers: tuple[str, str]) -> tuple[str, str]:
    """The id in the answer to a request with these headers, and the one that its handler saw."""
    seen: list[str] = []

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(current())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask() -> httpx.Response:
        app = RequestBoundary(handler, cors=Cors((), loopback=False), new_id=lambda: MADE)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.get("/", headers=list(headers))

    return asyncio.run(ask()).headers["x-request-id"], seen[0]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), MADE),
        ((("traceparent", f"00-{TRACE}-{PARENT}-01"),), TRACE),
        ((("traceparent", f"00-{TRACE}-{PARENT}-01"), ("x-request-id", "r-1")), TRACE),
        ((("traceparent", f"cc-{TRACE}-{PARENT}-00-what-comes-later"),), TRACE),
        ((("traceparent", f"cc-{TRACE}-{PARENT}-00"),), TRACE),
        ((("x-request-id", "r-1"), ("x-request-id", "r-2")), "r-1"),
        ((("x-request-id", "A.z_0-9" + "x" * 57),), "A.z_0-9" + "x" * 57),
        ((("traceparent", "none"), ("x-request-id", "r-1")), "r-1"),
    ],
)
def test_what_the_caller_names_is_kept(headers: tuple[tuple[str, str], ...], expected: str) -> None:
    """The trace id first, then the request id, else one that is made; the handler knows it too."""
    assert (expected, expected) == answered(*headers)


@pytest.mark.parametrize(
    "trace",
    [
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE[1:]}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}",
    ],
)
def test_a_traceparent_that_is_not_valid_is_ignored(trace: str) -> None:
    """As W3C Trace Context asks."""
    assert (MADE, MADE) == answered(("traceparent", trace))


@pytest.mark.parametrize("sent", ["", "x" * 65, "Ruth Mbeki", "a/b", "a\tb"])
def test_what_cannot_be_repeated_safely_is_not_an_id(sent: str) -> None:
    """It would stand in logs and in the audit as it was sent."""
    assert (MADE, MADE) == answered(("x-request-id", sent))


def test_ids_that_are_made_differ() -> None:
    """And look like a trace id."""
    ids = {new_request_id() for _ in range(100)}

    assert 100 == len(ids)
    assert {32} == {len(one) for one in ids}


def test_outside_of_a_request_there_is_no_id() -> None:
    """What the service does by itself belongs to nobody's request."""
    assert "" == current()


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        (CALL, b"{}", "call"),
        (f"{CALL}/feedback", b'{"feedback":[]}', "feedback"),
        (f"{CALL}/feedback", b"", "feedback"),
    ],
)
def test_log_audit_and_answer_have_the_same_id(
    path: str, body: bytes, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever became of the request."""
    engine, journal = FakeEngine(), Journal()
    parts = Parts(engine=engine, hook_handler=engine, verifier=Strangers(), keeper=Keeper(), journal=journal)
    client = Client(create_app(parts, demo(), fixtures=FIXTURES))

    with caplog.at_level(logging.INFO, "twitch-cds"):
        ids = [client.call(body, path, x_request_id=sent).headers["x-request-id"] for sent in ("r-1", "not safe!")]

    assert "r-1" == ids[0] != ids[1]
    assert [(kind, one) for one in ids] == [(line["kind"], line["requestId"]) for line in journal.lines]
    fields = [record.__dict__["fields"] for record in caplog.records if record.getMessage() == "request"]
    assert ids == [one["requestId"] for one in fields]


def test_who_is_refused_is_told_the_id_too() -> None:
    """So that an integrator can ask the operator why; the line that sums up many has none."""
    engine, journal = FakeEngine(), Journal()
    client = Client(
        create_app(Parts(engine=engine, hook_handler=engine, verifier=Strangers(), journal=journal), load({}))
    )

    answer = client.call(x_request_id="r-1")

    assert (401, "r-1") == (answer.status_code, answer.headers["x-request-id"])
    assert ["r-1"] == [line["requestId"] for line in journal.lines]
