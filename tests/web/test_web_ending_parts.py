"""The steps of the end, each made to happen here: what a connection, the socket, a worker and the parent do."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from multiprocessing import Pipe
from pathlib import Path
from typing import Any, TypeVar

import loop_clock
import pytest
from uvicorn.server import ServerState

from cds.errors import StartError
from cds.settings import Settings, load
from cds.store.facts import Unfit
from cds.web import heads, listener, opening, server, supervised, supervisor
from cds.web.heads import LEAVE, Config, Connection
from cds.web.process import Server, config_of
from cds.web.supervised import DRAIN, Worker
from cds.web.systemd import Notifier

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
CALL = HEAD + b"Content-Length: 2\r\n\r\n{}"
SECONDS = 600.0
CLOSES = b"connection: close"
Seen = TypeVar("Seen")


class Hall:
    """A server in this process with one caller; the application answers when it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, config: Config) -> None:
        self.reader, self.writer, self.config = reader, writer, config
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.connections: list[Connection] = []

    @property
    def connection(self) -> Connection:
        """The server's side of it."""
        return self.connections[0]

    async def answer(self) -> bytes:
        """One whole answer."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        return head + await self.reader.readexactly(2)

    async def until_idle(self) -> None:
        """The server has sent the answer and awaits the next request."""
        while not self.connection._is_idle():
            await asyncio.sleep(0)


def hall(scene: Callable[[Hall], Awaitable[Seen]]) -> Seen:
    """Open one connection, and let a scene happen on it."""
    found: list[Hall] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        found[0].asked.set()
        await found[0].may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def run() -> Seen:
        config = Config(application, head_seconds=600, lifespan="off", log_config=None, timeout_keep_alive=600)
        config.load()
        state, made, here = ServerState(), list[Connection](), asyncio.Event()

        class Told(Connection):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                made.append(self)
                here.set()

        door = await asyncio.get_running_loop().create_server(lambda: Told(config, state, {}), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*door.sockets[0].getsockname())
        await here.wait()
        found.append(Hall(reader, writer, config))
        found[0].connections = made
        try:
            return await scene(found[0])
        finally:
            writer.close()
            door.close()
            await asyncio.gather(*state.tasks, return_exceptions=True)

    return asyncio.run(run())


def test_an_answer_that_is_owed_says_that_the_connection_ends() -> None:
    """The application was at work when the end began."""

    async def scene(the: Hall) -> bytes:
        the.writer.write(CALL)
        await the.asked.wait()
        the.connection.drain()
        the.may_answer.set()
        return await the.answer()

    assert CLOSES in hall(scene).lower()


def test_an_idle_connection_stays_until_its_next_answer() -> None:
    """The beginning of the end does not cut it; the next answer says that it ends."""

    async def scene(the: Hall) -> tuple[bool, bool]:
        the.may_answer.set()
        the.writer.write(CALL)
        first = await the.answer()
        await the.until_idle()
        the.connection.drain()
        the.config.draining = True
        the.writer.write(CALL)
        return CLOSES in first.lower(), CLOSES in (await the.answer()).lower()

    assert (False, True) == hall(scene)


def test_a_kept_connection_is_closed_at_the_end() -> None:
    """Nothing is under way on it and nothing waits."""

    async def scene(the: Hall) -> bytes:
        the.may_answer.set()
        the.writer.write(CALL)
        await the.answer()
        await the.until_idle()
        the.connection.shutdown()
        return await the.reader.read()

    assert b"" == hall(scene)


def test_who_has_just_connected_is_waited_for_and_then_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first request may be on its way."""
    monkeypatch.setattr(heads, "GRACE", 0.0)

    async def scene(the: Hall) -> tuple[bool, bytes]:
        the.connection.shutdown()
        at_once = the.connection.transport.is_closing()
        return at_once, await the.reader.read()

    assert (False, b"") == hall(scene)


def test_a_request_that_has_begun_is_answered_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its head was half here; after the wait it is still not cut."""
    monkeypatch.setattr(heads, "GRACE", 600.0)

    async def scene(the: Hall) -> bytes:
        the.may_answer.set()
        the.writer.write(HEAD)
        while not the.connection._in_head:
            await asyncio.sleep(0)
        the.connection.shutdown()
        the.connection._end_if_idle()
        the.writer.write(CALL[len(HEAD) :])
        return await the.answer()

    assert hall(scene).startswith(b"HTTP/1.1 200 ")


def test_what_is_under_way_is_answered_at_the_end() -> None:
    """And then the connection is closed."""

    async def scene(the: Hall) -> tuple[bytes, bytes]:
        the.writer.write(CALL)
        await the.asked.wait()
        the.connection.shutdown()
        the.may_answer.set()
        return await the.answer(), await the.reader.read()

    said, rest = hall(scene)
    assert (True, b"") == (said.startswith(b"HTTP/1.1 200 "), rest)


def test_elsewhere_than_on_linux_nothing_is_filtered_and_no_queue_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection of the last moment may be reset there; the end is the same."""
    monkeypatch.setattr(listener, "IS_LINUX", False)
    with listener.listen("127.0.0.1", 0) as door, socket.create_connection(door.getsockname()) as caller:
        listener.begin_no_more(door)
        taken, _ = door.accept()
        with taken, socket.create_connection(door.getsockname()):
            assert 0 == listener.queued(door)
        caller.close()


def test_a_queue_that_nobody_takes_from_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process accepts any more: so many looks, and no more."""
    monkeypatch.setattr(listener, "queued", lambda _: 1)
    monkeypatch.setattr(listener, "LOOKS", 7)
    with listener.listen("127.0.0.1", 0) as door:
        assert 8 == len(list(listener.until_empty(door)))


def unfit() -> Unfit:
    """The store's tables are newer than this software may use."""
    return Unfit("too new")


def test_a_store_that_may_not_be_used_stops_the_start(caplog: pytest.LogCaptureFixture) -> None:
    """With one line."""

    class Memory:
        def start(self) -> None:
            raise unfit()

    with pytest.raises(StartError):
        opening._start(Memory())  # type: ignore[arg-type]
    assert [(logging.CRITICAL, unfit().text)] == [(one.levelno, one.message) for one in caplog.records]


def test_a_store_that_may_be_used_no_more_ends_the_process(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a stop of the service does, so that calls under way are answered; the status tells."""
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _, sig: sent.append(sig))
    ended_by: list[StartError] = []
    problem = unfit()

    opening._leave(ended_by, problem)

    assert ([signal.SIGTERM], [problem]) == (sent, ended_by)
    assert [(logging.CRITICAL, problem.text)] == [(one.levelno, one.message) for one in caplog.records]


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers nothing."""


def idle_server() -> Server:
    """A server that has not begun."""
    return Server(config_of(nothing, load({"TWITCH_CDS_DEMO": "true"})), drain_seconds=SECONDS)


def test_a_signal_that_comes_before_the_start_ends_it() -> None:
    """There is nothing to drain."""
    made = idle_server()

    made.handle_exit(signal.SIGTERM, None)

    assert made.should_exit


def test_a_second_signal_hurries_and_a_third_waits_for_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM alone lets it drain for as long as it is set to."""

    async def asked() -> list[tuple[bool, bool]]:
        made = idle_server()
        monkeypatch.setattr(made, "drain", lambda: None)
        states = []
        for _ in range(3):
            made.asked(signal.SIGTERM)
            await asyncio.sleep(0)
            states.append((made._hurry.is_set(), made.force_exit))
        assert made._ending is not None
        await made._ending
        return states

    assert [(False, False), (True, False), (True, True)] == asyncio.run(asked())


def test_it_drains_for_as_long_as_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """After one signal."""

    async def asked() -> float:
        made = idle_server()
        monkeypatch.setattr(made, "drain", lambda: None)
        made.asked(signal.SIGTERM)
        assert made._ending is not None
        await made._ending
        return loop_clock.seconds()

    assert SECONDS == loop_clock.run(asked())


def test_a_server_that_drains_tells_its_application_and_each_connection() -> None:
    """Ready no more; every answer says that its connection ends."""
    told: list[str] = []

    class Wire:
        def drain(self) -> None:
            told.append("connection")

    async def drained() -> bool:
        made = idle_server()
        made.config.load()
        made.lifespan = made.config.lifespan_class(made.config)
        made.lifespan.state[LEAVE] = lambda: told.append("application")
        made.server_state.connections.add(Wire())  # type: ignore[arg-type]
        made.drain()
        return made.config.draining

    assert asyncio.run(drained())
    assert ["application", "connection"] == told


def test_the_parent_makes_the_numbers_of_all_from_their_folder(tmp_path: Path) -> None:
    """Only when it is asked for them."""
    server._counter(tmp_path)("signal")

    assert b'twitch_cds_workers_ended_total{cause="signal"} 1.0' in server._numbers_of_all(tmp_path)


def test_a_worker_that_is_led_waits_for_the_word_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """It drained on a signal of its own; when its parent ends all, the parent says when."""
    ours, theirs = Pipe()

    async def led() -> tuple[bool, bool]:
        made = Worker(config_of(nothing, load({"TWITCH_CDS_DEMO": "true"})), theirs, drain_seconds=0)
        monkeypatch.setattr(made, "drain", lambda: None)
        monkeypatch.setattr(supervised, "TICKS", 1_000_000)
        await made.before_the_end()  # by itself: nothing to wait for
        ours.send_bytes(DRAIN)
        made._hear()
        waiting = asyncio.create_task(made.before_the_end())
        for _ in range(3):
            await asyncio.sleep(0)
        waits = not waiting.done()
        ours.send_bytes(supervised.END)
        made._hear()
        await waiting
        return waits, made.should_exit

    assert (True, True) == asyncio.run(led())


HEARD_BY_THE_PARENT = {signal.SIGINT, signal.SIGTERM}


class Spawned:
    """A process of the same interface that is never started for real."""

    deaf_to: frozenset[int] = frozenset()

    def __init__(self, *, target: object, args: tuple[Any, ...]) -> None:
        self.target, (self.pipe, self.listener) = target, args

    def start(self) -> None:
        self.deaf_to = frozenset(signal.pthread_sigmask(signal.SIG_BLOCK, []))
        self.pipe.send_bytes(supervised.READY)


def test_a_worker_is_started_deaf_and_with_its_end_of_the_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parent keeps the other end only, so that it hears when the worker is gone."""

    class Context:
        Process = Spawned

    monkeypatch.setattr(supervisor, "get_context", lambda _: Context)
    with listener.listen("127.0.0.1", 0) as door:
        child = supervisor.spawn(door)
        spawned: Any = child.process

        assert (supervised.work, door) == (spawned.target, spawned.listener)
        assert spawned.deaf_to >= HEARD_BY_THE_PARENT
        assert child.hear()
        assert child.is_ready
        assert spawned.pipe.closed


def test_the_parent_watches_its_workers_while_they_drain(monkeypatch: pytest.MonkeyPatch) -> None:
    """For so long as is set, unless somebody is in a hurry; and it looks at the queue before the last word."""
    now = [0.0]
    looks: list[float] = []
    slept: list[float] = []

    def seconds() -> float:
        return now[0]

    def start(_: socket.socket) -> supervisor.Child:
        return supervisor.Child(Living(), Pipe()[0])  # type: ignore[arg-type]

    class Living:
        pid, exitcode = 1, None

    def watch(self: supervisor.Supervisor) -> list[supervisor.Child]:
        looks.append(now[0])
        now[0] += 1.0
        return []

    def last(self: supervisor.Supervisor) -> None:
        self._children = []

    monkeypatch.setattr(supervisor.Supervisor, "_watch", watch)
    monkeypatch.setattr(supervisor.Supervisor, "_await_the_last", last)
    monkeypatch.setattr(supervisor, "sleep", slept.append)
    with listener.listen("127.0.0.1", 0) as door:
        parent = supervisor.Supervisor(
            Settings(drain_seconds=3), door, Notifier({}), ended=lambda _: None, start=start, seconds=seconds
        )
        parent._children = [start(door)]
        with parent._waker, parent._bell:
            parent._end()

    assert [0.0, 1.0, 2.0] == looks
    assert {listener.LOOK} == set(slept)
