"""FHIR dates as intervals of calendar days (clinical knowledge 4b, Dates)."""

import re
from datetime import date, datetime, timedelta

from msgspec import Struct

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)


class When(Struct, frozen=True):
    """A FHIR date, dateTime or instant: first and last possible day (ordinals, inclusive), and the instant if stated.

    The offset is ignored for the day (as written) and used for the instant only.
    """

    first: int
    last: int
    text: str
    instant: datetime | None = None

    @property
    def uncertain(self) -> bool:
        """Whether only a month or a year is known."""
        return self.first != self.last

    def capped(self, today: int) -> "When":
        """The same date with its last day no later than today."""
        if self.last <= today:
            return self
        return When(min(self.first, today), today, self.text, self.instant)

    def shifted(self, days: int) -> "When":
        """The date so many days later."""
        first = self.first + days
        last = self.last + days
        return When(first, last, date.fromordinal(last).isoformat())


def parse(text: str | None) -> When | None:
    """The interval of a FHIR date text; None if it is absent or no FHIR date (R4 datatypes, date and dateTime)."""
    if not text or (found := _DATE.fullmatch(text)) is None:
        return None
    year, month, day, *_ = found.groups()
    try:
        if day is not None:
            first = last = date(int(year), int(month), int(day))
        elif month is not None:
            first, last = _month(int(year), int(month))
        else:
            first, last = date(int(year), 1, 1), date(int(year), 12, 31)
        return When(first.toordinal(), last.toordinal(), _shown(text), _instant(text, found))
    except (ValueError, OverflowError):
        return None


def of_day(day: int) -> When:
    """A full calendar day."""
    return When(day, day, date.fromordinal(day).isoformat())


def years_after(start: When, years: int) -> When | None:
    """The year during which somebody born at `start` had that age, as an interval."""
    try:
        first = _add_years(date.fromordinal(start.first), years)
        last = _add_years(date.fromordinal(start.last), years + 1) - timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return When(first.toordinal(), last.toordinal(), f"{first.year}")


def completed_years(birth: int, today: int) -> int:
    """Whole years between two days; somebody born on 29 February has the birthday on 1 March in common years."""
    born, now = date.fromordinal(birth), date.fromordinal(today)
    return now.year - born.year - ((now.month, now.day) < (born.month, born.day))


def _add_years(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _month(year: int, month: int) -> tuple[date, date]:
    first = date(year, month, 1)
    following = date(year + month // 12, month % 12 + 1, 1) if (year, month) != (9999, 12) else date.max
    return first, following - timedelta(days=1)


def _shown(text: str) -> str:
    return text[:10]


def _instant(text: str, found: re.Match[str]) -> datetime | None:
    hour, zone = found[4], found[7]
    if hour is None or zone is None:
        return None
    hours = int(hour) % 24 if hour == "24" else int(hour)
    stamp = f"{text[:10]}T{hours:02d}:{found[5]}:{found[6] or '00'}{zone.replace('Z', '+00:00')}"
    return datetime.fromisoformat(stamp)
