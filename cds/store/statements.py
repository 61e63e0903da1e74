"""The statements, built once, and turned into SQL once for each kind of database."""

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import (
    BindParameter,
    Column,
    Delete,
    Engine,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import Insert

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

from cds.store.schema import SQLITE, feedback, shadow_counts, showings, silent_cards, suppressions, used_tokens

CHUNK = 5_000
ANY_TOKEN = select(used_tokens.c.key).limit(literal_column("1")).offset(literal_column("0"))
NEWEST = 32


@lru_cache(maxsize=64)
def last_answers(engine: Engine, count: int) -> str:
    """When so many cards of a patient were last answered; the patient and the fingerprint, for each card.

    Only the newest showings of a card are looked at: one that is answered is not shown again for a while, so an answer
    belongs to one of them, and a card that was shown a thousand times costs no more than one that was shown often.
    """
    newest = union_all(*(_newest(number) for number in range(count))).subquery("newest")
    shown_to_the_sender = and_(
        feedback.c.card == newest.c.card,
        feedback.c.client == newest.c.client,
        feedback.c.tenant.is_not_distinct_from(newest.c.tenant),
    )
    question = (
        select(newest.c.fingerprint, func.max(feedback.c.received_at))
        .join_from(newest, feedback, shown_to_the_sender)
        .group_by(newest.c.fingerprint)
    )
    return str(question.compile(engine))


def _newest(number: int) -> Select[str, str, str, str]:
    showing = showings.c
    newest = (
        select(showing.fingerprint, showing.card, showing.client, showing.tenant)
        .where(showing.patient == bindparam(f"p{number}"), showing.fingerprint == bindparam(f"f{number}"))
        .order_by(showing.id.desc())
        .limit(literal_column(str(NEWEST)))
        .offset(literal_column("0"))
        .subquery(f"shown{number}")
    )
    return select(newest.c.fingerprint, newest.c.card, newest.c.client, newest.c.tenant)


@lru_cache(maxsize=64)
def last_showings(engine: Engine, count: int) -> str:
    """When a user was last shown so many cards of a patient; the patient, the user, and the fingerprints."""
    showing = showings.c
    parameters: list[BindParameter[str]] = [bindparam(f"f{number}") for number in range(count)]
    question = (
        select(showing.fingerprint, func.max(showing.shown_at))
        .where(showing.patient == bindparam("p"), showing.user == bindparam("u"), showing.fingerprint.in_(parameters))
        .group_by(showing.fingerprint)
    )
    return str(question.compile(engine))


def columns(table: Table) -> list[str]:
    """What is written into a table: all but the number of the row."""
    return [column.name for column in table.columns if column.name != "id"]


@lru_cache(maxsize=16)
def insert_new(engine: Engine, table: Table) -> str:
    """Insert one row, all its columns in order; a row that is there already stays as it is.

    But for the number of a count, which takes the place of the one before.
    """
    insert = _insert(engine.dialect.name, table)
    return str(insert.compile(engine, column_keys=columns(table)))


def _insert(dialect: str, table: Table) -> Insert:
    """What knows PostgreSQL is loaded only where there is one: no other start has to pay for it."""
    if dialect == SQLITE:
        return _once(sqlite.insert(table), table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - see test_architecture

    return _once(postgresql.insert(table), table)


def _once(insert: "sqlite.Insert | postgresql.Insert", table: Table) -> Insert:
    """What becomes of a row that is there already."""
    if table is not shadow_counts:
        return insert.on_conflict_do_nothing()
    newer = {name: insert.excluded[name] for name in ("number", "counted_at")}
    return insert.on_conflict_do_update(index_elements=["key"], set_=newer)


@lru_cache(maxsize=4)
def any_token(engine: Engine) -> str:
    """What is asked only to see that a connection works."""
    return str(ANY_TOKEN.compile(engine))


@lru_cache(maxsize=8)
def delete_older(table: Table, moment: Column[datetime]) -> Delete:
    """Delete some rows from before `limit`: not all at once, so that nobody waits long for the lock."""
    (key,) = table.primary_key
    batch = select(key).where(moment < bindparam("limit")).limit(CHUNK)
    return delete(table).where(key.in_(batch))


# What is deleted by age: the table, and the moment that counts.
AGES: dict[str, tuple[Table, Column[datetime]]] = {
    "showings": (showings, showings.c.shown_at),
    "suppressions": (suppressions, suppressions.c.suppressed_at),
    "silent_cards": (silent_cards, silent_cards.c.evaluated_at),
    "shadow_counts": (shadow_counts, shadow_counts.c.counted_at),
    "feedback": (feedback, feedback.c.received_at),
    "used_tokens": (used_tokens, used_tokens.c.expires_at),
}
