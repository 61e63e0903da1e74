"""What became of the requests to FHIR servers, counted for the whole process."""

from collections import Counter
from collections.abc import Callable

READ = "read"


def _nobody(outcome: str, number: int) -> None:
    """Nobody else counts."""


class Tally:
    """Counts by outcome: `read`, or the reason why not. `kept_back` counts calls in which nothing was asked at all.

    `listen` is called for each request, so that several processes can add up theirs.
    """

    def __init__(self, listen: Callable[[str, int], None] = _nobody) -> None:
        self.requests: Counter[str] = Counter()
        self.kept_back: Counter[str] = Counter()
        self._listen = listen

    def ended(self, outcome: str) -> None:
        """Count a request."""
        self.requests[outcome] += 1
        self._listen(outcome, 1)
