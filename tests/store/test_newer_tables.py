"""Real processes beside tables that a newer version has changed: they go on, or end with one line."""

import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from service.process import Running, running
from service.waiting import wait_until

from cds.store.migrate import VERSIONS, newest

NEWER = "9999"
TOO_OLD = "The database was changed by a newer version of twitch-cds"


def be_newer(service: Running, oldest: str) -> None:
    """Change the tables as a newer version would, which says how old a software may be to use them."""
    with closing(sqlite3.connect(service.folder / "data" / "twitch-cds.db", timeout=60)) as connection, connection:
        connection.execute(f"UPDATE {VERSIONS} SET version_num = ?", (NEWER,))
        connection.execute("UPDATE store_facts SET value = ? WHERE name = 'oldest_version'", (oldest,))


def workers(service: Running) -> set[int]:
    """The processes that answer calls."""
    parent = service.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return {int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def states(service: Running) -> set[str]:
    """What the workers say of the store: asked often enough that each was asked."""
    asked = (service.fetch("GET", "/health/ready", headers={"Connection": "close"}) for _ in range(60))
    return {answer.json["store"] for answer in asked}


def test_a_process_that_may_not_use_newer_tables_ends_with_one_line(tmp_path: Path) -> None:
    """It was at work when they were changed; what it says names the way out, and the status is that of a failure."""
    with running(tmp_path) as service:
        before = service.fetch("GET", "/health/ready").json["store"]
        be_newer(service, oldest=NEWER)
        status = service.process.wait(600)
        said = [line for line in service.written().splitlines() if TOO_OLD in line and not line.startswith("{")]

    assert ("up", 1, 1) == (before, status, len(said))


@pytest.mark.skipif(sys.platform != "linux", reason="workers are found in /proc")
def test_a_worker_that_starts_beside_newer_tables_uses_them_if_it_may(tmp_path: Path) -> None:
    """A worker dies in the middle of a rolling upgrade: its successor works with the store, like the others."""
    with running(tmp_path, "--workers", "2") as service:
        before, first = states(service), workers(service)
        be_newer(service, oldest=newest())
        os.kill(min(first), signal.SIGKILL)
        wait_until(lambda: len(workers(service) - {min(first)}) >= len(first))
        assert service.call().status == 200
        wait_until(lambda: states(service) == {"up"})
        lost = service.written().count("the store does not answer")

    assert ({"up"}, 0) == (before, lost)
