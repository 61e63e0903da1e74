"""The two files of an audit, the log and its head, opened and locked as one: several processes write them in turn."""

import fcntl
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cds.audit.chain import HEAD_SIZE
from cds.audit.place import head_of

PAUSE = 0.0002
TRIES = 3
MODE = 0o640
FOLDER_MODE = 0o700


def wait(number: int, how: int, patience: float, seconds: Callable[[], float], sleep: Callable[[float], None]) -> None:
    """Lock a file (`flock`), shared or alone; who holds it longer than that many seconds is not waited for."""
    end = seconds() + patience
    while True:
        try:
            return fcntl.flock(number, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if seconds() >= end:
                raise
        sleep(PAUSE)


class Pair:
    """The log and the head. The head is the lock as well: it is never renamed by rotation."""

    def __init__(
        self, log: Path, seconds: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._log_path, self._head_path = log, head_of(log)
        self._log_text = str(log)
        self._seconds, self._sleep = seconds, sleep
        self._log = self._head = -1
        self._is_long = False
        self.inode = 0

    def lock(self, patience: float) -> None:
        """Wait for the other writers, so many seconds at most; a head that was deleted is made anew."""
        for _ in range(TRIES):
            if self._head < 0:
                self._head = _opened(self._head_path, os.O_RDWR)
            wait(self._head, fcntl.LOCK_EX, patience, self._seconds, self._sleep)
            if os.fstat(self._head).st_nlink:
                return
            self._head = _closed(self._head)
        raise OSError(f"{self._head_path.name} is taken away again and again")

    def unlock(self) -> None:
        """Let the next writer in."""
        fcntl.flock(self._head, fcntl.LOCK_UN)

    def size(self, sync: bool) -> int:
        """The size of the log that lies at the path now; one that was renamed or deleted is left for a new one."""
        try:
            status = os.stat(self._log_text)  # noqa: PTH116 - met at every call; the text is ready
        except FileNotFoundError:
            status = None
        if status is None or self._log < 0 or status.st_ino != self.inode:
            self._leave_log(sync)
            self._log = _opened(self._log_path, os.O_RDWR | os.O_APPEND)
            status = os.fstat(self._log)
            self.inode = status.st_ino
        return status.st_size

    def read_head(self) -> bytes:
        """The head as it stands."""
        text = os.pread(self._head, HEAD_SIZE + 1, 0)
        self._is_long = len(text) > HEAD_SIZE
        return text

    def write_head(self, text: bytes) -> None:
        """Overwrite the head, and cut off what somebody may have added to it."""
        os.pwrite(self._head, text, 0)
        if self._is_long:
            os.ftruncate(self._head, len(text))

    def read(self, count: int, start: int) -> bytes:
        """A part of the log."""
        return os.pread(self._log, count, start)

    def append(self, text: bytes) -> None:
        """Add to the end of the log at one stroke; what is not written whole is an error."""
        if os.write(self._log, text) != len(text):
            raise OSError("the line was cut short: no room")

    def close(self, sync: bool) -> None:
        """Give both files back; a later write opens them again."""
        if sync and self._head >= 0:
            with suppress(OSError):
                os.fsync(self._head)
        self._leave_log(sync)
        self._head = _closed(self._head)

    def _leave_log(self, sync: bool) -> None:
        if sync and self._log >= 0:
            with suppress(OSError):
                os.fsync(self._log)
        self._log = _closed(self._log)


def _opened(path: Path, flags: int) -> int:
    """Open a file, made if missing with its folder; anything but a regular file (a pipe, a device) is refused."""
    path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    opened = os.open(path, flags | os.O_CREAT | os.O_NONBLOCK, MODE)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OSError(f"{path.name} is not a regular file")
    return opened


def _closed(number: int) -> int:
    """Close a descriptor, if it is one; always the sign of none."""
    if number >= 0:
        with suppress(OSError):
            os.close(number)
    return -1
