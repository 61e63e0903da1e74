"""`twitch-cds diff --replay`: what another version or other knowledge would have shown, call by call of a replay.

Each of the two replays the export, in a process of its own within a budget, under a key of its own for this comparison:
the ids of both are the same hashes, and no other folder has them.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

import msgspec

from cds.diff.candidates import Budget, Candidate, CandidateRun, candidate
from cds.diff.changes import LEVELS, ComparedCard, Differences
from cds.diff.command import Options
from cds.diff.table import write
from cds.errors import UsageError
from cds.progress import working
from cds.replay import keep
from cds.replay.command import LOST
from cds.replay.manifest import FORMAT, NAME, Manifest
from cds.replay.results import CARDS_FILE, VISITS_FILE
from cds.replay.tables import Tables, tables
from cds.settings import environment

KEY, KEY_FILE = "TWITCH_CDS_HASH_KEY", "TWITCH_CDS_HASH_KEY_FILE"
OLD, NEW = "old", "new"
# A call that one of the two refused, or failed on, is none that it has answered.
ANSWERED = """
    CREATE TABLE answered AS SELECT visit, bool_or(side = 'old') AS by_old, bool_or(side = 'new') AS by_new FROM (
        SELECT visit, 'old' AS side FROM old_visits WHERE outcome NOT IN ('refused', 'failed')
        UNION ALL SELECT visit, 'new' FROM new_visits WHERE outcome NOT IN ('refused', 'failed')
    ) GROUP BY visit
"""
COUNTS = """
    SELECT count(*) FILTER (by_old AND by_new), count(*) FILTER (NOT by_new), count(*) FILTER (NOT by_old) FROM answered
"""
CARDS = """
    SELECT visit, side, card, tags, flags, indicator, words, rules FROM (
        SELECT 'old' AS side, * FROM old_cards UNION ALL BY NAME SELECT 'new' AS side, * FROM new_cards
    ) JOIN answered USING (visit) WHERE shown AND by_old AND by_new ORDER BY visit
"""


def run(options: Options, new_key: Callable[[], str] = lambda: token_hex(32)) -> int:
    """Print what differs: 0 nothing, 1 something, or something of the export was lost; else it is raised."""
    variables = {name: value for name, value in environment().items() if name != KEY_FILE} | {KEY: new_key()}
    both = [(side, candidate(name)) for side, name in ((OLD, options.old), (NEW, options.new))]
    with TemporaryDirectory(prefix="twitch-cds-diff-") as place, working("Comparing"):
        folders = {side: Path(place, side) for side, _ in both}
        lost = tuple(_replayed(program, options, folders[side], variables) for side, program in both)
        with tables(Path(place)) as database:
            for side, folder in folders.items():
                database.parquet(f"{side}_visits", folder / VISITS_FILE)
                database.parquet(f"{side}_cards", folder / CARDS_FILE)
            differences = compared(database)
    return write(differences, lost, "calls", as_json=options.json)


def _replayed(program: Candidate, options: Options, out: Path, variables: dict[str, str]) -> int:
    """One of the two at work; how much of the export is not in its answers."""
    days = ["--as-of", options.as_of.isoformat()] if options.as_of else []
    every = ["--every", f"{options.every}d"] if options.every else []
    arguments = ["--out", str(out), "--workers", str(options.workers), "--no-rules-off", *days, *every]
    command = program.command("replay", *arguments, "--", options.export)
    for _ in CandidateRun(program.name, command, Budget(options.seconds, options.memory), (0, LOST), variables).lines():
        pass
    try:
        manifest = keep.read(out / NAME, Manifest)
    except (OSError, msgspec.DecodeError) as problem:
        raise UsageError(f"{program.name}: left no readable replay") from problem
    if not manifest.done or manifest.format != FORMAT:
        raise UsageError(f"{program.name}: its replays have a different format, so they cannot be compared")
    return manifest.lost.losses


def compared(database: Tables) -> Differences:
    """Call by call; the cards that were shown, in whatever order."""
    database.run(ANSWERED)
    ((calls, only_old, only_new),) = database.rows(COUNTS)
    differences = Differences(charts=calls, only_old=only_old, only_new=only_new)
    for before, after in _shown(database):
        differences.add(before, after)
    return differences


def _shown(database: Tables) -> Iterator[tuple[tuple[ComparedCard, ...], tuple[ComparedCard, ...]]]:
    """What was shown before and after, of each call with a card."""
    for _, rows in groupby(database.rows(CARDS), key=itemgetter(0)):
        cards: dict[str, list[ComparedCard]] = {OLD: [], NEW: []}
        for _, side, card, tags, flags, indicator, words, rules in rows:
            urgency = LEVELS.index(indicator)
            cards[side].append(ComparedCard(card, tuple(tags), tuple(flags), urgency, words.encode(), tuple(rules)))
        yield tuple(sorted(cards[OLD])), tuple(sorted(cards[NEW]))
