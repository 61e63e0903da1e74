"""`twitch-cds diff`: its options, its output and its exit status."""

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

from cds.clock import utc_now
from cds.diff.candidates import Budget, CandidateRun, candidate
from cds.diff.changes import answers, compare
from cds.diff.table import write
from cds.progress import working
from cds.settings import environment, load


class Options(NamedTuple):
    """Who is compared, over which export, as of which day (today unless given), and within which budget each.

    `every` and `workers` are those of a replay.
    """

    old: str
    new: str
    export: str
    as_of: date | None = None
    every: int | None = None
    workers: int = 1
    seconds: int = 3600
    memory: int = 4096
    json: bool = False


def run(options: Options, now: Callable[[], datetime] = utc_now) -> int:
    """Print what differs: 0 nothing, 1 something, or some input is unusable; what cannot be compared is raised."""
    settings = load(environment())
    as_of = (options.as_of or now().astimezone(settings.zone).date()).isoformat()
    budget = Budget(options.seconds, options.memory)
    arguments = ("--json", "--as-of", as_of, "--", options.export)
    runs = [
        CandidateRun(name, candidate(name).command("evaluate", *arguments), budget)
        for name in (options.old, options.new)
    ]
    with working("Comparing"):
        old, new = (
            answers(candidate_run.lines(), name)
            for candidate_run, name in zip(runs, (options.old, options.new), strict=True)
        )
    differences, unusable = compare(old, new), tuple(run.unusable for run in runs)
    return write(differences, unusable, "charts", as_json=options.json)
