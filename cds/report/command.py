"""`twitch-cds report`: its options and its output."""

import sys
from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from cds.clock import utc_now
from cds.errors import UsageError
from cds.progress import working
from cds.report.build import build
from cds.report.model import Filters, Period, Report
from cds.report.sheet import sheet
from cds.report.source import reading
from cds.report.table import table
from cds.settings import environment, load

FIRST_YEAR, LAST_YEAR = 1970, 2999


class Options(NamedTuple):
    """What is reported, and in which form."""

    since: str | None = None
    until: str | None = None
    service: str | None = None
    topic: str | None = None
    json: bool = False
    csv: bool = False


def run(options: Options, now: Callable[[], datetime] = utc_now) -> int:
    """Print the report of what the store holds: 0 printed; unusable input is raised."""
    settings = load(environment())
    since, until = date_of("--since", options.since), date_of("--until", options.until)
    if since and until and since > until:
        raise UsageError(f"--since {since} is after --until {until}")
    period = Period(now=now(), zone=settings.zone, since=since, until=until)
    with working("Counting"), reading(settings) as connection:
        report = build(connection, period, Filters(service=options.service, topic=options.topic))
    sys.stdout.write(_form(options)(report))
    return 0


def _form(options: Options) -> Callable[[Report], str]:
    if options.json:
        return lambda report: msgspec.json.encode(report).decode() + "\n"
    return sheet if options.csv else table


def date_of(option: str, text: str | None) -> date | None:
    """The day that an option names; raises UsageError."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as problem:
        raise UsageError(f"{option}: {text!r} is not a date such as 2026-11-01") from problem
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise UsageError(f"{option}: {day} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return day
