"""Reads what there is: the audit, the database and the reviews, as the settings and the file of gates name them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from cds.audit.chain import Seal
from cds.audit.place import all_of, log_of
from cds.errors import UsageError
from cds.golive.calls import Calls, Days, count_calls
from cds.golive.feedback import Feedback, count_feedback
from cds.golive.gates import Gates, read_gates
from cds.golive.replayed import read_replay
from cds.golive.reviews import read_review
from cds.golive.shadow import count_shadow
from cds.golive.verdict import Verdict, verdict
from cds.report.model import Period
from cds.report.shadow import Shadow
from cds.report.source import reading
from cds.secrecy import Secret
from cds.settings import Settings

KeyOf = Callable[[Settings], Secret]


def judge(
    path: Path, settings: Settings, now: datetime, key_of: KeyOf, logs: Sequence[Path] = (), replay: Path | None = None
) -> Verdict:
    """The verdict of a file of gates; raises UsageError if that, or what it names, cannot be used.

    `logs`: the audits of all machines; without any, that of this one and the older ones beside it. `replay`: the folder
    of a replay in the place of the one that the file names.
    """
    gates = read_gates(path)
    reviews = [read_review(path.parent / name) for name in gates.reviews]
    calls = _calls(gates, settings, key_of, list(logs) or all_of(log_of(settings)))
    feedback, beside = _of_database(gates, settings, now)
    folder = replay or (path.parent / gates.replay if gates.replay else None)
    replayed = read_replay(folder) if folder is not None else None
    return verdict(gates, str(settings.zone), calls, feedback, reviews, beside, replayed)


def _calls(gates: Gates, settings: Settings, key_of: KeyOf, logs: Sequence[Path]) -> Calls | None:
    """Nothing where there is no audit."""
    if not logs:
        return None
    days = Days(gates.since, gates.until, settings.zone)
    return count_calls(logs, Seal(key_of(settings)), gates.client, days)


def _of_database(gates: Gates, settings: Settings, now: datetime) -> tuple[Feedback | None, Shadow | None]:
    """Feedback, and what a candidate would change; nothing where the database cannot be read."""
    period = Period(now=now, zone=settings.zone, since=gates.since, until=gates.until)
    try:
        with reading(settings) as connection:
            return count_feedback(connection, period, gates.client), count_shadow(connection, period, gates.client)
    except UsageError:
        return None, None
