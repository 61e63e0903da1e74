"""`twitch-cds silent`: the list of the emergencies that silent mode held back, for whoever reads it every day."""

import csv
import io
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import NamedTuple

import msgspec

from cards.markdown import plain
from cds.clock import utc_now
from cds.errors import UsageError
from cds.report.command import date_of
from cds.report.model import Period
from cds.report.sheet import safe
from cds.report.silent import MOST, Emergency, Silent, silent
from cds.report.source import reading
from cds.settings import environment, load

COLUMNS = (
    *("time", "client", "tenant", "service", "card", "indicator", "flags", "tags", "shown"),
    *("patient_hash", "user_hash", "hook_instance", "uuid"),
)


class Options(NamedTuple):
    """Which days (today unless given), of which client, and in which form."""

    since: str | None = None
    until: str | None = None
    client: str | None = None
    json: bool = False
    csv: bool = False


def run(options: Options, now: Callable[[], datetime] = utc_now) -> int:
    """Print the list: 0 printed; unusable input is raised."""
    settings = load(environment())
    moment = now()
    since, until = date_of("--since", options.since), date_of("--until", options.until)
    if since and until and since > until:
        raise UsageError(f"--since {since} is after --until {until}")
    if since is None and until is None:
        since = until = moment.astimezone(settings.zone).date()
    period = Period(now=moment, zone=settings.zone, since=since, until=until)
    with reading(settings) as connection:
        report = silent(connection, period, client=options.client)
    sys.stdout.write(_form(options, settings.zone)(report))
    return 0


def _form(options: Options, zone: tzinfo) -> Callable[[Silent], str]:
    if options.json:
        return lambda report: msgspec.json.encode(report).decode() + "\n"
    if options.csv:
        return lambda report: _sheet(report, zone)
    return lambda report: "".join(f"{line}\n" for line in _lines(report, zone))


def _sheet(report: Silent, zone: tzinfo) -> str:
    """The emergencies, safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([safe(cell) for cell in _cells(emergency, zone)] for emergency in report.emergencies)
    return out.getvalue()


def _cells(emergency: Emergency, zone: tzinfo) -> tuple[object, ...]:
    return (
        emergency.at.astimezone(zone).isoformat(timespec="seconds"),
        *(emergency.client, emergency.tenant, emergency.service, emergency.topic, emergency.indicator),
        *(",".join(emergency.flags), ",".join(emergency.tags), "yes" if emergency.shown else "no"),
        *(emergency.patient, emergency.user, emergency.hook_instance, emergency.card),
    )


def _lines(report: Silent, zone: tzinfo) -> Iterator[str]:
    """The emergencies first, each with what leads the EHR to the patient; then how many cards there were."""
    scope = _scope(report)
    if not report.counts:
        yield f"Silent mode held nothing back{scope}."
        return
    number = len(report.emergencies) + report.more
    yield f"Emergencies in silent mode{scope}: {number}"
    for emergency in report.emergencies:
        yield ""
        yield from _told(emergency, zone)
    if report.more:
        yield ""
        yield f"and {report.more} older ones: choose fewer days (at most {MOST} are listed)"
    yield ""
    yield f"Cards of silent calls{scope}:"
    for count in report.counts:
        suffix = f", {count.shown} of them shown" if count.shown else ""
        yield f"  {count.cards:>6}  {plain(count.topic)} ({count.patients} patient(s){suffix})"


def _told(emergency: Emergency, zone: tzinfo) -> Iterator[str]:
    reasons = ", ".join((*emergency.flags, *emergency.tags))
    at = emergency.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    tenant = f" {plain(emergency.tenant)}" if emergency.tenant else ""
    yield f"{at}  {emergency.client}{tenant}  {plain(emergency.topic)}{f' ({reasons})' if reasons else ''}"
    yield f"  {'shown as a card' if emergency.shown else 'NOT SHOWN to anybody'}, by {emergency.service}"
    yield f"  patient {emergency.patient}, user {emergency.user or 'unknown'}"
    yield f"  hookInstance {plain(emergency.hook_instance)}, by which the EHR finds the patient"


def _scope(report: Silent) -> str:
    """Which days, in words."""
    if report.since and report.since == report.until:
        return f" on {report.since} ({report.time_zone})"
    parts = [f"from {report.since}" if report.since else "", f"until {report.until}" if report.until else ""]
    return f" {' '.join(part for part in parts if part)} ({report.time_zone})"
