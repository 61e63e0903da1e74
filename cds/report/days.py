"""Days of the site's calendar, in SQL: the database knows no time zones, so it is given the offsets."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, case, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

EPOCH = date(1970, 1, 1)
DAY_SECONDS = 86_400
TO_SECONDS = len("2026-11-23 12:00:00")
STEP = timedelta(days=1)
EXACT = timedelta(minutes=1)


class seconds(FunctionElement[int]):  # noqa: N801 - reads like a function of SQL
    """Whole seconds from 1970 to a moment."""

    type = BigInteger()
    inherit_cache = True
    name = "seconds"


@compiles(seconds, "sqlite")
def _in_sqlite(element: seconds, compiler: SQLCompiler, **options: Any) -> str:
    """Fractions are cut off first: SQLite would round them."""
    return f"CAST(strftime('%s', substr({compiler.process(element.clauses, **options)}, 1, {TO_SECONDS})) AS INTEGER)"


@compiles(seconds, "postgresql")
def _in_postgresql(element: seconds, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(floor(extract(epoch from {compiler.process(element.clauses, **options)})) AS BIGINT)"


class Span(NamedTuple):
    """Up to a moment the site's clock is so many seconds ahead of UTC."""

    until: datetime
    offset: int


def day_of(moment: ColumnElement[datetime], spans: list[Span]) -> ColumnElement[int]:
    """The number of the site's day (from 1970-01-01) on which a moment falls."""
    *earlier, last = spans
    ahead: ColumnElement[int] = literal(last.offset)
    if earlier:
        ahead = case(*((moment < span.until, literal(span.offset)) for span in earlier), else_=literal(last.offset))
    return (seconds(moment) + ahead) // literal(DAY_SECONDS)


def date_of(day: int) -> date:
    """The date of a numbered day."""
    return EPOCH + timedelta(days=day)


def spans(zone: tzinfo, first: datetime, last: datetime) -> list[Span]:
    """The offsets that the site's clock has between two moments, such as summer and winter time."""
    intervals = []
    moment = first
    while moment < last:
        following = min(moment + STEP, last)
        if _ahead(zone, moment) != _ahead(zone, following):
            intervals.append(Span(_change(zone, moment, following), _ahead(zone, moment)))
        moment = following
    return [*intervals, Span(last, _ahead(zone, last))]


def _change(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """When the clock was changed, to the minute."""
    offset = _ahead(zone, before)
    while after - before > EXACT:
        middle = before + (after - before) / 2
        before, after = (middle, after) if _ahead(zone, middle) == offset else (before, middle)
    return after.replace(second=0, microsecond=0)


def _ahead(zone: tzinfo, moment: datetime) -> int:
    offset = moment.astimezone(UTC).astimezone(zone).utcoffset()
    return int((offset or timedelta()).total_seconds())
