"""The real process: server CPU per call over loopback, against the least that such a server can do with such bodies."""

import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple
from urllib.parse import urlsplit

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "load")]

from crowd import IDENTITY, Stencil  # noqa: E402
from hospital import Clinic, serving  # noqa: E402
from pairs import QUICK, Effort, Result, compare_timed  # noqa: E402
from payloads import FIRING, KINDS, SERVICE, SILENT, request  # noqa: E402
from service.process import answer_of, running  # noqa: E402

from cds.web.opening import LATER  # noqa: E402

SIZES = (10, 200, 2_000)
BUDGET = {
    SILENT: dict(zip(SIZES, (2.5, 0.6, 0.35), strict=True)),
    FIRING: dict(zip(SIZES, (10.0, 1.5, 0.9), strict=True)),
}
BESIDE, BESIDE_BUDGET, BIG_CALLERS = 60, 0.25, 2
CALM, PAUSE = 0.01, 0.5  # seconds of CPU time within seconds
TOKENS = 200
GRAIN = 1e-6  # the kernel may not yet have counted what a single call took: the time of another process is told late
HEAD = "chart   resources  mode                        µs      bare   ratio  spread       budget"
_CLOCK = re.compile(rb"(?<=\d)T\d\d:\d\d(?=:)")
_START = b"POST /cds-services/%b HTTP/1.1\r\nHost: cds.example.org\r\nContent-Type: application/json\r\n"


class Process(NamedTuple):
    """A server that answers, and what gives its calls their tokens."""

    place: tuple[str, int]
    pid: int
    token: Callable[[], bytes] = bytes

    @property
    def cpu_seconds(self) -> float:
        """CPU time of the process with all its threads (clock_getcpuclockid(3))."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def calm(self) -> None:
        """Wait until nothing goes on in it any more: it makes ready in a thread what is seldom needed."""
        time.sleep(LATER)
        before = -1.0
        while (now := self.cpu_seconds) - before > CALM:
            before = now
            time.sleep(PAUSE)


class Calls:
    """Calls of one kind of chart; each is of another patient, whose results were taken at another minute."""

    def __init__(self, process: Process, kind: str, body: bytes, *, is_judged: bool) -> None:
        self._process, self._kind, self._is_judged = process, kind, is_judged
        self._stencil = Stencil(body, frozenset(IDENTITY.findall(body)))
        self._numbers = count(1)

    def seconds(self, times: int) -> float:
        """CPU seconds of the process per call, over one connection, one call after the other."""
        requests = [self.request() for _ in range(times)]
        with socket.create_connection(self._process.place) as connection:
            before = self._process.cpu_seconds
            answers = [_answered(connection, one) for one in requests]
            spent = self._process.cpu_seconds - before
        for answer in answers:
            self._judge(answer)
        return max(spent, GRAIN) / times

    def request(self) -> bytes:
        """The next call."""
        number = next(self._numbers)
        body = _CLOCK.sub(b"T%02d:%02d" % divmod(number % 1440, 60), self._stencil.filled(number))
        return _START % SERVICE.encode() + self._process.token() + b"Content-Length: %d\r\n\r\n" % len(body) + body

    def _judge(self, answer: bytes) -> None:
        """Measure nothing but good answers: none or several cards."""
        head, _, body = answer.partition(b"\r\n\r\n")
        cards = len(json.loads(body)["cards"]) if head.startswith(b"HTTP/1.1 200") else -1
        if cards < 0 or (self._is_judged and (cards != 0 if self._kind == SILENT else cards < 2)):
            raise SystemExit(f"the {self._kind} chart was answered {head[:12]!r} with {cards} cards")


def _today() -> date:
    """The process has the clock of the machine, so that the chart must be of this week."""
    return datetime.now(UTC).date()


def _answered(connection: socket.socket, request: bytes) -> bytes:
    connection.sendall(request)
    answer: bytes = answer_of(connection)
    return answer


class Tokens:
    """One for each call, signed ahead."""

    def __init__(self, clinic: Clinic) -> None:
        self._clinic = clinic
        self._ready: list[bytes] = []

    def __call__(self) -> bytes:
        self._ready = self._ready or self._clinic.tokens(TOKENS)
        return self._ready.pop()


@contextmanager
def reference(*which: str) -> Iterator[Process]:
    """The bare application, or the framework's, in a process of its own."""
    command = [sys.executable, str(HERE / "reference.py"), *which]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        parts = urlsplit(process.stdout.readline().split()[2].decode())
        try:
            yield Process((parts.hostname or "", parts.port or 0), process.pid)
        finally:
            process.terminate()


def rows(effort: Effort) -> Iterator[str]:
    """All lines: with sign-in and in demo mode, chart by chart; then a small call beside big ones."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        clinic = Clinic()
        signed = stack.enter_context(serving(Path(folder, "signed"), clinic, 1, log_level="info"))
        open_ = stack.enter_context(running(Path(folder, "demo")))
        bare, framework = (stack.enter_context(reference(*which)) for which in ((), ("framework",)))
        modes = {
            "sign-in, a token each": Process(signed.place, signed.process.pid, Tokens(clinic)),
            "demo": Process(open_.place, open_.process.pid),
        }
        for process in modes.values() if effort != QUICK else ():
            process.calm()
        for size in SIZES if effort != QUICK else SIZES[:1]:
            for kind in KINDS:
                body = request(kind, size, _today())
                floor = Calls(bare, kind, body, is_judged=False)
                for mode, process in modes.items():
                    calls = Calls(process, kind, body, is_judged=True)
                    result = compare_timed(calls.seconds, floor.seconds, effort)
                    yield shown(kind, size, mode, result)
        number = BESIDE if effort != QUICK else 2
        yield beside(*(late(process, number) for process in (modes["demo"], framework)))


def shown(kind: str, size: int, mode: str, result: Result) -> str:
    """One line of the table."""
    budget = BUDGET[kind][size]
    spread = f"{result.lowest:.2f}-{result.highest:.2f}"
    numbers = f"{result.subject * 1e6:>8,.0f}{result.reference * 1e6:>10,.0f}{result.ratio:>8.2f}"
    judged = f"{budget:>6}  {'ok' if result.ratio <= budget else 'OVER'}"
    return f"{kind:<8}{size:>9,}  {mode:<22}{numbers}  {spread:<13}{judged}"


def beside(ours: float, theirs: float) -> str:
    """The line on small calls beside big ones."""
    judged = f"{BESIDE_BUDGET}  {'ok' if ours <= theirs * BESIDE_BUDGET else 'OVER'}"
    times = f"{ours * 1e3:,.0f} ms, in a framework that parses into dictionaries {theirs * 1e3:,.0f} ms"
    return (
        f"a silent call of 10 beside {BIG_CALLERS} callers with 2,000: p95 {times}  ratio {ours / theirs:.2f}  {judged}"
    )


def late(process: Process, number: int) -> float:
    """The 95th percentile, in seconds, of small calls while big ones are sent without a pause."""
    is_over = Event()
    big = [Calls(process, kind, request(kind, SIZES[-1], _today()), is_judged=False).request() for kind in KINDS]
    small = Calls(process, SILENT, request(SILENT, SIZES[0], _today()), is_judged=False).request()

    def send() -> None:
        with socket.create_connection(process.place) as connection:
            while not is_over.is_set():
                for one in big:
                    _answered(connection, one)

    threads = [Thread(target=send) for _ in range(BIG_CALLERS)]
    for thread in threads:
        thread.start()
    times = [_elapsed(process, small) for _ in range(number)]
    is_over.set()
    for thread in threads:
        thread.join()
    return sorted(times)[number * 95 // 100]


def _elapsed(process: Process, small: bytes) -> float:
    started = time.perf_counter()
    with socket.create_connection(process.place) as connection:
        _answered(connection, small)
    spent = time.perf_counter() - started
    time.sleep(0.01)
    return spent
