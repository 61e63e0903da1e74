"""A file that may change while the service runs."""

import time
from collections.abc import Callable
from pathlib import Path

EVERY = 2.0

Stamp = tuple[int, int, int]


class Watched:
    """Tells whether a file is another than the last time; looks at most every EVERY seconds."""

    def __init__(self, path: Path, seconds: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._seconds = seconds
        self._stamp = self._look()
        self._looked = seconds()

    def has_changed(self) -> bool:
        """Whether the file was written, replaced or removed since this was last true."""
        if self._seconds() - self._looked < EVERY:
            return False
        self._looked = self._seconds()
        before, self._stamp = self._stamp, self._look()
        return before != self._stamp

    def _look(self) -> Stamp | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
