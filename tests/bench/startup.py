"""What a start costs: CPU time and memory of commands as whole processes, of a worker, and of the parent of workers.

Bytecode and tables are in place, as after a first start: see `as_installed`.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "load")]

from hospital import Clinic, memory, serving  # noqa: E402
from pairs import QUICK, Effort  # noqa: E402
from payloads import KINDS, request  # noqa: E402
from served import Calls, Process, Tokens  # noqa: E402
from served import _today as today  # noqa: E402

CHART = ROOT / "fhir_fixtures/charts/aisha-rahman.json"
COMMANDS: dict[tuple[str, ...], tuple[float, float | None]] = {  # seconds and MB
    ("--version",): (0.25, None),
    ("--help",): (0.25, None),
    ("evaluate", str(CHART)): (0.6, 40),
}
WORKER_SECONDS, WORKER_MEMORY = 1.5, 120
LOAD = {10: 200, 200: 50, 2_000: 5}  # calls of each size and kind
MEBI = 1024  # in kB, as Linux counts
# The kernel counts as the peak of a process also what its parent held when it was made: so a small parent makes it.
LAUNCHER = """
import os, sys
pid = os.fork()
if not pid:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(pid, 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss, os.waitstatus_to_exitcode(status), file=sys.stderr)
"""
HEAD = "what                                          CPU s   budget        MB  budget"


class Cost(NamedTuple):
    """CPU seconds and the peak of memory in MB, with what each may be."""

    what: str
    seconds: float | None
    memory: float | None
    may_seconds: float | None = None
    may_memory: float | None = None

    def __str__(self) -> str:
        """One line of the table."""
        seconds = _judged(self.seconds, self.may_seconds, ".2f")
        return f"{self.what:<42}{seconds}{_judged(self.memory, self.may_memory, '.0f')}"


def _judged(value: float | None, most: float | None, form: str) -> str:
    told = "-" if value is None else format(value, form)
    if value is None or most is None:
        return f"{told:>9}{'-':>9}    "
    return f"{told:>9}{most:>9} {'ok' if value <= most else 'OVER':<4}".rstrip().ljust(22)


def rows(effort: Effort) -> Iterator[Cost]:
    """Commands, a worker from its start through a load, and a parent."""
    with as_installed():
        yield from _rows(effort)


@contextmanager
def as_installed() -> Iterator[None]:
    """Have what is started keep and find bytecode, in a folder of its own, and find no library of the tests only."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        os.environ["PYTHONPATH"] = str(HERE / "service_only")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def _rows(effort: Effort) -> Iterator[Cost]:
    times = 1 if effort == QUICK else effort.pairs
    for command, (seconds, most) in COMMANDS.items():
        _cost(command)  # the first one compiles
        spent, held = zip(*(_cost(command) for _ in range(times)), strict=True)
        yield Cost(" ".join(map(_name, command)), median(spent), median(held), seconds, most)
    yield from _service(1 if effort == QUICK else 100)


def _name(argument: str) -> str:
    return Path(argument).name


def _cost(command: Sequence[str]) -> tuple[float, float]:
    """CPU seconds and peak in MB of one run, from its start to its end."""
    run = [sys.executable, "-S", "-c", LAUNCHER, sys.executable, "-m", "cds", *command]
    seconds, peak, status = subprocess.run(run, capture_output=True, text=True, check=True).stderr.split()[-3:]
    if int(status):
        raise SystemExit(f"{command} ended with {status}")
    return float(seconds), float(peak) / MEBI


def _service(percent: int) -> Iterator[Cost]:
    """With sign-in, audit and store, as in a hospital."""
    clinic = Clinic()
    with tempfile.TemporaryDirectory() as folder:
        with serving(Path(folder, "one"), clinic, 1):
            pass  # the first one compiles, and makes the tables
        with serving(Path(folder, "one"), clinic, 1, log_level="info") as service:
            process = Process(service.place, service.process.pid, Tokens(clinic))
            first = Calls(process, KINDS[0], request(KINDS[0], 10, today()), is_judged=True)
            first.seconds(1)
            yield Cost("a worker, to its first answer", process.cpu_seconds, memory(service).now, WORKER_SECONDS)
            process.calm()
            for size, number in LOAD.items():
                for kind in KINDS:
                    calls = Calls(process, kind, request(kind, size, today()), is_judged=True)
                    calls.seconds(max(1, number * percent // 100))
            process.calm()
            yield Cost("a worker, after the load", None, memory(service).now, None, WORKER_MEMORY)
        with serving(Path(folder, "two"), clinic, 2, log_level="info") as service:
            process = Process(service.place, service.process.pid, Tokens(clinic))
            Calls(process, KINDS[0], request(KINDS[0], 10, today()), is_judged=True).seconds(1)
            yield Cost("the parent of two workers", process.cpu_seconds, _resident(service.process.pid))


def _resident(pid: int) -> float:
    """The memory of one process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / MEBI
