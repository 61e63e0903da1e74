"""`twitch-cds recall`: its options and its output."""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from cds.call import build_engine
from cds.errors import UsageError, reason_of
from cds.evaluate.files import Batch, batches
from cds.progress import working
from cds.recall.rows import Rows, rows
from cds.recall.sheets import draft_of_codes, draft_of_units, sheet
from cds.recall.source import size_of, survey
from cds.recall.suggest import Suggestions
from cds.recall.table import table
from cds.settings import environment, load

OWNER_ONLY = 0o600
DISCLOSES = (
    "--all: texts that fewer than five patients have are printed. They may contain names and other free text of "
    "individual patients: protect this output as you protect the charts."
)


class Options(NamedTuple):
    """What is surveyed, and what is written."""

    paths: Sequence[str]
    csv: str | None = None
    draft_map: str | None = None
    all: bool = False


def run(options: Options, now: Callable[[], datetime] | None = None) -> int:
    """Print what is read of the charts and what is not: 0 all were read, 2 some input is unusable."""
    engine = build_engine(load(environment()), now)
    units = _units_file(options.draft_map)
    for draft in (options.draft_map, units):
        if draft and Path(draft).exists():
            raise UsageError(f"--draft-map: {draft} exists already, and may contain lines that a person has confirmed")
    read_batches = [batch for path in options.paths for batch in batches(path)]
    total = sum(size_of(path) for batch in read_batches if isinstance(batch, Batch) for path in batch.paths)
    with working("Reading", total or None) as work:
        counted, problems = survey(engine, read_batches, work.advance)
    if options.all:
        _say(DISCLOSES)
    lines = rows(counted, Suggestions(engine.knowledge), every=options.all)
    _write(options, units, lines)
    sys.stdout.write(table(counted, lines))
    sys.stdout.flush()
    for problem in problems:
        _say(f"{problem.input}: {problem.text}")
    return 2 if problems else 0


def _write(options: Options, units: str | None, lines: Rows) -> None:
    if options.csv:
        _file("--csv", options.csv, sheet(lines.shown))
    if options.draft_map:
        _file("--draft-map", options.draft_map, draft_of_codes(lines.shown))
        _say(f"{options.draft_map}: a draft. No line of it is read before a person has confirmed it")
    if units and (text := draft_of_units(lines.shown)):
        _file("--draft-map", units, text)
        _say(f"{units}: a draft of the units")


def _units_file(draft: str | None) -> str | None:
    """The draft of units lies beside that of codes."""
    return str(Path(draft).with_suffix(".units.csv")) if draft else None


def _file(option: str, path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="utf-8", newline="", opener=_for_its_owner) as file:
            file.write(text)
    except OSError as problem:
        raise UsageError(f"{option}: {path} cannot be written: {reason_of(problem)}") from problem


def _for_its_owner(path: str, flags: int) -> int:
    """Texts of charts may be in it."""
    return os.open(path, flags, OWNER_ONLY)


def _say(text: str) -> None:
    sys.stderr.write(f"twitch-cds: {text}\n")
    sys.stderr.flush()
