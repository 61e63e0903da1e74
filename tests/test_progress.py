"""Work that goes on for long shows it, on a terminal only, and leaves nothing behind."""

import io
import sys

import pytest

from cds import progress
from cds.progress import Work, working


class Terminal(io.StringIO):
    """Standard error of a person."""

    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal from now on, and nobody has to wait."""
    screen = Terminal()
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", screen)
    return screen


def shown(work: Work) -> None:
    """Wait until the display is there."""
    work._timer.join()


@pytest.mark.parametrize(("total", "sign"), [(None, "0:00:00"), (4, "50%")])
def test_it_is_shown_on_a_terminal(total: int | None, sign: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long, and how much of the total if there is one."""
    screen = terminal(monkeypatch)
    with working("Counting", total) as work:
        work.advance(1)
        shown(work)
        work.advance(1)

    assert "Counting" in screen.getvalue()
    assert sign in screen.getvalue()


def test_nothing_is_shown_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe or a log."""
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", pipe := io.StringIO())
    with working("Counting") as work:
        assert not work._timer.is_alive()

    assert "" == pipe.getvalue()


def test_nothing_is_shown_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the display was on its way."""
    screen = terminal(monkeypatch)
    work = Work("Counting", None)
    work.end()
    work._show()

    assert "" == screen.getvalue()
