"""A database that failed is left alone for a while: nobody else has to wait for it in vain."""

import time
from collections.abc import Callable

PAUSE = 3.0


class Circuit:
    """Open after a failure, for some seconds; then it is tried again."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic, pause: float = PAUSE) -> None:
        self._seconds = seconds
        self._pause = pause
        self._failed_at: float | None = None

    @property
    def is_healthy(self) -> bool:
        """Whether the last thing that was tried went well."""
        return self._failed_at is None

    @property
    def is_open(self) -> bool:
        """Whether it is not to be tried now."""
        return self._failed_at is not None and self._seconds() < self._failed_at + self._pause

    def fail(self) -> None:
        """Something went wrong just now."""
        self._failed_at = self._seconds()

    def heal(self) -> None:
        """Something went well."""
        self._failed_at = None
