"""`twitch-cds report`: its options and its output."""

import argparse
import sys
from collections.abc import Callable
from datetime import date, datetime

import msgspec

from cds.clock import utc_now
from cds.errors import UsageError
from cds.report.build import build
from cds.report.model import Filters, Period, Report
from cds.report.sheet import sheet
from cds.report.source import reading
from cds.report.table import table
from cds.settings import environment, load

FIRST_YEAR, LAST_YEAR = 1970, 2999


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The options of `twitch-cds report`."""
    command.add_argument("--since", metavar="DATE", help="the first day (2026-11-01), in the site's time zone")
    command.add_argument("--until", metavar="DATE", help="the last day")
    command.add_argument("--service", metavar="ID", help="only what this service showed")
    command.add_argument("--topic", metavar="TOPIC", help="only this card, such as medication-review")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="everything as one JSON object, with days")
    form.add_argument("--csv", action="store_true", help="cards and tags as CSV")


def run(namespace: argparse.Namespace, now: Callable[[], datetime] = utc_now) -> int:
    """Print the report of what the store holds: 0 printed; unusable input is raised."""
    settings = load(environment())
    since, until = _date("--since", namespace.since), _date("--until", namespace.until)
    if since and until and since > until:
        raise UsageError(f"--since {since} is after --until {until}")
    period = Period(now=now(), zone=settings.zone, since=since, until=until)
    with reading(settings) as connection:
        report = build(connection, period, Filters(service=namespace.service, topic=namespace.topic))
    sys.stdout.write(_form(namespace)(report))
    return 0


def _form(namespace: argparse.Namespace) -> Callable[[Report], str]:
    if namespace.json:
        return lambda report: msgspec.json.encode(report).decode() + "\n"
    return sheet if namespace.csv else table


def _date(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as problem:
        raise UsageError(f"{option}: {text!r} is no date such as 2026-11-01") from problem
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise UsageError(f"{option}: {day} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return day
