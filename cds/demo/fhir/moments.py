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
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    try:
        first = date(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1))
    except ValueError:
        return None
    start = first.toordinal() * _DAY + _time_of_day(match)
    wall = (start, start + (_width(match) if match["time"] else _days(match, first) * _DAY))
    offset = _offset(match["zone"])
    return Span(wall, (wall[0] - offset, wall[1] - offset), match["zone"] is not None)


def _days(match: re.Match[str], first: date) -> int:
    """How many days a date of this precision covers."""
    if match["day"]:
        return 1
    if match["month"]:
        return monthrange(first.year, first.month)[1]
    return date(first.year, 12, 31).toordinal() - first.toordinal() + 1


def _time_of_day(match: re.Match[str]) -> int:
    seconds = int(match["hour"] or 0) * 3600 + int(match["minute"] or 0) * 60 + int(match["second"] or 0)
    return seconds * _SECOND + int((match["fraction"] or "").ljust(6, "0")[:6])


def _width(match: re.Match[str]) -> int:
    """How long a time of this precision lasts: a minute, a second, or a fraction of one."""
    if match["second"] is None:
        return 60 * _SECOND
    return int(max(1, 10 ** (6 - min(6, len(match["fraction"] or "")))))


def _offset(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return (minutes if zone[0] == "+" else -minutes) * 60 * _SECOND


def span_in(value: Any) -> Span | None:
    """Read a date in a chart: a date of any kind, or a Period with one or both ends."""
    if isinstance(value, str):
        return span_of(value)
    if not isinstance(value, dict):
        return None
    start, end = (span_in(value.get(side)) for side in ("start", "end"))
    if start is None and end is None:
        return None
    low, high = start or Span(_ALWAYS, _ALWAYS, False), end or Span(_ALWAYS, _ALWAYS, False)
    return Span((low.wall[0], high.wall[1]), (low.utc[0], high.utc[1]), low.zoned or high.zoned)


def _eq(query: Bounds, value: Bounds) -> bool:
    return query[0] <= value[0] and value[1] <= query[1]


def _gt(query: Bounds, value: Bounds) -> bool:
    return value[1] > query[1]


def _lt(query: Bounds, value: Bounds) -> bool:
    return value[0] < query[0]


PREFIXES: Final[Mapping[str, Callable[[Bounds, Bounds], bool]]] = {
    "eq": _eq,
    "ne": lambda query, value: not _eq(query, value),
    "gt": _gt,
    "lt": _lt,
    "ge": lambda query, value: _gt(query, value) or _eq(query, value),
    "le": lambda query, value: _lt(query, value) or _eq(query, value),
    "sa": lambda query, value: value[0] >= query[1],
    "eb": lambda query, value: value[1] <= query[0],
}


class DateTest(NamedTuple):
    """One alternative of a date parameter, such as `ge2026-01-01`."""

    prefix: str
    asked: Span

    def holds(self, value: Span) -> bool:
        """Compare wall clocks when the question names no zone: a day is the clinic's day, wherever this server runs."""
        if self.asked.zoned:
            return PREFIXES[self.prefix](self.asked.utc, value.utc)
        return PREFIXES[self.prefix](self.asked.wall, value.wall)


def date_test(text: str) -> DateTest | None:
    """Read one alternative; None when the prefix or the date is none."""
    prefix, moment = (text[:2], text[2:]) if text[:2].isalpha() else ("eq", text)
    span = span_of(moment)
    return DateTest(prefix, span) if span and prefix in PREFIXES else None
