"""Work that goes on for long shows it, on a terminal only, and leaves nothing behind."""

import io
import re
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


def read(screen: Terminal) -> str:
    """What a person reads there."""
    return re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", screen.getvalue())


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


def test_the_time_that_is_left_is_told_where_there_is_a_total(monkeypatch: pytest.MonkeyPatch) -> None:
    """By how long the steps took so far, also where each takes minutes; before that nothing is promised."""
    screen, now = terminal(monkeypatch), [0.0]
    work = Work("Replaying", 400, lambda: now[0])
    work.begin()
    shown(work)
    work._display.refresh()
    before = read(screen)
    for moment in (100.0, 200.0, 300.0):
        now[0] = moment
        work.advance(40)
        work._display.refresh()
    said = read(screen)
    work.end()

    assert "left: -:--:--" in before
    assert "left: 0:11:40" in said  # 280 of 400, 40 in 100 seconds


def test_no_time_left_is_told_where_no_total_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows it then."""
    screen = terminal(monkeypatch)
    with working("Counting") as work:
        shown(work)
        work._display.refresh()

    assert "Counting" in screen.getvalue()
    assert "left" not in screen.getvalue()


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
