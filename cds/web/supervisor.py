"""The parent of several workers: starts them, replaces those that end, and ends all of them together.

It serves nothing and imports little. A worker that ends without being asked is an error in the log, with its cause, and
is counted; when too many end the parent gives up, so that whoever started it (systemd) notices.
"""

import logging
import signal
import socket
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from time import monotonic, sleep
from typing import NamedTuple

from uvicorn.config import STARTUP_FAILURE

from cds.errors import StartError
from cds.settings import Settings
from cds.web.interrupts import deaf_children, listening_to
from cds.web.listener import LOOK, begin_no_more, until_empty
from cds.web.process import CALLS_SECONDS
from cds.web.supervised import DRAIN, END, READY, work
from cds.web.systemd import READY as IS_READY
from cds.web.systemd import STOPPING, Notifier

TICK = 0.5  # seconds
WINDOW = 600.0  # seconds in which ended workers are counted
LEAST_MOST = 6  # so many may end in that time, or three for each worker
MOST_SIGNALS = 3
LAST_SECONDS = 5.0  # after the calls: closing store and audit
log = logging.getLogger("twitch-cds")


class Child:
    """One worker process, as its parent sees it."""

    def __init__(self, process: SpawnProcess, pipe: Connection) -> None:
        self.process = process
        self.pipe: Connection | None = pipe
        self.is_ready = False
        self.silent = 0.0

    @property
    def sources(self) -> list[Connection | int]:
        """What tells that it has something to say, or has ended."""
        return [self.process.sentinel, *([self.pipe] if self.pipe else [])]

    def hear(self) -> bool:
        """Read all that it has said; whether that was anything."""
        has_heard = False
        try:
            while self.pipe and self.pipe.poll():
                self.is_ready |= self.pipe.recv_bytes() == READY
                has_heard = True
        except (EOFError, OSError):
            self.pipe = None
        return has_heard

    def order(self, word: bytes) -> None:
        """Tell it what to do; one that has ended is told nothing."""
        with suppress(OSError):
            if self.pipe:
                self.pipe.send_bytes(word)

    def kill(self) -> None:
        """End it now."""
        self.process.kill()
        self.process.join()


class End(NamedTuple):
    """Why a worker is no more: the kind for the numbers, the words for the log."""

    cause: str
    words: str


def spawn(listener: socket.socket) -> Child:
    """Start one worker; it hears no Ctrl-C."""
    ours, theirs = connection.Pipe()
    process = get_context("spawn").Process(target=work, args=(theirs, listener))
    with deaf_children():
        process.start()
    theirs.close()
    return Child(process, ours)


class Supervisor:
    """Keeps so many workers at work, until a signal ends them or too many have ended."""

    def __init__(
        self,
        settings: Settings,
        listener: socket.socket,
        notifier: Notifier,
        *,
        ended: Callable[[str], None],
        start: Callable[[socket.socket], Child] = spawn,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        """`ended` is told the cause of each end that nobody asked for."""
        self._count = settings.workers
        self._silence = settings.worker_timeout_seconds
        self._drain_seconds = settings.drain_seconds
        self._listener = listener
        self._notifier = notifier
        self._ended = ended
        self._start = start
        self._seconds = seconds
        self._children: list[Child] = []
        self._ends: deque[float] = deque()
        self._has_served = False
        self._signals: list[int] = []
        self._waker, self._bell = socket.socketpair()

    def run(self) -> None:
        """Supervise until the end; StartError if it gives up."""
        with self._waker, self._bell, listening_to(self._obey):
            try:
                self._children = [self._start(self._listener) for _ in range(self._count)]
                while not self._signals:
                    self._replace(self._watch())
            except StartError:
                self._signals.append(signal.SIGINT)
                raise
            finally:
                self._end()

    def _obey(self, sig: int, _: object) -> None:
        self._signals.append(sig)
        self._waker.send(b"\0")

    def _watch(self) -> list[Child]:
        """Wait a little, and hear from everybody; the workers that have ended, which are ours no more."""
        since = self._seconds()
        self._wait([source for child in self._children for source in child.sources])
        elapsed = min(self._seconds() - since, 2 * TICK)  # a pause of the machine is nobody's silence
        ended = []
        for child in list(self._children):
            child.silent = 0.0 if child.hear() else child.silent + elapsed
            if end := self._end_of(child):
                self._children.remove(child)
                self._record(child, end)
                ended.append(child)
        self._tell_systemd()
        return ended

    def _wait(self, sources: Sequence[Connection | int]) -> None:
        if self._bell in connection.wait([self._bell, *sources], TICK):
            self._bell.recv(64)

    def _end_of(self, child: Child) -> End | None:
        """How a worker has ended, or had to be ended, if so."""
        status = child.process.exitcode
        if status is None and child.silent <= self._silence:
            return None
        if status is None:
            child.kill()
            return End("silent", f"no sign of life for {self._silence} seconds (TWITCH_CDS_WORKER_TIMEOUT_SECONDS)")
        if status < 0:
            return End("signal", f"ended by {signal.Signals(-status).name}")
        return End("exit", f"exit status {status}")

    def _record(self, child: Child, end: End) -> None:
        """Log and count an end that nobody asked for."""
        self._ends.append(self._seconds())
        while self._ends[0] < self._ends[-1] - WINDOW:
            self._ends.popleft()
        fields = {"worker": child.process.pid, "cause": end.words, "ready": child.is_ready, "lately": len(self._ends)}
        log.error("worker ended", extra={"fields": fields})
        self._ended(end.cause)

    def _replace(self, ended: Sequence[Child]) -> None:
        """Start others; give up if none can start, or if too many have ended lately."""
        if not self._has_served and any(child.process.exitcode == STARTUP_FAILURE for child in ended):
            raise StartError("no worker can start; the log says why")
        if len(self._ends) > max(LEAST_MOST, 3 * self._count):
            raise StartError(f"{len(self._ends)} workers ended within {WINDOW / 60:.0f} minutes; the log says why")
        self._children += [self._start(self._listener) for _ in ended]

    def _tell_systemd(self) -> None:
        self._notifier.alive(self._seconds())
        if (
            not self._has_served
            and len(self._children) == self._count
            and all(child.is_ready for child in self._children)
        ):
            self._has_served = True
            log.info("ready", extra={"fields": {"workers": self._count}})
            self._notifier.tell(IS_READY)

    def _end(self) -> None:
        """Drain, close the listening socket without losing anybody, and wait for what is under way."""
        self._notifier.tell(STOPPING)
        self._order(DRAIN)
        until = self._seconds() + self._drain_seconds
        while self._children and self._seconds() < until and not self._is_hurried():
            self._watch()
        begin_no_more(self._listener)
        for _ in until_empty(self._listener):
            sleep(LOOK)
        self._order(END)
        self._listener.close()
        self._await_the_last()

    def _is_hurried(self) -> bool:
        """Ctrl-C was typed, or a second signal came."""
        return signal.SIGINT in self._signals or len(self._signals) > 1

    def _await_the_last(self) -> None:
        """Wait for those who were told to end; a third signal ends the wait."""
        until = self._seconds() + CALLS_SECONDS + LAST_SECONDS
        while self._children and self._seconds() < until and len(self._signals) < MOST_SIGNALS:
            self._wait([child.process.sentinel for child in self._children])
            self._notifier.alive(self._seconds())
            self._children = [child for child in self._children if child.process.exitcode is None]
        for child in self._children:
            log.error("worker did not end in time", extra={"fields": {"worker": child.process.pid}})
            child.kill()

    def _order(self, word: bytes) -> None:
        for child in self._children:
            child.order(word)
