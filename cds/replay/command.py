"""`twitch-cds replay`: its options, its output and its exit status."""

import errno
import fcntl
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from cds.call import build_engine
from cds.clock import Clock
from cds.errors import Unfinished, UsageError, reason_of
from cds.evaluate.files import Problem
from cds.evaluate.places import of_store, store_errors, whole_name
from cds.keyed import fingerprint
from cds.knowledge.load import DATA
from cds.replay import keep, results
from cds.replay.alike import ALIKE, alike
from cds.replay.events import Calendar
from cds.replay.executors import Executor, executor_of
from cds.replay.figures import FIGURE_NAMES, FIGURES
from cds.replay.ledger import Answers
from cds.replay.losses import Reason
from cds.replay.manifest import LOCK, NAME, Manifest, inputs, taken_up
from cds.replay.names import Names
from cds.replay.page import write_page
from cds.replay.parts import Part, parts
from cds.replay.run import Limits, Run
from cds.replay.tables import GO_ON, tables
from cds.replay.worker import Setup
from cds.settings import Settings, environment, load
from cds.store.keys import hash_key

LOST = 4
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Options(NamedTuple):
    """What is replayed, when charts are evaluated, and where to."""

    export: str
    out: str
    as_of: date | None = None
    every: int | None = None
    answers: str = Answers.NONE
    workers: int = 1
    rules_off: bool = True
    work: str | None = None
    knowledge: str | None = None


def run(
    options: Options, now: Callable[[], datetime] | None = None, executor: Callable[[Setup], Executor] | None = None
) -> int:
    """Replay: 0 all of it, 4 with something of the export lost, which the page counts; 1 and 2 as everywhere.

    `executor`: who does it, if not processes of this machine.
    """
    logging.getLogger("cds").addHandler(logging.NullHandler())
    settings = load(environment())
    out = Path(options.out).absolute()
    try:
        with _alone(out):
            return _replay(options, settings, out, now or Clock(settings.zone).now, executor)
    except OSError as problem:
        if problem.errno in FULL:
            raise Unfinished(f"{out}: the disk is full. {GO_ON}") from problem
        raise Unfinished(
            f"{problem.filename or out}: {reason_of(problem)}. Run the same command again to continue"
        ) from problem
    except store_errors() as problem:
        raise Unfinished(f"{of_store(problem)}. Run the same command again to continue") from problem


def _replay(
    options: Options,
    settings: Settings,
    out: Path,
    now: Callable[[], datetime],
    executor_for: Callable[[Setup], Executor] | None,
) -> int:
    export = whole_name(options.export)
    export_parts, problems = _parts(export)
    if not export_parts:
        raise UsageError("; ".join(f"{problem.input}: {problem.text}" for problem in problems))
    engine = build_engine(settings, data=Path(options.knowledge) if options.knowledge else DATA)
    key = hash_key(settings)
    new = Manifest(
        software=version("twitch-cds"),
        knowledge=engine.knowledge_version,
        hash_key=fingerprint(key),
        began=now().isoformat(),
        options=_kept(options),
        export=export,
        inputs=inputs(export, export_parts),
        parts=len(export_parts),
    )
    manifest = taken_up(new, out)
    setup = _setup(options, export, out, manifest)
    if not manifest.done:
        keep.put_json(keep.folder(setup.work) / ALIKE, alike(settings, engine, key, new.inputs))
        calendar = Calendar(settings.zone, datetime.fromisoformat(manifest.began))
        limits = Limits(engine.limits.entries, settings.max_body_bytes)
        executor = executor_for(setup) if executor_for else executor_of(setup, options.workers)
        try:
            replay = Run(setup, export_parts, executor, Names(key.reveal()), calendar, limits, options.workers)
            manifest = _finished(replay, manifest, problems)
        finally:
            executor.close()
    for folder in {setup.work, setup.spill}:
        keep.remove(folder)
    keep.remove_drafts(out)
    return _said(manifest, out)


def _parts(export: str) -> tuple[list[Part], list[Problem]]:
    """All parts of an export; raises UsageError if its store does not list it."""
    try:
        return parts(export)
    except store_errors() as problem:
        raise UsageError(f"{export}: {of_store(problem)}") from problem


def _setup(options: Options, export: str, out: Path, manifest: Manifest) -> Setup:
    """What all processes are given; of a replay that goes on the same as before."""
    return Setup(
        export=export,
        out=str(out),
        now=manifest.began,
        as_of=options.as_of.isoformat() if options.as_of else None,
        every=options.every,
        answers=Answers(options.answers),
        rules_off=options.rules_off,
        knowledge=whole_name(options.knowledge) if options.knowledge else "",
        place=f"{whole_name(options.work)}/{manifest.name}" if options.work else "",
    )


def _kept(options: Options) -> dict[str, str | int | bool | None]:
    """What the figures depend on; not by how many processes they were made."""
    return {
        "as_of": options.as_of.isoformat() if options.as_of else None,
        "every": options.every,
        "answers": options.answers,
        "rules_off": options.rules_off,
    }


def _finished(replay: Run, manifest: Manifest, problems: list[Problem]) -> Manifest:
    """All stages, the files, the page."""
    out, work, spill = Path(replay.setup.out), replay.setup.work, replay.setup.spill
    plan, lost, counts = replay.go()
    for problem in problems:
        lost.add(Reason.NO_FILE, problem.input)
    with tables(spill, replay.threads, work) as database:
        results.write(database, replay.setup, plan)
    done = replace(manifest, shards=plan.shards, done=True, counts=counts, lost=lost)
    with tables(spill) as database:
        write_page(database, out, done)
        (figures,) = database.rows(FIGURES)
    done.figures = dict(zip(FIGURE_NAMES, figures, strict=True)) | {"lost": lost.losses}
    keep.put_json(out / NAME, done)
    return done


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """One replay at a time in one folder."""
    keep.folder(out)
    with (out / LOCK).open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise UsageError(f"--out {out}: another replay is running in it") from problem
        yield


def _said(manifest: Manifest, out: Path) -> int:
    """What it came to, in a few lines."""
    sys.stdout.write(f"{out / 'report.html'}\n")
    sys.stdout.flush()
    for reason, count in sorted(manifest.lost.counts.items()):
        where = ", ".join(manifest.lost.places.get(reason, [])[:3])
        sys.stderr.write(f"twitch-cds: {count} {reason}{f': {where}' if where else ''}\n")
    return LOST if manifest.lost.is_loss else 0
