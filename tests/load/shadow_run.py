"""A candidate beside the live version: what its worst do to 10,000 live answers, and what a good one adds to a call.

All figures are CPU seconds of the serving process alone, by the kernel's clock for its threads: the candidate and the
process that asks it have their own. The exit status is 1 if an answer was another one than without a candidate; each
candidate is waited for until it has done its worst. A share of CPU that was missed is marked, not failed.
"""

import argparse
import http.client
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from service.candidates import FAULTS, knowledge, python  # noqa: E402
from service.process import JSON, PATIENCE, PATIENT_VIEW, TWITCHING, Running, running  # noqa: E402
from service.waiting import wait_until  # noqa: E402

UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WORST = ("fails on a call", "hangs on a call", "eats memory")
LATE = "200"  # milliseconds that a candidate has for a chart, where it hangs
SHARE_TARGET = 1.05
PAIRS, EACH = 15, 200  # a service without a candidate and one with it in turns, so many calls each


class Caller:
    """One EHR on one connection."""

    def __init__(self, service: Running) -> None:
        self.service = service
        self._connection = http.client.HTTPConnection(*service.place, timeout=PATIENCE)

    def answer(self, body: bytes) -> bytes:
        """The answer to one call, without its ids."""
        self._connection.request("POST", PATIENT_VIEW, body, dict(JSON))
        response = self._connection.getresponse()
        return b"%d %s" % (response.status, UUID.sub(b"-", response.read()))

    def cpu(self) -> int:
        """The nanoseconds of CPU of all threads of the serving process so far."""
        tasks = Path(f"/proc/{self.service.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)

    def cost(self, body: bytes, calls: int) -> float:
        """Microseconds of CPU for each of so many calls, on a connection of their own: an idle one is closed."""
        self._connection.close()
        before = self.cpu()
        for _ in range(calls):
            self.answer(body)
        return (self.cpu() - before) / calls / 1000


def silent_body() -> bytes:
    """The same call of a chart without a twitch."""
    return re.sub(rb"(?i)fasciculation|twitch\w*|R25\.3|82470000", b"pain", TWITCHING.read_bytes())


def worst(folder: Path, fault: str, calls: int, expected: bytes) -> tuple[str, bool]:
    """One line about a candidate at its worst, and whether all answers were the same and it did it."""
    code, cause = FAULTS[fault]
    path = python(folder / "next", code)
    patience = LATE if cause == "late" else "60000"
    with running(folder, shadow=str(path), shadow_timeout_ms=patience) as service:
        caller, body = Caller(service), TWITCHING.read_bytes()
        before = caller.cpu()
        same = sum(expected == caller.answer(body) for _ in range(calls))
        spent = (caller.cpu() - before) / calls / 1000
        wait_until(lambda: service.metric(f'twitch_cds_shadow_events_total{{event="{cause}"}}') > 0)
        seen = service.metric(f'twitch_cds_shadow_events_total{{event="{cause}"}}')
        dropped = service.metric('twitch_cds_shadow_events_total{event="dropped"}')
    line = (
        f"{fault:<16} {same:,} of {calls:,} answers the same; {cause} {seen:.0f} times, {dropped:,.0f} charts dropped"
    )
    return f"{line}; {spent:,.0f} µs CPU a call", same == calls


def shares(folder: Path, pairs: int, each: int) -> Iterator[str]:
    """What a candidate that differs in nothing adds to a call in the serving process."""
    with ExitStack() as services:
        alone = Caller(services.enter_context(running(folder / "alone")))
        other = running(folder / "beside", shadow=str(knowledge(folder / "k")), shadow_timeout_ms="60000")
        beside = Caller(services.enter_context(other))
        for name, body in (("with cards", TWITCHING.read_bytes()), ("silent", silent_body())):
            for caller in (alone, beside):
                caller.cost(body, each)
            costs = [(alone.cost(body, each), beside.cost(body, each)) for _ in range(pairs)]
            ratio = sum(after for _, after in costs) / sum(before for before, _ in costs)
            usual, added = (median(column) for column in zip(*costs, strict=True))
            each_ratio = sorted(after / before for before, after in costs)
            verdict = "ok" if ratio <= SHARE_TARGET else "MISSED"
            yield (
                f"{name:<16} {usual:,.0f} → {added:,.0f} µs CPU a call at the median of {pairs} pairs of {each};"
                f" {ratio:.3f} times in all (target {SHARE_TARGET})  {verdict};"
                f" pairs {each_ratio[0]:.2f} to {each_ratio[-1]:.2f}"
            )


def main(arguments: list[str]) -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--each", type=int, default=EACH)
    wanted = parser.parse_args(arguments)
    is_good = True
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with running(folder / "usual") as service:
            expected = Caller(service).answer(TWITCHING.read_bytes())
        for number, fault in enumerate(WORST if wanted.calls else ()):
            calls = wanted.calls // len(WORST) + (number < wanted.calls % len(WORST))
            line, is_fine = worst(folder / f"worst{number}", fault, calls, expected)
            is_good &= is_fine
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        for line in shares(folder, wanted.pairs, wanted.each) if wanted.pairs else ():
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
