"""How often each client may call: a bucket of tokens for each, filled at its rate, spent by its calls."""

import time
from collections.abc import Callable

from cds.account import Caller
from cds.errors import TooManyCalls

BURST = 2.0  # seconds of a client's rate that it may spend at once


class Rates:
    """The rates of one worker. It holds one bucket for each client; only verified ones get that far."""

    def __init__(self, per_second: int, seconds: Callable[[], float] = time.monotonic) -> None:
        """`per_second` is for clients whose registration says nothing else."""
        self._usual = per_second
        self._seconds = seconds
        self._buckets: dict[str, tuple[float, float]] = {}

    def spend(self, caller: Caller) -> None:
        """Take one call off a client's bucket; TooManyCalls if it is empty."""
        rate, now = caller.rate_per_second or self._usual, self._seconds()
        full = max(1.0, rate * BURST)
        tokens, filled = self._buckets.get(caller.client, (full, now))
        tokens = min(full, tokens + (now - filled) * rate)
        if tokens < 1.0:
            self._buckets[caller.client] = (tokens, now)
            raise TooManyCalls
        self._buckets[caller.client] = (tokens - 1.0, now)
