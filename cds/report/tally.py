"""Adds up the groups that the database counted: one tally for each card, and for each tag of a card."""

from collections import Counter
from itertools import accumulate

from cds.report.model import RETUNE_SHARE, RETUNE_SHOWINGS, Line, Reason
from cds.report.wilson import rate

MOST_REASONS = 20
MOST_CODES = 1000
ACCEPTED, OVERRIDDEN = "accepted", "overridden"
OTHERS = ("(others)", None)
COARSE = 3600
MINUTE = 60

Code = tuple[str | None, str | None]


class Tally:
    """The numbers of one card or tag, still growing; delays over an hour are kept to the minute."""

    def __init__(self) -> None:
        self.accepted = self.overridden = self.ignored = self.pending = self.suppressed = self.skewed = 0
        self._delays: Counter[int] = Counter()
        self._reasons: Counter[Code] = Counter()

    @property
    def shown(self) -> int:
        """All that were shown: each is one of four."""
        return self.accepted + self.overridden + self.ignored + self.pending

    def unanswered(self, count: int, *, recent: bool) -> None:
        """Cards without feedback: pending for a day, then ignored."""
        if recent:
            self.pending += count
        else:
            self.ignored += count

    def answered(self, outcome: str, delay: int, reason: Code, count: int) -> None:
        """Cards with feedback; an answer from before the card is a clock that is wrong, and counts as at once."""
        self.skewed += count if delay < 0 else 0
        self._delays[_kept(max(delay, 0))] += count
        if outcome == ACCEPTED:
            self.accepted += count
            return
        self.overridden += count
        self._reasons[reason if reason in self._reasons or len(self._reasons) < MOST_CODES else OTHERS] += count

    def line(self, topic: str, tag: str | None, edition: int | None = None) -> Line:
        """The numbers, complete."""
        total_shown = self.shown
        return Line(
            topic=topic,
            tag=tag,
            edition=edition,
            shown=total_shown,
            accepted=self.accepted,
            overridden=self.overridden,
            ignored=self.ignored,
            pending=self.pending,
            suppressed=self.suppressed,
            overridden_of_shown=rate(self.overridden, total_shown),
            overridden_of_answered=rate(self.overridden, self.accepted + self.overridden),
            median_seconds=self._median(),
            clock_skewed=self.skewed,
            retune=total_shown >= RETUNE_SHOWINGS and self.overridden > RETUNE_SHARE * total_shown,
            reasons=self._ranked(),
        )

    def _median(self) -> float | None:
        delays = sorted(self._delays)
        ends = list(accumulate(self._delays[delay] for delay in delays))
        if not ends:
            return None
        low, high = (ends[-1] - 1) // 2, ends[-1] // 2
        middle = [next(delay for delay, end in zip(delays, ends, strict=True) if place < end) for place in (low, high)]
        return sum(middle) / 2

    def _ranked(self) -> tuple[Reason, ...]:
        """The most frequent reasons first; what is rarer than these is put together."""
        order = sorted(self._reasons.items(), key=lambda item: (-item[1], str(item[0])))
        first = [Reason(*code, count) for code, count in order[:MOST_REASONS] if code != OTHERS]
        remainder = self._reasons.total() - sum(reason.count for reason in first)
        return (*first, Reason(*OTHERS, remainder)) if remainder else tuple(first)


class DayTally:
    """The numbers of one card on one day, still growing."""

    def __init__(self) -> None:
        self.shown = self.accepted = self.overridden = self.suppressed = 0

    def add(self, outcome: str | None, count: int) -> None:
        """Cards that were shown, and what was answered."""
        self.shown += count
        self.accepted += count if outcome == ACCEPTED else 0
        self.overridden += count if outcome == OVERRIDDEN else 0


def _kept(delay: int) -> int:
    return delay if delay < COARSE else delay // MINUTE * MINUTE
