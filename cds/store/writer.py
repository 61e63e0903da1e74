"""The background writer: takes what was shown off the hands of the calls, and writes it in batches."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from msgspec import Struct

from cds.store.rows import Entry, Shadowed

Kept = Entry | Shadowed
log = logging.getLogger("twitch-cds")


class Pace(Struct, frozen=True, kw_only=True):
    """How the writer works: how long it gathers a batch, how long it tries to write one, in seconds and numbers."""

    linger: float = 0.2
    batch: int = 500
    most_waiting: int = 10_000
    patience: float = 30.0
    first_pause: float = 0.1
    longest_pause: float = 3.0
    heartbeat: float = 5.0
    farewell: float = 5.0


class Flush(threading.Event):
    """Stands among the entries: set when all before it were written or lost."""


class Writer:
    """One daemon thread. What it cannot write for long is lost, counted and logged, and holds up nobody."""

    def __init__(
        self,
        write: Callable[[Sequence[Kept]], None],
        lose: Callable[[Sequence[Kept]], None],
        beat: Callable[[], None],
        pace: Pace,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`write` and `beat` may raise anything; `beat` is called every few seconds."""
        self._write, self._lose, self._beat = write, lose, beat
        self._pace = pace
        self._seconds = seconds
        self._queue: SimpleQueue[Kept | Flush] = SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="twitch-cds-writer", daemon=True)
        self._next_beat = seconds()
        self._problem = ""
        self._has_told = False
        self.is_well = True

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, entry: Kept) -> None:
        """Take one call's entry; if too many wait already, it is lost."""
        if self._queue.qsize() < self._pace.most_waiting:
            self._queue.put(entry)
        else:
            self._lost([entry])

    def flush(self, seconds: float) -> bool:
        """Wait until all entries so far were written or lost; False if that takes too long."""
        flush = Flush()
        self._queue.put(flush)
        return flush.wait(seconds)

    def heal(self) -> None:
        """The database is known to work again."""
        self.is_well, self._has_told = True, False

    def close(self) -> None:
        """Write what is left, and end; what the database does not take at once is lost."""
        self._closing.set()
        self._queue.put(Flush())
        if self._thread.is_alive():
            self._thread.join(self._pace.farewell)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._deliver(self._gathered(self._pace.heartbeat))
            if self._seconds() >= self._next_beat:
                self._next_beat = self._seconds() + self._pace.heartbeat
                self._tried(self._beat)
        while not self._queue.empty():
            self._deliver(self._gathered(0.0))

    def _gathered(self, patience: float) -> list[Kept | Flush]:
        """Wait for one, then take all that came within a moment: a batch costs little more than one row."""
        try:
            gathered = [self._queue.get(timeout=patience)]
        except queue.Empty:
            return []
        if not isinstance(gathered[0], Flush):
            self._closing.wait(self._pace.linger)
        while len(gathered) < self._pace.batch and not self._queue.empty():
            gathered.append(self._queue.get())
        return gathered

    def _deliver(self, gathered: Sequence[Kept | Flush]) -> None:
        entries = [item for item in gathered if not isinstance(item, Flush)]
        if entries:
            self._write_or_lose(entries)
        for item in gathered:
            if isinstance(item, Flush):
                item.set()

    def _write_or_lose(self, entries: Sequence[Kept]) -> None:
        """Try for a while, waiting longer and longer; then go on without."""
        give_up, pause = self._seconds() + self._pace.patience, self._pace.first_pause
        while not self._tried(lambda: self._write(entries)):
            self.is_well = False
            if self._closing.is_set() or self._seconds() >= give_up:
                self._lost(entries)
                return
            self._closing.wait(pause)
            pause = min(2 * pause, self._pace.longest_pause)
        self.heal()

    def _tried(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except Exception as problem:  # noqa: BLE001 - the background writer: whatever happens, the next batch is tried
            self._problem = type(problem.__cause__ or problem).__name__
            return False
        return True

    def _lost(self, entries: Sequence[Kept]) -> None:
        """Count, and say so once for each row of losses."""
        self._lose(entries)
        self.is_well = False
        if not self._has_told:
            self._has_told = True
            log.error("shown cards are not kept", extra={"fields": {"reason": self._problem or "too many at once"}})
