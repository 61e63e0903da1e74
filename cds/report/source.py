"""The store's database, opened to be read: one state of it, whatever is written meanwhile."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from cds.errors import UsageError
from cds.settings import Settings
from cds.store.address import Address, address_of

CACHE_KB = 65_536


@contextmanager
def reading(settings: Settings) -> Iterator[Connection]:
    """A connection that cannot write; raises UsageError, without the database's address."""
    address = address_of(settings.database_url, settings.data_dir)
    if address.file is not None and not address.file.is_file():
        raise UsageError(f"{address.file}: there is no database yet. The service creates it when it starts.")
    try:
        with _engine(address).connect() as connection:
            yield connection
    except SQLAlchemyError as problem:
        kind = type(getattr(problem, "orig", None) or problem).__name__
        raise UsageError(
            f"The database cannot be read ({kind}). Has this version of the service been started once?"
        ) from None


def _engine(address: Address) -> Engine:
    if address.file is None:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        return create_engine(address.url, hide_parameters=True, poolclass=NullPool).execution_options(**options)
    engine = create_engine(address.url, hide_parameters=True, poolclass=NullPool)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    """Leave transactions to us, forbid writing, and allow some memory for the joins."""
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=ON")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KB}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
