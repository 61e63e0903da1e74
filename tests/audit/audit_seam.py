"""Writes audits, and verifies them as the command does."""

import contextlib
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from charts.options import options

from cds.audit import command
from cds.audit.journal import Journal
from cds.secrecy import Secret

KEY = "a key of the tests, long enough to be one"
START = datetime(2026, 11, 23, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))


class Verdict(NamedTuple):
    """What `audit verify` came to: its exit status and the lines it printed."""

    status: int
    told: list[str]

    @property
    def kinds(self) -> list[str]:
        """What was found: file, line number and kind."""
        parts = [line.split(": ", 2) for line in self.told]
        return [f"{Path(part[0]).name}: {part[1]}" for part in parts if len(part) == 3]


def clock() -> Callable[[], datetime]:
    """A clock that goes on by one second at each look, in a zone that is not UTC."""
    moments: Iterator[datetime] = (START + timedelta(seconds=count) for count in range(10**6))
    return lambda: next(moments)


def journal(path: Path, key: str = KEY, log: str = "a1b2c3d4") -> Journal:
    """A journal as the service opens it, with an id that is known; for its turn it waits however long."""
    return Journal.open(path, Secret(key), clock(), new_log=lambda: log, seconds=lambda: 0.0)


def written(path: Path, *names: object, key: str = KEY, log: str = "a1b2c3d4") -> None:
    """Write one line for each name, in a process of its own as far as the journal can tell."""
    made = journal(path, key, log)
    for name in names:
        made.write({"kind": "call", "name": name})
    made.close()


def lines(path: Path) -> list[bytes]:
    """The lines of a log with their breaks."""
    return path.read_bytes().splitlines(keepends=True)


def verify(*arguments: object, key: str = KEY) -> Verdict:
    """Run `twitch-cds audit verify`; a clock that stands still."""
    given = command.Options(**options("audit verify", *arguments))
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = command.run(given, lambda _: Secret(key), lambda: 0.0)
    return Verdict(status, out.getvalue().splitlines())
