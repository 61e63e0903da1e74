"""The feedback endpoint: who answers what, within which limits, and only after it is kept."""

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from web_fakes import FIXTURES, SERVICE, Client, FakeEngine, demo, parts

from cds.account import NOBODY, Caller, FeedbackItem
from cds.errors import NotKept
from cds.hooks.limits import USUAL
from cds.settings import load
from cds.web.app import create_app
from cds.web.feedback_route import LONG_BODY, FeedbackRoute
from cds.web.intake import Intake
from cds.web.metrics import Metrics
from cds.web.parts import Parts
from cds.web.record import Recorder
from cds.web.request_boundary import NOTE

PATH = f"/cds-services/{SERVICE}/feedback"
ITEM = {"card": "c1", "outcome": "overridden", "outcomeTimestamp": "2026-11-22T06:55:49.404Z"}
GOOD = json.dumps({"feedback": [ITEM]}).encode()


class FakeKeeper:
    """Keeps feedback in a list, unless it is down."""

    def __init__(self) -> None:
        self.kept: list[tuple[Caller, str, list[str]]] = []
        self.is_up = True

    async def keep(self, caller: Caller, service_id: str, items: Sequence[FeedbackItem]) -> None:
        if not self.is_up:
            raise NotKept
        self.kept.append((caller, service_id, [item.card for item in items]))


@pytest.fixture
def keeper() -> FakeKeeper:
    """A store that works."""
    return FakeKeeper()


def client(keeper: FakeKeeper, **settings: str) -> Client:
    """The application in demo mode around that store."""
    plain = parts(FakeEngine())
    whole = Parts(engine=plain.engine, hook_handler=plain.hook_handler, verifier=plain.verifier, keeper=keeper)
    return Client(create_app(whole, demo(**settings), fixtures=FIXTURES))


def issue(answer: httpx.Response) -> Any:
    """The issue of an OperationOutcome."""
    (found,) = answer.json()["issue"]
    return found


@pytest.mark.parametrize("path", [PATH, f"/cds-services//{SERVICE}/feedback"])
def test_feedback_is_kept_and_then_acknowledged(keeper: FakeKeeper, path: str) -> None:
    """200 with an empty object, also with the sandbox's double slash."""
    answer = client(keeper).call(GOOD, path)

    assert (200, b"{}") == (answer.status_code, answer.content)
    assert "application/json" == answer.headers["content-type"]
    assert [(NOBODY, SERVICE, ["c1"])] == keeper.kept


def test_a_long_request_is_kept_too(keeper: FakeKeeper) -> None:
    """It is read in a thread, so that calls beside it go on."""
    body = json.dumps({"feedback": [ITEM] * 1000}).encode()

    assert 200 == client(keeper).call(body, PATH).status_code
    assert (True, 1000) == (len(body) > LONG_BODY, len(keeper.kept[0][2]))


def test_what_cannot_be_kept_is_not_acknowledged(keeper: FakeKeeper) -> None:
    """503 with a word about when to come again; then it is taken."""
    whole = client(keeper)
    keeper.is_up = False
    refused = whole.call(GOOD, PATH)
    keeper.is_up = True

    assert (503, "5", "no-store") == (refused.status_code, refused.headers["retry-after"], issue(refused)["code"])
    assert 200 == whole.call(GOOD, PATH).status_code


def test_a_malformed_item_is_named_and_nothing_is_kept(keeper: FakeKeeper) -> None:
    """The good ones beside it neither."""
    answer = client(keeper).call(json.dumps({"feedback": [ITEM, ITEM | {"outcome": "ignored"}]}).encode(), PATH)

    assert (400, "structure") == (answer.status_code, issue(answer)["code"])
    assert "`feedback[1].outcome`" in issue(answer)["details"]["text"]
    assert [] == keeper.kept


def test_a_thousand_and_one_items_are_too_many(keeper: FakeKeeper) -> None:
    """413, and nothing is kept."""
    answer = client(keeper).call(json.dumps({"feedback": [ITEM] * 1001}).encode(), PATH)

    assert (413, "too-costly", []) == (answer.status_code, issue(answer)["code"], keeper.kept)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/cds-services/unknown/feedback", 404),
        ("/cds-services/feedback", 404),
        ("/cds-services//feedback", 404),
        (f"/cds-services/{SERVICE}/feedback/feedback", 404),
        (f"/cds-services/{SERVICE}/feedback/", 404),
        (f"/cds-services/a/{SERVICE}/feedback", 404),
    ],
)
def test_only_services_have_feedback(keeper: FakeKeeper, path: str, status: int) -> None:
    """Everything else is not found."""
    answer = client(keeper).call(GOOD, path)

    assert (status, "not-found", []) == (answer.status_code, issue(answer)["code"], keeper.kept)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_feedback_is_posted(keeper: FakeKeeper, method: str) -> None:
    """By no other method."""
    answer = client(keeper)(method, PATH, content=GOOD, headers={"content-type": "application/json"})

    assert (405, "POST") == (answer.status_code, answer.headers["allow"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": "text/plain"}, 415),
        ({"content_encoding": "gzip"}, 415),
        ({"content_length": "99999999"}, 413),
    ],
)
def test_the_limits_of_a_hook_call_hold_here_too(keeper: FakeKeeper, headers: dict[str, str], status: int) -> None:
    """Type, encoding, size."""
    assert status == client(keeper).call(GOOD, PATH, **headers).status_code
    assert [] == keeper.kept


def test_more_than_the_body_may_hold_is_refused(keeper: FakeKeeper) -> None:
    """However it is announced."""
    assert 413 == client(keeper, max_body_bytes="1024").call(GOOD + b" " * 1024, PATH).status_code


def test_a_browser_may_send_feedback(keeper: FakeKeeper) -> None:
    """The sandbox's preflight, and its grant on a refusal."""
    origin = "https://sandbox.cds-hooks.org"
    preflight = {"origin": origin, "access-control-request-method": "POST"}
    whole = client(keeper)
    granted = whole("OPTIONS", PATH, headers=preflight)
    refused = whole.call(b"{}", PATH, origin=origin)

    assert [origin] * 2 == [answer.headers["access-control-allow-origin"] for answer in (granted, refused)]
    assert (204, 400) == (granted.status_code, refused.status_code)


def test_nobody_unknown_may_send_feedback(keeper: FakeKeeper) -> None:
    """First who, then what."""
    plain = parts(FakeEngine())
    whole = Parts(engine=plain.engine, hook_handler=plain.hook_handler, verifier=plain.verifier, keeper=keeper)
    answer = Client(create_app(whole, load({}), fixtures=FIXTURES)).call(GOOD, PATH)

    assert (401, []) == (answer.status_code, keeper.kept)


def test_each_request_leaves_one_line_without_its_content(keeper: FakeKeeper, caplog: pytest.LogCaptureFixture) -> None:
    """How many items, or what was wrong."""
    whole = client(keeper)
    with caplog.at_level(logging.INFO, "twitch-cds"):
        whole.call(GOOD, PATH)
        whole.call(b'{"feedback":"Jane Doe"}', "/cds-services/Jane/feedback")
    fields = [record.fields for record in caplog.records if record.message == "request"]  # type: ignore[attr-defined]

    assert [(SERVICE, "feedback", 1), ("unknown", "UnknownService", None)] == [
        (one["service"], one["outcome"], one.get("items")) for one in fields
    ]
    assert "Jane" not in str(fields)


def route_with(keeper: FakeKeeper, **settings: str) -> FeedbackRoute:
    """The endpoint by itself, with these settings."""
    return FeedbackRoute(FakeEngine(), keeper, Recorder(Metrics("1"), None, "1"), Intake(demo(**settings)), USUAL)


async def posted(
    route: FeedbackRoute, *messages: dict[str, Any], **more: object
) -> tuple[list[Any], dict[str, object]]:
    """Post to the route itself; what it sent, and what it noted."""
    sent: list[Any] = []
    waiting = list(messages)
    note: dict[str, object] = {}

    async def receive() -> Any:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    await route({"path": PATH, "method": "POST", "headers": headers, NOTE: note} | more, receive, send)
    return sent, note


def test_who_hangs_up_gets_no_answer_and_nothing_is_kept(keeper: FakeKeeper) -> None:
    """The body was not complete."""
    route = route_with(keeper)
    sent, note = asyncio.run(
        posted(route, {"type": "http.request", "body": GOOD, "more_body": True}, {"type": "http.disconnect"})
    )

    assert ([], [], "ClientGone") == (sent, keeper.kept, note["outcome"])


def test_a_body_that_stalls_is_given_up(keeper: FakeKeeper) -> None:
    """408, and the connection is closed."""
    route = route_with(keeper, body_timeout_ms="1")
    sent, _ = asyncio.run(posted(route, {"type": "http.request", "body": b"{", "more_body": True}))

    assert 408 == sent[0]["status"]
    assert (b"connection", b"close") in sent[0]["headers"]


def test_feedback_is_the_verified_callers(keeper: FakeKeeper) -> None:
    """As the gate has left it in the scope."""
    caller = Caller(client="hospital", tenant="north")
    route = route_with(keeper)
    asyncio.run(posted(route, {"type": "http.request", "body": GOOD}, **{"twitch-cds.caller": caller}))

    assert [(caller, SERVICE, ["c1"])] == keeper.kept
