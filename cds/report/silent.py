"""What silent mode held back: every emergency, and how many cards of each kind. Codes and keyed hashes only."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, func, select

from cds.report.model import Period
from cds.store.schema import restored, silent_cards

MOST = 500
EMERGENCY = 1


class Emergency(Struct, frozen=True, kw_only=True):
    """One emergency of a call in silent mode. By `hook_instance` the EHR finds the patient; we cannot."""

    at: datetime
    client: str
    tenant: str | None
    service: str
    topic: str
    indicator: str
    flags: tuple[str, ...]
    tags: tuple[str, ...]
    patient: str
    user: str
    hook_instance: str
    card: str
    shown: bool


class Count(Struct, frozen=True, kw_only=True):
    """One kind of card: how many there were, of how many patients, and how many were shown all the same."""

    topic: str
    cards: int
    shown: int
    patients: int


class Silent(Struct, frozen=True, kw_only=True):
    """Both, of a period. `emergencies` are the newest first; there may be `more`, older ones."""

    made_at: datetime
    time_zone: str
    since: date | None
    until: date | None
    emergencies: tuple[Emergency, ...] = ()
    more: int = 0
    counts: tuple[Count, ...] = ()


def silent(
    connection: Connection, period: Period, *, client: str | None = None, service: str | None = None, most: int = MOST
) -> Silent:
    """Ask for both, of one client or service or of all."""
    conditions = tuple(_conditions(period, client, service))
    urgent = and_(*conditions, silent_cards.c.emergency == EMERGENCY)
    number = connection.execute(select(func.count()).where(urgent)).scalar_one()
    newest = select(silent_cards).where(urgent).order_by(silent_cards.c.evaluated_at.desc(), silent_cards.c.id.desc())
    rows = connection.execute(newest.limit(most)).mappings()
    return Silent(
        made_at=period.now,
        time_zone=str(period.zone),
        since=period.since,
        until=period.until,
        emergencies=tuple(_emergency(dict(row)) for row in rows),
        more=max(0, number - most),
        counts=tuple(_counts(connection, and_(True, *conditions))),
    )


def _conditions(period: Period, client: str | None, service: str | None) -> Iterator[ColumnElement[bool]]:
    row = silent_cards.c
    if period.since is not None:
        yield row.evaluated_at >= datetime.combine(period.since, time.min, period.zone)
    if period.until is not None:
        yield row.evaluated_at < datetime.combine(period.until + timedelta(days=1), time.min, period.zone)
    if client is not None:
        yield row.client == client
    if service is not None:
        yield row.service == service


def _emergency(row: dict[str, Any]) -> Emergency:
    return Emergency(
        at=restored(row["evaluated_at"]),
        flags=tuple(filter(None, row["flags"].split(","))),
        tags=tuple(filter(None, row["tags"].split(","))),
        shown=bool(row["shown"]),
        **{name: row[name] for name in COPIED},
    )


COPIED = ("client", "tenant", "service", "topic", "indicator", "patient", "user", "hook_instance", "card")


def _counts(connection: Connection, condition: ColumnElement[bool]) -> Iterator[Count]:
    """By kind, the most frequent first."""
    row = silent_cards.c
    cards = func.count().label("cards")
    query = (
        select(row.topic, cards, func.sum(row.shown), func.count(row.patient.distinct()))
        .where(condition)
        .group_by(row.topic)
        .order_by(cards.desc(), row.topic)
    )
    for topic, number, total_shown, patients in connection.execute(query):
        yield Count(topic=topic, cards=number, shown=int(total_shown), patients=patients)
