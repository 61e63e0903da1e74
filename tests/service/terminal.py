"""A process at a terminal of its own (a pty), as a person starts it: Ctrl-C reaches all that it started."""

import os
import pty
import select
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

PATIENCE = 600.0  # seconds without a character; only a process that hangs takes them
CTRL_C = b"\x03"


class Ended(NamedTuple):
    """How it ended, and all that was on the terminal."""

    status: int
    text: str


def at_terminal(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    folder: Path | None = None,
    until: Callable[[str], bool] | None = None,
) -> Ended:
    """Run a command; once `until` is true of what it has written (asked again and again), press Ctrl-C."""
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored by whatever a shell has put into the background
        os.chdir(folder or Path.cwd())
        os.execvpe(command[0], list(command), {**os.environ, **(environment or {})})
    return Ended(*_watched(pid, terminal, until))


def _watched(pid: int, terminal: int, until: Callable[[str], bool] | None) -> tuple[int, str]:
    written, waited = b"", 0.0
    with os.fdopen(terminal, "r+b", buffering=0) as screen:
        while waited < PATIENCE:
            if until is not None and until(written.decode(errors="replace")):
                screen.write(CTRL_C)
                until = None
            if not select.select([screen], [], [], 0.05)[0]:
                waited += 0.05
                continue
            try:
                piece = screen.read(65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            written, waited = written + piece, 0.0
        else:
            os.kill(pid, 9)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), written.decode(errors="replace")
