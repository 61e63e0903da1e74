"""Keeps a candidate at work beside one worker, compares its answers with the live ones, and reports what was counted.

`python -m cds.shadow.keeping OPTIONS`: a process of its own, so that comparing costs the worker nothing. Charts come
in, and counts go out, through one socket.
"""

import os
import selectors
import signal
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import msgspec
from msgspec import Struct

from cds.diff.changes import Change, cards_of, compare
from cds.errors import UsageError
from cds.settings import environment
from cds.shadow.process import CONTROL, Budget, Cause, Death, Ended, Process
from cds.shadow.wire import LENGTH, CandidateReply, Count, Frames, Hello, ReceivedOffer, Report, framed

LOWER = 10  # of priority, than the worker's
SAME, DIFFERENT, REFUSED = "same", "different", "refused"
SKIPPED, STARTED, GIVEN_UP = "skipped", "started", "given-up"
EVENTS = (SAME, DIFFERENT, REFUSED, SKIPPED, STARTED, GIVEN_UP, *(cause.value for cause in Cause))  # what it reports
OTHER = "(other)"
PIECE = 262_144
T = TypeVar("T")
Happened = tuple[str, str, str, str, str]  # change, client, service, topic, reason


class Options(Struct, frozen=True, kw_only=True):
    """What is run, within which budget, and how patient its keeper is (seconds)."""

    command: tuple[str, ...]
    socket: int
    budget: Budget = Budget()
    offer_bytes: int = 2**27
    report_seconds: float = 2.0
    first_pause: float = 1.0
    longest_pause: float = 300.0
    most_deaths: int = 10


class Keeper:
    """Asks one candidate about each chart that is offered; starts it anew after a pause, and at last no more."""

    def __init__(
        self, options: Options, offers: socket.socket, seconds: Callable[[], float], control: int = CONTROL
    ) -> None:
        self._options, self._offers, self._seconds, self._control = options, offers, seconds, control
        self._frames = Frames(options.offer_bytes)
        self._waiting: deque[bytes] = deque()
        self._process: Process | None = None
        self._hello = Hello(software="", knowledge="", names=())
        self._names: frozenset[str] = frozenset()
        self._deaths = 0
        self._rest_until = seconds()
        self._counts: Counter[Happened] = Counter()
        self._next_report = seconds() + options.report_seconds

    @property
    def is_given_up(self) -> bool:
        """Whether the candidate has died too often in a row."""
        return self._deaths >= self._options.most_deaths

    def run(self) -> None:
        """Until nobody wants to hear more."""
        try:
            while True:
                self._step()
        except Ended:
            pass
        finally:
            self._end()
            self._report()

    def _step(self) -> None:
        if self._seconds() >= self._next_report:
            self._report()
        if self._waiting:
            self._compare(msgspec.msgpack.decode(self._waiting.popleft(), type=ReceivedOffer))
        else:
            self._hear(max(0.0, self._next_report - self._seconds()) if self._counts else None)

    def _hear(self, patience: float | None) -> None:
        """Take what is offered; raises Ended when nobody is there."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._offers, selectors.EVENT_READ)
            ready = {key.fd for key, _ in selector.select(patience)}
        if self._control in ready:
            raise Ended
        if ready:
            piece = self._offers.recv(PIECE)
            if not piece:
                raise Ended
            self._waiting.extend(self._frames.take(piece))

    def _compare(self, offered: ReceivedOffer) -> None:
        """Ask, and count what came of it; what is said by a name that is none of its cards' is not repeated."""
        process = self._ready()
        if process is None:
            self._count(SKIPPED, offered)
            return
        try:
            answer = _read(process.ask(LENGTH.pack(len(offered.question)) + offered.question), CandidateReply)
            if answer.refused:
                self._count(REFUSED, offered)
            elif answer.body == offered.live:
                self._count(SAME, offered)
            else:
                self._differ(offered, answer.body)
        except Death as death:
            self._died(death.cause, offered)
        else:
            self._deaths = 0

    def _differ(self, offered: ReceivedOffer, body: bytes) -> None:
        live = cards_of(offered.live, "live")
        try:
            differences = compare({("", "", 0): live}, {("", "", 0): cards_of(body, "candidate")})
        except UsageError as problem:
            raise Death(Cause.GARBAGE) from problem
        self._count(DIFFERENT if differences.changed else SAME, offered)
        public_names = self._names | {"", *(name for card in live for name in (card.topic, *card.tags, *card.flags))}
        changed = [(topic, "", counts) for topic, counts in differences.by_card.items()]
        for key, counts in differences.by_reason.items():
            topic, _, reason = key.partition(" ")
            changed.append((topic, reason, counts))
        for topic, reason, counts in changed:
            labels = (topic if topic in public_names else OTHER, reason if reason in public_names else OTHER)
            for change, number in counts.items():
                if change != Change.SAME:
                    self._counts[(change, offered.client, offered.service, *labels)] += number

    def _ready(self) -> Process | None:
        """The candidate, started if need be; None while it rests, and when it was given up."""
        if self._process is not None:
            return self._process
        if self.is_given_up or self._seconds() < self._rest_until:
            return None
        try:
            self._process = Process(
                self._options.command, environment(), self._options.budget, self._seconds, self._control
            )
            hello = _read(self._process.hello(), Hello)
            if not hello.is_fit:
                raise Death(Cause.GARBAGE)
        except Death as death:
            self._died(death.cause)
            return None
        self._hello, self._names = hello, frozenset(hello.names)
        self._count(STARTED)
        return self._process

    def _died(self, cause: Cause, offered: ReceivedOffer | None = None) -> None:
        """Count it, and let it rest: longer each time that it dies without an answer in between."""
        self._end()
        self._count(cause.value, offered)
        pause = min(self._options.first_pause * 2**self._deaths, self._options.longest_pause)
        self._rest_until = self._seconds() + pause
        self._deaths += 1
        if self.is_given_up:
            self._count(GIVEN_UP)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def _count(self, event: str, offered: ReceivedOffer | None = None) -> None:
        client, service = (offered.client, offered.service) if offered else ("", "")
        self._counts[event, client, service, "", ""] += 1

    def _report(self) -> None:
        """Say what was counted, if there is somebody to hear it."""
        self._next_report = self._seconds() + self._options.report_seconds
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        report = Report(
            counts=tuple(
                Count(change=change, client=client, service=service, topic=topic, reason=reason, number=number)
                for (change, client, service, topic, reason), number in counts.items()
            ),
            software=self._hello.software,
            knowledge=self._hello.knowledge,
            is_given_up=self.is_given_up,
        )
        with suppress(OSError):  # the worker is gone
            self._offers.sendall(framed(report))


def _read(message: bytes, kind: type[T]) -> T:
    """What a candidate says, if it is that."""
    try:
        return msgspec.msgpack.decode(message, type=kind)
    except msgspec.DecodeError as problem:
        raise Death(Cause.GARBAGE) from problem


def main(arguments: Sequence[str], seconds: Callable[[], float] = time.monotonic, control: int = CONTROL) -> None:
    """Keep what the options name."""
    options = msgspec.json.decode(arguments[0], type=Options)
    for number in (signal.SIGTERM, signal.SIGINT):  # the worker says when it ends; the candidate inherits this
        signal.signal(number, signal.SIG_IGN)
    os.nice(LOWER)
    with socket.socket(fileno=options.socket) as offers:
        Keeper(options, offers, seconds, control).run()


if __name__ == "__main__":
    main(sys.argv[1:])
