"""What comes over a socket that no client library would send: told apart, refused, and in nobody's way."""

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from service.process import PATIENT_VIEW, TWITCHING, Running, answer_of, running

HEAD = b"POST " + PATIENT_VIEW.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: 2\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
ONE = b"2\r\n{}\r\n0\r\n\r\n"
SLOW = 200
LIMITS = {"head_timeout_ms": "1500", "body_timeout_ms": "1500", "max_concurrent": "300"}

REFUSED = {
    "length and chunks": HEAD + LENGTH + CHUNKED + b"\r\n" + ONE,
    "chunks and length": HEAD + CHUNKED + LENGTH + b"\r\n{}",
    "two lengths": HEAD + LENGTH + b"Content-Length: 30\r\n\r\n{}",
    "a list of lengths": HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
    "length below zero": HEAD + b"Content-Length: -2\r\n\r\n{}",
    "length with a plus": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "length in hexadecimal": HEAD + b"Content-Length: 0x2\r\n\r\n{}",
    "length beyond all bounds": HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "chunks of another kind": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + ONE,
    "chunks hidden by a tab": HEAD + LENGTH + b"Transfer-Encoding:\tchunked\r\n\r\n" + ONE,
    "chunk beyond all bounds": HEAD + CHUNKED + b"\r\nFFFFFFFFFFFFFFFFFF\r\n{}",
    "chunk below zero": HEAD + CHUNKED + b"\r\n-2\r\n{}",
    "chunk longer than it says": HEAD + CHUNKED + b"\r\n2\r\n{}xx0\r\n\r\n",
    "chunks with bare line feeds": HEAD + CHUNKED + b"\r\n2\n{}\n0\n\n",
    "space before a colon": HEAD + b"Content-Length : 2\r\n\r\n{}",
    "folded header": HEAD + b"X: a\r\n b\r\n" + LENGTH + b"\r\n{}",
    "bare line feeds": (HEAD + LENGTH).replace(b"\r\n", b"\n") + b"\n{}",
    "NUL in a header": HEAD + b"X: a\x00b\r\n" + LENGTH + b"\r\n{}",
    "carriage return in a header": HEAD + b"X: a\rY: b\r\n" + LENGTH + b"\r\n{}",
    "HTTP/2 in the clear": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "tunnel": b"CONNECT evil:443 HTTP/1.1\r\nHost: evil\r\n\r\n",
    "unknown method": b"EVIL / HTTP/1.1\r\nHost: x\r\n\r\n",
    "unknown version": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "space in the path": b"GET /health/live x HTTP/1.1\r\nHost: x\r\n\r\n",
    "path that is no ASCII": "GET /health/é HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One process for all."""
    with running(tmp_path_factory.mktemp("sockets"), **LIMITS) as made:
        yield made


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
def test_a_request_that_two_readers_would_read_differently_is_refused(sent: bytes, service: Running) -> None:
    """400 and the end of the connection: nothing of it is taken for a second request."""
    got = service.raw(sent)

    assert got.startswith(b"HTTP/1.1 400 ")
    assert 1 == len(re.findall(rb"HTTP/1\.1 \d{3} ", got))
    assert b"connection: close" in got.lower()


def test_a_compressed_transfer_is_refused(service: Running) -> None:
    """As compressed content is."""
    got = service.raw(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + ONE)

    assert got.startswith(b"HTTP/1.1 415 ")


def test_a_request_within_a_body_is_no_request(service: Running) -> None:
    """A body that looks like another request is a body."""
    inner = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"

    got = service.raw(HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner)

    assert got.startswith(b"HTTP/1.1 400 ")
    assert b"alive" not in got


def test_a_chunked_body_without_length_is_a_call(service: Running) -> None:
    """As every other, cut in whatever pieces."""
    body = TWITCHING.read_bytes()
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(body[at : at + 999]), body[at : at + 999]) for at in range(0, len(body), 999)
    )

    got = service.raw(HEAD + CHUNKED + b"\r\n", chunks, b"0\r\n\r\n")

    assert got.startswith(b"HTTP/1.1 200 ")
    assert b'"summary"' in got


def test_javas_offer_of_another_protocol_costs_nobody_his_body(service: Running) -> None:
    """Upgrade is ignored, as HTTP allows."""
    body = TWITCHING.read_bytes()
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAA\r\n"

    got = service.raw(HEAD + offer + b"Content-Length: %d\r\n\r\n" % len(body), body)

    assert got.startswith(b"HTTP/1.1 200 ")


def test_slow_clients_block_nobody(service: Running) -> None:
    """Hundreds of half heads and half bodies are open while others are answered; then each is told that it was late."""
    halves = [HEAD[:40], HEAD + LENGTH + b"\r\n{"] * (SLOW // 2)
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(service.place, timeout=600)) for _ in halves]
        for connection, half in zip(slow, halves, strict=True):
            connection.sendall(half)

        calls = [service.call() for _ in range(10)]
        late = [answer_of(connection)[:13] for connection in slow]

    assert [200] * 10 == [call.status for call in calls]
    assert all(call.json["cards"] for call in calls)
    assert {b"HTTP/1.1 408 "} == set(late)
    assert SLOW / 2 == service.metric('twitch_cds_refusals_total{client="",reason="head-time"}')
    assert SLOW / 2 == service.metric('twitch_cds_refusals_total{client="demo",reason="body-time"}')


def test_more_slow_bodies_than_calls_may_be_under_way_are_shed(tmp_path: Path) -> None:
    """The rest is told to come back, at once; when the slow ones are gone there is room again."""
    with running(tmp_path, max_concurrent="2", body_timeout_ms="1000") as service:
        slow = HEAD + b"Expect: 100-continue\r\n" + LENGTH + b"\r\n"
        with ExitStack() as stack:
            held = [stack.enter_context(socket.create_connection(service.place, timeout=600)) for _ in range(2)]
            for connection in held:
                connection.sendall(slow)
                assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
            shed = service.call()
            told = [answer_of(connection)[:13] for connection in held]
        after = service.call()

        assert (503, "1") == (shed.status, shed.headers["retry-after"])
        assert [b"HTTP/1.1 408 "] * 2 == told
        assert 200 == after.status
        assert 1.0 == service.metric('twitch_cds_refusals_total{client="demo",reason="concurrency"}')
