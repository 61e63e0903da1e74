"""Half the measured capacity for ten minutes while every core is kept busy: nothing lost, memory flat."""

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import figures  # noqa: E402
import uvloop  # noqa: E402
from crowd import Crowd  # noqa: E402
from hospital import PUBLIC, Clinic, memory, serving  # noqa: E402
from load_run import CALLERS, Run  # noqa: E402

from cds.call import build_engine  # noqa: E402
from cds.settings import load  # noqa: E402

PARTS = 10  # memory is looked at after each
GROWTH = 1.2  # of the largest worker, from the third part to the last: more is not flat


def spin() -> None:
    """Keep one core busy."""
    while True:
        pass


@contextmanager
def busy_cores() -> Iterator[None]:
    """A process for every core, beside the service."""
    spinners = [
        multiprocessing.get_context("spawn").Process(target=spin, daemon=True) for _ in range(os.cpu_count() or 1)
    ]
    for one in spinners:
        one.start()
    try:
        yield
    finally:
        for one in spinners:
            one.kill()
            one.join()


def main(arguments: list[str]) -> int:
    """Print a line for each part; exit status 1 if an answer was wrong or lost, or memory grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--workers", type=int, default=2)
    wanted = parser.parse_args(arguments)
    visits = Crowd(build_engine(load({"TWITCH_CDS_PUBLIC_URL": PUBLIC}))).visits()
    clinic, part, held, faults = Clinic(), wanted.seconds / PARTS, list[float](), 0
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), clinic, wanted.workers) as service,
        busy_cores(),
    ):
        run, short = Run(service, clinic, visits), min(5.0, part)

        async def soak() -> None:
            nonlocal faults
            began = perf_counter()
            capacity = len(await run.closed(short)) / (perf_counter() - began)  # the last answers come after that
            sys.stdout.write(f"capacity {capacity:,.1f} calls/s beside busy cores, {CALLERS} callers at once\n")
            for number in range(1, PARTS + 1):
                samples = await run.open(max(capacity / 2, 1 / part), part)
                counts, now = figures.verdicts(samples), memory(service).now
                held.append(now)
                faults += figures.faults(samples)
                told = f"sent {len(samples):,}, right {counts['right']:,}, shed {counts['shed']:,}"
                sys.stdout.write(
                    f"part {number}: {told}, lost or wrong {figures.faults(samples)}; worker {now:.0f} MB\n"
                )
                sys.stdout.flush()
            run.close()

        uvloop.run(soak())
    is_flat = held[-1] <= GROWTH * held[2]
    sys.stdout.write(
        f"lost or wrong {faults}; memory {'flat' if is_flat else 'GREW'}: {held[2]:.0f} to {held[-1]:.0f} MB\n"
    )
    return 0 if is_flat and not faults else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
