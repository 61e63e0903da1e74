"""Feedback that waits to be written: all of it goes into one transaction, and many wait for the disk once."""

import threading
from collections.abc import Callable, Sequence

from cds.store.rows import Received


class WaitingFeedback:
    """One request's feedback on the tray."""

    def __init__(self, received: Received) -> None:
        self.received = received
        self.is_written = False
        self.is_withdrawn = False


class FeedbackBatch:
    """Whoever comes to write its own slip takes along what others have put there, and spares them the way.

    Without this, one worker that writes one request after the other leaves a SQLite file hardly ever to another worker.
    """

    def __init__(self, write: Callable[[Sequence[Received]], None]) -> None:
        """`write` writes all or nothing, and raises if it does not."""
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[WaitingFeedback] = []

    def put(self, received: Received) -> WaitingFeedback:
        """Put down one request's feedback; it is `write` that has it written."""
        waiting_feedback = WaitingFeedback(received)
        with self._lock:
            self._waiting.append(waiting_feedback)
        return waiting_feedback

    def take_back(self, waiting_feedback: WaitingFeedback) -> None:
        """Nobody writes a slip from now on whose client was told that it is not kept."""
        with self._lock:
            waiting_feedback.is_withdrawn = True
            self._waiting = [other for other in self._waiting if other is not waiting_feedback]

    def write(self, mine: WaitingFeedback) -> None:
        """Return when a slip is written; if that fails, the others that were taken along come with their own."""
        with self._lock:
            if mine.is_written or mine.is_withdrawn:
                return
            batch = [mine, *(waiting_feedback for waiting_feedback in self._waiting if waiting_feedback is not mine)]
            self._waiting = []
        self._write([waiting_feedback.received for waiting_feedback in batch])
        for waiting_feedback in batch:
            waiting_feedback.is_written = True
