"""`make bench`: what a call costs beside what can hardly be cheaper, next to the budget. See docs/performance.md."""

import argparse
import cProfile
import gc
import json
import pstats
import sys
from collections.abc import Iterator
from typing import NamedTuple

import served
import startup
import subjects
import world
from pairs import FULL, QUICK, Effort, Result, Run, compare
from payloads import FIRING, KINDS, SERVICE, SILENT, request
from starlette.types import ASGIApp

from cds.call import Engine

SIZES = (10, 200, 2_000, 10_000)
TYPED, GENERIC = "core / typed decode", "core / orjson.loads"
BUDGET: dict[tuple[str, str], dict[int, float]] = {(SILENT, TYPED): dict.fromkeys(SIZES[1:], 1.5)}
GROWN, GROWTH = (10_000, 200), 1.3
PROFILED = 100
HEAD = "chart   resources      kB  compared                    µs   against   ratio  spread       budget"


class Row(NamedTuple):
    """One comparison of one chart."""

    kind: str
    size: int
    length: int
    compared: str
    result: Result


class Bench:
    """Everything that is measured, built once."""

    def __init__(self) -> None:
        self.engine: Engine = subjects.engine()
        self.app: ASGIApp = subjects.application(self.engine)
        self.server = subjects.Server()

    def rows(self, effort: Effort) -> Iterator[Row]:
        """All comparisons, chart by chart."""
        for size in SIZES:
            for kind in KINDS:
                body = request(kind, size)
                self._check(kind, body)
                for compared, (subject, reference) in self._contests(body).items():
                    yield Row(kind, size, len(body), compared, compare(subject, reference, effort))

    def _contests(self, body: bytes) -> dict[str, tuple[Run, Run]]:
        core = subjects.core(self.engine, body)
        return {
            TYPED: (core, subjects.typed(body)),
            GENERIC: (core, subjects.generic(body)),
        }

    def _check(self, kind: str, body: bytes) -> None:
        """Measure nothing but good answers: none or several cards, with and without the web around the core."""
        status, answer = self.engine.answer(SERVICE, body)
        self.server.calls(self.app, body)(1)
        start, sent = self.server.sent
        cards = [len(json.loads(one)["cards"]) for one in (answer, sent["body"])]
        good = cards == [0, 0] if kind == SILENT else cards[0] == cards[1] > 1
        if (status, start["status"]) != (200, 200) or not good:
            raise SystemExit(f"the {kind} chart of {len(body)} bytes was answered {status} with {cards} cards")


def shown(row: Row) -> str:
    """One line of the table."""
    budget = BUDGET.get((row.kind, row.compared), {}).get(row.size)
    result = row.result
    spread = f"{result.lowest:.2f}-{result.highest:.2f}"
    numbers = f"{result.subject * 1e6:>10,.0f}{result.reference * 1e6:>10,.0f}{result.ratio:>8.2f}"
    start = f"{row.kind:<8}{row.size:>9,}{row.length / 1000:>8,.0f}  {row.compared:<20}"
    return f"{start}{numbers}  {spread:<13}{judged(result.ratio, budget)}"


def judged(ratio: float, budget: float | None) -> str:
    """The budget and whether it is kept."""
    return f"{'-':>6}" if budget is None else f"{budget:>6}  {'ok' if ratio <= budget else 'OVER'}"


def growth(bench: Bench, rows: list[Row], effort: Effort) -> Iterator[str]:
    """What one resource costs the core, and whether large charts cost more per resource than small ones."""
    for kind in KINDS:
        costs = {row.size: row.result.subject / row.size for row in rows if (row.kind, row.compared) == (kind, TYPED)}
        listed = "  ".join(f"{size:,}: {costs[size] * 1e6:.2f}" for size in SIZES)
        large, small = (subjects.core(bench.engine, request(kind, size)) for size in GROWN)
        ratio = compare(large, small, effort).ratio * GROWN[1] / GROWN[0]
        yield f"{kind:<8}µs per resource  {listed}   10,000 against 200: {ratio:.2f}  {judged(ratio, GROWTH)}"


def profile(bench: Bench) -> None:
    """Where the core spends its time on a firing chart of 200 resources."""
    run = subjects.core(bench.engine, request(FIRING, 200))
    run(20)
    profiler = cProfile.Profile()
    profiler.runcall(run, PROFILED)
    pstats.Stats(profiler, stream=sys.stdout).sort_stats("tottime").print_stats(25)


def main() -> None:
    """Print the table; what is over the budget is shown, not punished."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="each comparison once: shows that it runs, times nothing")
    parser.add_argument("--profile", action="store_true", help="profile the core on a firing chart instead")
    options = parser.parse_args()
    bench = Bench()
    gc.collect()
    gc.freeze()  # what is there from the start is not searched again and again, on either side
    if options.profile:
        profile(bench)
        return
    effort = QUICK if options.quick else FULL
    rows = []
    sys.stdout.write(f"CPU time, medians of pairs measured in turns\n{HEAD}\n")
    for row in bench.rows(effort):
        rows.append(row)
        sys.stdout.write(f"{shown(row)}\n")
        sys.stdout.flush()
    sys.stdout.writelines(f"{line}\n" for line in growth(bench, rows, effort))
    bench.server.close()
    sys.stdout.write(f"\nServed by a real process, over loopback: CPU time of the server\n{served.HEAD}\n")
    for line in served.rows(effort):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    sys.stdout.write(f"\nAround the engine, at {world.SIZE} resources\n{world.HEAD}\n")
    for line in world.rows(bench.engine, effort):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    sys.stdout.write(f"\nStart-up, as whole processes\n{startup.HEAD}\n")
    for cost in startup.rows(effort):
        sys.stdout.write(f"{cost}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
