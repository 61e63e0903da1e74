"""FHIR dates as intervals of calendar days (clinical knowledge 4b, Dates)."""

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache

from msgspec import Struct

LONGEST = 48  # characters of a dateTime with as many decimals as anybody sends; what is longer is no date
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)

USUAL = (20, 25)  # characters of 2026-01-31T12:00:00Z and 2026-01-31T12:00:00+01:00
LAST_DAY = date.max.toordinal()


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
        """The date so many days later, within the calendar of years 1 to 9999."""
        first = min(max(self.first + days, 1), LAST_DAY)
        last = min(max(self.last + days, 1), LAST_DAY)
        return When(first, last, date.fromordinal(last).isoformat())


def parse(text: str | None) -> When | None:
    """The interval of a FHIR date text; None if it is absent or no FHIR date (R4 datatypes, date and dateTime)."""
    return _parse(text) if text and len(text) <= LONGEST else None


def instant_of(text: str | None) -> datetime | None:
    """The instant of a dateTime that states its zone: the same as that of `parse`, and faster for the usual form."""
    if text and len(text) in USUAL and text[4] + text[7] + text[10] == "--T" and (text[-1] == "Z" or text[-3] == ":"):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return None
    when = parse(text)
    return when.instant if when is not None else None


@lru_cache(maxsize=2048)
def _parse(text: str) -> When | None:
    if (match := _DATE.fullmatch(text)) is None:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    try:
        if day is not None:
            first = last = date.fromisoformat(text[:10]).toordinal()
        elif month is not None:
            first, last = _month(int(year), int(month))
        else:
            first, last = date(int(year), 1, 1).toordinal(), date(int(year), 12, 31).toordinal()
        return When(first, last, text[:10], _instant(text[:10], hour, minute, second, zone))
    except (ValueError, OverflowError):
        return None


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


def _month(year: int, month: int) -> tuple[int, int]:
    first = date(year, month, 1).toordinal()
    return first, first + monthrange(year, month)[1] - 1


def _instant(day: str, hour: str | None, minute: str, second: str | None, zone: str | None) -> datetime | None:
    """The instant, if a zone is stated; a time that no clock shows (24:00, a leap second) leaves only the day."""
    if hour is None or zone is None:
        return None
    try:
        return datetime.fromisoformat(f"{day}T{hour}:{minute}:{second or '00'}{zone}")
    except ValueError:
        return None
