"""A worker hears from its parent when it has to drain and to end, and ends when the parent is gone."""

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from cds.errors import StartError
from cds.web import listener, worker
from cds.web.supervised import ALIVE, DRAIN, END, READY, work


def led(parent: Callable[[Connection], None]) -> None:
    """A worker in this process, and its parent in a thread."""
    ours, theirs = Pipe()
    leader = threading.Thread(target=parent, args=(ours,))
    leader.start()
    with listener.listen("127.0.0.1", 0) as door:
        work(theirs, door)
    leader.join()


@pytest.fixture(autouse=True)
def demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a worker reads from the environment."""
    bare = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
    monkeypatch.setattr(os, "environ", bare | {"TWITCH_CDS_DEMO": "true", "TWITCH_CDS_DATA_DIR": str(tmp_path)})


def test_a_worker_does_what_its_parent_says() -> None:
    """It says when it is ready and that it lives; it drains, and it ends."""
    heard: list[bytes] = []

    def parent(pipe: Connection) -> None:
        heard.extend((pipe.recv_bytes(), pipe.recv_bytes()))
        pipe.send_bytes(DRAIN)
        os.kill(os.getpid(), signal.SIGTERM)  # systemd may tell all: it waits for its parent
        heard.extend(pipe.recv_bytes() for _ in range(2))
        pipe.send_bytes(END)

    led(parent)
    assert [READY, ALIVE] == heard[:2]


def test_a_worker_ends_when_its_parent_is_gone() -> None:
    """Nobody would ever end it."""

    def parent(pipe: Connection) -> None:
        pipe.recv_bytes()
        pipe.close()

    led(parent)


def test_a_worker_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the log, and by a status that its parent knows."""

    def fail(_: object) -> None:
        raise StartError("broken")

    monkeypatch.setattr(worker, "open_parts", fail)
    with pytest.raises(SystemExit) as ended:
        led(lambda _: None)
    assert 3 == ended.value.code
