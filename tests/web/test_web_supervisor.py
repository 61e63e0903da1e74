"""The parent of several workers: what it does when one ends, hangs or never starts; and what systemd is told."""

import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from service.process import running
from uvicorn.config import STARTUP_FAILURE

from cds.errors import StartError
from cds.settings import Settings
from cds.web import listener as listening
from cds.web import supervisor as supervising
from cds.web.supervised import ALIVE, DRAIN, END, READY
from cds.web.supervisor import TICK, Child, Supervisor
from cds.web.systemd import Notifier

SLOW_START = 12  # seconds; of two workers uvicorn's own supervisor waits five for the one, then five for the other
SLOW_CHILD = f"""
import sys, time
if "--multiprocessing-fork" in sys.orig_argv and "resource_tracker" not in " ".join(sys.orig_argv):
    time.sleep({SLOW_START})
"""


class Process:
    """A process that a test ends when it wants to."""

    numbers = iter(range(1, 1000))

    def __init__(self) -> None:
        self.pid = next(self.numbers)
        self.exitcode: int | None = None
        self._end, self._held = os.pipe()

    @property
    def sentinel(self) -> int:
        return self._end

    def ends(self, status: int) -> None:
        self.exitcode = status
        os.write(self._held, b"\0")

    def kill(self) -> None:
        self.ends(-signal.SIGKILL)

    def join(self) -> None:
        os.close(self._held)


class Crew:
    """Workers that a test leads, and the parent that leads them in turn."""

    def __init__(self, count: int = 1, silence: int = 3) -> None:
        self.workers: list[tuple[Process, Connection]] = []
        self.ended: list[str] = []
        self.told: list[str] = []
        self.now = 0.0
        self.is_stubborn = False
        self.script: Iterator[Callable[[], object]] = iter(())
        self.listener = listening.listen("127.0.0.1", 0)
        settings = Settings(workers=count, worker_timeout_seconds=silence, drain_seconds=0)
        notifier = Notifier({})
        notifier.tell = self.told.append  # type: ignore[method-assign, assignment]
        self.parent = Supervisor(
            settings, self.listener, notifier, ended=self.ended.append, start=self._start, seconds=self._seconds
        )

    def _start(self, _: socket.socket) -> Child:
        ours, theirs = Pipe()
        process: Any = Process()
        self.workers.append((process, theirs))
        return Child(process, ours)

    def _seconds(self) -> float:
        """Each look at the clock is the next step of the script; when it is over, everybody ends.

        While nothing ends there are three looks in each turn of the parent, four when a worker ends.
        """
        step = next(self.script, None)
        if step is not None:
            step()
        else:
            if not self.parent._signals:
                self.parent._obey(signal.SIGINT, None)
            if self.listener.fileno() == -1 and not self.is_stubborn:
                self.all_end()
        return self.now

    def all_end(self) -> None:
        """Every worker that lives ends as it was told to."""
        for process, _ in self.workers:
            if process.exitcode is None:
                process.ends(0)

    def runs(self, *steps: Callable[[], object]) -> None:
        """Supervise while these steps happen, one at each look at the clock."""
        self.script = iter(steps)
        self.parent.run()

    def after(self, seconds: float) -> Callable[[], None]:
        """A step: time goes on."""

        def step() -> None:
            self.now += seconds

        return step

    def says(self, number: int, word: bytes) -> Callable[[], None]:
        """A step: a worker says something."""
        return lambda: self.workers[number][1].send_bytes(word)

    def hangs_up(self, number: int) -> None:
        """A worker closes its pipe."""
        self.workers[number][1].close()

    def ends(self, number: int, status: int) -> Callable[[], None]:
        """A step: a worker ends."""
        return lambda: self.workers[number][0].ends(status)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for anything but what the test does."""
    monkeypatch.setattr(supervising, "TICK", 0.0)
    monkeypatch.setattr(supervising, "sleep", lambda _: None)


def errors(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The fields of what was logged as an error."""
    return [record.fields for record in caplog.records if record.levelno == logging.ERROR]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "cause", "words"), [(-9, "signal", "ended by SIGKILL"), (1, "exit", "exit status 1")]
)
def test_a_worker_that_ends_is_an_error_in_the_log_is_counted_and_replaced(
    status: int, cause: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With its cause in words."""
    crew = Crew()
    crew.runs(crew.says(0, READY), crew.after(0), crew.ends(0, status), crew.after(0), crew.after(0))

    ((first, _), _) = crew.workers
    assert [cause] == crew.ended
    assert [{"worker": first.pid, "cause": words, "ready": True, "lately": 1}] == errors(caplog)


def test_a_worker_without_a_sign_of_life_is_ended_and_replaced(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log names the setting; one that says something is left alone."""
    monkeypatch.setattr(supervising, "TICK", TICK)
    crew = Crew(count=2, silence=3)
    crew.runs(*(step for _ in range(8) for step in (crew.says(1, ALIVE), crew.after(0.5), crew.after(0))))

    assert ["silent"] == crew.ended
    assert 3 == len(crew.workers)
    assert "TWITCH_CDS_WORKER_TIMEOUT_SECONDS" in errors(caplog)[0]["cause"]


def test_a_pause_of_the_machine_is_nobodys_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour in one step counts as a second: the workers stood still too."""
    monkeypatch.setattr(supervising, "TICK", TICK)
    crew = Crew(silence=3)
    crew.runs(*(crew.after(0), crew.after(3600), crew.says(0, ALIVE)) * 3)

    assert [] == crew.ended


def test_it_gives_up_when_too_many_end() -> None:
    """Whoever started the service notices: StartError is exit status 1."""
    crew = Crew()
    deaths = [step for number in range(7) for step in (crew.ends(number, -11), *[crew.after(0)] * 3)]

    with pytest.raises(StartError, match="7 workers ended within 10 minutes"):
        crew.runs(*deaths)
    assert ["signal"] * 7 == crew.ended


def test_a_few_ends_in_a_long_time_are_no_reason_to_give_up() -> None:
    """What was longer ago than ten minutes is forgotten."""
    crew = Crew()
    crew.runs(*(step for n in range(9) for step in (crew.ends(n, -11), *[crew.after(0)] * 2, crew.after(200))))

    assert ["signal"] * 9 == crew.ended


def test_a_service_that_cannot_start_gives_up_at_once() -> None:
    """A worker has said in the log what is wrong, and the others would say the same."""
    crew = Crew(count=2)

    with pytest.raises(StartError, match="no worker can start"):
        crew.runs(crew.ends(0, STARTUP_FAILURE), crew.after(0))


def test_systemd_is_told_when_all_are_ready_and_when_they_end() -> None:
    """Not before the last of them is ready."""
    crew = Crew(count=2)
    crew.runs(
        crew.says(0, READY),
        crew.after(0),
        lambda: crew.told.append("one"),
        crew.says(1, READY),
        crew.after(0),
        crew.after(0),
    )

    assert ["one", "READY=1", "STOPPING=1"] == crew.told


def test_workers_are_told_to_drain_and_then_to_end() -> None:
    """In this order, and the listening socket is closed."""
    crew = Crew()
    crew.runs(crew.after(0))

    (_, pipe) = crew.workers[0]
    assert [DRAIN, END] == [pipe.recv_bytes(), pipe.recv_bytes()]
    assert -1 == crew.listener.fileno()


def test_a_worker_that_does_not_end_is_ended(caplog: pytest.LogCaptureFixture) -> None:
    """After three signals nobody is waited for."""
    crew = Crew()
    crew.is_stubborn = True

    def thrice() -> None:
        for _ in range(3):
            crew.parent._obey(signal.SIGTERM, None)

    crew.runs(thrice, crew.after(0))

    assert [{"worker": crew.workers[0][0].pid}] == errors(caplog)
    assert -signal.SIGKILL == crew.workers[0][0].exitcode


def test_a_worker_whose_pipe_is_closed_is_heard_and_told_no_more() -> None:
    """It is about to end; the process itself says when."""
    crew = Crew()
    crew.runs(lambda: crew.hangs_up(0), crew.after(0), crew.after(0))

    assert [] == crew.ended


def test_workers_that_need_long_to_start_come_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than uvicorn's own supervisor waits before it kills them, one after the other, for ever."""
    (tmp_path / "sitecustomize.py").write_text(SLOW_CHILD, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with running(tmp_path / "service", "--workers", "2") as service:
        answers = [service.call().status for _ in range(20)]
        ended = [
            service.metric(f'twitch_cds_workers_ended_total{{cause="{one}"}}') for one in ("exit", "signal", "silent")
        ]
        written = service.written()

    assert ([200] * 20, [0.0] * 3) == (answers, ended)  # sent 20, right 20, shed 0, lost 0
    assert '"level":"error"' not in written


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    """The log has an error with the cause, the numbers count it, and calls are answered."""
    with running(tmp_path, "--workers", "2") as service:
        service.call()
        children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text("ascii").split()
        workers = [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        status = service.call().status
        counted = service.metric('twitch_cds_workers_ended_total{cause="signal"}')

    assert (2, 200, 2.0) == (len(workers), status, counted)
    assert 2 == service.written().count('"event":"worker ended"')
    assert '"cause":"ended by SIGKILL"' in service.written()
