"""Both databases: SQLite always, PostgreSQL where TEST_POSTGRES_URL names a server on which databases can be made."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url
from store_samples import rows_of

from cds.store.store import Store

SERVER = os.environ.get("TEST_POSTGRES_URL", "")


@pytest.fixture(params=["sqlite", "postgresql"] if SERVER else ["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a new, empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
    else:
        yield from _new_database()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A new, empty PostgreSQL database, for what only a server can do."""
    yield from _new_database()


@pytest.fixture
def postgres_database() -> Iterator[Callable[[str], str]]:
    """Makes a PostgreSQL database with options of its own."""
    with ExitStack() as made:
        yield lambda options: made.enter_context(contextmanager(_new_database)(options))


def _new_database(options: str = "") -> Iterator[str]:
    if not SERVER:
        pytest.skip("PostgreSQL is not tested: TEST_POSTGRES_URL names no server")
    name = f"twitch_{uuid4().hex}"
    _on_server(f"CREATE DATABASE {name} {options}")
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        _on_server(f"DROP DATABASE {name} WITH (FORCE)")


def _on_server(sql: str) -> None:
    engine = create_engine(make_url(SERVER).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(sql)
    engine.dispose()


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    """A store on that database, with its tables."""
    opened = Store.open(database_url, str(tmp_path))
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture
def rows(database_url: str) -> Callable[[str], list[dict[str, object]]]:
    """All rows of a table, read by a connection of its own."""
    return lambda table: rows_of(database_url, table)
