"""Days put together, so that a picture of ten years has as many bars as one of a month."""

from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct

from cds.report.model import Day

MOST = 62
WIDTHS = (1, 7, 28, 91, 364)


class Bin(Struct, frozen=True, kw_only=True):
    """So many days from the first on, and what happened to the cards that were shown in them."""

    first: date
    days: int
    shown: int = 0
    accepted: int = 0
    overridden: int = 0
    suppressed: int = 0

    @property
    def unanswered(self) -> int:
        """Cards without feedback."""
        return self.shown - self.accepted - self.overridden

    @property
    def name(self) -> str:
        """The day, or the first and the last."""
        if self.days == 1:
            return self.first.isoformat()
        return f"{self.first} to {self.first + timedelta(days=self.days - 1)}"


def binned(days: Iterable[Day], first: date, last: date) -> list[Bin]:
    """All bins of a period, empty ones too, in order."""
    width = _width((last - first).days + 1)
    sums: dict[int, list[int]] = {}
    for day in days:
        total = sums.setdefault((day.day - first).days // width, [0, 0, 0, 0])
        for place, count in enumerate((day.shown, day.accepted, day.overridden, day.suppressed)):
            total[place] += count
    number = (last - first).days // width + 1
    return [_bin(first, width, place, sums.get(place, [0, 0, 0, 0])) for place in range(number)]


def _bin(first: date, width: int, place: int, total: list[int]) -> Bin:
    total_shown, accepted, overridden, suppressed = total
    start = first + timedelta(days=place * width)
    return Bin(
        first=start, days=width, shown=total_shown, accepted=accepted, overridden=overridden, suppressed=suppressed
    )


def _width(days: int) -> int:
    """The narrowest width that makes no more bars than a picture holds; a very long time gets wider ones."""
    fitting = (width for width in WIDTHS if days <= width * MOST)
    return next(fitting, -(-days // MOST))
