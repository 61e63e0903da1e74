"""What a visitor asks to see: period and filters, from the address; what makes no sense is left out."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta, tzinfo
from urllib.parse import urlencode

from msgspec import Struct

from cds.report.model import Filters, Period

USUAL_DAYS = 30
RANGES = (("7 days", 7), ("30 days", USUAL_DAYS), ("90 days", 90), ("1 year", 365), ("All", None))
ALL = "all"
FIRST_YEAR, LAST_YEAR = 1970, 2999


class PageQuery(Struct, frozen=True, kw_only=True):
    """One view of the page."""

    period: Period
    filters: Filters

    @property
    def query(self) -> str:
        """The same as parameters of an address."""
        since = self.period.since.isoformat() if self.period.since else ALL
        until = self.period.until.isoformat() if self.period.until else ""
        values = {"since": since, "until": until, "service": self.filters.service, "topic": self.filters.topic}
        return urlencode({name: value for name, value in values.items() if value})

    def ranges(self, today: date) -> list[tuple[str, str, bool]]:
        """Shortcuts: what they are called, where they lead, and whether this is the one that is shown."""
        return [(name, self._within(days, today), self._is_of(days, today)) for name, days in RANGES]

    def _within(self, days: int | None, today: date) -> str:
        since = ALL if days is None else _start(today, days).isoformat()
        values = {"since": since, "service": self.filters.service, "topic": self.filters.topic}
        return urlencode({name: value for name, value in values.items() if value})

    def _is_of(self, days: int | None, today: date) -> bool:
        since = None if days is None else _start(today, days)
        return self.period.until is None and self.period.since == since


def read_query(
    query: Mapping[str, str], now: datetime, zone: tzinfo, services: Collection[str], topics: Collection[str]
) -> PageQuery:
    """The view in an address: the last 30 days of everything unless it says otherwise."""
    today = now.astimezone(zone).date()
    since_text = query.get("since", "")
    since = None if since_text == ALL else _date(since_text) or _start(today, USUAL_DAYS)
    until = _date(query.get("until", ""))
    if since and until and since > until:
        since, until = until, since
    service, topic = query.get("service", ""), query.get("topic", "")
    filters = Filters(service=service if service in services else None, topic=topic if topic in topics else None)
    return PageQuery(period=Period(now=now, zone=zone, since=since, until=until), filters=filters)


def _start(today: date, days: int) -> date:
    """The first of so many days of which today is the last."""
    return today - timedelta(days=days - 1)


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None
