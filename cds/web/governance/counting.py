"""Counting without making anybody wait: a report over a million cards takes as long as it takes, in the background."""

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct

from cds.errors import Overloaded
from cds.web.governance.page_query import PageQuery

PATIENCE = 5.0
KEPT_TIMES = 10
MOST_AT_ONCE = 4
T = TypeVar("T")


class _Kept(Struct, Generic[T], frozen=True):
    report: T
    until: float


class Counting(Generic[T]):
    """Makes one report after the other; a slow one is kept ten times as long as it took."""

    def __init__(
        self,
        count: Callable[[PageQuery], T],
        patience: float = PATIENCE,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._patience = patience
        self._seconds = seconds
        self._one_at_a_time = asyncio.Lock()
        self._under_way: dict[str, asyncio.Task[T]] = {}
        self._reports: dict[str, _Kept[T]] = {}

    async def soon(self, view: PageQuery) -> T | None:
        """The report, or None if it is still being counted after some seconds: ask again. Raises CallError."""
        entry = self._fresh(view.query)
        if entry is not None:
            return entry
        task = self._task(view)
        done, _ = await asyncio.wait({task}, timeout=self._patience)
        return task.result() if done else None

    async def whole(self, view: PageQuery) -> T:
        """The report, however long it takes. Raises CallError."""
        entry = self._fresh(view.query)
        return entry if entry is not None else await asyncio.shield(self._task(view))

    def _fresh(self, key: str) -> T | None:
        now = self._seconds()
        self._reports = {name: entry for name, entry in self._reports.items() if entry.until > now}
        return self._reports[key].report if key in self._reports else None

    def _task(self, view: PageQuery) -> "asyncio.Task[T]":
        """The count of this view, begun if it is not under way."""
        key = view.query
        if key not in self._under_way:
            if len(self._under_way) >= MOST_AT_ONCE:
                raise Overloaded
            task = asyncio.create_task(self._counted(view))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._finished(key, done))
        return self._under_way[key]

    async def _counted(self, view: PageQuery) -> T:
        async with self._one_at_a_time:
            started = self._seconds()
            report = await asyncio.to_thread(self._count, view)
            now = self._seconds()
            self._reports[view.query] = _Kept(report, now + (now - started) * KEPT_TIMES)
            return report

    def _finished(self, key: str, done: "asyncio.Task[T]") -> None:
        """Forget the task; look at its failure even if nobody waits for it any more."""
        del self._under_way[key]
        if not done.cancelled():
            done.exception()
