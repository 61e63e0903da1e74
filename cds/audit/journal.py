"""The journal: writes the audit. One line a call, on its way to the disk before the call is answered.

A line is one `write` to a descriptor opened for appending, under a lock that all workers of the machine share. After
`kill -9` the kernel still has what was written; against a power cut only the disk's own cache and `fsync` help.
"""

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from cds.audit.chain import NO_HASH, Head, Seal, Tip, body_of
from cds.audit.pair import Pair
from cds.audit.tail import CLOSER, digest, tail
from cds.errors import reason_of
from cds.secrecy import Secret

PATIENCE, PATIENCE_DOWN = 0.25, 0.02  # seconds to wait for the other writers
_log = logging.getLogger("twitch-cds")


class KnownFiles(NamedTuple):
    """What this process knows of the files from its last look: the head's bytes, and the log's inode and size."""

    head: bytes
    inode: int
    size: int


class Start(NamedTuple):
    """Where the next line goes: after which one, and what must be said and closed before it."""

    tip: Tip
    first: tuple[Mapping[str, object], ...] = ()
    closer: bytes = b""


class Journal:
    """The audit of one process. `losses` counts lines that could not be written, `is_up` says whether the last was."""

    def __init__(
        self,
        pair: Pair,
        seal: Seal,
        now: Callable[[], datetime],
        new_log: Callable[[], str],
        *,
        sync: bool,
        lost: Callable[[], None],
    ) -> None:
        self._pair, self._seal, self._now, self._new_log, self._sync = pair, seal, now, new_log, sync
        self._lost = lost
        self._mutex = Lock()
        self._known_files = KnownFiles(b"", 0, 0)
        self._tip: Tip | None = None
        self._unsaid = 0
        self.losses = 0
        self.is_up = True

    @classmethod
    def open(
        cls,
        path: Path,
        key: Secret,
        now: Callable[[], datetime],
        *,
        new_log: Callable[[], str] = lambda: secrets.token_hex(4),
        sync: bool = True,
        lost: Callable[[], None] = lambda: None,
        seconds: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> "Journal":
        """The journal over a log; with `sync`, what was written is forced to the disk at rotation and at the end.

        `lost` is called for each line that could not be written, so that several workers can add up theirs.
        A place that cannot be written to does not stop the start: it shows in `is_up`.
        """
        journal = cls(Pair(path, seconds, sleep), Seal(key), now, new_log, sync=sync, lost=lost)
        journal._look()
        return journal

    def write(self, line: Mapping[str, object]) -> None:
        """Append a line; what goes wrong is counted and logged, never raised."""
        with self._mutex:
            try:
                body = body_of(line)
                self._append(body)
            except (OSError, ValueError, TypeError, RecursionError) as problem:
                self.losses += 1
                self._unsaid += 1
                self._lost()
                self._fails(problem)

    def close(self) -> None:
        """Give the files back; a later write would open them again."""
        with self._mutex:
            self._pair.close(self._sync)

    def _look(self) -> None:
        """Open the files ahead of the first call."""
        try:
            self._locked(lambda: self._pair.size(self._sync))
        except OSError as problem:
            self._fails(problem)

    def _locked(self, do: Callable[[], object]) -> None:
        """Do something while no other writer does."""
        self._pair.lock(PATIENCE if self.is_up else PATIENCE_DOWN)
        try:
            do()
        finally:
            self._pair.unlock()

    def _append(self, body: bytes) -> None:
        self._locked(lambda: self._add(body))

    def _add(self, body: bytes) -> None:
        """Write the line, and what must be said before it, as one piece; then the head."""
        size = self._pair.size(self._sync)
        head = self._pair.read_head()
        start = self._start(head, size)
        text, tip = start.closer, start.tip
        at = self._now().astimezone(UTC).isoformat(timespec="milliseconds")
        for record in start.first:
            line, tip = self._seal.line(tip, at, body_of(record))
            text += line
        line, tip = self._seal.line(tip, at, body, self._unsaid)
        text += line
        self._pair.append(text)
        self._unsaid, self._tip = 0, tip
        self._keep(Head(tip, self._pair.inode, size + len(text)))

    def _keep(self, head: Head) -> None:
        """Overwrite the head; if that fails the line is still written, and the next look finds it."""
        text = self._seal.head(head)
        self._known_files = KnownFiles(text, head.inode, head.end)
        try:
            self._pair.write_head(text)
        except OSError as problem:
            self._fails(problem)
        else:
            self._works()

    def _start(self, head: bytes, size: int) -> Start:
        """After which line to go on: mine, another worker's, or what a closer look brings to light."""
        if self._tip is not None and self._known_files == (head, self._pair.inode, size):
            return Start(self._tip)
        last_head = self._seal.read_head(head)
        if (
            last_head is not None
            and (last_head.inode, last_head.end) == (self._pair.inode, size)
            and self._is_newest(last_head.tip)
        ):
            return Start(last_head.tip)
        return self._searched(last_head, size)

    def _is_newest(self, tip: Tip) -> bool:
        """Whether a head is at least as new as what I wrote myself; an older one was put back by somebody."""
        return self._tip is None or self._tip.log != tip.log or self._tip.seq <= tip.seq

    def _searched(self, head: Head | None, size: int) -> Start:
        """Compare what is known with what lies on the disk, and say what does not fit."""
        known_tip, inode = (head.tip, head.inode) if head else (self._tip, self._known_files.inode)
        if self._tip is not None and known_tip is not None and not self._is_newest(known_tip):
            known_tip, inode = self._tip, self._known_files.inode
        found_tip, end = tail(self._pair.read, size, self._seal)
        first: list[Mapping[str, object]] = []
        if size > end:
            first.append({"kind": "recovered", "bytes": size - end, "digest": digest(self._pair.read, end, size)})
        tip = (
            found_tip if found_tip and _goes_on(found_tip, known_tip) else known_tip or Tip(self._new_log(), 0, NO_HASH)
        )
        if tip is not found_tip or known_tip is None:
            why = _why(size, found_tip, known_tip, renamed=inode != self._pair.inode)
            first.append({"kind": "opened", "why": why, "key": self._seal.id, "after": tip.seq})
        return Start(tip, tuple(first), CLOSER if size > end else b"")

    def _fails(self, problem: Exception) -> None:
        """Say it once, until it works again."""
        if self.is_up:
            fields = {"error": type(problem).__name__, "reason": reason_of(problem), "losses": self.losses}
            _log.error("audit fails", extra={"fields": fields})
        self.is_up = False

    def _works(self) -> None:
        if not self.is_up:
            _log.warning("audit works again", extra={"fields": {"losses": self.losses}})
        self.is_up = True


def _goes_on(last: Tip, expected: Tip | None) -> bool:
    """Whether the log's last line is the one we know of, or one after it, written by a worker that then ended."""
    return expected is None or (last.log == expected.log and last.seq >= expected.seq)


def _why(size: int, last: Tip | None, expected: Tip | None, *, renamed: bool) -> str:
    """Why a log begins, or begins again."""
    if expected is None:
        return "head missing" if last else "unreadable" if size else "new"
    if size == 0:
        return "rotated" if renamed else "truncated"
    return "cut" if last and last.log == expected.log else "replaced"
