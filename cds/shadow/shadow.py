"""The worker's end of a shadow: charts go out after their answers, as far as there is room, and counts come in."""

import asyncio
import logging
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from cds.settings import Settings
from cds.shadow import keeping as keeper
from cds.shadow.choice import command, environment_of
from cds.shadow.keeping import SKIPPED, Options
from cds.shadow.process import Budget
from cds.shadow.wire import Count, Frames, Offer, Question, Report, framed
from cds.store.rows import Tallied

DROPPED, LOST = "dropped", "lost"
EVENTS = (*keeper.EVENTS, DROPPED, LOST)
FAREWELL = 5.0  # seconds for the last report
# What many calls hand over within so many seconds is written at once: a system call and a woken process for each of
# them cost more than the charts themselves.
TOGETHER = 0.02
LARGEST_REPORT = 2**24
KEEPING = (sys.executable, "-P", "-m", "cds.shadow.keeping")
log = logging.getLogger("twitch-cds")


class Keeping(Protocol):
    """Keeps what was counted (`cds.store.memory.Memory`)."""

    def shadowed(self, counts: Sequence[Tallied]) -> None:
        """Keep these numbers, soon; never blocks."""


class Shadow(asyncio.Protocol):
    """One for each worker. Nothing that becomes of the candidate is felt here."""

    def __init__(
        self,
        options: Options,
        environment: Mapping[str, str],
        *,
        most_waiting: int,
        listen: Callable[[Count], None],
        keeping: Keeping,
        now: Callable[[], datetime],
        run: str,
        knowledge_version: str,
    ) -> None:
        """`most_waiting`: bytes of charts that wait, before more are dropped; `run`: by which this process is known."""
        self._options, self._environment, self._most = options, dict(environment), most_waiting
        self._listen, self._keeping, self._now = listen, keeping, now
        self._run, self._knowledge = run, knowledge_version
        self._frames = Frames(LARGEST_REPORT)
        self._unsent = bytearray()
        self._totals: Counter[tuple[str, ...]] = Counter()
        self._transport: asyncio.Transport | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = asyncio.Event()
        self._candidate = ("", "")
        self._is_given_up = self._is_closing = False

    @property
    def is_up(self) -> bool:
        """Whether charts are compared, or will be as soon as the candidate has rested."""
        return self._transport is not None and not self._is_given_up

    async def start(self) -> None:
        """Start the process that keeps the candidate; the candidate itself is started with the first chart."""
        ours, theirs = socket.socketpair()
        with theirs:
            options = msgspec.structs.replace(self._options, socket=theirs.fileno())
            self._process = subprocess.Popen(  # noqa: S603 - it is ourselves
                [*KEEPING, msgspec.json.encode(options).decode()],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=self._environment,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        ours.setblocking(False)
        self._transport, _ = await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=ours)

    def offer(self, client: str, question: Question, live: bytes) -> None:
        """Hand over one chart with its answer, unless too many wait; never blocks, never raises."""
        transport, service = self._transport, question.service
        if transport is None or self._is_given_up:
            self._count(Count(change=SKIPPED, number=1, client=client, service=service))
            return
        if transport.get_write_buffer_size() + len(self._unsent) <= self._most:
            offer = framed(Offer(client=client, service=service, question=question, live=live))
            if len(offer) <= self._options.offer_bytes:
                if not self._unsent:
                    asyncio.get_running_loop().call_later(TOGETHER, self._send)
                self._unsent += offer
                return
        self._count(Count(change=DROPPED, number=1, client=client, service=service))

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, bytearray()
        if self._transport is not None:
            self._transport.write(unsent)

    def data_received(self, data: bytes) -> None:
        """Take what was counted."""
        for message in self._frames.take(data):
            self._take(msgspec.msgpack.decode(message, type=Report))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Its keeper has ended; unless that was asked for, nothing more is compared."""
        self._transport = None
        self._ended.set()
        if not self._is_closing:
            self._count(Count(change=LOST, number=1))
            log.error("the shadow's process has ended: nothing more is compared until the next start")

    async def close(self) -> None:
        """Take the last report, and see to it that no process is left."""
        self._is_closing = True
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        self._send()
        process.stdin.close()
        try:
            async with asyncio.timeout(FAREWELL):
                await self._ended.wait()
        except TimeoutError:
            process.kill()
        await self._ended.wait()
        await asyncio.to_thread(process.wait)
        self._keep()

    def _take(self, report: Report) -> None:
        self._candidate = (report.software, report.knowledge)
        if report.is_given_up and not self._is_given_up:
            log.error("the shadow's candidate has failed too often: it is asked no more until the next start")
        self._is_given_up = report.is_given_up
        for count in report.counts:
            self._count(count)
        self._keep()

    def _count(self, count: Count) -> None:
        self._listen(count)
        day = self._now().date().isoformat()
        key = (count.client, count.service, count.topic, count.reason, count.change)
        self._totals[(day, *self._candidate, *key)] += count.number

    def _keep(self) -> None:
        """The numbers of today so far: written again they stay what they are, and nothing is counted twice."""
        self._keeping.shadowed(
            [
                Tallied(
                    run=self._run,
                    day=day,
                    client=client,
                    service=service,
                    topic=topic,
                    reason=reason,
                    change=change,
                    number=number,
                    knowledge_version=self._knowledge,
                    candidate_software=software,
                    candidate_knowledge=knowledge,
                )
                for (
                    day,
                    software,
                    knowledge,
                    client,
                    service,
                    topic,
                    reason,
                    change,
                ), number in self._totals.items()
            ]
        )
        today = self._now().date().isoformat()
        for key in [key for key in self._totals if key[0] != today]:
            del self._totals[key]


def open_shadow(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    listen: Callable[[Count], None],
    keeping: Keeping,
    now: Callable[[], datetime],
    run: str,
    knowledge_version: str,
) -> Shadow | None:
    """What the settings describe; None if they name no candidate. Raises SettingsError for one that is none."""
    if not settings.shadow:
        return None
    budget = Budget(seconds=settings.shadow_timeout_ms / 1000, megabytes=settings.shadow_memory_mb)
    options = Options(
        command=command(settings), socket=-1, budget=budget, offer_bytes=4 * settings.max_body_bytes + 2**24
    )
    return Shadow(
        options,
        environment_of(environment, settings),
        most_waiting=settings.shadow_queue_bytes,
        listen=listen,
        keeping=keeping,
        now=now,
        run=run,
        knowledge_version=knowledge_version,
    )
