"""One process that serves: asked to end, it is not ready, goes on for a while, and leaves nobody without an answer."""

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from cds.settings import Settings
from cds.web.heads import LEAVE, Config
from cds.web.interrupts import listening_to
from cds.web.listener import BACKLOG, LOOK, begin_no_more, until_empty
from cds.web.logs import log_config
from cds.web.systemd import READY, STOPPING, Notifier

CALLS_SECONDS = 30  # for calls that are under way at the end


def config_of(app: ASGIApp | str, settings: Settings) -> Config:
    """How uvicorn serves an application, or the one that a function named like this makes."""
    return Config(
        app,
        head_seconds=settings.head_timeout_ms / 1000,
        factory=isinstance(app, str),
        ws="none",
        log_config=log_config(settings.log_level),
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=CALLS_SECONDS,
        backlog=BACKLOG,
    )


class Server(uvicorn.Server):
    """uvicorn's server, with an end in two steps: `drain`, then the end itself.

    SIGTERM lets it drain for some seconds; SIGINT (Ctrl-C) or a second signal does not; a third one waits for no call.
    """

    config: Config

    def __init__(self, config: Config, *, drain_seconds: float) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds
        self._hurry = asyncio.Event()
        self._ending: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Signals that came before are obeyed after it."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does; but a signal that was obeyed is not raised again: the status is 0."""
        with listening_to(self.handle_exit):
            yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Begin to end; before the loop has begun to serve, do not begin."""
        if self._loop is not None and self.started:
            self._loop.call_soon_threadsafe(self.asked, sig)
        else:
            self.should_exit = True

    def asked(self, sig: int) -> None:
        """Do what a signal asks for: the first one, the second, or the third."""
        if self._hurry.is_set():
            self.force_exit = True
        elif self._ending is not None or sig == signal.SIGINT:
            self._hurry.set()
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())

    def drain(self) -> None:
        """Be not ready from now on, and say on every answer that its connection ends."""
        self.config.draining = True
        self.lifespan.state[LEAVE]()
        for connection in self.server_state.connections:
            connection.drain()  # type: ignore[union-attr]

    async def hurried(self, seconds: float) -> None:
        """Wait so long, or until somebody is in a hurry."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    async def _end(self) -> None:
        try:
            self.drain()
            await self.hurried(self._drain_seconds)
            await self.before_the_end()
        finally:  # whatever fails on the way, it ends
            self.should_exit = True

    async def before_the_end(self) -> None:
        """What is left to do when nobody should come any more: nothing, if another process does it."""


class Alone(Server):
    """The only process: it tells systemd how it is, and closes the listening socket for good."""

    def __init__(self, config: Config, listener: socket.socket, notifier: Notifier, *, drain_seconds: float) -> None:
        super().__init__(config, drain_seconds=drain_seconds)
        self._listener = listener
        self._notifier = notifier

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Ready when it is over."""
        await super().startup(sockets)
        self._notifier.tell(READY)

    async def on_tick(self, counter: int) -> bool:
        """The loop itself tells the watchdog: one that hangs does not."""
        self._notifier.alive(time.monotonic())
        return await super().on_tick(counter)

    def drain(self) -> None:
        """Tell systemd as well."""
        self._notifier.tell(STOPPING)
        super().drain()

    async def before_the_end(self) -> None:
        """Accept whoever is connected already; nobody else comes."""
        begin_no_more(self._listener)
        for _ in until_empty(self._listener):
            await asyncio.sleep(LOOK)
