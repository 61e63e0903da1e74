"""Feedback that waits to be written: all of it goes into one transaction, and many wait for the disk once."""

import threading
from collections.abc import Callable, Sequence

from cds.store.rows import Received


class WaitingFeedback:
    """One request's feedback that waits to be written."""

    def __init__(self, received: Received) -> None:
        self.received = received
        self.is_written = False
        self.is_withdrawn = False


class FeedbackBatch:
    """Whoever comes to write its own feedback writes what others have added too, and spares them the way.

    Without this, one worker that writes one request after the other leaves a SQLite file hardly ever to another worker.
    """

    def __init__(self, write: Callable[[Sequence[Received]], None]) -> None:
        """`write` writes all or nothing, and raises if it does not."""
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[WaitingFeedback] = []

    def put(self, received: Received) -> WaitingFeedback:
        """Add one request's feedback; it is `write` that has it written."""
        entry = WaitingFeedback(received)
        with self._lock:
            self._waiting.append(entry)
        return entry

    def take_back(self, entry: WaitingFeedback) -> None:
        """Feedback whose client was told that it is not kept is not written from now on."""
        with self._lock:
            entry.is_withdrawn = True
            self._waiting = [waiting for waiting in self._waiting if waiting is not entry]

    def write(self, feedback: WaitingFeedback) -> None:
        """Return when this feedback is written; if that fails, the others in the batch come with their own."""
        with self._lock:
            if feedback.is_written or feedback.is_withdrawn:
                return
            batch = [feedback, *(entry for entry in self._waiting if entry is not feedback)]
            self._waiting = []
        self._write([entry.received for entry in batch])
        for entry in batch:
            entry.is_written = True
