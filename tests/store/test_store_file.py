"""The SQLite file while others hold it, and how it is known again."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cds.store import file


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody who has locked the whole file."""
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    connection.execute("CREATE TABLE t (x)")
    connection.execute("BEGIN EXCLUSIVE")
    yield connection
    connection.close()


def mode(path: Path) -> str:
    """How the file is kept."""
    connection = sqlite3.connect(path)
    (found,) = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()
    return str(found)


def test_a_lock_is_waited_for(tmp_path: Path, holder: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when several start at once."""
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            holder.execute("COMMIT")

    monkeypatch.setattr(sqlite3, "connect", impatient(sqlite3.connect))
    file.make(tmp_path / "x.db", sleep)

    assert ([0.1, 0.1], "wal") == (pauses, mode(tmp_path / "x.db"))


def impatient(connect: Any) -> Any:
    """Do not wait within SQLite."""
    return lambda *arguments, **options: connect(*arguments, **options | {"timeout": 0})


def test_a_lock_is_not_waited_for_forever(
    tmp_path: Path, holder: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some seconds it is an error."""
    pauses: list[float] = []
    monkeypatch.setattr(sqlite3, "connect", impatient(sqlite3.connect))

    with pytest.raises(TimeoutError):
        file.make(tmp_path / "x.db", pauses.append)
    assert 50 == len(pauses)


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting would not help."""
    path, connect = tmp_path / "x.db", sqlite3.connect
    file.make(path)
    connection = connect(path)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    monkeypatch.setattr(sqlite3, "connect", lambda *_, **__: connect(f"file:{path}?mode=ro", uri=True))

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        file.make(path)


def test_a_file_is_known_by_what_it_is(tmp_path: Path) -> None:
    """Not by its name: another file of that name is another one, and no file is none."""
    path = tmp_path / "x.db"
    none = file.identity(path)
    file.make(path)
    first = file.identity(path)
    path.rename(tmp_path / "y.db")
    file.make(path)

    assert none is None
    assert first == file.identity(tmp_path / "y.db") != file.identity(path)
