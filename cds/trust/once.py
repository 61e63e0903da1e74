"""Each token works once: the shared store knows of all workers and machines, this process of its own calls."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from typing import Protocol

from cds.errors import CdsError

log = logging.getLogger("twitch-cds")

MOST = 100_000


class UsedOnce(Protocol):
    """What remembers used tokens (`cds.store` implements it with the shared database)."""

    async def use_once(self, key: str, expires: datetime) -> bool:
        """Whether this is the first use; to be remembered until it expires."""


class UsedHere:
    """The tokens that this process has seen, bounded; the ones that expire first are forgotten first."""

    def __init__(self, now: Callable[[], datetime], most: int = MOST) -> None:
        self._now = now
        self._most = most
        self._keys: set[str] = set()
        self._queue: list[tuple[datetime, str]] = []

    def __len__(self) -> int:
        return len(self._keys)

    async def use_once(self, key: str, expires: datetime) -> bool:
        """Whether this process sees it for the first time."""
        self._forget()
        if key in self._keys:
            return False
        self._keys.add(key)
        heappush(self._queue, (expires, key))
        return True

    def _forget(self) -> None:
        """Drop what has expired, and what there is no room for."""
        now = self._now()
        while self._queue and (self._queue[0][0] <= now or len(self._queue) >= self._most):
            self._keys.discard(heappop(self._queue)[1])


class Once:
    """Asks this process, then the store. A store that is down or slow blocks no call: it is counted, and seen."""

    def __init__(self, here: UsedHere, shared: UsedOnce | None, seconds: float) -> None:
        self._here = here
        self._shared = shared
        self._seconds = seconds
        self.unshared = 0
        self.is_down = False

    async def is_first(self, key: str, expires: datetime) -> bool:
        """Whether a token is used for the first time, as far as can be told in time."""
        if not await self._here.use_once(key, expires):
            return False
        if self._shared is None:
            return True
        try:
            async with asyncio.timeout(self._seconds):
                is_first = await self._shared.use_once(key, expires)
        except (CdsError, OSError, TimeoutError) as problem:
            self._miss(type(problem).__name__)
            return True
        self.is_down = False
        return is_first

    def _miss(self, reason: str) -> None:
        self.unshared += 1
        if not self.is_down:
            log.error("used tokens are known to this process only", extra={"fields": {"reason": reason}})
        self.is_down = True
