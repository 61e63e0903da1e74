"""Calls over loopback: at fixed times whatever the service does (open loop), or as fast as it answers (closed loop).

httptools and asyncio, which the service itself runs on: client libraries cost several times what is measured here.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import NamedTuple, cast

import httptools
from crowd import Verdict, Visit
from payloads import SERVICE

PATIENCE = 300.0
IDLE = 3.0
CONNECTIONS = 1_500
START = b"POST /cds-services/" + SERVICE.encode() + b" HTTP/1.1\r\nHost: cds.example.org\r\n"
TYPE = b"Content-Type: application/json\r\nContent-Length: "
BROKEN = 0
Source = Callable[[], tuple[Visit, bytes]]


class Sample(NamedTuple):
    """One call: when it was due, sent and answered, in seconds, and what is to be said about the answer."""

    due: float
    sent: float
    done: float
    status: int
    verdict: Verdict

    @property
    def latency(self) -> float:
        """From the moment at which it was due: a client that waits its turn is waiting too (coordinated omission)."""
        return self.done - self.due

    @property
    def service(self) -> float:
        """From the moment at which it was sent."""
        return self.done - self.sent


class Answer(NamedTuple):
    """What came back; status 0 if the connection broke or nothing came in time."""

    status: int
    body: bytes
    retry_after: bytes | None


class Line(asyncio.Protocol):
    """One connection that is kept alive, with one call on it at a time."""

    def __init__(self) -> None:
        self.is_open = False
        self._used = perf_counter()
        self._transport: asyncio.Transport | None = None
        self._begin()

    @property
    def is_fresh(self) -> bool:
        """Whether the service is sure to keep it open: after some idle seconds it hangs up."""
        return self.is_open and perf_counter() - self._used < IDLE

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._pieces: list[bytes] = []
        self._retry_after: bytes | None = None
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready for calls."""
        self._transport, self.is_open = cast("asyncio.Transport", transport), True

    def connection_lost(self, exc: Exception | None) -> None:
        """A call that is under way has failed."""
        self.is_open = False
        self._settle(BROKEN)

    def data_received(self, data: bytes) -> None:
        """Feed the parser."""
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Remember what shedding must say."""
        if name.lower() == b"retry-after":
            self._retry_after = value

    def on_body(self, body: bytes) -> None:
        """Collect the answer."""
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        self.is_open = self.is_open and self._parser.should_keep_alive()
        self._used = perf_counter()
        self._settle(self._parser.get_status_code())

    def _settle(self, status: int) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Answer(status, b"".join(self._pieces), self._retry_after))

    async def call(self, head: bytes, body: bytes) -> Answer:
        """Send one call and wait for its answer."""
        assert self._transport is not None
        self._begin()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.writelines((head, body))
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._answer
        except TimeoutError:
            self.close()
            return Answer(BROKEN, b"", None)

    def close(self) -> None:
        """Hang up."""
        self.is_open = False
        if self._transport is not None:
            self._transport.close()


class Driver:
    """Many connections to one service."""

    def __init__(self, place: tuple[str, int], source: Source, most: int) -> None:
        """`source` makes the next visit and its token's header; there are `most` connections."""
        self._place = place
        self._source = source
        self._idle: deque[Line] = deque()
        self._most = most
        self._busy = self.unsent = 0

    async def open_loop(self, times: Iterator[float]) -> list[Sample]:
        """Send one call at each time, in seconds from now, whatever has become of those before it.

        A call for which there is no connection left is not sent: `unsent` counts it.
        """
        began, tasks = perf_counter(), list[asyncio.Task[Sample]]()
        for time in times:
            await asyncio.sleep(max(0.0, began + time - perf_counter()))
            if self._busy < self._most:
                self._busy += 1
                tasks.append(asyncio.create_task(self._sample(began + time)))
            else:
                self.unsent += 1
        return await asyncio.gather(*tasks)

    async def closed_loop(self, callers: int, seconds: float) -> list[Sample]:
        """So many callers, each of whom sends the next call when the last one is answered."""
        samples, until = list[Sample](), perf_counter() + seconds

        async def caller() -> None:
            while (now := perf_counter()) < until:
                self._busy += 1
                samples.append(await self._sample(now))

        await asyncio.gather(*(caller() for _ in range(callers)))
        return samples

    def close(self) -> None:
        """Hang up everywhere."""
        while self._idle:
            self._idle.pop().close()

    async def _sample(self, due: float) -> Sample:
        visit, token = self._source()
        head = START + token + TYPE + b"%d\r\n\r\n" % len(visit.body)
        line = await self._line()
        sent = perf_counter()
        answer = await line.call(head, visit.body) if line else Answer(BROKEN, b"", None)
        done = perf_counter()
        self._busy -= 1
        if line and line.is_open:
            self._idle.append(line)
        return Sample(due, sent, done, answer.status, visit.judge(*answer))

    async def _line(self) -> Line | None:
        """The connection that was used last, so that few are open; a new one if all are busy."""
        while self._idle:
            line = self._idle.pop()
            if line.is_fresh:
                return line
            line.close()
        try:
            async with asyncio.timeout(PATIENCE):
                _, line = await asyncio.get_running_loop().create_connection(Line, *self._place)
        except OSError:
            return None
        return line


def steady(rate: float, seconds: float) -> Iterator[float]:
    """The times of so many calls a second."""
    return (number / rate for number in range(int(rate * seconds)))
