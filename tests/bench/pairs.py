"""Measuring two things against each other: CPU time, in turns, so that whatever slows the machine slows both."""

import gc
from collections.abc import Callable
from functools import partial
from statistics import median
from time import process_time
from typing import NamedTuple

Run = Callable[[int], None]
Timed = Callable[[int], float]


class Effort(NamedTuple):
    """How many pairs, and how long each side runs, at least, in seconds of CPU time."""

    pairs: int
    seconds: float


FULL = Effort(pairs=9, seconds=0.06)
QUICK = Effort(pairs=1, seconds=0.0)
MOST = 8  # times more than before, at most


class Result(NamedTuple):
    """Medians: seconds per call of both sides, and of the ratios of the pairs; lowest and highest of these."""

    subject: float
    reference: float
    ratio: float
    lowest: float
    highest: float


def compare(subject: Run, reference: Run, effort: Effort) -> Result:
    """Two things that are done in this process."""
    return compare_timed(partial(_seconds, subject), partial(_seconds, reference), effort)


def compare_timed(subject: Timed, reference: Timed, effort: Effort) -> Result:
    """A B A B ...; the ratio is taken within each pair. Both tell the seconds of CPU time per call."""
    times = [_times(side, effort) for side in (subject, reference)]
    pairs = [(subject(times[0]), reference(times[1])) for _ in range(effort.pairs)]
    ratios = [a / b for a, b in pairs]
    return Result(median(a for a, _ in pairs), median(b for _, b in pairs), median(ratios), min(ratios), max(ratios))


def _times(side: Timed, effort: Effort) -> int:
    """How often to run so that the clock's grain does not matter; the first calls warm up."""
    if not effort.seconds:
        return 1
    side(1)
    times = 1
    while (spent := side(times) * times) < effort.seconds:
        wanted = round(times * effort.seconds / max(spent, 1e-6)) + 1
        times = max(times * 2, min(times * MOST, wanted))  # a clock that has not yet counted says next to nothing
    return times


def _seconds(run: Run, times: int) -> float:
    """CPU seconds per call, of all threads; earlier garbage is nobody's cost, garbage made here is."""
    gc.collect()
    started = process_time()
    run(times)
    return (process_time() - started) / times
