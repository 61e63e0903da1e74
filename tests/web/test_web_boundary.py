"""What surrounds every answer: CORS, headers, errors, sign-in, logs."""

import asyncio
import json
import logging
from typing import Any

import pytest
from web_fakes import CALL, FIXTURES, SERVICE, Client, FakeEngine, Strangers, around, demo, started

from cards.topics import Topic
from cds.settings import load
from cds.trust.standing import Standing, standing_of
from cds.web.app import create_app
from cds.web.logs import JsonFormatter, log_config
from cds.web.parts import Parts
from cds.web.request_boundary import RequestBoundary, route_of

SANDBOX = "https://sandbox.cds-hooks.org"
SECRET = "Jane Doe has K 2.1"


def broken(_: bytes) -> tuple[int, bytes]:
    """An engine that fails with the chart in its message."""
    raise ValueError(SECRET)


@pytest.mark.parametrize(
    ("method", "path", "content_type", "status"),
    [
        ("GET", "/nothing", "", 404),
        ("GET", CALL, "", 405),
        ("DELETE", "/cds-services", "", 405),
        ("POST", CALL, "text/plain", 415),
        ("POST", CALL, "application/json", 500),
    ],
)
def test_errors_are_readable_by_the_page_and_one_in_shape(
    method: str, path: str, content_type: str, status: int
) -> None:
    """Every error answer carries the CORS grant, the security headers and one OperationOutcome."""
    client, engine = started()
    engine.reply = broken

    answer = client(method, path, headers={"origin": SANDBOX, "content-type": content_type})

    assert (status, SANDBOX) == (answer.status_code, answer.headers["access-control-allow-origin"])
    assert "nosniff" == answer.headers["x-content-type-options"]
    assert "default-src 'none'; frame-ancestors 'none'" == answer.headers["content-security-policy"]
    outcome = answer.json()
    assert ["resourceType", "issue"] == list(outcome)
    assert ["severity", "code", "details"] == list(outcome["issue"][0])


def test_an_unexpected_failure_is_logged_under_the_id_that_the_caller_gets(caplog: pytest.LogCaptureFixture) -> None:
    """The caller gets an id; the log has it with the place of the failure; neither quotes the chart."""
    client, engine = started()
    engine.reply = broken

    answer = client.call(authorization="Bearer abc.def.ghi")

    record = next(record for record in caplog.records if record.levelno == logging.ERROR)
    line = JsonFormatter().format(record)
    written = json.loads(line)
    assert 500 == answer.status_code
    assert written["requestId"] == answer.headers["x-request-id"]
    assert written["requestId"] in answer.text
    assert ("unexpected", "ValueError") == (written["event"], written["error"])
    assert written["at"][-1].endswith(" broken")
    assert SECRET not in answer.text + line
    assert 'outcome="5xx"' in client("GET", "/metrics").text


def test_a_failure_after_the_answer_has_begun_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Two answers to one request would be none."""
    sent: list[Any] = []

    async def half(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError(SECRET)

    async def send(message: Any) -> None:
        sent.append(message)

    app = RequestBoundary(half, cors=create_cors(), new_id=lambda: "i1")
    asyncio.run(app({"type": "http", "method": "GET", "path": "/", "headers": []}, _nothing, send))

    assert [200] == [message["status"] for message in sent]
    assert "i1" in JsonFormatter().format(caplog.records[0])


def create_cors() -> Any:
    """A policy that grants nothing."""
    from cds.web.cors import Cors

    return Cors((), loopback=False)


async def _nothing() -> dict[str, Any]:
    return {}


async def _unheard(_: Any) -> None:
    pass


def test_head_is_get_without_a_body() -> None:
    """A load balancer may ask with HEAD."""
    client, _ = started()

    answers = [client("HEAD", path) for path in ("/health/live", "/cds-services", "/cds-services/")]

    assert [(200, b"")] * 3 == [(answer.status_code, answer.content) for answer in answers]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/cds-services"),
        ("GET", "/cds-services/"),
        ("DELETE", "/cds-services"),
        ("POST", CALL),
        ("GET", CALL),
        ("POST", "/cds-services/unknown"),
        ("POST", f"{CALL}/feedback"),
    ],
)
def test_outside_demo_mode_nobody_is_let_in(method: str, path: str) -> None:
    """Without a registered client every call is 401 with one and the same body, token or not."""
    engine = FakeEngine()
    client = Client(around(engine, load({})))

    answers = [client(method, path), client(method, path, headers={"authorization": "Bearer a.b.c"})]

    bodies = {answer.content for answer in answers} | {client("GET", "/cds-services").content}
    assert [401, 401] == [answer.status_code for answer in answers]
    assert "Bearer" == answers[0].headers["www-authenticate"]
    assert 1 == len(bodies)
    assert [] == engine.asked


def test_outside_demo_mode_health_is_public_and_the_demo_is_absent() -> None:
    """A load balancer needs no token; the demo pages do not exist."""
    client = Client(around(FakeEngine(), load({})))

    statuses = [
        client("GET", path).status_code
        for path in ("/health/live", "/health/ready", "/metrics", "/", "/demo/fhir/metadata")
    ]

    assert [200, 200, 200, 404, 404] == statuses


def test_demo_mode_with_auth_required_stays_closed() -> None:
    """The stricter of two settings wins."""
    client, _ = started(auth="required")

    assert 401 == client.call().status_code


def test_the_request_line_tells_no_more_than_it_may(caplog: pytest.LogCaptureFixture) -> None:
    """Id, method, route, status, time, service and outcome; no query, no token, no id from the path."""
    client, _ = started()
    with caplog.at_level(logging.INFO, logger="twitch-cds"):
        client(
            "POST",
            f"{CALL}?patient=4711",
            content=b"{}",
            headers={"content-type": "application/json", "authorization": "Bearer x.y.z"},
        )

    (line,) = [JsonFormatter().format(record) for record in caplog.records if record.name == "twitch-cds"]
    written = json.loads(line)

    named = {"method", "route", "status", "ms", "requestId", "service", "outcome"}
    assert {"time", "level", "event"} | named == set(written)
    assert (
        "POST",
        "/cds-services",
        200,
        SERVICE,
        "silent",
    ) == tuple(written[k] for k in ("method", "route", "status", "service", "outcome"))


def test_health_checks_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """They are written at debug level only."""
    client, _ = started()
    with caplog.at_level(logging.INFO, logger="twitch-cds"):
        client("GET", "/health/live")

    assert [] == [record for record in caplog.records if record.name == "twitch-cds"]


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("/demo/fhir", "/demo/fhir/Patient/4711"),
        ("/cds-services", CALL),
        ("/", "/"),
        ("other", "/Patient/4711"),
        ("other", "/cds-servicesX"),
    ],
)
def test_routes_are_logged_without_their_end(route: str, path: str) -> None:
    """A path can end in a patient's id."""
    assert route == route_of(path)


def test_other_kinds_of_connection_pass_through() -> None:
    """The start and the end of the process are no requests."""
    seen: list[str] = []

    async def inner(scope: Any, _: Any, __: Any) -> None:
        seen.append(scope["type"])

    asyncio.run(RequestBoundary(inner, cors=create_cors())({"type": "lifespan"}, _nothing, _unheard))

    assert ["lifespan"] == seen


@pytest.mark.parametrize(("asked", "frame"), [("info", "WARNING"), ("debug", "DEBUG")])
def test_the_server_software_speaks_up_only_when_asked(asked: str, frame: str) -> None:
    """At the usual level uvicorn reports troubles only."""
    config = log_config(asked)

    assert (asked.upper(), frame) == (config["root"]["level"], config["loggers"]["uvicorn"]["level"])


def test_ready_turns_to_503_when_the_process_ends() -> None:
    """After the shutdown has begun no new calls are wanted."""
    client, _ = started()

    async def run() -> None:
        async with client.app.router.lifespan_context(client.app):
            pass

    before = client("GET", "/health/ready")
    asyncio.run(run())
    after = client("GET", "/health/ready")

    assert {"status": "ready", "knowledgeVersion": "2026.11", "trust": "up"} == before.json()
    assert (503, "transient") == (after.status_code, after.json()["issue"][0]["code"])


def test_ready_names_the_cards_that_the_site_does_not_show() -> None:
    """Whoever monitors an installation sees how it is set."""
    client, engine = started()
    engine.switched_off = (Topic.EMERG,)

    assert "emergency" == client("GET", "/health/ready").json()["switchedOff"]


def required(standing: Standing) -> Client:
    """The application whose callers are verified, standing like this."""
    engine, verifier = FakeEngine(), Strangers()
    verifier.standing = standing
    whole = Parts(engine=engine, hook_handler=engine, verifier=verifier)
    return Client(create_app(whole, load({}), fixtures=FIXTURES))


def test_ready_tells_how_old_the_keys_are_and_what_decides() -> None:
    """A balancer goes by the status; whoever reads it learns which parts can change that."""
    some = standing_of([3600.0, None], is_closed=True, is_down=False)
    answer = required(some)("GET", "/health/ready")

    assert 200 == answer.status_code
    assert {"clients": 2, "withoutKeys": 1, "oldestSeconds": 3600} == answer.json()["keys"]
    assert ["keys", "tokens"] == answer.json()["decidedBy"]


@pytest.mark.parametrize(
    ("standing", "why"),
    [
        (standing_of([None], is_closed=False, is_down=True), "the keys of no client can be had. See"),
        (
            standing_of([5.0], is_closed=True, is_down=True),
            "the database cannot tell which tokens were used before. See",
        ),
    ],
)
def test_a_service_of_which_every_call_would_fail_is_not_ready(standing: Standing, why: str) -> None:
    """503 with the reason; a database that is away stops no call in open mode."""
    answer = required(standing)("GET", "/health/ready")

    assert (503, "transient") == (answer.status_code, answer.json()["issue"][0]["code"])
    assert why in answer.json()["issue"][0]["details"]["text"]


def test_an_engine_without_services_is_not_ready() -> None:
    """A service that lists nothing can answer nothing."""
    engine = FakeEngine()
    engine.service_ids = frozenset()

    assert 503 == Client(around(engine, demo()))("GET", "/health/ready").status_code
