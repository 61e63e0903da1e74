"""`twitch-cds golive`: its options, its output and its exit status."""

import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from cds.clock import utc_now
from cds.errors import UsageError
from cds.golive.judge import KeyOf, judge
from cds.golive.verdict import Row, Verdict, left_out
from cds.progress import working
from cds.settings import environment, load

NO_FILE = "no file of gates: name one, or set TWITCH_CDS_GOLIVE"


class Options(NamedTuple):
    """The file of gates (that of the settings if none is named), the audits of several machines, and a replay."""

    file: str | None = None
    audit: tuple[str, ...] = ()
    replay: str = ""
    json: bool = False


def run(options: Options, key_of: KeyOf, now: Callable[[], datetime] = utc_now) -> int:
    """Print the verdict: 0 go, 1 not yet; what cannot be used is raised."""
    settings = load(environment())
    file = options.file or settings.golive
    if not file:
        raise UsageError(NO_FILE)
    with working("Counting"):
        replay = Path(options.replay) if options.replay else None
        verdict = judge(Path(file), settings, now(), key_of, [Path(path) for path in options.audit], replay)
    sys.stdout.write(_object(verdict) if options.json else "".join(f"{line}\n" for line in _lines(verdict)))
    return 0 if verdict.is_go else 1


def _object(verdict: Verdict) -> str:
    rows = [msgspec.to_builtins(row) | {"state": row.said} for row in verdict.rows]
    document = {
        "client": verdict.gates.client,
        "go": verdict.is_go,
        "leftOut": list(verdict.gates.without),
        "gates": rows,
    }
    return msgspec.json.encode(document).decode() + "\n"


def _lines(verdict: Verdict) -> Iterator[str]:
    until = f" until {verdict.gates.until}" if verdict.gates.until else ""
    yield f"Go-live of {verdict.gates.client}, from {verdict.gates.since}{until} ({verdict.time_zone})"
    yield ""
    for row in verdict.rows:
        yield f"  {row.said:<20} {row.title}{_numbers(row)}"
    for title in left_out(verdict.gates):
        yield f"  {'left out':<20} {title}"
    yield ""
    yield summary(verdict)


def _numbers(row: Row) -> str:
    """The number beside its gate."""
    value = "no figures" if row.value is None else number(row.value)
    return f": {value} (at {'least' if row.is_least else 'most'} {number(row.limit)})"


def number(value: float) -> str:
    """With a comma each three digits, and two decimals where there are any."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def summary(verdict: Verdict) -> str:
    """The verdict, in one sentence."""
    if verdict.is_go:
        return f"GO: all {len(verdict.rows)} gates are met."
    return f"NOT YET: {verdict.missed} of {len(verdict.rows)} gates are not met."
