"""Disks that are full, files that vanish, servers that hang: calls go on, feedback is refused, and nobody restarts."""

import asyncio
import os
import resource
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from cut_wire import Wire
from sqlalchemy import create_engine, make_url, text
from store_samples import HOSPITAL, NOW, PATIENT, SERVICE, account, minutes, overridden, rows_of, shown

from cds.deadline import Deadline
from cds.errors import NotKept, NotReady
from cds.store import engines
from cds.store.memory import Manner, Memory
from cds.store.store import Store
from cds.store.writer import Pace

NOBODY_ID = 65534
PACE = Pace(linger=0.0, first_pause=0.001, longest_pause=0.01, patience=0.02, heartbeat=60)
MANNER = Manner(patience=30.0, pace=PACE)


class Clock:
    """Seconds that pass when they are told to, and a little whenever they are read."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        self.passed += 0.005
        return self.passed


class Trial:
    """A memory, and what it does when it is asked."""

    def __init__(self, url: str, folder: Path, manner: Manner = MANNER) -> None:
        self._clock = Clock()
        self.memory = Memory(Store.open(url, str(folder)), manner, now=lambda: NOW, seconds=self._clock)
        self._number = 0

    def recall(self) -> dict[str, datetime]:
        """What a call gets to know."""
        return asyncio.run(self.memory.answered(PATIENT, ["f"], Deadline.after(60, time.monotonic)))

    def keeps(self) -> bool:
        """Whether new feedback is kept, when the store was left alone for long enough."""
        self._clock.passed += 10
        self._number += 1
        try:
            asyncio.run(self.memory.keep(HOSPITAL, SERVICE, [overridden("c1", str(self._number))]))
        except NotKept:
            return False
        return True

    def shows(self, card: str) -> bool:
        """Hand over a card; whether it was written."""
        before = self.memory.tally["showings_lost"]
        self.memory.remember(HOSPITAL, SERVICE, account(shown(card)), "2026.11")
        self._clock.passed += 10
        assert self.memory.flush(30)
        return before == self.memory.tally["showings_lost"]


@contextmanager
def trial(url: str, folder: Path, manner: Manner = MANNER) -> Iterator[Trial]:
    """A memory that has one card and one answer to it."""
    made = Trial(url, folder, manner)
    made.memory.start()
    try:
        assert made.shows("c1")
        assert made.keeps()
        assert {"f": NOW} == made.recall()
        yield made
    finally:
        made.memory.close()


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Not root, for whom nothing is read-only."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY_ID)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that whoever is nobody can reach and write."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    folder.chmod(0o777)
    shutil.rmtree(folder)


def test_a_full_disk(tmp_path: Path) -> None:
    """Cards go on and answers are known; feedback is refused until there is room again."""
    with trial("", tmp_path) as one:
        with full_disk():
            during = (one.keeps(), one.shows("c2"), one.recall(), one.memory.is_up)
        after = (one.keeps(), one.shows("c3"), one.recall(), one.memory.is_up)

    assert (False, False, {"f": NOW}, False) == during
    assert (True, True, {"f": NOW}, True) == after
    assert ["c1", "c3"] == [row["card"] for row in rows_of(f"sqlite:///{tmp_path / 'twitch-cds.db'}", "showings")]


def test_a_folder_that_is_read_only(open_folder: Path) -> None:
    """Nothing can be made there; when it can, it is."""
    open_folder.chmod(0o555)
    with unprivileged():
        one = Trial("", open_folder / "var")
        one.memory.start()
        during = (one.keeps(), one.shows("c1"), one.recall(), one.memory.is_up)
    open_folder.chmod(0o777)
    with unprivileged():
        after = (one.keeps(), one.shows("c1"))
        one.memory.close()

    assert (False, False, {}, False) == during
    assert (True, True) == after


def test_a_file_that_somebody_else_has_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are known while another process writes for long; feedback waits for a while only."""
    monkeypatch.setattr(engines, "LOCKED_SECONDS", 0.05)
    with trial("", tmp_path) as one:
        other = sqlite3.connect(tmp_path / "twitch-cds.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        during = (one.keeps(), one.shows("c2"), one.recall())
        other.execute("COMMIT")
        other.close()
        after = (one.keeps(), one.shows("c3"), one.memory.is_up)

    assert (False, False, {"f": NOW}) == during
    assert (True, True, True) == after


def test_a_file_that_is_replaced_by_garbage_and_brought_back(tmp_path: Path) -> None:
    """Nothing is acknowledged into a file that has lost its name; a backup is used as soon as it is there."""
    path = tmp_path / "twitch-cds.db"
    with trial("", tmp_path) as one:
        with sqlite3.connect(path) as source, sqlite3.connect(tmp_path / "backup.db") as backup:
            source.backup(backup)
        source.close()
        backup.close()
        (tmp_path / "garbage").write_bytes(b"garbage " * 1000)
        replace(path, tmp_path / "garbage")
        during = (one.keeps(), one.shows("c2"), one.recall())
        replace(path, tmp_path / "backup.db")
        after = (one.keeps(), one.shows("c3"), one.recall())

    assert (False, False, {}) == during
    assert (True, True, {"f": NOW}) == after
    assert ["c1", "c3"] == [row["card"] for row in rows_of(f"sqlite:///{path}", "showings")]


def replace(path: Path, other: Path) -> None:
    """Put another file into the place of a database, and take its log away."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    other.replace(path)


def test_a_file_that_is_deleted_is_made_anew(tmp_path: Path) -> None:
    """What is acknowledged then is in the new one."""
    path = tmp_path / "twitch-cds.db"
    with trial("", tmp_path) as one:
        for name in ("", "-wal", "-shm"):
            path.with_name(f"{path.name}{name}").unlink(missing_ok=True)
        after = (one.keeps(), one.shows("c1"), one.recall())

    assert (True, True, {"f": NOW}) == after
    assert 1 == len(rows_of(f"sqlite:///{path}", "feedback"))


def test_a_file_that_is_replaced_while_it_is_written_acknowledges_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit went into a file that has lost its name."""
    path = tmp_path / "twitch-cds.db"
    with trial("", tmp_path) as one:
        write = Store._write

        def replace_after(*arguments: object) -> None:
            write(*arguments)  # type: ignore[arg-type]
            path.rename(tmp_path / "elsewhere.db")

        with monkeypatch.context() as patch:
            patch.setattr(Store, "_write", replace_after)
            during = one.keeps()
        after = one.keeps()

    assert (False, True) == (during, after)


def through(wire: Wire, url: str) -> str:
    """The same database, by way of the wire."""
    return make_url(url).set(host="127.0.0.1", port=wire.port).render_as_string(hide_password=False)


@pytest.fixture
def wire(postgres_url: str) -> Iterator[Wire]:
    """A wire to the server."""
    place = make_url(postgres_url)
    with Wire(place.host or "127.0.0.1", place.port or 5432) as made:
        yield made


def test_a_server_that_stops_and_comes_back(wire: Wire, postgres_url: str, tmp_path: Path) -> None:
    """Connections break and new ones are refused; then all goes on."""
    with trial(through(wire, postgres_url), tmp_path) as one:
        wire.is_cut = True
        during = (one.keeps(), one.shows("c2"), one.recall(), one.memory.is_up)
        wire.is_cut = False
        after = (one.keeps(), one.shows("c3"), one.recall(), one.memory.is_up)

    assert (False, False, {}, False) == during
    assert (True, True, {"f": NOW}, True) == after


def test_a_server_that_hangs(wire: Wire, postgres_url: str, tmp_path: Path) -> None:
    """Nobody waits for it: all have ended while it still hangs; what it did in the end is no harm."""
    manner = Manner(patience=0.05, keep_seconds=0.05, pace=PACE)
    with trial(through(wire, postgres_url), tmp_path, Manner(patience=30.0, pace=PACE)) as one:
        one.memory._manner = manner
        wire.is_frozen = True
        during = (one.keeps(), one.recall())
        with pytest.raises(NotReady):
            asyncio.run(one.memory.use_once("k" * 64, NOW + minutes(5)))
        wire.is_frozen = False
        one.memory._manner = MANNER
        after = (one.keeps(), one.shows("c2"), one.recall())

    assert (False, {}) == during
    assert (True, True, {"f": NOW}) == after


def test_connections_that_the_server_has_closed_meanwhile(postgres_url: str, tmp_path: Path) -> None:
    """As after its restart: nobody notices."""
    with trial(postgres_url, tmp_path) as one:
        engine = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg"))
        with engine.connect() as connection:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
        engine.dispose()
        after = (one.recall(), one.keeps(), one.shows("c2"), one.memory.is_up)

    assert ({"f": NOW}, True, True, True) == after
