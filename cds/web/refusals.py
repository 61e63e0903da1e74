"""Refused callers in the audit: the first few of a kind in words, the others in number, so that no flood buries it."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from cds.trust.refusal import Refusal

WINDOW = 60.0  # seconds
IN_WORDS = 5  # of one kind and client within a window
EXAMPLES = 3  # reasons, other than those in words, that the line of the others quotes


class Timer(Protocol):
    """Something that will be done later."""

    def cancel(self) -> None:
        """Not to be done any more."""


Later = Callable[[float, Callable[[], None]], Timer]


def _later(seconds: float, do: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(seconds, do)


class Heap(Struct):
    """The refusals of one kind and client within a window: reasons written in words, and what is only counted."""

    in_words: list[str] = []
    count: int = 0
    examples: list[str] = []

    def take(self, reason: str) -> bool:
        """Whether this one is to be written in words; otherwise it is counted, and quoted if it says something new."""
        if len(self.in_words) < IN_WORDS:
            self.in_words.append(reason)
            return True
        self.count += 1
        if len(self.examples) < EXAMPLES and reason not in (*self.in_words, *self.examples):
            self.examples.append(reason)
        return False


class Refusals:
    """The refused callers of one worker. A window begins with the first of them and ends after a minute.

    They are counted for each kind and each client that a token names: a client that is set up wrongly is told in words
    whatever nobody in particular sends meanwhile. Its memory is bounded by the number of kinds and clients.
    """

    def __init__(
        self,
        write: Callable[[Mapping[str, object]], None],
        *,
        seconds: Callable[[], float] = time.monotonic,
        later: Later = _later,
    ) -> None:
        """`write` takes a line of the audit; `later` is asked within the event loop."""
        self._write = write
        self._seconds = seconds
        self._later = later
        self._heaps: dict[tuple[str, str | None], Heap] = {}
        self._began = 0.0
        self._timer: Timer | None = None

    def add(self, refusal: Refusal, route: str, request_id: str) -> None:
        """Write one refusal, or count it."""
        if self._timer is not None and self._seconds() >= self._began + WINDOW:
            self.end()
        if self._timer is None:
            self._began = self._seconds()
            self._timer = self._later(WINDOW, self.end)
        heap = self._heaps.setdefault((refusal.kind, refusal.client), Heap())
        if heap.take(refusal.reason):
            fields = {"requestId": request_id, "route": route, "reason": refusal.reason}
            self._write(_line("refused", refusal.kind, refusal.client) | fields)

    def end(self) -> None:
        """End the window, and tell what was counted in it: when its time is over, and before the process ends."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        took, heaps, self._heaps = round(self._seconds() - self._began, 1), self._heaps, {}
        for (kind, client), heap in heaps.items():
            if heap.count:
                fields = {"count": heap.count, "seconds": took, "reasons": heap.examples}
                self._write(_line("refusals", kind, client) | fields)


def _line(kind: str, check: str, client: str | None) -> dict[str, object]:
    """What one refusal and the sum of many have in common."""
    fields = {"client": client} if client else {}
    return {"kind": kind, "status": 401, "check": check, **fields}
