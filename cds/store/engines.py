"""Connections: which settings they are opened with, so that nothing waits for long and feedback is on disk."""

import sqlite3
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from cds.store.address import Address
from cds.store.schema import SQLITE

LOCKED_SECONDS = 4
STATEMENT_SECONDS = 4
CONNECT_SECONDS = 3
SILENCE_MS = 5_000
SESSION: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "tcp_user_timeout": SILENCE_MS,
    "keepalives_idle": 1,
    "keepalives_interval": 1,
    "keepalives_count": SILENCE_MS // 1000,
    "application_name": "twitch-cds",
}
ENCODING = "UTF8"
ALL: dict[str, Any] = {"pool_size": 8, "hide_parameters": True}  # what was sent is nobody's business


class WrongEncoding(SQLAlchemyError):  # noqa: N818 - it says what is the matter
    """A database in which some texts could not be kept as they are."""


class Engines(Struct, frozen=True):
    """Quick: each statement for itself. Writing: what may be lost with the machine's power. Keeping: what may not.

    Instant: quick too, but it waits for nothing, neither a lock nor the disk: what it writes is brought from the log
    into the file by others. Only a file beside the service can be asked like this.
    """

    quick: Engine
    instant: Engine | None
    writing: Engine
    keeping: Engine

    def dispose(self) -> None:
        """Close all connections that are not in use."""
        for engine in (self.quick, self.instant, self.writing, self.keeping):
            if engine is not None:
                engine.dispose()


def open_engines(address: Address) -> Engines:
    """Make the engines; nothing is connected yet."""
    is_file = address.dialect == SQLITE
    make = _sqlite if is_file else _postgresql
    return Engines(
        quick=make(address, lasting=False, isolation_level="AUTOCOMMIT"),
        instant=_sqlite(address, lasting=False, patience=0, isolation_level="AUTOCOMMIT") if is_file else None,
        writing=make(address, lasting=False, pool_pre_ping=True),
        keeping=make(address, lasting=True, pool_pre_ping=True),
    )


def _sqlite(address: Address, *, lasting: bool, patience: float = LOCKED_SECONDS, **options: Any) -> Engine:
    engine = create_engine(address.url, connect_args={"timeout": patience}, **ALL, **options)
    synchronous = "FULL" if lasting else "NORMAL"

    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA synchronous={synchronous}")
        if not patience:
            connection.execute("PRAGMA wal_autocheckpoint=0")

    event.listen(engine, "connect", prepare)
    if "isolation_level" not in options:
        event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    """Ask for the lock at once: a transaction that reads first could not wait for it later."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql(address: Address, *, lasting: bool, **options: Any) -> Engine:
    session = {name: value for name, value in SESSION.items() if name not in address.url.query}
    engine = create_engine(address.url, connect_args=session, paramstyle="format", **ALL, **options)
    event.listen(engine, "connect", lambda connection, _: check_encoding(connection), insert=True)
    event.listen(engine, "connect", lambda connection, _: set_limits(connection, lasting=lasting))
    return engine


def check_encoding(connection: Any) -> None:
    """Refuse a PostgreSQL database whose texts are not in UTF-8; a pooler that does not say what it has is believed."""
    encoding = connection.info.parameter_status("server_encoding") or ENCODING
    if encoding != ENCODING:
        connection.close()
        raise WrongEncoding(encoding)


def set_limits(connection: Any, *, lasting: bool) -> None:
    """Have a PostgreSQL session give up in time; what need not last is not waited for until it is on disk."""
    before, connection.autocommit = connection.autocommit, True
    connection.execute(
        f"SET statement_timeout = '{STATEMENT_SECONDS}s'; SET lock_timeout = '{LOCKED_SECONDS}s'; "
        f"SET synchronous_commit = {'on' if lasting else 'off'}"
    )
    connection.autocommit = before
