"""Ctrl-C at a terminal (a pty: a process in the background would ignore it) ends every command without a traceback."""

import errno
import os
import re
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from service.process import STARVED
from service.terminal import Ended, at_terminal

ROOT = Path(__file__).parents[1]
KEY = "0123456789abcdef" * 4
TWITCH_CDS = (sys.executable, "-m", "cds")
INTERRUPTED, STOPPED = 130, 0
READ = "pipe_read"  # where the kernel has who waits for a pipe
# Each waits at its first setting, in a file that never comes to its end.
WAITING = [
    *(
        ["evaluate", "-"],
        ["report"],
        ["audit", "verify"],
        ["clients", "check"],
        ["store", "migrate"],
        ["store", "prune"],
    ),
    *(["selfcheck", "http://127.0.0.1:1"], ["knowledge", "check"], ["serve"], ["serve", "--workers", "2"]),
]


class Pipe:
    """A named pipe in the place of a file: who opens it, reads until it is closed."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._end: int | None = None

    def is_read(self, _: str) -> bool:
        """Whether somebody reads it now; from then on the reader waits."""
        try:
            self._end = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as problem:
            if problem.errno != errno.ENXIO:  # nobody reads
                raise
        return self._end is not None

    def close(self) -> None:
        """Let a reader go."""
        if self._end is not None:
            os.close(self._end)


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Pipe]:
    """A pipe that is closed after the test."""
    made = Pipe(tmp_path / "pipe")
    yield made
    made.close()


def settings(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a command: nothing is kept elsewhere."""
    return {
        f"TWITCH_CDS_{name}": value
        for name, value in {"DATA_DIR": str(folder / "var"), "WORKER_TIMEOUT_SECONDS": STARVED, **more}.items()
    }


def quiet(ended: Ended, status: int) -> None:
    """No traceback, and that status."""
    assert "Traceback" not in ended.text
    assert "KeyboardInterrupt" not in ended.text
    assert status == ended.status, ended.text


@pytest.mark.parametrize("command", WAITING, ids=" ".join)
def test_a_command_that_waits_ends(command: list[str], tmp_path: Path, pipe: Pipe) -> None:
    """With the status that shells use, and nothing on the terminal but ^C."""
    environment = settings(tmp_path, HASH_KEY_FILE=str(pipe.path))
    program = [*TWITCH_CDS, *command]
    ended = at_terminal(program, environment, folder=tmp_path, until=pipe.is_read, waits_in=READ)

    quiet(ended, INTERRUPTED)
    assert "^C" == ended.text.strip()


@pytest.mark.parametrize("command", [["mint-token", "--audience", "a", "--issuer", "i", "--key"], ["evaluate"]])
def test_a_command_that_reads_a_file_ends(command: list[str], tmp_path: Path, pipe: Pipe) -> None:
    """In the middle of its work."""
    program = [*TWITCH_CDS, *command, str(pipe.path)]
    quiet(at_terminal(program, settings(tmp_path), until=pipe.is_read, waits_in=READ), INTERRUPTED)


def listens(text: str) -> bool:
    """Whether the service has said where it listens."""
    return "listens on" in text


def answers(text: str) -> bool:
    """Whether the service is ready."""
    found = re.search(r"listens on http://([\d.:]+)", text)
    if not found:
        return False
    connection = HTTPConnection(found[1], timeout=60)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("moment", [listens, answers])
def test_a_service_ends_in_order(workers: str, moment: Callable[[str], bool], tmp_path: Path) -> None:
    """While its workers are still importing, and when it answers: the status of Ctrl-C is that of a good end."""
    environment = settings(tmp_path, TIME_ZONE="UTC")
    command = [*TWITCH_CDS, "serve", "--demo", "--port", "0", "--workers", workers]

    ended = at_terminal(command, environment, folder=tmp_path, until=moment)
    assert "Traceback" not in ended.text
    assert ended.status in ({STOPPED} if moment is answers else {STOPPED, INTERRUPTED}), ended.text


def test_make_run_ends(tmp_path: Path) -> None:
    """With the line of make itself at most."""
    if not (ROOT / ".venv/.installed").exists():
        pytest.skip("make run would set up the environment first")
    ended = at_terminal(["make", "run", "PORT=0"], settings(tmp_path), folder=ROOT, until=answers)

    assert "Traceback" not in ended.text
    assert "listens on" in ended.text
