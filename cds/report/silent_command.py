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
        found = silent(connection, period, client=options.client)
    sys.stdout.write(_form(options, settings.zone)(found))
    return 0


def _form(options: Options, zone: tzinfo) -> Callable[[Silent], str]:
    if options.json:
        return lambda found: msgspec.json.encode(found).decode() + "\n"
    if options.csv:
        return lambda found: _sheet(found, zone)
    return lambda found: "".join(f"{line}\n" for line in _lines(found, zone))


def _sheet(found: Silent, zone: tzinfo) -> str:
    """The emergencies, safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([safe(cell) for cell in _cells(emergency, zone)] for emergency in found.emergencies)
    return out.getvalue()


def _cells(one: Emergency, zone: tzinfo) -> tuple[object, ...]:
    return (
        one.at.astimezone(zone).isoformat(timespec="seconds"),
        *(one.client, one.tenant, one.service, one.topic, one.indicator),
        *(",".join(one.flags), ",".join(one.tags), "yes" if one.shown else "no"),
        *(one.patient, one.user, one.hook_instance, one.card),
    )


def _lines(found: Silent, zone: tzinfo) -> Iterator[str]:
    """The emergencies first, each with what leads the EHR to the patient; then how many cards there were."""
    scope = _scope(found)
    if not found.counts:
        yield f"Silent mode held nothing back{scope}."
        return
    number = len(found.emergencies) + found.more
    yield f"Emergencies in silent mode{scope}: {number}"
    for one in found.emergencies:
        yield ""
        yield from _told(one, zone)
    if found.more:
        yield ""
        yield f"and {found.more} older ones: choose fewer days (at most {MOST} are listed)"
    yield ""
    yield f"Cards of silent calls{scope}:"
    for count in found.counts:
        shown = f", {count.shown} of them shown" if count.shown else ""
        yield f"  {count.cards:>6}  {plain(count.topic)} ({count.patients} patient(s){shown})"


def _told(one: Emergency, zone: tzinfo) -> Iterator[str]:
    what = ", ".join((*one.flags, *one.tags))
    at = one.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    tenant = f" {plain(one.tenant)}" if one.tenant else ""
    yield f"{at}  {one.client}{tenant}  {plain(one.topic)}{f' ({what})' if what else ''}"
    yield f"  {'shown as a card' if one.shown else 'NOT SHOWN to anybody'}, by {one.service}"
    yield f"  patient {one.patient}, user {one.user or 'unknown'}"
    yield f"  hookInstance {plain(one.hook_instance)}, by which the EHR finds the patient"


def _scope(found: Silent) -> str:
    """Which days, in words."""
    if found.since and found.since == found.until:
        return f" on {found.since} ({found.time_zone})"
    parts = [f"from {found.since}" if found.since else "", f"until {found.until}" if found.until else ""]
    return f" {' '.join(part for part in parts if part)} ({found.time_zone})"
