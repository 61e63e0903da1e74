"""Feedback that waits to be written: all of it goes into one transaction, and many wait for the disk once."""

import threading
from collections.abc import Callable, Sequence

from cds.store.rows import Received


class Slip:
    """One request's feedback on the tray."""

    def __init__(self, received: Received) -> None:
        self.received = received
        self.is_written = False
        self.is_withdrawn = False


class Tray:
    """Whoever comes to write its own slip takes along what others have put there, and spares them the way.

    Without this, one worker that writes one request after the other leaves a SQLite file hardly ever to another worker.
    """

    def __init__(self, write: Callable[[Sequence[Received]], None]) -> None:
        """`write` writes all or nothing, and raises if it does not."""
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[Slip] = []

    def put(self, received: Received) -> Slip:
        """Put down one request's feedback; it is `write` that has it written."""
        slip = Slip(received)
        with self._lock:
            self._waiting.append(slip)
        return slip

    def take_back(self, slip: Slip) -> None:
        """Nobody writes a slip from now on whose client was told that it is not kept."""
        with self._lock:
            slip.is_withdrawn = True
            self._waiting = [other for other in self._waiting if other is not slip]

    def write(self, mine: Slip) -> None:
        """Return when a slip is written; if that fails, the others that were taken along come with their own."""
        with self._lock:
            if mine.is_written or mine.is_withdrawn:
                return
            slips = [mine, *(slip for slip in self._waiting if slip is not mine)]
            self._waiting = []
        self._write([slip.received for slip in slips])
        for slip in slips:
            slip.is_written = True
