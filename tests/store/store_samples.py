"""Calls and feedback to be kept, and a look into the tables beside the store."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import create_engine, make_url

from cds.account import Account, Caller, FeedbackItem, Shown, Suppressed
from cds.store.address import DRIVERS
from cds.store.rows import Entry, Received, Tallied
from cds.store.schema import metadata

NOW = datetime(2026, 11, 23, 9, 30, 15, 123456, UTC)
HOSPITAL = Caller(client="hospital", tenant="north")
OTHER = Caller(client="hospital", tenant="south")
PATIENT, USER = "a" * 32, "b" * 32
SERVICE = "muscle-twitch-patient-view"


def minutes(number: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=number)


def shown(card: str, fingerprint: str = "f") -> Shown:
    """A card as it was shown."""
    return Shown(
        uuid=card,
        topic="abnormal-lab",
        indicator="warning",
        fingerprint=fingerprint,
        tags=("potassium", "calcium"),
        flags=("U2",),
        suggestions=("s1", "s2"),
    )


def account(*cards: Shown, suppressed: Sequence[Suppressed] = (), patient: str = PATIENT) -> Account:
    """What a call came to."""
    return Account(
        hook="patient-view", hook_instance="i", patient=patient, user=USER, cards=cards, suppressed=tuple(suppressed)
    )


def silent_account(*withheld: Shown, cards: Sequence[Shown] = (), suppressed: Sequence[Suppressed] = ()) -> Account:
    """What a call in silent mode came to."""
    return replace(account(*cards, suppressed=suppressed), withheld=withheld, is_silent=True)


def entry(*cards: Shown, caller: Caller = HOSPITAL, at: datetime = NOW, patient: str = PATIENT) -> Entry:
    """A call to be remembered."""
    return Entry(caller, SERVICE, account(*cards, patient=patient), "2026.11", "0.1.0", at)


def overridden(card: str, timestamp: str = "2026-11-23T09:31:00Z", comment: str | None = None) -> FeedbackItem:
    """A card that was overridden for a reason."""
    return FeedbackItem(
        card=card,
        outcome="overridden",
        at=NOW + minutes(1),
        timestamp=timestamp,
        reason_code="known",
        reason_system="urn:reasons",
        comment=comment,
    )


def accepted(card: str, *suggestions: str) -> FeedbackItem:
    """A card whose suggestions were taken."""
    return FeedbackItem(
        card=card, outcome="accepted", at=NOW, timestamp="2026-11-23T09:30:15Z", suggestions=suggestions or ("s1",)
    )


def received(*items: FeedbackItem, caller: Caller = HOSPITAL, at: datetime = NOW, comments: bool = False) -> Received:
    """Feedback as it came in."""
    return Received(caller, SERVICE, items, at, comments)


def rows_of(database_url: str, table: str) -> list[dict[str, object]]:
    """All rows of a table without their numbers, oldest first."""
    url = make_url(database_url)
    engine = create_engine(url.set(drivername=DRIVERS[url.get_backend_name()]))
    columns = metadata.tables[table]
    with engine.connect() as connection:
        found = connection.execute(columns.select().order_by(*columns.primary_key)).mappings().all()
    engine.dispose()
    return [{name: value for name, value in row.items() if name != "id"} for row in found]


def tallied(number: int, run: str = "run", day: str = "2026-11-23", change: str = "new") -> Tallied:
    """A count of a shadow."""
    return Tallied(
        run=run,
        day=day,
        client="hospital",
        service=SERVICE,
        topic="lifestyle",
        reason="",
        change=change,
        number=number,
        knowledge_version="k",
        candidate_software="s2",
        candidate_knowledge="k2",
    )
