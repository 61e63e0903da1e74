"""The change over: the tables of the first edition, with their rows, are brought forward while its workers are at work.

Those workers are the code of the first edition itself, from the history of the repository. TEST_CHANGEOVER_ROWS says
how many old rows there are: a few here, 100,000 in `.ci/long changeover`.
"""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from edition_worker import CALLER, NOW, PATIENT, SERVICE, USER
from sqlalchemy import Connection, create_engine, make_url, text

from cds.report.build import build
from cds.report.model import FIRST, SECOND, Period
from cds.store.address import DRIVERS
from cds.store.migrate import VERSIONS, newest
from cds.store.schema import kept
from cds.store.store import Store

ROOT = Path(__file__).parents[2]
FIRST_EDITION = "694878c"  # the last commit before the second edition was begun
ROWS = int(os.environ.get("TEST_CHANGEOVER_ROWS", "2000"))
CALLS = 40
TABLES = {
    "showings": "card, hook_instance, service, hook, client, tenant, patient, {user}, topic, indicator, tags, flags, "
    "fingerprint, suggestions, knowledge_version, software_version, shown_at",
    "suppressions": "hook_instance, service, hook, client, tenant, patient, {user}, topic, tags, flags, fingerprint, "
    "knowledge_version, software_version, suppressed_at",
    "feedback": "service, client, tenant, card, outcome, outcome_at, suggestions, received_at, key",
}


@pytest.fixture(scope="module")
def first_edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the first edition."""
    folder = tmp_path_factory.mktemp("first")
    git = ["git", "-C", str(ROOT), "archive", FIRST_EDITION, "cds", "cards"]
    made = subprocess.run(git, capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip("the history of the repository does not hold the first edition")
    with tarfile.open(fileobj=BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


class Worker:
    """A process of one edition."""

    def __init__(self, code: Path, url: str, folder: Path, name: str, end: str) -> None:
        script = Path(__file__).with_name("edition_worker.py")
        command = [sys.executable, str(script), url, str(folder), name, end]
        environment = {**os.environ, "PYTHONPATH": str(code)}
        self.name = name
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process: subprocess.Popen[str] = subprocess.Popen(command, env=environment, **pipes)  # type: ignore[call-overload]
        assert "ready\n" == self.read()

    def read(self) -> str:
        """The next line that it says."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def begin(self) -> None:
        """Let it work."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def done(self) -> dict[str, int]:
        """What it did, when it has ended."""
        said: dict[str, int] = json.loads(self.read())
        assert 0 == self.process.wait()
        return said

    def kill(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    """Processes that are ended with the test."""
    made: list[Worker] = []
    yield made
    for one in made:
        one.kill()


def fill(database_url: str, rows: int) -> None:
    """So many rows of the first edition: cards over two months, every third answered, every tenth a repeat."""
    dialect = make_url(database_url).get_backend_name()
    shown = [_row(number, dialect) for number in range(rows * 7 // 10)]
    answered, repeated = shown[::3], [_row(number, dialect) for number in range(rows // 10)]
    with _connected(database_url) as connection:
        for table, some in (("showings", shown), ("suppressions", repeated), ("feedback", answered)):
            names = TABLES[table].format(user='"user"').split(", ")
            places = ", ".join(f":{name.strip(chr(34))}" for name in names)
            statement = text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})")
            for first in range(0, len(some), 5_000):
                connection.execute(statement, some[first : first + 5_000])


def _row(number: int, dialect: str) -> dict[str, Any]:
    """Everything that a row of any of the tables needs."""
    at = kept(NOW - timedelta(days=60) + timedelta(seconds=number), dialect)
    return {
        "card": f"first-{number}",
        "hook_instance": f"h{number}",
        "service": SERVICE,
        "hook": "patient-view",
        "client": CALLER.client,
        "tenant": CALLER.tenant,
        "patient": f"{number % 5000:032d}",
        "user": USER,
        "topic": "lab-order",
        "indicator": "info",
        "fingerprint": f"f{number}",
        "knowledge_version": "k",
        "software_version": "0.1.0",
        "key": f"{number:064d}",
        "outcome": "overridden",
        **dict.fromkeys(("tags", "flags", "suggestions"), ""),
        **dict.fromkeys(("outcome_at", "received_at", "shown_at", "suppressed_at"), at),
    }


@contextmanager
def _connected(database_url: str) -> Iterator[Connection]:
    """A connection beside the store, in one transaction."""
    url = make_url(database_url)
    engine = create_engine(url.set(drivername=DRIVERS[url.get_backend_name()]))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def version(database_url: str) -> str:
    """The version of the tables."""
    with _connected(database_url) as connection:
        found: str = connection.execute(text(f"SELECT version_num FROM {VERSIONS}")).scalar_one()
    return found


def test_tables_with_old_rows_come_forward_while_both_editions_work(
    first_edition: Path, database_url: str, tmp_path: Path, workers: list[Worker]
) -> None:
    """No old row is lost, nobody waits in vain, and an answer that one edition wrote is known to the other."""
    end = tmp_path / "end"
    workers.append(Worker(first_edition, database_url, tmp_path, "old-0", str(end)))
    before = version(database_url)
    fill(database_url, ROWS)
    workers.append(Worker(first_edition, database_url, tmp_path, "old-1", str(end)))
    for one in workers:
        one.begin()
    for number in range(2):
        workers.append(Worker(ROOT, database_url, tmp_path, f"new-{number}", str(CALLS)))
        workers[-1].begin()
    new = [one.done() for one in workers[2:]]
    end.touch()
    old = [one.done() for one in workers[:2]]

    assert ("0002", newest()) == (before, version(database_url))
    assert [one["calls"] for one in (*old, *new)] == [one["known"] for one in (*old, *new)]
    assert all(one["calls"] for one in old)
    _check(database_url, tmp_path, sum(one["calls"] for one in old), sum(one["calls"] for one in new))


def _check(database_url: str, folder: Path, old: int, new: int) -> None:
    """What the report and the store of this edition know of all that was written."""
    shown, repeated = ROWS * 7 // 10, ROWS // 10
    store = Store.open(database_url, str(folder))
    store.prepare()
    known = store.answered(PATIENT, ["old-0-0-f", "old-1-0-f", "new-0-0-f", "new-1-0-f"])
    first = store.answered(f"{0:032d}", ["f0"])
    store.close()
    with _connected(database_url) as connection:
        report = build(connection, Period(now=NOW + timedelta(days=1), zone=UTC))
    by_edition = {
        edition: [sum(getattr(one, name) for one in report.editions if one.edition == edition) for name in NAMES]
        for edition in (FIRST, SECOND)
    }

    assert {"old-0-0-f", "old-1-0-f", "new-0-0-f", "new-1-0-f"} == known.keys()
    assert {"f0": NOW - timedelta(days=60)} == first
    assert [shown + old, old, len(range(0, shown, 3)), repeated + old] == by_edition[FIRST]
    assert [new, new, 0, new] == by_edition[SECOND]


NAMES = ("shown", "accepted", "overridden", "suppressed")


def test_a_worker_of_the_first_edition_does_not_begin_beside_the_new_tables(
    first_edition: Path, database_url: str, store: Store, tmp_path: Path
) -> None:
    """It says so and ends: going back needs the backup from before."""
    script = Path(__file__).with_name("edition_worker.py")
    command = [sys.executable, str(script), database_url, str(tmp_path), "old-0", "1"]
    environment = {**os.environ, "PYTHONPATH": str(first_edition)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert 0 != ended.returncode
    assert "newer version of twitch-cds" in ended.stderr


def test_the_moment_of_an_old_row_is_read_as_it_was_written(database_url: str, store: Store) -> None:
    """Whatever the zone of the machine: UTC in, UTC out."""
    fill(database_url, 10)

    assert {"f3": datetime(2026, 9, 24, 9, 30, 3, tzinfo=UTC)} == store.answered(f"{3:032d}", ["f3"])
