"""An event loop whose time goes on only while nothing happens, so that no test depends on how fast the machine is.

Timers and timeouts of asyncio keep their order and their lengths; work takes no time at all, and waiting is skipped.
Work that was handed to a thread is waited for. What another process does is not seen: code that waits for one is run in
a usual loop.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
Events = list[tuple[selectors.SelectorKey, int]]
TURNS, TURN = 25, 0.001  # how often, and how many seconds apart, nothing is found to be ready before time goes on


class _Selector(selectors.DefaultSelector):
    """Skips a wait, once nothing has been ready for some turns."""

    skipped = 0.0
    threads = 0  # of work that is under way in them

    def select(self, timeout: float | None = None) -> Events:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        turns = 0
        while turns < TURNS:
            if ready := super().select(TURN):
                return ready
            turns = 0 if self.threads else turns + 1
        self.skipped += timeout
        return []


class Loop(asyncio.SelectorEventLoop):
    """Its time is the sum of the waits that were skipped."""

    def __init__(self) -> None:
        self._waits = _Selector()
        super().__init__(self._waits)

    def time(self) -> float:
        return self._waits.skipped

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> "asyncio.Future[T]":  # type: ignore[override]
        work = super().run_in_executor(executor, func, *args)
        self._waits.threads += 1
        work.add_done_callback(self._ended)
        return work

    def _ended(self, _: object) -> None:
        self._waits.threads -= 1


def run(made: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in such a loop."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(made)


def seconds() -> float:
    """The time of the loop that runs, for whatever takes a clock."""
    return asyncio.get_running_loop().time()
