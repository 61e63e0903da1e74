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
LOOKS = 200  # after so many, a kernel that does not tell where a process sleeps is asked no more


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
    waits_in: str = "",
) -> Ended:
    """Run a command; once `until` is true of what it has written (asked again and again), press Ctrl-C.

    `waits_in`: not before its first thread sleeps in that function of the kernel. A signal that arrives after Python's
    last look at signals and before a blocking call is seen when the call returns, and this one never does.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored by whatever a shell has put into the background
        os.chdir(folder or Path.cwd())
        os.execvpe(command[0], list(command), {**os.environ, **(environment or {})})
    return Ended(*_watched(pid, terminal, until, waits_in))


def _watched(pid: int, terminal: int, until: Callable[[str], bool] | None, waits_in: str) -> tuple[int, str]:
    written, waited, looks = b"", 0.0, LOOKS if waits_in else 0
    with os.fdopen(terminal, "r+b", buffering=0) as screen:
        while waited < PATIENCE:
            if until is not None and until(written.decode(errors="replace")):
                if looks and waits_in not in _sleeps_in(pid):
                    looks, until = looks - 1, _yes
                else:
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


def _yes(_: str) -> bool:
    """What was true stays true: a pipe is opened once only."""
    return True


def _sleeps_in(pid: int) -> str:
    """The function of the kernel in which a process sleeps; nothing, or 0, if it runs or the kernel does not tell."""
    try:
        return Path(f"/proc/{pid}/wchan").read_text("ascii")
    except OSError:
        return ""
