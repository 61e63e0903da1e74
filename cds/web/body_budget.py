"""The budget of one worker for request bodies: how many bytes all may hold, and how many are worked on at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self

from cds.errors import OutOfRoom
from cds.web.freed_memory import trim_memory

SMALL = 64 * 1024  # bytes of each body that are not counted: MAX_CONCURRENT bounds them, and nobody is crowded out
AT_ONCE = 8 * 2**20  # bytes of long bodies worked on at once: what is made of them can be twenty times as large
LARGE = 2**20  # bytes of a body after which memory is given back
PAUSE = 1.0  # seconds until then, so that it is done once after many


class BodyBudget:
    """Shared by all calls of a worker. Bytes count as they arrive, whatever length was announced."""

    def __init__(self, most: int, at_once: int = AT_ONCE, trim: Callable[[], None] = trim_memory) -> None:
        """`most` bytes of bodies under way; a body that is alone may be larger, for it would never be served else."""
        self._trim = trim
        self._trimming: asyncio.TimerHandle | None = None
        self.bytes_taken = 0
        self._most = most
        self._at_once = self._idle = at_once
        self._queue = asyncio.Lock()
        self._freed = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    def take(self, count: int, share: int) -> None:
        """Give so many bytes more to a body that has `share` already, or refuse: no body waits for another."""
        if self.bytes_taken + count > self._most and self.bytes_taken > share:
            raise OutOfRoom
        self.bytes_taken += count

    def give_back(self, count: int) -> None:
        """Take back what a body had."""
        self.bytes_taken -= count

    async def step_in(self) -> None:
        """Wait until no other short body was begun in this turn of the event loop.

        Each is answered within one turn; a crowd of them in one turn would keep all else waiting: new calls, refusals.
        """
        await self._one_at_a_time.acquire()
        asyncio.get_running_loop().call_soon(self._one_at_a_time.release)

    @asynccontextmanager
    async def turn(self, length: int) -> AsyncIterator[None]:
        """Wait until a body of that length can be worked on; first come, first served."""
        share = min(length, self._at_once)
        await self._free(share)
        try:
            yield
        finally:
            self._idle += share
            self._freed.set()
            if length >= LARGE and self._trimming is None:
                self._trimming = asyncio.get_running_loop().call_later(PAUSE, self._trim_now)

    def _trim_now(self) -> None:
        self._trimming = None
        self._trim()

    async def _free(self, share: int) -> None:
        """Only the first of those who wait looks for room, so that small ones cannot pass a large one by for ever."""
        async with self._queue:
            while self._idle < share:
                self._freed.clear()
                await self._freed.wait()
            self._idle -= share


class BodyBytes:
    """The bytes of one body; given back at the end of the `with` block, however it ends."""

    __slots__ = ("_budget", "_bytes_taken", "_length")

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self._length = self._bytes_taken = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._budget.give_back(self._bytes_taken)
        self._bytes_taken = 0

    def grow(self, count: int) -> None:
        """Count a piece that has arrived; OutOfRoom if all bodies together are too much."""
        self._length += count
        more = max(0, self._length - SMALL) - self._bytes_taken
        if more > 0:
            self._budget.take(more, self._bytes_taken)
            self._bytes_taken += more
