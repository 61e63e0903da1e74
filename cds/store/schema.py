"""The tables. Ids, codes, times and keyed hashes only: nothing that a chart says, and no name."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator

HASH = 32
SQLITE = "sqlite"
LONGEST_ID = 255


def kept(moment: datetime, dialect: str) -> datetime | str:
    """A moment as the driver takes it: UTC, in SQLite as text of fixed width, which sorts like time."""
    utc = moment.astimezone(UTC)
    return utc.replace(tzinfo=None).isoformat(" ", "microseconds") if dialect == SQLITE else utc


def restored(value: datetime | str) -> datetime:
    """The moment that the driver gives back, in UTC."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value.astimezone(UTC)


class Moment(TypeDecorator[datetime]):
    """The same for statements that SQLAlchemy runs: any zone goes in, UTC comes out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn the moment into what the database keeps."""
        utc = None if value is None else value.astimezone(UTC)
        return utc.replace(tzinfo=None) if utc is not None and dialect.name == SQLITE else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the moment its zone back."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _id() -> Column[int]:
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _hash(name: str) -> Column[str]:
    return Column(name, String(HASH), nullable=False)


def _moment(name: str) -> Column[datetime]:
    return Column(name, Moment, nullable=False)


def _tenant() -> Column[str]:
    """The caller's tenant; null if it named none."""
    return Column("tenant", Text)


def _card() -> list[Column[Any]]:
    """The columns of each card that was sent or withheld: of which call, for whom, and what it said."""
    return [
        _id(),
        Column("card", String(LONGEST_ID), nullable=False, unique=True),
        _text("hook_instance"),
        _text("service"),
        _text("hook"),
        _text("client"),
        _tenant(),
        _hash("patient"),
        _hash("user"),
        _text("topic"),
        _text("indicator"),
        _text("tags"),
        _text("flags"),
        _text("fingerprint"),
    ]


metadata = MetaData()

# One row for each card that was sent to a client.
showings = Table(
    "showings",
    metadata,
    *_card(),
    _text("suggestions"),
    _text("knowledge_version"),
    _text("software_version"),
    _moment("shown_at"),
    Index("showings_patient_fingerprint", "patient", "fingerprint", "id"),
    Index("showings_shown_at", "shown_at"),
)

# One row for each card of a call in silent mode: withheld, or an emergency that was shown all the same. No repeat is
# known by it, and it counts in no report of what was shown.
silent_cards = Table(
    "silent_cards",
    metadata,
    *_card(),
    Column("emergency", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    _text("knowledge_version"),
    _text("software_version"),
    _moment("evaluated_at"),
    Index("silent_cards_evaluated_at", "evaluated_at"),
    Index("silent_cards_emergency", "emergency", "evaluated_at"),
)

# One row for each card that was not shown again, because it had been answered; rows of the first tables have no key.
suppressions = Table(
    "suppressions",
    metadata,
    _id(),
    _text("hook_instance"),
    _text("service"),
    _text("hook"),
    _text("client"),
    _tenant(),
    _hash("patient"),
    _hash("user"),
    _text("topic"),
    _text("tags"),
    _text("flags"),
    _text("fingerprint"),
    _text("knowledge_version"),
    _text("software_version"),
    _moment("suppressed_at"),
    Column("key", String(64)),
    Index("suppressions_suppressed_at", "suppressed_at"),
    Index("suppressions_key", "key", unique=True),
)

# One row for each item of feedback, as it was sent; its card may have been shown to that client, or not.
feedback = Table(
    "feedback",
    metadata,
    _id(),
    _text("service"),
    _text("client"),
    _tenant(),
    Column("card", String(LONGEST_ID), nullable=False),
    Column("outcome", String(16), nullable=False),
    _moment("outcome_at"),
    _text("suggestions"),
    Column("reason_code", Text),
    Column("reason_system", Text),
    Column("comment", Text),
    _moment("received_at"),
    Column("key", String(64), nullable=False, unique=True),
    Index("feedback_card", "card"),
    Index("feedback_received_at", "received_at"),
)

# One row for each token that was accepted, until it expires: it is accepted once.
used_tokens = Table(
    "used_tokens",
    metadata,
    Column("key", String(64), primary_key=True),
    _moment("expires_at"),
    Index("used_tokens_expires_at", "expires_at"),
)

# One row for each kind of difference between the live answers and those of a candidate beside them, by day and worker's
# run: how often, and nothing of whom. The number is that of the day so far.
shadow_counts = Table(
    "shadow_counts",
    metadata,
    _id(),
    Column("day", String(10), nullable=False),
    _text("client"),
    _text("service"),
    _text("topic"),
    _text("reason"),
    _text("change"),
    Column("number", BigInteger, nullable=False),
    _text("knowledge_version"),
    _text("software_version"),
    _text("candidate_knowledge"),
    _text("candidate_software"),
    _moment("counted_at"),
    Column("key", String(64), nullable=False, unique=True),
    Index("shadow_counts_day", "day"),
    Index("shadow_counts_counted_at", "counted_at"),
)

# What the database says of itself: the oldest version of the tables whose software may use them, and the fingerprint
# of the key under which its hashes were made.
facts = Table(
    "store_facts",
    metadata,
    Column("name", String(64), primary_key=True),
    _text("value"),
)
