"""Callers who go on calling, up to fifty times a second, while a service ends; and what became of each call."""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import NamedTuple

from service.process import HEAD_END, PATIENT_VIEW, TWITCHING

RATE = 50.0
FRESH = 3.0  # seconds for which a connection without calls is used again; the service keeps it for five
MOST = 16  # under way at once: a slow machine is called less often, not given more than it is allowed to take
PATIENCE = 600.0
BODY = TWITCHING.read_bytes()
CALL = (
    f"POST {PATIENT_VIEW} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
).encode() + BODY


class Outcome(StrEnum):
    """What became of a call."""

    RIGHT = "right"  # 200 with cards
    SHED = "shed"  # 503 or 429 with a time to come back
    REFUSED = "refused"  # no connection: the port is closed
    LOST = "lost"  # a connection was there, and no complete response came: reset, hung up, or silence
    WRONG = "wrong"  # any other answer, such as 502


class Line(NamedTuple):
    """One connection, and since when it is idle."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    idle_since: float


class Callers:
    """Half of them use a connection again as long as they are told that they may, the others never."""

    def __init__(self, place: tuple[str, int], context: ssl.SSLContext | None = None) -> None:
        self._place = place
        self._context = context
        self._idle: list[Line] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.calls: list[Outcome] = []  # how each ended, in that order

    @property
    def outcomes(self) -> Counter[str]:
        """How many calls ended how; those under way are not in it."""
        return Counter(outcome.value for outcome in self.calls)

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Call on and on; at the end whoever still waits is waited for."""
        dialling = asyncio.create_task(self._dial())
        try:
            yield
        finally:
            dialling.cancel()
            await asyncio.gather(*self._tasks)
            for line in self._idle:
                line.writer.close()

    async def until_right(self, more: int) -> None:
        """Wait for so many more right answers."""
        enough = self.outcomes["right"] + more
        while self.outcomes["right"] < enough:
            await asyncio.sleep(0.01)

    async def _dial(self) -> None:
        number = 0
        while True:
            if len(self._tasks) < MOST:
                task = asyncio.create_task(self._call(keeps=number % 2 == 0))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                number += 1
            await asyncio.sleep(1 / RATE)

    async def _call(self, *, keeps: bool) -> None:
        try:
            line = (self._kept() if keeps else None) or await self._connected()
        except ConnectionRefusedError:
            self._record(Outcome.REFUSED)
            return
        try:
            async with asyncio.timeout(PATIENCE):
                outcome, is_open = await _answered(line)
        except (OSError, EOFError, TimeoutError):
            outcome, is_open = Outcome.LOST, False
        self._record(outcome)
        if keeps and is_open:
            self._idle.append(line._replace(idle_since=time.monotonic()))
        else:
            line.writer.close()

    def _record(self, outcome: Outcome) -> None:
        self.calls.append(outcome)

    def _kept(self) -> Line | None:
        """The connection that was used last, if the other side has not ended it."""
        while self._idle:
            line = self._idle.pop()
            if not line.reader.at_eof() and time.monotonic() - line.idle_since < FRESH:
                return line
            line.writer.close()
        return None

    async def _connected(self) -> Line:
        reader, writer = await asyncio.open_connection(*self._place, ssl=self._context)
        return Line(reader, writer, 0.0)


async def _answered(line: Line) -> tuple[Outcome, bool]:
    """Send one call and read its answer: what it was, and whether the connection goes on."""
    line.writer.write(CALL)
    head = (await line.reader.readuntil(HEAD_END)).lower()
    fields = dict(one.split(b": ", 1) for one in head.split(b"\r\n")[1:] if b": " in one)
    body = await line.reader.readexactly(int(fields[b"content-length"]))
    status = int(head.split()[1])
    if status == 200 and b'"summary"' in body:
        outcome = Outcome.RIGHT
    else:
        outcome = Outcome.SHED if status in (429, 503) and b"retry-after" in fields else Outcome.WRONG
    return outcome, fields.get(b"connection") != b"close"
