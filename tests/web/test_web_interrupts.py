"""Ctrl-C: one process hears it, ends the others in order, and ends without a traceback."""

import signal
import subprocess
import sys

import pytest

from cds.web.interrupts import deaf_children, listening_to

BLOCKED = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"


def hears() -> bool:
    """Whether a process that is started now would be ended by Ctrl-C."""
    return (
        "False\n" == subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=True).stdout
    )


def test_children_are_deaf_and_the_parent_hears_right_after() -> None:
    """From their first instruction on."""
    with deaf_children():
        started_within = hears()

    assert not started_within
    assert hears()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_runs_and_nothing_else(sent: signal.Signals) -> None:
    """No KeyboardInterrupt; afterwards signals do again what they did before."""
    ended: list[bool] = []
    before = signal.getsignal(sent)
    with listening_to(lambda *_: ended.append(True)):
        signal.raise_signal(sent)

    assert [True] == ended
    assert before == signal.getsignal(sent)
