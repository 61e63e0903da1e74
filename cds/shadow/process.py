"""The process of a candidate: bounded from its first moment, asked within a time, and ended with all it has started."""

import ctypes
import os
import resource
import selectors
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import partial

from msgspec import Struct

from cds.bounds import bound_memory, set_limit
from cds.deadline import Deadline
from cds.shadow.wire import Frames, TooLong

PIECE = 65_536
CONTROL = 0  # the standard input: whoever shadows is gone, or wants no more, when it ends
LOWEST = 19  # of priority
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG (prctl(2))


class Cause(StrEnum):
    """Why a candidate was ended."""

    CRASHED = "crashed"
    LATE = "late"
    GARBAGE = "garbage"


class Death(Exception):  # noqa: N818 - it says what happened
    """A candidate is of no use any more."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class Ended(Exception):  # noqa: N818 - it says what happened
    """Nobody wants to hear more."""


class Budget(Struct, frozen=True, kw_only=True):
    """What a candidate may take: seconds to start and for each answer, megabytes of memory, bytes of one answer."""

    seconds: float = 2.0
    start_seconds: float = 60.0
    megabytes: int = 1024
    answer_bytes: int = 4 * 2**20


class Process:
    """One run of a candidate."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        budget: Budget,
        seconds: Callable[[], float],
        control: int = CONTROL,
    ) -> None:
        """Start it; raises Death if that is impossible. `control`: a descriptor that ends all as soon as it ends."""
        self._budget, self._seconds, self._control = budget, seconds, control
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a setting names what is run
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=dict(environment),
                start_new_session=True,
                preexec_fn=partial(bind, budget, ctypes.CDLL(None).prctl),  # noqa: PLW1509 - this process has one thread
            )
        except (OSError, subprocess.SubprocessError) as problem:
            raise Death(Cause.CRASHED) from problem
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        for descriptor in (self._in, self._out):
            os.set_blocking(descriptor, False)

    def hello(self) -> bytes:
        """What it says first; raises Death."""
        return self._exchange(b"", self._budget.start_seconds)

    def ask(self, message: bytes | bytearray) -> bytes:
        """Its answer to a message; raises Death, or Ended if there is nobody to hear it."""
        return self._exchange(message, self._budget.seconds)

    def end(self) -> None:
        """End it, and whatever it has started."""
        os.killpg(self._process.pid, signal.SIGKILL)  # there until it is waited for, even if it has ended
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _exchange(self, message: bytes | bytearray, seconds: float) -> bytes:
        """Write and read at once: one that reads nothing, or writes without end, blocks nobody."""
        deadline, frames = Deadline.after(seconds, self._seconds), Frames(self._budget.answer_bytes)
        unsent = memoryview(message)
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._out, selectors.EVENT_READ)
            if unsent:
                selector.register(self._in, selectors.EVENT_WRITE)
            while not deadline.is_over:
                ready = {key.fd for key, _ in selector.select(deadline.left)}
                if self._control in ready:
                    raise Ended
                if self._in in ready:
                    unsent = unsent[self._write(unsent) :]
                    if not unsent:
                        selector.unregister(self._in)
                if self._out in ready and (messages := self._read(frames)):
                    if unsent or len(messages) > 1:
                        raise Death(Cause.GARBAGE)
                    return messages[0]
        raise Death(Cause.LATE)

    def _write(self, unsent: memoryview) -> int:
        try:
            return os.write(self._in, unsent[:PIECE])
        except BrokenPipeError as problem:
            raise Death(Cause.CRASHED) from problem

    def _read(self, frames: Frames) -> list[bytes]:
        piece = os.read(self._out, PIECE)
        if not piece:
            raise Death(Cause.CRASHED)
        try:
            return frames.take(piece)
        except TooLong as problem:
            raise Death(Cause.GARBAGE) from problem


def bind(budget: Budget, prctl: Callable[[int, int], int]) -> None:
    """Bound this process, before anything of the candidate runs in it: it dies with its parent and is in nobody's way.

    Its memory and its processor time (renewed with each question) have a limit, and it writes no file and no core dump.
    """
    prctl(DIE_WITH_PARENT, signal.SIGKILL)
    os.nice(LOWEST)
    bound_memory(budget.megabytes)
    set_limit(resource.RLIMIT_CPU, int(budget.start_seconds) + 1, renewable=True)
    for nothing in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        set_limit(nothing, 0)
