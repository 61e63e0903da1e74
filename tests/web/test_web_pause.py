"""A pause of the process (a starved machine, a snapshot): whoever sent a whole request meanwhile gets an answer."""

import asyncio
import json
import os
import select
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pytest
import uvloop
from service.process import HEAD_END, PATIENT_VIEW, TWITCHING, Running, answer_of, running
from uvicorn.server import ServerState

from cds.errors import SlowBody
from cds.web import lag
from cds.web.body import read_body
from cds.web.heads import LIMITED, Config, Connection

PATIENCE = 0.5  # of the connections in this process
PAUSE = 2 * PATIENCE
CALLERS = 20
HEAD_MS = 3_000
KEEP_ALIVE = 5
HOLD = b"hold"
REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
BODY = TWITCHING.read_bytes()


def call_of(body: bytes) -> bytes:
    """A whole call."""
    head = f"POST {PATIENT_VIEW} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + HEAD_END + body


def long_body() -> bytes:
    """The chart that twitches, with so many problems that reading them takes a while."""
    chart = json.loads(BODY)
    chart["prefetch"]["conditions"]["entry"] *= 3_000
    return json.dumps(chart).encode()


CALL = call_of(BODY)
Runner = Callable[[Coroutine[Any, Any, bytes]], bytes]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers every request with its body."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


class PageContext:
    """A listening server in this process, whose loop a test can hold up while bytes arrive."""

    def __init__(self) -> None:
        self.limited: list[str] = []
        self.meanwhile = b""
        self.made = asyncio.Event()

    async def __aenter__(self) -> Self:
        config = Config(echo, head_seconds=PATIENCE, lifespan="off", log_config=None, timeout_keep_alive=PATIENCE)
        config.load()
        state, loop, stage = ServerState(), asyncio.get_running_loop(), self

        class Told(Connection):
            def connection_made(self, transport: Any) -> None:
                super().connection_made(transport)
                stage.made.set()

            def data_received(self, data: bytes) -> None:
                if data != HOLD:
                    super().data_received(data)
                    return
                stage.client.send(stage.meanwhile)
                time.sleep(PAUSE)
                self.transport.close()

        self._server = await loop.create_server(
            lambda: Told(config, state, {LIMITED: self.limited.append}), "127.0.0.1"
        )
        self._place = self._server.sockets[0].getsockname()
        self.client = socket.create_connection(self._place)
        self.client.setblocking(False)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.client.close()
        self._server.close()

    def hold_up(self, meanwhile: bytes) -> None:
        """Have the loop held up while it reads from somebody else, and bytes arrive here."""
        self.meanwhile = meanwhile
        with socket.create_connection(self._place) as other:
            other.send(HOLD)

    async def heard(self, enough: bytes) -> bytes:
        """What the server says until it has said enough, or hangs up."""
        got = b""
        while enough not in got:
            piece = await asyncio.get_running_loop().sock_recv(self.client, 65_536)
            if not piece:
                break
            got += piece
        return got


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Runner:
    """On both kinds of event loop: they read and run timers in another order."""
    return asyncio.run if request.param == "asyncio" else uvloop.run


def test_a_request_that_came_during_a_pause_is_answered(run: Runner) -> None:
    """Its timer is long over when the loop comes to look; the bytes are there."""

    async def scene() -> bytes:
        async with PageContext() as stage:
            await stage.made.wait()
            stage.hold_up(REQUEST)
            return await stage.heard(b"\r\n\r\n{}")

    assert run(scene()).startswith(b"HTTP/1.1 200 ")


def test_a_second_request_that_came_during_a_pause_is_answered(run: Runner) -> None:
    """On a connection that is kept alive, whose own timer is over as well."""

    async def scene() -> bytes:
        async with PageContext() as stage:
            stage.client.send(REQUEST)
            await stage.heard(b"\r\n\r\n{}")
            stage.hold_up(REQUEST)
            return await stage.heard(b"\r\n\r\n{}")

    assert run(scene()).startswith(b"HTTP/1.1 200 ")


def test_half_a_head_that_came_during_a_pause_is_told_that_it_is_late(run: Runner) -> None:
    """408 after one more look: nobody who sent something is hung up on without a word."""
    limited: list[str] = []

    async def scene() -> bytes:
        async with PageContext() as stage:
            await stage.made.wait()
            stage.hold_up(REQUEST[:20])
            said = await stage.heard(b"}]}")
            limited.extend(stage.limited)
            return said

    assert run(scene()).startswith(b"HTTP/1.1 408 ")
    assert ["head-time"] == limited


@pytest.mark.parametrize("asked", [b"", REQUEST], ids=["fresh", "kept alive"])
def test_who_sent_nothing_during_a_pause_is_hung_up_on_in_the_end(asked: bytes, run: Runner) -> None:
    """One more look, and no more."""

    async def scene() -> bytes:
        async with PageContext() as stage:
            await stage.made.wait()
            stage.client.send(asked)
            if asked:
                await stage.heard(b"\r\n\r\n{}")
            stage.hold_up(b"")
            return await stage.heard(b"never")

    assert b"" == run(scene())


def test_a_body_that_came_during_a_pause_is_read() -> None:
    """The time for it is over, the loop was held up, the pieces wait."""
    pieces: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def scene() -> bytes:
        reading = asyncio.create_task(read_body(pieces.get, 100, PATIENCE))
        pieces.put_nowait({"type": "http.request", "body": b"{", "more_body": True})
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        time.sleep(PAUSE)
        asyncio.get_running_loop().call_later(0, pieces.put_nowait, {"type": "http.request", "body": b"}"})
        return await reading

    assert b"{}" == asyncio.run(scene())


def test_a_body_that_did_not_come_is_late_after_a_pause_too() -> None:
    """One more look, and no more."""

    async def scene() -> bytes:
        reading = asyncio.create_task(read_body(asyncio.Queue[dict[str, Any]]().get, 100, PATIENCE))
        await asyncio.sleep(0)
        time.sleep(PAUSE)
        return await reading

    with pytest.raises(SlowBody):
        asyncio.run(scene())


def test_the_lag_of_the_loop_is_told() -> None:
    """By how much a timer was late; then the watch ends."""
    told: list[float] = []

    async def scene() -> None:
        async with lag.observed(told.append, 0.01):
            await asyncio.sleep(0)
            time.sleep(PAUSE)
            while not told:
                await asyncio.sleep(0)

    asyncio.run(scene())
    assert told[0] >= PAUSE - 0.02
    assert (False, True) == (lag.is_late(1.0, 1.0 + lag.LATE), lag.is_late(1.0, 1.01 + lag.LATE))


def test_no_request_is_lost_when_the_process_is_stopped_and_continued(tmp_path: Path) -> None:
    """Longer than every timer of a connection: on ten fresh ones and ten kept alive a whole call waits."""
    with running(tmp_path, head_timeout_ms=str(HEAD_MS)) as service, ExitStack() as stack:
        callers = _stopped_with_callers(service, stack)
        for caller in callers:
            caller.sendall(CALL)
        time.sleep(max(KEEP_ALIVE, HEAD_MS / 1000) + 1)
        os.kill(service.process.pid, signal.SIGCONT)
        answers = Counter(answer_of(caller)[9:12] for caller in callers)
        lagged = service.metric("twitch_cds_loop_lag_seconds_sum")

    assert {b"200": CALLERS} == answers  # sent 20, right 20, shed 0, lost 0
    assert lagged >= KEEP_ALIVE - lag.EVERY


def _stopped_with_callers(service: Running, stack: ExitStack) -> list[socket.socket]:
    """A process that stands still, and callers whom it has accepted; tried again if the machine was too slow for it."""
    while True:
        callers = [stack.enter_context(socket.create_connection(service.place, timeout=600)) for _ in range(CALLERS)]
        for caller in callers[::2]:
            caller.sendall(CALL)
            assert answer_of(caller).startswith(b"HTTP/1.1 200 ")
        service.fetch("GET", "/health/live")  # accepted after all of them
        busy = stack.enter_context(socket.create_connection(service.place, timeout=600))
        busy.sendall(call_of(long_body()))  # in the middle of its work a process looks at its timers before it reads
        os.kill(service.process.pid, signal.SIGSTOP)
        if not select.select(callers, [], [], 0)[0]:
            return callers
        os.kill(service.process.pid, signal.SIGCONT)
