"""What systemd is told: a datagram to the socket that it names, and a sign of life in time."""

import os
import socket
from pathlib import Path

import pytest

from cds.web.systemd import ALIVE, READY, Notifier


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_systemd_is_told_in_a_datagram(kind: str, tmp_path: Path) -> None:
    """Its socket has a path, or a name of the abstract kind."""
    name = str(tmp_path / "notify") if kind == "path" else f"@twitch-cds-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(name.replace("@", "\0"))
        Notifier({"NOTIFY_SOCKET": name}).tell(READY)

        assert READY.encode() == systemd.recv(100)


def test_nobody_is_told_where_nobody_listens(tmp_path: Path) -> None:
    """No systemd, or one that has gone."""
    Notifier({}).tell(READY)
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "none")}).tell(READY)


@pytest.mark.parametrize(
    ("given", "signs"),
    [
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 3),
        ({"WATCHDOG_USEC": "60000000"}, 3),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, 0),
        ({}, 0),
    ],
)
def test_the_watchdog_hears_twice_within_its_time(given: dict[str, str], signs: int) -> None:
    """If it is meant for this process; not at every call."""
    told: list[str] = []
    notifier = Notifier(given)
    notifier.tell = told.append  # type: ignore[method-assign, assignment]
    for now in range(1, 90):
        notifier.alive(now)

    assert [ALIVE] * signs == told
