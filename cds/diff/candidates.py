"""The two that are compared: each runs in a process of its own, within a budget of time and memory."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

from cds.bounds import bound_memory
from cds.errors import UsageError

COMMAND = "twitch-cds"
KNOWLEDGE = "rules.toml"
ANSWERED = (0, 2)  # of `evaluate`: all inputs were answered, or some could not be used
PREFIX = f"{COMMAND}: ".encode()


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


class CandidateRun:
    """One command of a candidate. Read its `lines` to the end: then `unusable` counts what it could not use.

    `accepted`: the statuses with which it has done what it was asked. `variables`: its environment, if not ours.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        budget: Budget,
        accepted: tuple[int, ...] = ANSWERED,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._name, self._command, self._budget = name, command, budget
        self._accepted, self._variables = accepted, variables
        self._is_late = False
        self.unusable = 0

    def lines(self) -> Iterator[bytes]:
        """What it prints, an answer a line; raises UsageError if it fails, hangs or takes too much memory."""
        with tempfile.TemporaryFile() as errors:
            status, count = None, 0
            with subprocess.Popen(  # noqa: S603 - whoever compares names what is run
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                env=self._variables,
                preexec_fn=partial(bound_memory, self._budget.megabytes),  # noqa: PLW1509 - it sets a limit, no more
            ) as process:
                timer = threading.Timer(self._budget.seconds, self._end, (process,))
                timer.start()
                try:
                    assert process.stdout is not None
                    for line in process.stdout:
                        count += 1
                        yield line
                    status = process.wait()
                finally:
                    timer.cancel()
                    _kill(process)
            self._judge(status, count, errors)

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        self._is_late = True
        _kill(process)

    def _judge(self, status: int, count: int, output: IO[bytes]) -> None:
        output.seek(0)
        errors = output.read().splitlines()
        if self._is_late:
            raise UsageError(f"{self._name}: was not ready after {self._budget.seconds} seconds (--seconds)")
        if status not in self._accepted or (status and not count):
            messages = [line for line in errors if line.startswith(PREFIX)] or errors
            last = messages[-1].decode("utf-8", "replace") if messages else ""
            raise UsageError(f"{self._name}: failed ({_ended(status)}) after {count} answers. {last}".rstrip())
        self.unusable = sum(line.startswith(PREFIX) for line in errors) if status else 0


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a candidate, and all that it has started, if it has not ended by itself."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _ended(status: int) -> str:
    return f"status {status}" if status >= 0 else f"signal {-status}"
