"""The stages of a replay: the gate, the shuffle, the calls. Each goes on where it was left."""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from msgspec import Struct

from cds.progress import working
from cds.replay import keep
from cds.replay.events import CHART, Calendar
from cds.replay.executors import Executor, Task
from cds.replay.gate import GateResult
from cds.replay.losses import Lost, Reason
from cds.replay.names import Names
from cds.replay.parts import Part
from cds.replay.rows import EventRow
from cds.replay.tables import EVENTS, OWNERS, PERSONS, Tables, tables
from cds.replay.worker import DONE, GATE, PLAN, SPREAD, UNREAD, Plan, Setup

SHARD = 16 * 1024 * 1024  # bytes of charts that a worker holds at a time
PATIENTS = 500  # of a shard at most, so that there is something to do for everybody
DAYS = "days"
SUSPECTS = """
    SELECT owner, sum(size) AS size FROM owners GROUP BY owner
    HAVING bool_or(suspect) OR sum(entries) > $entries OR sum(size) > $bytes ORDER BY owner
"""
TWICE = "CREATE TABLE twice AS SELECT owner FROM persons GROUP BY owner HAVING count(DISTINCT (born, sex)) > 1"
WHYS = "SELECT why, count(DISTINCT visit || source) FROM events WHERE why <> '' GROUP BY why"
# Those of whom no call can show a card, with their first and last visit.
OTHERS = """
    SELECT owner, any_value(patient), min(day), max(day) FROM (
        SELECT owner, patient, NULL AS day FROM owners
        UNION ALL SELECT owner, patient, day FROM events WHERE moment <> '' AND hook = $hook
    ) WHERE owner NOT IN (SELECT owner FROM suspects) GROUP BY owner ORDER BY owner
"""


def read_gate(database: Tables, work: Path) -> None:
    """What the gate has written: patients, people, calls, and ids that two people have."""
    database.read("owners", work / GATE, "*.owners.ndjson", OWNERS)
    database.read("persons", work / GATE, "*.persons.ndjson", PERSONS)
    database.read("events", work / GATE, "*.events.ndjson", EVENTS)
    database.run(TWICE)


class Limits(Struct, frozen=True):
    """What a call holds at most: entries, and bytes. More of it is refused, so no silence can be reported before."""

    entries: int
    bytes: int


class Run(Struct, frozen=True):
    """One replay under way."""

    setup: Setup
    parts: list[Part]
    executor: Executor
    names: Names
    calendar: Calendar
    limits: Limits
    threads: int = 1

    def go(self) -> tuple[Plan, Lost, dict[str, int]]:
        """All stages; what was lost, and how much there was."""
        work = keep.folder(self.setup.work)
        for name in (GATE, SPREAD, DONE, UNREAD, DAYS):
            keep.folder(work / name)
        self._each("Looking for twitches", GATE, range(len(self.parts)), [part.size for part in self.parts])
        gated = [keep.read(work / GATE / f"{part.number:05}.json", GateResult) for part in self.parts]
        lost = Lost().take(result.lost for result in gated)
        with tables(keep.folder(self.setup.spill), self.threads, work) as database:
            plan = self._plan(database, sorted({ref for result in gated for ref in result.deleted}))
            counts = {"entries": sum(result.entries for result in gated), **self._counts(database, lost, plan)}
        self._each("ChartBuilder their charts", SPREAD, range(len(self.parts)), [part.size for part in self.parts])
        self._each("Replaying", DONE, range(plan.shards), [1] * plan.shards, extra=(UNREAD, 0))
        return plan, lost, counts

    def _each(self, text: str, name: str, numbers: Iterable[int], sizes: list[int], extra: Task | None = None) -> None:
        """The tasks of a stage that are not done yet."""
        tasks = [(name, number) for number in numbers if not self._is_done(name, number)]
        if extra is not None and not self._is_done(*extra):
            tasks.insert(0, extra)
        with working(text, sum(sizes) + (extra is not None)) as work:
            work.advance(sum(sizes) + (extra is not None) - sum(sizes[n] if s == name else 1 for s, n in tasks))
            for size in self.executor.each(tasks):
                work.advance(size)

    def _is_done(self, name: str, number: int) -> bool:
        """Whether a task has left what it leaves when it is whole."""
        place = self.setup.work / name / f"{number:05}"
        return keep.is_whole(place) if name == SPREAD else place.with_suffix(".json").exists()

    def _plan(self, database: Tables, deleted: list[str]) -> Plan:
        """Who is to be judged, in how many shards."""
        work = self.setup.work
        read_gate(database, work)
        database.run(
            f"CREATE TABLE suspects AS {SUSPECTS}", {"entries": self.limits.entries, "bytes": self.limits.bytes}
        )
        twice = {owner for (owner,) in database.rows("SELECT owner FROM twice")}
        selected = {owner: owner in twice for (owner,) in database.rows("SELECT owner FROM suspects ORDER BY owner")}
        ((size,),) = database.rows("SELECT coalesce(sum(size), 0)::BIGINT FROM suspects")
        plan = Plan(max(1, -(-size // SHARD), -(-len(selected) // PATIENTS)), selected, deleted)
        if not (work / PLAN).exists():
            if not self.setup.schedule.is_visits:
                keep.put_lines(work / DAYS / "00000.ndjson", self._days(database))
            keep.put_json(work / PLAN, plan)
        return plan

    def _days(self, database: Tables) -> Iterator[EventRow]:
        """The calls of those of whom no card can come, where days are asked for."""
        for owner, patient, first, last in list(database.rows(OTHERS, {"hook": CHART})):
            days = [date.fromisoformat(day).toordinal() if day else 0 for day in (first, last)]
            for event in self.calendar.of_days(owner, self.setup.schedule, *days):
                yield EventRow(
                    owner=owner,
                    patient=patient,
                    visit=self.names.visit(event),
                    source="",
                    hook=event.hook,
                    day=event.at[:10],
                    moment=event.at,
                )

    def _counts(self, database: Tables, lost: Lost, plan: Plan) -> dict[str, int]:
        """How many patients there are, and what is the matter with visits and people."""
        for reason, sql in (
            (
                Reason.NO_PERSON,
                "SELECT count(DISTINCT owner) FROM owners WHERE owner NOT IN (SELECT owner FROM persons)",
            ),
            (Reason.TWO_PATIENTS, "SELECT count(*) FROM twice"),
            (Reason.DELETED, f"SELECT {len(plan.deleted)}"),
        ):
            ((count,),) = database.rows(sql)
            if count:
                lost.add(reason, count=count)
        if self.setup.schedule.is_visits:
            for why, count in database.rows(
                "SELECT why, count(DISTINCT visit || source) FROM events WHERE why <> '' GROUP BY 1"
            ):
                lost.add(Reason(why), count=count)
            ((days,),) = database.rows("SELECT count(DISTINCT visit) FROM events WHERE day_only")
            if days:
                lost.add(Reason.DAY_ONLY, count=days)
        ((patients,),) = database.rows("SELECT count(DISTINCT owner) FROM owners")
        return {"patients": patients, "judged": len(plan.selected)}
