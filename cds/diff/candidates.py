"""The two that are compared: each runs in a process of its own, within a budget of time and memory."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from cds.errors import UsageError

COMMAND = "twitch-cds"
KNOWLEDGE = "rules.toml"
ANSWERED = (0, 2)  # of `evaluate`: all inputs were answered, or some could not be used
SAID = f"{COMMAND}: ".encode()


class Budget(NamedTuple):
    """What a candidate may take: seconds for the whole export, and megabytes of address space."""

    seconds: int
    megabytes: int


class Candidate(NamedTuple):
    """What is asked, as it was named: a program, and the knowledge that it reads in place of its own."""

    name: str
    program: tuple[str, ...]
    knowledge: tuple[str, ...] = ()

    def command(self, name: str, *arguments: str) -> list[str]:
        """One of its commands."""
        return [*self.program, name, *self.knowledge, *arguments]


def candidate(name: str) -> Candidate:
    """An installation (its `twitch-cds`, or its folder), or a folder of knowledge for this one; else UsageError."""
    path = Path(name)
    installed = path / "bin" / COMMAND
    if path.is_file() and os.access(path, os.X_OK):
        return Candidate(name, (str(path.absolute()),))
    if installed.is_file():
        return Candidate(name, (str(installed.absolute()),))
    if (path / KNOWLEDGE).is_file():
        return Candidate(name, (sys.executable, "-m", "cds"), ("--knowledge", str(path.absolute())))
    raise UsageError(f"{name}: is neither an installation of {COMMAND} nor a knowledge folder (with {KNOWLEDGE})")


class Run:
    """One command of a candidate. Read its `lines` to the end: then `unusable` counts what it could not use.

    `answered`: the statuses with which it has done what it was asked. `told`: its environment, if not this process's.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        budget: Budget,
        answered: tuple[int, ...] = ANSWERED,
        told: Mapping[str, str] | None = None,
    ) -> None:
        self._name, self._command, self._budget = name, command, budget
        self._answered, self._told = answered, told
        self._is_late = False
        self.unusable = 0

    def lines(self) -> Iterator[bytes]:
        """What it prints, an answer a line; raises UsageError if it fails, hangs or takes too much memory."""
        with tempfile.TemporaryFile() as said:
            status, count = None, 0
            with subprocess.Popen(  # noqa: S603 - whoever compares names what is run
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
                start_new_session=True,
                env=self._told,
            ) as process:
                timer = threading.Timer(self._budget.seconds, self._end, (process,))
                timer.start()
                try:
                    _bound(process.pid, self._budget.megabytes)
                    assert process.stdout is not None
                    for line in process.stdout:
                        count += 1
                        yield line
                    status = process.wait()
                finally:
                    timer.cancel()
                    _kill(process)
            self._judge(status, count, said)

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        self._is_late = True
        _kill(process)

    def _judge(self, status: int, count: int, said: IO[bytes]) -> None:
        said.seek(0)
        errors = said.read().splitlines()
        if self._is_late:
            raise UsageError(f"{self._name}: was not ready after {self._budget.seconds} seconds (--seconds)")
        if status not in self._answered or (status and not count):
            own = [line for line in errors if line.startswith(SAID)] or errors
            last = own[-1].decode("utf-8", "replace") if own else ""
            raise UsageError(f"{self._name}: failed ({_ended(status)}) after {count} answers. {last}".rstrip())
        self.unusable = sum(line.startswith(SAID) for line in errors) if status else 0


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a candidate, and all that it has started, if it has not ended by itself."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _bound(pid: int, megabytes: int) -> None:
    """Bound the memory of a process; one that has ended already needs none."""
    with suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_AS, (megabytes * 2**20, megabytes * 2**20))


def _ended(status: int) -> str:
    return f"status {status}" if status >= 0 else f"signal {-status}"
