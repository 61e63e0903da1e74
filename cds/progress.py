"""Work that takes longer than a second shows that it goes on: on a terminal, on standard error, and only then."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 1.0  # seconds without a word
ESTIMATED_OVER = 3600.0  # seconds: one step may take minutes, so the time left is judged by many


class Work:
    """One piece of work under way. What it writes itself comes after `end`, or where no display is."""

    def __init__(self, text: str, total: int | None, seconds: Callable[[], float] | None = None) -> None:
        """`seconds`: a clock that only goes on, if not the machine's."""
        self._seconds = seconds
        self._text, self._total, self._done, self._over = text, total, 0, False
        self._display: Any = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(PATIENCE, self._show)
        self._timer.daemon = True

    def begin(self) -> None:
        """Show it from now on, if it is not over by then."""
        self._timer.start()

    def advance(self, done: int) -> None:
        """So much more of the total is done."""
        with self._lock:
            self._done += done
            if self._display is not None:
                self._display.update(self._display.task_ids[0], completed=self._done)

    def end(self) -> None:
        """Take the display away."""
        self._timer.cancel()
        with self._lock:
            self._over = True
            if self._display is not None:
                self._display.stop()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            ProgressColumn,
            SpinnerColumn,
            TaskProgressColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        bar = (BarColumn(), TaskProgressColumn()) if self._total else ()
        remaining = ("left:", TimeRemainingColumn()) if self._total else ()
        columns: tuple[str | ProgressColumn, ...] = (
            *(SpinnerColumn(), "{task.description}", *bar, TimeElapsedColumn(), *remaining),
        )
        console = Console(stderr=True)
        display = Progress(
            *columns,
            console=console,
            transient=True,
            get_time=self._seconds,
            speed_estimate_period=ESTIMATED_OVER,
        )
        with self._lock:
            if self._over:
                return
            display.add_task(self._text, total=self._total, completed=self._done)
            display.start()
            self._display = display


@contextmanager
def working(text: str, total: int | None = None) -> Iterator[Work]:
    """Show a bar, or without a total that and how long it goes on; nothing unless a person watches."""
    work = Work(text, total)
    if sys.stderr.isatty():
        work.begin()
    try:
        yield work
    finally:
        work.end()
