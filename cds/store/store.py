"""The database as this service uses it. Each method is one statement or one transaction, and waits for it."""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import Pool

from cds.errors import StoreError, reason_of
from cds.store import file
from cds.store.address import Address, address_of
from cds.store.down import StoreDown
from cds.store.engines import Engines, open_engines
from cds.store.facts import Unfit
from cds.store.line import Line
from cds.store.migrate import VERSIONS, check_tables, is_known, migrate
from cds.store.rows import Entry, Received, Row, Rows, Shadowed
from cds.store.schema import (
    SQLITE,
    feedback,
    kept,
    restored,
    shadow_counts,
    showings,
    silent_cards,
    suppressions,
    used_tokens,
)
from cds.store.statements import (
    AGES,
    ANY_TOKEN,
    CHUNK,
    any_token,
    delete_older,
    insert_new,
    last_answers,
    last_showings,
)

T = TypeVar("T")
SEVERAL = 4
REPLACED = "the file was replaced meanwhile"
WRITTEN = (showings, suppressions, silent_cards, shadow_counts)  # by the background writer


class Store:
    """One database for all threads of a process. Nothing is opened before it is needed."""

    def __init__(self, address: Address, fingerprint: str | None = None) -> None:
        """`fingerprint`: of the key under which hashes are made; the database is used with that key only."""
        self._address = address
        self._fingerprint = fingerprint
        self._engines: Engines = open_engines(address)
        self._lock = threading.Lock()
        self._of_thread = threading.local()
        self._lines: list[Line] = []
        self._identity: file.Identity | None = None
        self._generation = 0

    @classmethod
    def open(cls, database_url: str, data_dir: str, fingerprint: str | None = None) -> "Store":
        """The store that the settings name; raises StoreError if they cannot be understood."""
        return cls(address_of(database_url, data_dir), fingerprint)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._address.dialect

    @property
    def writers(self) -> int:
        """How many threads can write at once: a SQLite file takes one writer after the other."""
        return 1 if self.dialect == SQLITE else SEVERAL

    def prepare(self, *, accept_key: bool = False) -> None:
        """Make the file if there is none, and bring the tables up to date; raises StoreError, Unfit among them."""
        with self._lock:
            if self._is_usable():
                return
            self._engines.dispose()
            self._make_file()
            migrate(self._engines.keeping, self._fingerprint, accept=accept_key)
            self._identity = self._present_identity()
            self._generation += 1

    def close(self) -> None:
        """Close all connections, when no thread uses them any more; they are opened again if needed."""
        for line in self._lines:
            line.drop()
        self._engines.dispose()

    def answered(self, patient: str, fingerprints: Sequence[str]) -> dict[str, datetime]:
        """When each card was last answered, if it was."""
        return self._ask(self._last_answers(patient, fingerprints))

    def answered_at_once(self, patient: str, fingerprints: Sequence[str]) -> dict[str, datetime]:
        """The same from a file that is ready, waiting for nothing; StoreDown if that cannot be.

        A few microseconds, where handing the question to a thread costs ten times as much.
        """
        return self._ask_at_once(self._last_answers(patient, fingerprints))

    def shown(self, patient: str, user: str, fingerprints: Sequence[str]) -> dict[str, datetime]:
        """When each card was last shown to a user, if it was."""
        return self._ask(self._last_showings(patient, user, fingerprints))

    def shown_at_once(self, patient: str, user: str, fingerprints: Sequence[str]) -> dict[str, datetime]:
        """The same from a file that is ready, waiting for nothing; StoreDown if that cannot be."""
        return self._ask_at_once(self._last_showings(patient, user, fingerprints))

    def _ask_at_once(self, work: Callable[[Any], T]) -> T:
        if self._engines.instant is None or not self._is_usable():
            raise StoreDown("not at once")
        return self._line("instant", self._engines.instant).ask(work, self._generation)

    def _last_answers(self, patient: str, fingerprints: Sequence[str]) -> Callable[[Any], dict[str, datetime]]:
        sql = last_answers(self._engines.quick, len(fingerprints))
        return _moments(sql, [parameter for fingerprint in fingerprints for parameter in (patient, fingerprint)])

    def _last_showings(
        self, patient: str, user: str, fingerprints: Sequence[str]
    ) -> Callable[[Any], dict[str, datetime]]:
        sql = last_showings(self._engines.quick, len(fingerprints))
        return _moments(sql, [patient, user, *fingerprints])

    def use(self, key: str, expires: datetime) -> bool:
        """Take a token's key; False if somebody has taken it before."""
        return self._ask(self._taken(key, expires))

    def use_at_once(self, key: str, expires: datetime) -> bool | None:
        """The same in a file that is ready; None if another writer has it now. StoreDown if it cannot be asked so."""
        if self._engines.instant is None or not self._is_usable():
            raise StoreDown("not at once")
        take = self._taken(key, expires)

        def work(cursor: Any) -> bool | None:
            try:
                return take(cursor)
            except sqlite3.OperationalError as problem:
                if problem.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                return None

        return self._line("instant", self._engines.instant).ask(work, self._generation)

    def checkpoint(self) -> None:
        """Bring what a file's log holds into the file, as far as nobody waits for it; nothing on a server."""
        if self.dialect == SQLITE:
            self._ask(lambda cursor: cursor.execute("PRAGMA wal_checkpoint(PASSIVE)"))

    def _taken(self, key: str, expires: datetime) -> Callable[[Any], bool]:
        sql, row = insert_new(self._engines.quick, used_tokens), (key, kept(expires, self.dialect))

        def work(cursor: Any) -> bool:
            cursor.execute(sql, row)
            return bool(cursor.rowcount == 1)

        return work

    def add(self, entries: Sequence[Entry | Shadowed]) -> int:
        """Write what was shown, suppressed, withheld and counted, and return the number of cards among it.

        A card that is there stays; a count that is there is renewed.
        """
        rows: Rows = {table: [] for table in WRITTEN}
        for entry in entries:
            for table, new_rows in entry.rows(self.dialect).items():
                rows[table] += new_rows
        self._write(self._engines.writing, rows)
        return sum(len(rows[table]) for table in WRITTEN if table is not shadow_counts)

    def keep(self, requests: Sequence[Received]) -> None:
        """Write feedback, all or nothing: it is on disk when this returns, in the file that is there then."""
        rows = [row for received in requests for row in received.rows(self.dialect)]
        rows.sort(key=lambda row: str(row[-1]))  # by their keys: so two transactions never wait for each other
        self._write(self._engines.keeping, {feedback: rows})
        if not self._is_usable():
            raise StoreDown(REPLACED)

    def prune(self, now: datetime, retention_days: int) -> dict[str, int]:
        """Delete what is older than the retention, and expired tokens; how many rows, by table."""
        oldest = now - timedelta(days=retention_days)
        limits = {name: now if name == used_tokens.name else oldest for name in AGES}
        return {name: self._delete(name, limit) for name, limit in limits.items()}

    def warm(self) -> None:
        """Have this thread's connection open; raises StoreDown. It is `prepare` that brings the tables up to date."""
        if not self._is_usable():
            raise StoreDown("not ready")
        sql = any_token(self._engines.quick)
        self._line("quick", self._engines.quick).ask(lambda cursor: cursor.execute(sql), self._generation)

    def check(self) -> None:
        """Raise Unfit if a newer version has changed the tables, and this one may not use them; else StoreDown."""
        try:
            self.prepare()
            if not is_known(self._line("quick", self._engines.quick).ask(_version, self._generation)):
                with self._engines.keeping.begin() as connection:
                    check_tables(connection)
        except (Unfit, StoreDown):
            raise
        except (SQLAlchemyError, StoreError, OSError) as problem:
            raise StoreDown from problem

    def probe(self) -> None:
        """Do nothing, but as feedback would be kept; raises StoreDown."""
        self._do(self._engines.keeping, lambda connection: connection.execute(ANY_TOKEN).all())

    def _delete(self, name: str, limit: datetime) -> int:
        statement, count, more = delete_older(*AGES[name]), 0, True
        while more:
            deleted = self._do(
                self._engines.writing, lambda connection: connection.execute(statement, {"limit": limit}).rowcount
            )
            count, more = count + deleted, deleted == CHUNK
        return count

    def _write(self, engine: Engine, rows: dict[Table, list[Row]]) -> None:
        """Insert all rows in one transaction."""

        def work(connection: Connection) -> None:
            for table, table_rows in rows.items():
                if table_rows:
                    connection.exec_driver_sql(insert_new(engine, table), table_rows)

        self._do(engine, work)

    def _do(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        """Do it in a transaction."""
        try:
            self.prepare()
            pool = engine.pool
            try:
                with engine.begin() as connection:
                    answer = work(connection)
            finally:
                is_outdated = self._close_outdated(engine, pool)
        except (SQLAlchemyError, StoreError, OSError) as problem:
            raise StoreDown from problem
        if is_outdated:
            raise StoreDown(REPLACED)
        return answer

    def _close_outdated(self, engine: Engine, pool: Pool) -> bool:
        """Whether another thread found a new file meanwhile: the old pool would keep what is brought back since."""
        with self._lock:
            is_outdated = engine.pool is not pool
        if is_outdated:
            pool.dispose()
        return is_outdated

    def _ask(self, work: Callable[[Any], T]) -> T:
        """Ask by the line of this thread."""
        try:
            self.prepare()
        except (StoreError, OSError) as problem:
            raise StoreDown from problem
        return self._line("quick", self._engines.quick).ask(work, self._generation)

    def _line(self, name: str, engine: Engine) -> Line:
        """The line of this thread for one manner of asking."""
        line: Line | None = getattr(self._of_thread, name, None)
        if line is None:
            line = Line(engine)
            setattr(self._of_thread, name, line)
            self._lines.append(line)
        return line

    def _is_usable(self) -> bool:
        return self._generation > 0 and self._identity == self._present_identity()

    def _present_identity(self) -> file.Identity | None:
        return file.identity(self._address.file) if self._address.file else None

    def _make_file(self) -> None:
        try:
            if self._address.file:
                file.make(self._address.file)
        except (OSError, sqlite3.Error) as problem:
            raise StoreError(
                f"The database's file cannot be used: {reason_of(problem)}. TWITCH_CDS_DATA_DIR or "
                "TWITCH_CDS_DATABASE_URL says where it is; it must belong to the user that the service runs as. "
                "See docs/store.md."
            ) from problem


def _moments(sql: str, values: list[str]) -> Callable[[Any], dict[str, datetime]]:
    """What asks for a moment of each fingerprint."""

    def work(cursor: Any) -> dict[str, datetime]:
        cursor.execute(sql, values)
        return {fingerprint: restored(moment) for fingerprint, moment in cursor.fetchall()}

    return work


def _version(cursor: Any) -> str:
    """Of which version the tables are."""
    cursor.execute(f"SELECT version_num FROM {VERSIONS}")  # noqa: S608 - a name of ours
    return str(cursor.fetchone()[0])
