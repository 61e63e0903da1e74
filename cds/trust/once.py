"""Each token works once: the shared store knows of all workers and machines, this process of its own calls."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from typing import Protocol

from cds.errors import CdsError, UseUnknown

log = logging.getLogger("twitch-cds")

MOST = 100_000
UNSHARED = "used tokens are known to this process only"


class UsedOnce(Protocol):
    """What remembers used tokens (`cds.store` implements it with the shared database)."""

    @property
    def is_telling(self) -> bool:
        """Whether it could tell now."""

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

    def take_back(self, key: str) -> None:
        """The use came to nothing: it does not count."""
        self._keys.discard(key)

    def _forget(self) -> None:
        """Drop what has expired, and what there is no room for."""
        now = self._now()
        while self._queue and (self._queue[0][0] <= now or len(self._queue) >= self._most):
            self._keys.discard(heappop(self._queue)[1])


class Once:
    """Asks this process, then the store. While that is down or slow, calls go on (open) or are refused (closed)."""

    def __init__(self, here: UsedHere, shared: UsedOnce | None, seconds: float, *, is_closed: bool = False) -> None:
        self._here = here
        self._shared = shared
        self._seconds = seconds
        self.is_closed = is_closed
        self._has_told = False
        self.unshared = 0

    @property
    def is_down(self) -> bool:
        """Whether uses cannot be shared now."""
        return self._shared is not None and not self._shared.is_telling

    async def is_first(self, key: str, expires: datetime) -> bool:
        """Whether a token is used for the first time, as far as can be told in time.

        If that is unknown and this is closed, the use does not count here, and UseUnknown is raised.
        """
        if not await self._here.use_once(key, expires):
            return False
        if self._shared is None:
            return True
        try:
            async with asyncio.timeout(self._seconds):
                is_first = await self._shared.use_once(key, expires)
        except (CdsError, OSError, TimeoutError) as problem:
            self._miss(type(problem).__name__)
            if self.is_closed:
                self._here.take_back(key)
                raise UseUnknown from problem
            return True
        self._has_told = False
        return is_first

    def _miss(self, reason: str) -> None:
        """Count, and say so once for each outage."""
        self.unshared += 1
        if not self._has_told:
            message = "calls are refused: used tokens cannot be checked" if self.is_closed else UNSHARED
            log.error(message, extra={"fields": {"reason": reason}})
        self._has_told = True
