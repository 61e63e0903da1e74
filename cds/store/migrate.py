"""Bringing the tables up to date: once, however many workers and machines start at the same time."""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, column, inspect, select, table
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from cds.errors import StoreError
from cds.store.address import POSTGRESQL
from cds.store.engines import ENCODING, WrongEncoding
from cds.store.facts import accept_key, check_key, check_version

SCRIPTS = Path(__file__).parent / "migrations" / "versions"  # r0001_tables.py brings the version 0001
VERSIONS = "twitch_cds_version"
LOCK = 0x747769746368  # "twitch" in ASCII, for pg_advisory_xact_lock: any number that nobody else takes
WAIT = "60s"


class Unreachable(StoreError):  # noqa: N818 - it says what is the matter
    """The server does not answer now; it may later."""


def newest() -> str:
    """The version of the tables that this version of the software brings."""
    return _known()[-1]


def migrate(engine: Engine, fingerprint: str | None = None, *, accept: bool = False) -> None:
    """Make and change the tables as needed, in one transaction; raises StoreError, without the database's address.

    Tables of a newer version are used as they are if they allow it. With the fingerprint of a key, the hashes must have
    been made under that key, unless it is to be accepted from now on.
    """
    try:
        with engine.begin() as connection:
            _lock(connection)
            if check_tables(connection) and version_of(connection) != newest():
                _upgrade(connection)
            if fingerprint and accept:
                accept_key(connection, fingerprint)
            if fingerprint:
                check_key(connection, fingerprint)
    except WrongEncoding as problem:
        raise StoreError(
            f"The database's encoding is {problem}, but must be {ENCODING}: create another one with "
            f"createdb -E {ENCODING} -T template0, and name it in TWITCH_CDS_DATABASE_URL."
        ) from problem
    except SQLAlchemyError as problem:
        kind = type(getattr(problem, "orig", None) or problem).__name__
        is_away = engine.dialect.name == POSTGRESQL and isinstance(problem, OperationalError)
        error = Unreachable if is_away else StoreError
        raise error(f"The database cannot be opened or brought up to date ({kind}). See docs/store.md.") from problem


def check_tables(connection: Connection) -> bool:
    """Whether the tables are of a version that this software knows, or not there yet; TooOld if it may not use them."""
    present = version_of(connection)
    if present is None or is_known(present):
        return True
    check_version(connection, newest())
    return False


def version_of(connection: Connection) -> str | None:
    """The version of the tables, as Alembic notes it; None if there are no tables yet."""
    if not inspect(connection).has_table(VERSIONS):
        return None
    version: str | None = connection.execute(select(column("version_num")).select_from(table(VERSIONS))).scalar()
    return version


def is_known(version: str) -> bool:
    """Whether this software knows a version of the tables."""
    return version in _known()


@cache
def _known() -> tuple[str, ...]:
    """The versions of the tables that this software knows, the newest last."""
    return tuple(sorted(path.stem[1:5] for path in SCRIPTS.glob("r*.py")))


def _lock(connection: Connection) -> None:
    """Wait for others who do the same; SQLite has locked the whole file already."""
    if connection.dialect.name == POSTGRESQL:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{WAIT}'; SET LOCAL lock_timeout = '{WAIT}'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")


def _upgrade(connection: Connection) -> None:
    """Only where something has to be changed: what does it is slow to import."""
    from cds.store.upgrade import upgrade  # noqa: PLC0415 - see test_architecture

    upgrade(connection, VERSIONS)
