"""One connection for one thread: kept, dropped when it fails, and opened again."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from cds.store.address import address_of
from cds.store.down import StoreDown
from cds.store.engines import WrongEncoding, check_encoding, open_engines, set_limits
from cds.store.line import Line


@pytest.fixture
def line(tmp_path: Path) -> Any:
    """A line to a new SQLite file."""
    engines = open_engines(address_of("", str(tmp_path)))
    made = Line(engines.quick)
    yield made
    made.drop()
    engines.dispose()


def one(cursor: Any) -> object:
    """Ask for the number one."""
    return cursor.execute("SELECT 1").fetchone()[0]


def connection(cursor: Any) -> Any:
    """The driver's connection."""
    return cursor.connection


def test_a_connection_is_kept(line: Line) -> None:
    """Two questions, one connection."""
    assert line.ask(connection, 1) is line.ask(connection, 1)


def test_another_file_needs_another_connection(line: Line) -> None:
    """The generation tells."""
    first = line.ask(connection, 1)

    assert first is not line.ask(connection, 2)


def test_a_connection_that_died_meanwhile_is_replaced_unnoticed(line: Line) -> None:
    """As after a restart of the server."""
    line.ask(connection, 1).close()

    assert 1 == line.ask(one, 1)


def test_a_connection_that_dies_each_time_is_an_end(line: Line) -> None:
    """It is tried twice, not for ever."""
    tries = []

    def die(cursor: Any) -> None:
        tries.append(cursor)
        cursor.connection.close()
        cursor.execute("SELECT 1")

    with pytest.raises(StoreDown):
        line.ask(die, 1)

    assert 2 == len(tries)


def test_a_question_that_fails_is_told_and_the_next_one_works(line: Line) -> None:
    """It is not repeated: the connection was alive."""
    tries = []

    def fail(cursor: Any) -> None:
        tries.append(cursor)
        cursor.execute("SELECT * FROM nowhere")

    with pytest.raises(StoreDown):
        line.ask(fail, 1)

    assert (1, 1) == (len(tries), line.ask(one, 1))


def test_a_database_that_cannot_be_opened_is_told() -> None:
    """By the same name."""
    engine = create_engine("sqlite:////dev/null/x.db")

    with pytest.raises(StoreDown):
        Line(engine).ask(one, 1)
    engine.dispose()


@pytest.mark.parametrize(("lasting", "commit"), [(True, "on"), (False, "off")])
def test_a_session_on_a_server_gives_up_in_time(lasting: bool, commit: str) -> None:
    """Statements and locks have limits; only what must last is waited for on the server's disk."""

    class Session:
        autocommit = False
        told = ""

        def execute(self, sql: str) -> None:
            assert self.autocommit
            self.told = sql

    session = Session()
    set_limits(session, lasting=lasting)

    assert f"SET statement_timeout = '4s'; SET lock_timeout = '4s'; SET synchronous_commit = {commit}" == session.told
    assert session.autocommit is False


class Greeted:
    """A session whose server says how it encodes texts, or does not."""

    def __init__(self, encoding: str | None) -> None:
        self.info = self
        self._encoding = encoding
        self.is_closed = False

    def parameter_status(self, name: str) -> str | None:
        assert "server_encoding" == name
        return self._encoding

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize("encoding", ["UTF8", None])
def test_a_database_in_utf_8_is_used(encoding: str | None) -> None:
    """So is one behind a pooler that does not say."""
    session = Greeted(encoding)
    check_encoding(session)

    assert not session.is_closed


def test_a_database_in_another_encoding_is_left() -> None:
    """The connection to it is closed."""
    session = Greeted("SQL_ASCII")

    with pytest.raises(WrongEncoding, match="SQL_ASCII"):
        check_encoding(session)
    assert session.is_closed
