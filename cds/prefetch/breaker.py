"""A breaker for each FHIR server: a dead one costs one deadline, not one for each call."""

from collections.abc import Callable

FAILURES = 3  # consecutive ones that open the breaker
ALIVE_SECONDS = 1.0  # a server that answered so recently is slow or partly broken, not dead
OPEN_SECONDS = 5.0  # how long nothing is asked then; one call may try afterwards
BUSY_SECONDS = 1.0  # how long a server is left alone that is busy and does not say for how long
LONGEST_BUSY = 60.0  # seconds, whatever it says
BREAKING = frozenset({"unreachable", "timed-out", "server-error"})
BUSY = "busy"


class Breaker:
    """The state of one server as the calls of this process saw it. `seconds` only goes forward."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._failures = 0
        self._last_answer = -ALIVE_SECONDS + seconds()
        self._reason = ""
        self._until = 0.0
        self._is_probed = False

    def enter(self) -> str:
        """Why nothing may be asked now, or nothing; every call that may ask must leave again."""
        if not self._reason:
            return ""
        if self._seconds() < self._until or self._is_probed:
            return self._reason
        self._is_probed = True
        return ""

    def leave(self) -> None:
        """A call that was let in is over, whatever came of it."""
        self._is_probed = False

    def note(self, reason: str) -> None:
        """Take the outcome of one request; an answer that is not a failure of the server closes the breaker."""
        now = self._seconds()
        if reason in BREAKING:
            self._failures += 1
            is_dead = self._failures >= FAILURES and now - self._last_answer >= ALIVE_SECONDS
            if is_dead or self._is_probed:
                self._shut(reason, OPEN_SECONDS)
            return
        self._failures, self._last_answer = 0, now
        if reason != BUSY and (self._reason != BUSY or now >= self._until):
            self._reason = ""

    def pause(self, wait: float) -> None:
        """Leave a busy server alone for some seconds (HTTP, Retry-After)."""
        self._shut(BUSY, min(wait, LONGEST_BUSY))

    def _shut(self, reason: str, wait: float) -> None:
        self._reason, self._until = reason, max(self._until, self._seconds() + wait)
