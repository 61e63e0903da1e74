"""Ctrl-C reaches every process of a terminal at once; here one process hears it and ends the others in order."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType
from typing import Any

_mask: Callable[..., Any] = getattr(signal, "pthread_sigmask", lambda *_: frozenset())  # there is none on Windows
_BLOCK, _UNBLOCK, _SET = (getattr(signal, f"SIG_{how}", 0) for how in ("BLOCK", "UNBLOCK", "SETMASK"))
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def deaf_children() -> Iterator[None]:
    """Processes started within never hear Ctrl-C, not even while they import; this one hears it right after.

    SIGTERM they hear as soon as they listen to it.
    """
    resource_tracker.ensure_running()  # when it starts it unblocks what is blocked
    before = _mask(_BLOCK, SIGNALS)
    try:
        yield
    finally:
        _mask(_SET, before)


@contextmanager
def listening_to(obey: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Ctrl-C and SIGTERM call `obey`, and that is all: no traceback, and the process ends with its own status."""
    before = {number: signal.signal(number, obey) for number in SIGNALS}
    _mask(_UNBLOCK, SIGNALS[1:])
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
