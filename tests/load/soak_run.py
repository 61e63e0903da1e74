"""A soak: the real service at half its capacity while other processes keep every core busy. Nothing may be lost."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import figures  # noqa: E402
import uvloop  # noqa: E402
from crowd import Crowd, Visit  # noqa: E402
from driver import Driver, Sample, steady  # noqa: E402
from hospital import PUBLIC, Clinic, memory, serving  # noqa: E402
from load_run import CALLERS  # noqa: E402
from service.process import Running  # noqa: E402

from cds.call import build_engine  # noqa: E402
from cds.settings import load  # noqa: E402

MEASURED = 4.0  # seconds in which the capacity is measured
SLICE = 20.0  # seconds of calls whose tokens are signed in advance; while they are signed nobody calls
MOST_SIGNED = 400  # tokens a second of measuring
CONNECTIONS = 500
GROWTH = 1.1  # the most that memory may grow by after the first slices


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """Other processes that never pause."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for one in others:
            one.kill()
            one.wait()


class Soak:
    """One service, called slice after slice; memory is looked at after each."""

    def __init__(self, service: Running, clinic: Clinic, visits: Iterator[Visit]) -> None:
        self._service = service
        self._clinic = clinic
        self._tokens: list[bytes] = []
        self.held: list[float] = []
        self.capacity = 0.0
        self.driver = Driver(service.place, lambda: (next(visits), self._tokens.pop()), CONNECTIONS)

    async def run(self, seconds: float) -> list[Sample]:
        """Measure the capacity beside the others, then call at half of it."""
        self._tokens = self._clinic.tokens(int(2 * MOST_SIGNED * MEASURED))
        await self.driver.closed_loop(CALLERS, MEASURED / 2)
        samples = await self.driver.closed_loop(CALLERS, MEASURED)
        self.capacity = len(samples) / MEASURED
        lasted = 0.0
        while lasted < seconds:
            length = min(SLICE, seconds - lasted)
            self._tokens = self._clinic.tokens(int(self.capacity / 2 * length) + 1)
            samples += await self.driver.open_loop(steady(self.capacity / 2, length))
            self.held.append(memory(self._service).together)
            lasted += length
        self.driver.close()
        return samples

    @property
    def growth(self) -> float:
        """Memory at the end, over memory when a quarter of the time was over: caches are full by then."""
        return self.held[-1] / self.held[len(self.held) // 4]


def main(arguments: list[str]) -> int:
    """Run, and print; exit status 1 if an answer was wrong or lost, or if memory grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--workers", type=int, default=2)
    wanted = parser.parse_args(arguments)
    visits = Crowd(build_engine(load({"TWITCH_CDS_PUBLIC_URL": PUBLIC}))).visits()
    clinic, cores = Clinic(), os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), clinic, wanted.workers) as service, busy(cores):
        soak = Soak(service, clinic, visits)
        samples = uvloop.run(soak.run(wanted.seconds))
    lost, counts = figures.faults(samples), figures.verdicts(samples)
    said = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    sys.stdout.write(
        f"soak       {wanted.workers} workers, {cores} cores kept busy by others, {wanted.seconds:.0f} s at"
        f" {soak.capacity / 2:,.0f} calls/s, half the capacity\n"
        f"           sent {len(samples):,}: {said}; not sent {soak.driver.unsent:,}; wrong or lost {lost}\n"
        f"           after {figures.spread([one.latency for one in samples])}\n"
        f"           MB, all processes: {', '.join(f'{one:.0f}' for one in soak.held)}; grown {soak.growth:.2f} times\n"
    )
    return 0 if not lost and not soak.driver.unsent and soak.growth <= GROWTH else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
