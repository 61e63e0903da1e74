"""FHIR dates as spans of time, and what the search prefixes say about two of them (R4 search, prefixes)."""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, NamedTuple, TypeAlias

Bounds: TypeAlias = tuple[float, float]

_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND
_ALWAYS: Final[Bounds] = (float("-inf"), float("inf"))
_FORM: Final = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?P<time>T(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)"
    r"(?::(?P<second>[0-5]\d|60)(?:\.(?P<fraction>\d{1,9}))?)?(?P<zone>Z|[+-](?:0\d|1[0-4]):[0-5]\d)?)?)?)?",
    re.ASCII,
)


class Span(NamedTuple):
    """From the first microsecond to that after the last: as the wall clock showed it, and in UTC."""

    wall: Bounds
    utc: Bounds
    zoned: bool


def span_of(text: str) -> Span | None:
    """Read a date, dateTime or instant of any precision; None when it is none."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    try:
        first = date(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1))
    except ValueError:
        return None
    start = first.toordinal() * _DAY + _time_of_day(found)
    wall = (start, start + (_width(found) if found["time"] else _days(found, first) * _DAY))
    offset = _offset(found["zone"])
    return Span(wall, (wall[0] - offset, wall[1] - offset), found["zone"] is not None)


def _days(found: re.Match[str], first: date) -> int:
    """How many days a date of this precision covers."""
    if found["day"]:
        return 1
    if found["month"]:
        return monthrange(first.year, first.month)[1]
    return date(first.year, 12, 31).toordinal() - first.toordinal() + 1


def _time_of_day(found: re.Match[str]) -> int:
    seconds = int(found["hour"] or 0) * 3600 + int(found["minute"] or 0) * 60 + int(found["second"] or 0)
    return seconds * _SECOND + int((found["fraction"] or "").ljust(6, "0")[:6])


def _width(found: re.Match[str]) -> int:
    """How long a time of this precision lasts: a minute, a second, or a fraction of one."""
    if found["second"] is None:
        return 60 * _SECOND
    return int(max(1, 10 ** (6 - min(6, len(found["fraction"] or "")))))


def _offset(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return (minutes if zone[0] == "+" else -minutes) * 60 * _SECOND


def span_in(value: Any) -> Span | None:
    """Read what stands in a chart: a date of any kind, or a Period with one or both ends."""
    if isinstance(value, str):
        return span_of(value)
    if not isinstance(value, dict):
        return None
    start, end = (span_in(value.get(side)) for side in ("start", "end"))
    if start is None and end is None:
        return None
    low, high = start or Span(_ALWAYS, _ALWAYS, False), end or Span(_ALWAYS, _ALWAYS, False)
    return Span((low.wall[0], high.wall[1]), (low.utc[0], high.utc[1]), low.zoned or high.zoned)


def _eq(asked: Bounds, found: Bounds) -> bool:
    return asked[0] <= found[0] and found[1] <= asked[1]


def _gt(asked: Bounds, found: Bounds) -> bool:
    return found[1] > asked[1]


def _lt(asked: Bounds, found: Bounds) -> bool:
    return found[0] < asked[0]


PREFIXES: Final[Mapping[str, Callable[[Bounds, Bounds], bool]]] = {
    "eq": _eq,
    "ne": lambda asked, found: not _eq(asked, found),
    "gt": _gt,
    "lt": _lt,
    "ge": lambda asked, found: _gt(asked, found) or _eq(asked, found),
    "le": lambda asked, found: _lt(asked, found) or _eq(asked, found),
    "sa": lambda asked, found: found[0] >= asked[1],
    "eb": lambda asked, found: found[1] <= asked[0],
}


class DateTest(NamedTuple):
    """One alternative of a date parameter, such as `ge2026-01-01`."""

    prefix: str
    asked: Span

    def holds(self, found: Span) -> bool:
        """Compare wall clocks when the question names no zone: a day is the clinic's day, wherever this server runs."""
        if self.asked.zoned:
            return PREFIXES[self.prefix](self.asked.utc, found.utc)
        return PREFIXES[self.prefix](self.asked.wall, found.wall)


def date_test(text: str) -> DateTest | None:
    """Read one alternative; None when the prefix or the date is none."""
    prefix, rest = (text[:2], text[2:]) if text[:2].isalpha() else ("eq", text)
    asked = span_of(rest)
    return DateTest(prefix, asked) if asked and prefix in PREFIXES else None
