"""`twitch-cds diff`: its options, its output and its exit status."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from cards.markdown import plain
from cds.clock import utc_now
from cds.diff.candidates import Budget, Run, candidate
from cds.diff.changes import Change, Differences, answers, compare
from cds.progress import working
from cds.settings import environment, load

HEADINGS = tuple(Change)


class Options(NamedTuple):
    """Who is compared, over which export, as of which day (today unless given), and within which budget each."""

    old: str
    new: str
    export: str
    as_of: date | None = None
    seconds: int = 3600
    memory: int = 4096
    json: bool = False


def run(options: Options, now: Callable[[], datetime] = utc_now) -> int:
    """Print what differs: 0 nothing, 1 something, or some input is unusable; what cannot be compared is raised."""
    settings = load(environment())
    as_of = (options.as_of or now().astimezone(settings.zone).date()).isoformat()
    budget = Budget(options.seconds, options.memory)
    runs = [Run(candidate(name), options.export, as_of, budget) for name in (options.old, options.new)]
    with working("Comparing"):
        old, new = (answers(one.lines(), name) for one, name in zip(runs, (options.old, options.new), strict=True))
    found, unusable = compare(old, new), tuple(one.unusable for one in runs)
    sys.stdout.write(
        _object(found, unusable) if options.json else "".join(f"{line}\n" for line in _lines(found, unusable))
    )
    return 0 if found.is_same and not any(unusable) else 1


def _object(found: Differences, unusable: tuple[int, ...]) -> str:
    told = {
        "charts": found.charts,
        "changed": found.changed,
        "onlyOld": found.only_old,
        "onlyNew": found.only_new,
        "unusable": {"old": unusable[0], "new": unusable[1]},
        "cards": {topic: dict(counts) for topic, counts in sorted(found.by_card.items())},
        "reasons": {reason: dict(counts) for reason, counts in sorted(found.by_reason.items())},
    }
    return msgspec.json.encode(told).decode() + "\n"


def _lines(found: Differences, unusable: tuple[int, ...]) -> Iterator[str]:
    yield f"{found.charts} charts compared, {found.changed} of them with differences"
    for count, name in ((found.only_old, "old"), (found.only_new, "new")):
        if count:
            yield f"{count} charts were answered by the {name} one only: they are not compared"
    for count, name in zip(unusable, ("old", "new"), strict=True):
        if count:
            yield f"{count} inputs could not be used by the {name} one"
    if found.by_card:
        yield ""
        yield from _table("card", found.by_card, HEADINGS)
    if found.by_reason:
        yield ""
        yield from _table("flag or tag of a card", found.by_reason, (Change.NEW, Change.GONE))


def _table(name: str, counts: Mapping[str, Counter[str]], headings: tuple[Change, ...]) -> Iterator[str]:
    """Aligned, in the order of the names."""
    rows = [
        (name, *headings),
        *((plain(one), *(str(some[what]) for what in headings)) for one, some in sorted(counts.items())),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *numbers in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
