"""`make load`: the real service under load and overload, every answer compared; see docs/performance.md."""

import argparse
import platform
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import figures  # noqa: E402
import uvloop  # noqa: E402
from crowd import Crowd, Visit  # noqa: E402
from driver import CONNECTIONS, Driver, Sample, steady  # noqa: E402
from hospital import PUBLIC, Clinic, forget_peaks, memory, serving  # noqa: E402
from service.process import Running  # noqa: E402

from cds.call import build_engine  # noqa: E402
from cds.settings import load  # noqa: E402

CALLERS = 32
PROBE_RATE = 20.0
SPARE_FILES = 200
TIMES = 5  # what overload means: so many times the capacity
MOST_OFFERED = 3_000.0  # calls a second; one client cannot send more


class Run:
    """One run against one service."""

    def __init__(self, service: Running, clinic: Clinic, visits: Iterator[Visit]) -> None:
        self._service = service
        self._clinic = clinic
        self._visits = visits
        self._tokens: list[bytes] = []
        self._driver = Driver(service.place, self._next, _files())

    def _next(self) -> tuple[Visit, bytes]:
        return next(self._visits), self._tokens.pop() if self._tokens else self._clinic.tokens(1)[0]

    async def whole(self, wanted: argparse.Namespace) -> bool:
        """Warm up, load, measure the capacity, overload, watch it recover; whether no answer was wrong or lost."""
        short = min(3.0, wanted.seconds)
        warm = await self.closed(short)
        usual = await self.open(wanted.rate, wanted.seconds)
        _say(*figures.load_lines(usual, wanted.seconds, memory(self._service)))
        found = await self.closed(short)
        capacity = len(found) / short
        _say(f"capacity   {capacity:,.0f} calls/s, {CALLERS} callers at once: {_told(found)}")
        forget_peaks(self._service)
        self._driver.unsent = 0
        crowded = await self.open(min(MOST_OFFERED, TIMES * capacity), wanted.overload_seconds)
        _say(*figures.overload_lines(crowded, capacity, memory(self._service), self._driver.unsent))
        after = await self.open(PROBE_RATE, short)
        _say(figures.recovery_line(figures.recovered(crowded, after)))
        self.close()
        return not figures.faults([*warm, *usual, *found, *crowded, *after])

    def close(self) -> None:
        """Hang up."""
        self._driver.close()

    async def open(self, rate: float, seconds: float) -> list[Sample]:
        """Calls at this rate, whatever becomes of them."""
        self._tokens = self._clinic.tokens(int(rate * seconds))
        return await self._driver.open_loop(steady(rate, seconds))

    async def closed(self, seconds: float) -> list[Sample]:
        """Calls by callers who wait for their answers."""
        self._tokens = self._clinic.tokens(int(400 * seconds))
        return await self._driver.closed_loop(CALLERS, seconds)


def _files() -> int:
    """How many connections one process can have: as many as are wanted, if the machine allows it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = CONNECTIONS + SPARE_FILES if most == resource.RLIM_INFINITY else min(most, CONNECTIONS + SPARE_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    return allowed - SPARE_FILES


def _told(samples: list[Sample]) -> str:
    return f"{figures.spread([one.latency for one in samples])}; faults {figures.faults(samples)}"


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Run, and print; exit status 1 only for what must never be: an answer that is wrong, or lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=200.0, help="calls a second")
    parser.add_argument("--overload-seconds", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=2)
    wanted = parser.parse_args(arguments)
    visits = Crowd(build_engine(load({"TWITCH_CDS_PUBLIC_URL": PUBLIC}))).visits()
    clinic = Clinic()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), clinic, wanted.workers) as service:
        _say(f"Python {platform.python_version()}, {wanted.workers} workers, sign-in required, every token used once")
        is_good = uvloop.run(Run(service, clinic, visits).whole(wanted))
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
