"""The hot route: what reaches the engine, what is refused before it, and what comes back."""

import asyncio
import json
from typing import Any

import pytest
from web_fakes import CALL, ONE_CARD, SERVICE, Client, FakeEngine, around, demo, started

from cds.errors import TwitchUnknown, render
from cds.hook_handler import LONG_BODY


def code(answer: Any) -> str:
    """The issue code of an OperationOutcome."""
    return str(answer.json()["issue"][0]["code"])


@pytest.mark.parametrize("path", [CALL, f"/cds-services//{SERVICE}"])
def test_a_call_passes_the_bytes_through(path: str) -> None:
    """The engine gets the bytes as sent, and its bytes come back, also with the sandbox's double slash."""
    client, engine = started()
    engine.reply = lambda _: (200, ONE_CARD)

    answer = client.call(b'{"hook": "x"}', path)

    assert [(SERVICE, b'{"hook": "x"}')] == engine.asked
    assert (200, ONE_CARD) == (answer.status_code, answer.content)
    assert "application/json" == answer.headers["content-type"]
    assert "no-store" == answer.headers["cache-control"]


def test_a_long_body_is_answered_too() -> None:
    """A body that is handed to a thread gets the same answer."""
    client, engine = started()
    engine.reply = lambda body: (200, str(len(body)).encode())

    assert str(LONG_BODY).encode() == client.call(b" " * LONG_BODY).content


def test_the_status_of_the_engine_is_kept() -> None:
    """A 412 stays a 412, with its OperationOutcome."""
    client, engine = started()
    engine.reply = lambda _: (412, render(TwitchUnknown(["conditions"])))

    answer = client.call()

    assert (412, "incomplete") == (answer.status_code, code(answer))


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'Application/JSON;charset="UTF-8"',
        "application/fhir+json",
    ],
)
def test_json_types_are_read(content_type: str) -> None:
    """JSON by any of its names is read."""
    client, _ = started()

    assert 200 == client.call(content_type=content_type).status_code


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/xml", "application/json; charset=latin-1", "application/jsonx"]
)
def test_other_types_are_refused(content_type: str) -> None:
    """A plain-text body is refused, so that no page can call without a preflight."""
    client, engine = started()

    answer = client.call(content_type=content_type)

    assert (415, "not-supported") == (answer.status_code, code(answer))
    assert [] == engine.asked


def test_compressed_bodies_are_refused() -> None:
    """A gzip bomb is not unpacked."""
    client, engine = started()

    answer = client.call(content_encoding="gzip")

    assert (415, "identity") == (answer.status_code, answer.headers["accept-encoding"])
    assert [] == engine.asked


@pytest.mark.parametrize("length", ["2000", "9" * 5000])
def test_an_announced_length_beyond_the_limit_is_refused(length: str) -> None:
    """The header alone is enough for a 413."""
    client, engine = started(max_body_bytes="1024")

    answer = client.call(content_length=length)

    assert (413, "too-long") == (answer.status_code, code(answer))
    assert [] == engine.asked


def test_a_body_is_counted_while_it_comes() -> None:
    """Without a length the pieces are counted, and the limit itself is still allowed."""
    client, engine = started(max_body_bytes="1024")

    async def pieces(count: int) -> Any:
        for _ in range(count):
            yield b" " * 512

    statuses = [
        client("POST", CALL, content=pieces(n), headers={"content-type": "application/json"}).status_code
        for n in (2, 3)
    ]

    assert [200, 413] == statuses
    assert [(SERVICE, b" " * 1024)] == engine.asked


@pytest.mark.parametrize(
    ("method", "path", "status", "issue"),
    [
        ("GET", CALL, 405, "not-supported"),
        ("POST", "/cds-services/other", 404, "not-found"),
        ("POST", f"{CALL}/feedback", 404, "not-found"),
        ("POST", "/cds-services/", 404, "not-found"),
    ],
)
def test_wrong_addresses(method: str, path: str, status: int, issue: str) -> None:
    """Unknown services and wrong methods are told apart."""
    client, _ = started()

    answer = client(method, path)

    assert (status, issue) == (answer.status_code, code(answer))


def test_a_wrong_method_names_the_right_one() -> None:
    """405 carries Allow."""
    client, _ = started()

    assert "POST" == client("GET", CALL).headers["allow"]


def scope(path: str = CALL) -> dict[str, Any]:
    """A bare ASGI call."""
    headers = [(b"content-type", b"application/json")]
    return {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b"", "root_path": ""}


async def exchange(client: Client, receive: Any) -> list[dict[str, Any]]:
    """Run one call by hand, and return what was sent."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await client.app(scope(), receive, send)
    return sent


def test_a_slow_body_is_given_up() -> None:
    """A body that does not come is 408, and the connection is closed."""
    client, _ = started(body_timeout_ms="1")

    async def never() -> None:
        await asyncio.Event().wait()

    head, body = asyncio.run(exchange(client, never))

    assert 408 == head["status"]
    assert (b"connection", b"close") in head["headers"]
    assert "timeout" == json.loads(body["body"])["issue"][0]["code"]


def test_a_client_that_hangs_up_gets_no_answer() -> None:
    """Nobody is left to be told, and the engine is not asked."""
    client, engine = started()

    async def gone() -> dict[str, str]:
        return {"type": "http.disconnect"}

    assert [] == asyncio.run(exchange(client, gone))
    assert [] == engine.asked
    assert 'status="499"' in client("GET", "/metrics").text


def test_calls_beyond_the_room_are_sent_away_and_the_room_is_given_back() -> None:
    """One waiting call fills a room of one; when it is done the next is welcome."""
    client, _ = started(max_concurrent="1")

    async def two_calls() -> list[int]:
        body = asyncio.Event()

        async def later() -> dict[str, Any]:
            await body.wait()
            return {"type": "http.request", "body": b"{}"}

        first = asyncio.create_task(exchange(client, later))
        await asyncio.sleep(0)
        refused = await exchange(client, later)
        body.set()
        answered = await first
        welcome = await exchange(client, later)
        return [sent[0]["status"] for sent in (answered, refused, welcome)]

    assert [200, 503, 200] == asyncio.run(two_calls())


def test_fifty_calls_at_once_do_not_mix() -> None:
    """Each call gets the answer to its own body."""
    engine = FakeEngine()
    engine.reply = lambda body: (200, body)
    client = Client(around(engine, demo()))

    async def all_at_once() -> list[bytes]:
        def asker(number: int) -> Any:
            async def receive() -> dict[str, Any]:
                await asyncio.sleep(0)
                return {"type": "http.request", "body": b"%d" % number}

            return receive

        answers = await asyncio.gather(*(exchange(client, asker(number)) for number in range(50)))
        return [sent[1]["body"] for sent in answers]

    assert [b"%d" % number for number in range(50)] == asyncio.run(all_at_once())
