"""The SQLite file: made for its owner alone, in WAL mode, and known again so that a replaced one is noticed."""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

OWNER_ONLY_FOLDER, OWNER_ONLY_FILE = 0o700, 0o600
WAL_TRIES, WAL_PAUSE = 50, 0.1

Identity = tuple[int, int]


def make(path: Path, sleep: Callable[[float], None] = time.sleep) -> None:
    """Make folder and file if they are missing, and have SQLite keep a write-ahead log, if the file system can."""
    path.parent.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, OWNER_ONLY_FILE))
    for _ in range(WAL_TRIES):
        if _has_set_mode(path):
            return
        sleep(WAL_PAUSE)
    raise TimeoutError("locked")


def _has_set_mode(path: Path) -> bool:
    """Try once: while another process does the same, SQLite says "locked" without waiting."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        return True
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    finally:
        connection.close()


def identity(path: Path) -> Identity | None:
    """Which file it is, whatever its name; None if there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
