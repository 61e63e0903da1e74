"""Ctrl-C reaches every process of a terminal at once; here one process hears it and ends the others in order."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

_mask: Callable[..., Any] = getattr(signal, "pthread_sigmask", lambda *_: frozenset())  # there is none on Windows
_BLOCK, _SET = getattr(signal, "SIG_BLOCK", 0), getattr(signal, "SIG_SETMASK", 2)


@contextmanager
def deaf_children() -> Iterator[None]:
    """Processes started within never hear Ctrl-C, not even while they import; this one hears it right after."""
    resource_tracker.ensure_running()  # when it starts it unblocks what is blocked
    before = _mask(_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        _mask(_SET, before)


@contextmanager
def ending(end: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and SIGTERM call `end`, and are done with then: no traceback, and the process ends with its own status."""
    before = {one: signal.signal(one, lambda *_: end()) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
