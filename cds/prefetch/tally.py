"""What became of the requests to FHIR servers, counted for the whole process."""

from collections import Counter

READ = "read"


class Tally:
    """Counts by outcome: `read`, or the reason why not. `kept_back` counts calls in which nothing was asked at all."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.kept_back: Counter[str] = Counter()
