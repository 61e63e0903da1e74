"""What a run amounts to, in a few lines of text."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from crowd import Verdict
from driver import Sample
from hospital import Memory

TARGETS = {50: 0.050, 95: 0.200, 99: 0.500}  # seconds, by percentile
SOON, RECOVERY, MOST_MEMORY = 0.050, 5.0, 512.0


class Spread(NamedTuple):
    """Seconds: median, 95th and 99th percentile, and the longest."""

    p50: float
    p95: float
    p99: float
    most: float

    def __str__(self) -> str:
        p50, p95, p99, most = (f"{1000 * one:,.0f}" for one in self)
        return f"p50 {p50}  p95 {p95}  p99 {p99}  max {most} ms"


def spread(seconds: Sequence[float]) -> Spread:
    """The spread of some times; the nearest rank, so that every figure was measured."""
    ranked = sorted(seconds) or [0.0]
    at = [ranked[min(len(ranked) - 1, len(ranked) * percent // 100)] for percent in (*TARGETS, 100)]
    return Spread(*at)


def verdicts(samples: Sequence[Sample]) -> Counter[str]:
    """How many answers were right, shed, wrong, failed."""
    return Counter(sample.verdict.value for sample in samples)


def faults(samples: Sequence[Sample]) -> int:
    """Answers that must never be: wrong ones, 5xx other than 503, none at all."""
    return sum(sample.verdict in (Verdict.WRONG, Verdict.FAILED) for sample in samples)


def recovered(crowded: Sequence[Sample], after: Sequence[Sample]) -> float:
    """Seconds from the last call of a crowd until every call is answered rightly and within the slowest target."""
    ended = max(one.due for one in crowded)
    slow = [one for one in (*crowded, *after) if one.verdict != Verdict.RIGHT or one.latency > TARGETS[99]]
    return max((one.done - ended for one in slow), default=0.0)


def load_lines(samples: Sequence[Sample], seconds: float, held: Memory) -> list[str]:
    """The section on ordinary load."""
    times = spread([one.latency for one in samples])
    ok = all(measured <= target for measured, target in zip(times, TARGETS.values(), strict=False))
    errors = len(samples) - verdicts(samples)["right"]
    return [
        f"load       {len(samples) / seconds:,.0f} calls/s for {seconds:.0f} s: {_told(samples)}",
        f"           from when they were due: {times}  (targets 50, 200, 500)  {_mark(ok)}",
        f"           errors {errors}  (target 0)  {_mark(errors == 0)}",
        _memory_line(held),
    ]


def overload_lines(samples: Sequence[Sample], capacity: float, held: Memory, unsent: int) -> list[str]:
    """The section on overload."""
    shed = spread([one.service for one in samples if one.verdict == Verdict.SHED])
    taken = spread([one.service for one in samples if one.verdict == Verdict.RIGHT])
    wait = max(one.done for one in samples) - min(one.due for one in samples)
    at_fault = faults(samples)
    late = spread([one.sent - one.due for one in samples])
    offered = len(samples) / max(1e-9, max(one.sent for one in samples) - min(one.due for one in samples))
    return [
        f"overload   {offered:,.0f} calls/s, {offered / capacity:.1f} x capacity, {wait:.0f} s: {_told(samples)}",
        f"           not sent for want of a connection: {unsent:,}; sent late by {late}",
        f"           503 after {shed}  (target {1000 * SOON:.0f})  {_mark(shed.p95 <= SOON)}",
        f"           200 after {taken}",
        f"           wrong, or 5xx other than 503, or no answer: {at_fault}  (target 0)  {_mark(not at_fault)}",
        _memory_line(held),
    ]


def recovery_line(seconds: float) -> str:
    """How long it took."""
    return f"recovery   after {seconds:.1f} s  (target {RECOVERY:.0f})  {_mark(seconds <= RECOVERY)}"


def _memory_line(held: Memory) -> str:
    ok = held.peak <= MOST_MEMORY
    figures = f"largest worker {held.peak:.0f} at its peak, {held.now:.0f} now; all processes {held.together:.0f}"
    return f"           MB: {figures}  (target {MOST_MEMORY:.0f})  {_mark(ok)}"


def _told(samples: Sequence[Sample]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(verdicts(samples).items()))


def _mark(ok: bool) -> str:
    return "ok" if ok else "MISSED"
