"""The statements, built once: a statement that is built anew for each call would cost more than its answer."""

from datetime import datetime
from functools import lru_cache

from sqlalchemy import BindParameter, Column, Delete, Select, Table, and_, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from cds.store.address import SQLITE
from cds.store.schema import feedback, showings, suppressions, used_tokens

# Feedback counts for a card that this very client and tenant received.
SHOWN_TO_THE_SENDER = and_(
    feedback.c.card == showings.c.card,
    feedback.c.client == showings.c.client,
    feedback.c.tenant.is_not_distinct_from(showings.c.tenant),
)
CHUNK = 5_000


@lru_cache(maxsize=32)
def last_answers(count: int) -> Select[str, datetime]:
    """When so many cards of one patient were last answered: parameters `patient`, `f0`, `f1` and so on."""
    wanted: list[BindParameter[str]] = [bindparam(f"f{number}") for number in range(count)]
    return (
        select(showings.c.fingerprint, func.max(feedback.c.received_at))
        .join_from(showings, feedback, SHOWN_TO_THE_SENDER)
        .where(showings.c.patient == bindparam("patient"), showings.c.fingerprint.in_(wanted))
        .group_by(showings.c.fingerprint)
    )


@lru_cache(maxsize=8)
def insert_new(table: Table, dialect: str) -> Insert:
    """Insert rows; one that is there already stays as it is."""
    make = sqlite.insert if dialect == SQLITE else postgresql.insert
    return make(table).on_conflict_do_nothing()


@lru_cache(maxsize=8)
def delete_older(table: Table, moment: Column[datetime]) -> Delete:
    """Delete some rows from before `limit`: not all at once, so that nobody waits long for the lock."""
    (key,) = table.primary_key
    some = select(key).where(moment < bindparam("limit")).limit(CHUNK)
    return delete(table).where(key.in_(some))


# What is deleted by age: the table, and the moment that counts.
AGES: dict[str, tuple[Table, Column[datetime]]] = {
    "showings": (showings, showings.c.shown_at),
    "suppressions": (suppressions, suppressions.c.suppressed_at),
    "feedback": (feedback, feedback.c.received_at),
    "used_tokens": (used_tokens, used_tokens.c.expires_at),
}
