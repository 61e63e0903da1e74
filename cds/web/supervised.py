"""A worker, one of several processes: its parent says when it has to drain and to end, and hears that it lives."""

import asyncio
import gc
import logging
import signal
import socket
import sys
from contextlib import suppress
from multiprocessing.connection import Connection

from uvicorn.config import STARTUP_FAILURE

from cds.errors import CdsError
from cds.settings import environment, load
from cds.web.heads import Config
from cds.web.logs import configure
from cds.web.process import Server, config_of

READY, ALIVE = b"ready", b"alive"  # what a worker says
DRAIN, END = b"drain", b"end"  # what its parent says
TICKS = 10  # a second
LEAST_DRAIN = 1.0  # seconds in which a parent that was asked as well can say so
log = logging.getLogger("twitch-cds")


def work(parent: Connection, listener: socket.socket) -> None:
    """What each worker process runs; everything else that it needs is in the environment."""
    gc.disable()  # until everything is loaded: what is loaded stays
    settings = load(environment())
    configure(settings.log_level)
    config = config_of("cds.web.worker:build", settings)
    try:
        Worker(config, parent, drain_seconds=settings.drain_seconds).run(sockets=[listener])
    except CdsError as problem:
        log.error("worker cannot start", extra={"fields": {"problem": problem.text}})
        sys.exit(STARTUP_FAILURE)


class Worker(Server):
    """Drains and ends when its parent says so, and ends when the parent is gone.

    A signal of its own (systemd may send one to all processes) makes it drain; then it ends without the others, unless
    the parent has been asked too: the parent knows when the listening socket can be closed.
    """

    def __init__(self, config: Config, parent: Connection, *, drain_seconds: float) -> None:
        super().__init__(config, drain_seconds=max(drain_seconds, LEAST_DRAIN))
        self._parent = parent
        self._is_led = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say when it is over; from then on listen to the parent."""
        await super().startup(sockets)
        asyncio.get_running_loop().add_reader(self._parent.fileno(), self._hear)
        self._say(READY)

    async def on_tick(self, counter: int) -> bool:
        """Once a second a sign of life, from the loop itself: one that hangs gives none."""
        if counter % TICKS == 0:
            self._say(ALIVE)
        return await super().on_tick(counter)

    async def before_the_end(self) -> None:
        """Wait for the parent, if it ends all."""
        while self._is_led and not self.should_exit:
            await asyncio.sleep(1 / TICKS)

    def _say(self, word: bytes) -> None:
        with suppress(OSError):  # the parent is gone; `_hear` notices
            self._parent.send_bytes(word)

    def _hear(self) -> None:
        try:
            word = self._parent.recv_bytes()
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self._parent.fileno())
            self._is_led = False
            self.asked(signal.SIGINT)
            return
        self._is_led = True
        if word == DRAIN:
            self.drain()
        else:
            self.should_exit = True
