"""What each process of a replay holds, and the tasks that it is given by number: any process may do any of them."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from msgspec import Struct, field

from cds.call import build_engine
from cds.evaluate.files import batches
from cds.evaluate.places import at
from cds.knowledge.load import DATA
from cds.recall.rows import rows, shares
from cds.recall.source import survey
from cds.recall.suggest import Suggestions
from cds.replay import keep
from cds.replay.alike import alike
from cds.replay.chart import ChartBuilder
from cds.replay.entries import Entry
from cds.replay.events import Calendar, Schedule
from cds.replay.gate import TwitchGate, gate
from cds.replay.ledger import Answers
from cds.replay.manifest import inputs
from cds.replay.names import Names
from cds.replay.parts import Part, parts
from cds.replay.player import Player
from cds.replay.rows import CardRow, UnreadRow, VisitRow
from cds.replay.searches import shared_of
from cds.replay.spread import REFERRING, of_shard, shared_texts, spread
from cds.settings import environment, load
from cds.store.keys import hash_key

WORK, PLAN, GATE, SPREAD, DONE, UNREAD = "work", "plan.json", "gate", "spread", "done", "unread"


class Setup(Struct, frozen=True, kw_only=True):
    """What all processes are given. Paths are absolute, `now` and `as_of` are written out."""

    export: str
    out: str
    now: str
    place: str = ""  # of what is not finished; without one a folder in `out`
    as_of: str | None = None
    every: int | None = None
    answers: Answers = Answers.NONE
    rules_off: bool = True
    knowledge: str = ""  # a folder of clinical facts in place of our own

    @property
    def work(self) -> Path:
        """The folder of what is not finished."""
        return at(self.place) if self.place else self.spill

    @property
    def spill(self) -> Path:
        """The folder of the tables that are too large for memory, on this machine."""
        return Path(self.out) / WORK

    @property
    def schedule(self) -> Schedule:
        """When charts are evaluated."""
        return Schedule(date.fromisoformat(self.as_of) if self.as_of else None, self.every)


class Plan(Struct):
    """Who passed the gate, and whether two people have the id; what was deleted; how many shards there are."""

    shards: int
    selected: dict[str, bool] = field(name="passed")
    deleted: list[str]


class Worker:
    """One process at its tasks. Each task leaves one file or folder that is there only when it is whole."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._settings = settings = load(environment())
        self._engine = build_engine(settings, data=Path(setup.knowledge) if setup.knowledge else DATA)
        self._key = hash_key(settings)
        self._twitches = TwitchGate(self._engine.namer)
        self._names = Names(self._key.reveal())
        self._calendar = Calendar(settings.zone, datetime.fromisoformat(setup.now))
        self._player = Player(
            self._engine,
            self._names,
            self._calendar,
            setup.schedule,
            answers=setup.answers,
            most_bytes=settings.max_body_bytes,
            rules_off=setup.rules_off,
        )
        self.tasks: dict[str, Callable[[int], int]] = {
            GATE: self._gate,
            SPREAD: self._spread,
            DONE: self._play,
            UNREAD: self._unread,
        }

    def close(self) -> None:
        """No more tasks."""
        self._player.close()

    @property
    def likeness(self) -> dict[str, str]:
        """What all workers of a replay must have alike."""
        return alike(self._settings, self._engine, self._key, inputs(self._setup.export, self._parts))

    @cached_property
    def _parts(self) -> list[Part]:
        return parts(self._setup.export)[0]

    @cached_property
    def _plan(self) -> Plan:
        return keep.read(self._setup.work / PLAN, Plan)

    def _gate(self, number: int) -> int:
        part = self._parts[number]
        gate(part, self._twitches, self._names, self._calendar, self._setup.work / GATE)
        return part.size

    def _spread(self, number: int) -> int:
        part, plan = self._parts[number], self._plan
        spread(part, plan.selected, frozenset(plan.deleted), plan.shards, self._setup.work / SPREAD)
        return part.size

    def _play(self, number: int) -> int:
        """Replay the patients of one shard."""
        spreads, into = self._setup.work / SPREAD, self._setup.work / DONE
        visits: list[VisitRow] = []
        cards: list[CardRow] = []
        charts, needed = self._gathered(of_shard(number, spreads))
        shared = shared_texts(needed, spreads)
        for owner in sorted(charts):
            played = self._player.play(owner, charts.pop(owner), shared, is_twice=self._plan.selected[owner])
            visits += played.visits
            cards += played.cards
        keep.put_lines(into / f"{number:05}.visits.ndjson", visits)
        keep.put_lines(into / f"{number:05}.cards.ndjson", cards)
        keep.put_json(into / f"{number:05}.json", len(visits))
        return 1

    def _gathered(self, entries: Iterable[Entry]) -> tuple[dict[str, ChartBuilder], set[str]]:
        """The patients of a shard, and what they refer to of what belongs to nobody."""
        charts: dict[str, ChartBuilder] = {}
        needed: set[str] = set()
        for entry in entries:
            if entry.owner not in charts:
                charts[entry.owner] = self._player.gathering()
            charts[entry.owner].add(entry)
            if entry.kind in REFERRING:
                needed.add(shared_of(entry.text))
        return charts, needed - {""}

    def _unread(self, _: int) -> int:
        """What of the whole export is not understood (`twitch-cds recall`)."""
        survey_result, _problems = survey(self._engine, list(batches(self._setup.export)), lambda _: None)
        selection = rows(survey_result, Suggestions(self._engine.knowledge), every=False)
        lines = [UnreadRow.of_share(*share) for share in shares(survey_result)] + [
            UnreadRow.of_row(row) for row in selection.shown
        ]
        keep.put_lines(self._setup.work / UNREAD / "00000.ndjson", lines)
        keep.put_json(
            self._setup.work / UNREAD / "00000.json",
            selection.kept_back + survey_result.beyond + survey_result.unreadable,
        )
        return 1
