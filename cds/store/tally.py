"""What the store has done and lost, in numbers, from several threads."""

import threading
from collections.abc import Callable

COUNTED = (
    "showings_written",
    "showings_lost",
    "recalls",
    "recalls_failed",
    "feedback_kept",
    "feedback_refused",
    "tokens_unchecked",
    "rows_pruned",
)


def _nobody(name: str, number: int) -> None:
    """Nobody else counts."""


class Tally:
    """Counters that only grow; `listen` is told of each step, so that several processes can add up theirs."""

    def __init__(self, listen: Callable[[str, int], None] = _nobody) -> None:
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(COUNTED, 0)
        self._listen = listen

    def add(self, name: str, number: int = 1) -> None:
        """Count something of `COUNTED`."""
        with self._lock:
            self._counts[name] += number
        self._listen(name, number)

    def counts(self) -> dict[str, int]:
        """All counters as they are now."""
        with self._lock:
            return dict(self._counts)
