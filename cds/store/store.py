"""The database as this service uses it. Each method is one statement or one transaction, and waits for it."""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cds.errors import StoreError
from cds.store import file
from cds.store.address import SQLITE, Address, address_of
from cds.store.engines import Engines, open_engines
from cds.store.migrate import migrate
from cds.store.rows import Entry, Row
from cds.store.schema import feedback, showings, suppressions, used_tokens
from cds.store.statements import AGES, CHUNK, delete_older, insert_new, last_answers

T = TypeVar("T")
SEVERAL = 4
Opening = Callable[[], AbstractContextManager[Connection]]


class StoreDown(Exception):  # noqa: N818 - it says what happened
    """The database did not do what was asked; what it said is in the cause, and stays inside."""


class Store:
    """One database for all threads of a process. Nothing is opened before it is needed."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._engines: Engines = open_engines(address)
        self._lock = threading.Lock()
        self._identity: file.Identity | None = None
        self._is_prepared = False

    @classmethod
    def open(cls, database_url: str, data_dir: str) -> "Store":
        """The store that the settings name; raises StoreError if they cannot be understood."""
        return cls(address_of(database_url, data_dir))

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._address.dialect

    @property
    def writers(self) -> int:
        """How many threads can write at once: a SQLite file takes one writer after the other."""
        return 1 if self.dialect == SQLITE else SEVERAL

    def prepare(self) -> None:
        """Make the file if there is none, and bring the tables up to date; raises StoreError."""
        with self._lock:
            if self._is_usable():
                return
            self._engines.dispose()
            self._make_file()
            migrate(self._engines.keeping)
            self._identity, self._is_prepared = self._present_identity(), True

    def close(self) -> None:
        """Close all connections; they are opened again if needed."""
        self._engines.dispose()

    def answered(self, patient: str, fingerprints: Sequence[str]) -> dict[str, datetime]:
        """When each card was last answered, if it was."""
        statement = last_answers(len(fingerprints))
        given = {f"f{number}": one for number, one in enumerate(fingerprints)}

        def work(connection: Connection) -> dict[str, datetime]:
            rows = connection.execute(statement, {"patient": patient, **given}).all()
            return {row[0]: row[1] for row in rows}

        return self._do(self._engines.reading.connect, work)

    def add(self, entries: Sequence[Entry]) -> int:
        """Write what was shown and suppressed, and return the number of rows; a shown card that is there stays."""
        shown = [row for entry in entries for row in entry.showings()]
        suppressed = [row for entry in entries for row in entry.suppressions()]

        def work(connection: Connection) -> None:
            if shown:
                connection.execute(insert_new(showings, self.dialect), shown)
            if suppressed:
                connection.execute(insert_new(suppressions, self.dialect), suppressed)

        self._do(self._engines.writing.begin, work)
        return len(shown) + len(suppressed)

    def keep(self, rows: Sequence[Row]) -> None:
        """Write feedback, all or nothing: it is on disk when this returns, in the file that is there then."""
        ordered = sorted(rows, key=lambda row: str(row["key"]))  # two requests never wait for each other
        insert = insert_new(feedback, self.dialect)
        self._do(self._engines.keeping.begin, lambda connection: connection.execute(insert, ordered))
        if not self._is_usable():
            raise StoreDown("the file was replaced meanwhile")

    def use(self, key: str, expires: datetime) -> bool:
        """Take a token's key; False if somebody has taken it before."""
        insert = insert_new(used_tokens, self.dialect)
        row = {"key": key, "expires_at": expires}
        return self._do(self._engines.writing.begin, lambda connection: connection.execute(insert, row).rowcount == 1)

    def prune(self, now: datetime, retention_days: int) -> dict[str, int]:
        """Delete what is older than the retention, and expired tokens; how many rows, by table."""
        oldest = now - timedelta(days=retention_days)
        limits = {name: now if name == used_tokens.name else oldest for name in AGES}
        return {name: self._delete(name, limit) for name, limit in limits.items()}

    def _delete(self, name: str, limit: datetime) -> int:
        statement, count, more = delete_older(*AGES[name]), 0, True
        while more:
            some = self._do(
                self._engines.writing.begin, lambda connection: connection.execute(statement, {"limit": limit}).rowcount
            )
            count, more = count + some, some == CHUNK
        return count

    def probe(self) -> None:
        """Do nothing, but as feedback would be kept; raises StoreDown."""
        self._do(self._engines.keeping.begin, lambda connection: connection.execute(select(used_tokens.c.key).limit(1)))

    def _do(self, opening: Opening, work: Callable[[Connection], T]) -> T:
        """Do it, and once more if the connection was a dead one: whatever is done here can be repeated."""
        try:
            self.prepare()
            try:
                return _done(opening, work)
            except DBAPIError as problem:
                if not problem.connection_invalidated:
                    raise
            return _done(opening, work)
        except (SQLAlchemyError, StoreError, OSError) as problem:
            raise StoreDown from problem

    def _is_usable(self) -> bool:
        return self._is_prepared and self._identity == self._present_identity()

    def _present_identity(self) -> file.Identity | None:
        return file.identity(self._address.file) if self._address.file else None

    def _make_file(self) -> None:
        try:
            if self._address.file:
                file.make(self._address.file)
        except (OSError, sqlite3.Error) as problem:
            kind = type(problem).__name__
            raise StoreError(f"The database's file cannot be used ({kind}). See docs/store.md.") from problem


def _done(opening: Opening, work: Callable[[Connection], T]) -> T:
    with opening() as connection:
        return work(connection)
