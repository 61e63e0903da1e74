"""What a candidate beside the live version would change: counts by card, flag and tag, of the newest candidate."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from cds.report.model import Period
from cds.store.schema import shadow_counts

SAME, DIFFERENT, REFUSED = "same", "different", "refused"
DEATHS = frozenset({"crashed", "late", "garbage"})
UNASKED = frozenset({"skipped", "dropped"})
NEW, GONE, MORE, LESS, REWORDED = CHANGES = ("new", "gone", "more urgent", "less urgent", "reworded")


class Changed(Struct, frozen=True, kw_only=True):
    """One card; or one flag or tag of it, which came behind a card or left it."""

    topic: str
    reason: str = ""
    counts: Mapping[str, int]


class Shadow(Struct, frozen=True, kw_only=True):
    """Of how many calls the candidate's answer was the same, another, none, or not to be had; and what differs."""

    software: str = ""
    knowledge: str = ""
    same: int = 0
    different: int = 0
    refused: int = 0
    failed: int = 0
    unasked: int = 0
    cards: tuple[Changed, ...] = ()
    reasons: tuple[Changed, ...] = ()

    @property
    def compared(self) -> int:
        """How many calls have two answers."""
        return self.same + self.different

    def number(self, change: str) -> int:
        """How many cards became this."""
        return sum(changed.counts.get(change, 0) for changed in self.cards)


def shadow(
    connection: Connection, period: Period, *, client: str | None = None, service: str | None = None
) -> Shadow | None:
    """The counts of a period, of one client or service or of all; None where there was no candidate."""
    row = shadow_counts.c
    within = and_(True, *_conditions(period))
    versions = select(row.candidate_software, row.candidate_knowledge).where(within)
    newest = connection.execute(
        versions.order_by((row.candidate_software == "").asc(), row.counted_at.desc(), row.id.desc()).limit(1)
    ).first()
    if newest is None:
        return None
    software, knowledge = newest
    of_candidate = or_(
        and_(row.candidate_software == software, row.candidate_knowledge == knowledge), row.candidate_software == ""
    )
    # What became of the candidate while it was started belongs to no client.
    conditions = [of_candidate, within, *(row[name].in_([value, ""]) for name, value in _named(client, service))]
    total = func.sum(row.number)
    question = (
        select(row.topic, row.reason, row.change, total).where(*conditions).group_by(row.topic, row.reason, row.change)
    )
    return _shadow(software, knowledge, ((*key, int(count)) for *key, count in connection.execute(question)))


def _named(client: str | None, service: str | None) -> Iterator[tuple[str, str]]:
    for name, value in (("client", client), ("service", service)):
        if value is not None:
            yield name, value


def _conditions(period: Period) -> Iterator[ColumnElement[bool]]:
    if period.since is not None:
        yield shadow_counts.c.day >= period.since.isoformat()
    if period.until is not None:
        yield shadow_counts.c.day <= period.until.isoformat()


def _shadow(software: str, knowledge: str, rows: Iterator[tuple[str | int, ...]]) -> Shadow:
    calls: Counter[str] = Counter()
    changed: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for topic, reason, change, number in rows:
        assert isinstance(number, int)
        (changed[str(topic), str(reason)] if topic else calls)[str(change)] += number
    changes = [
        Changed(topic=topic, reason=reason, counts=counts) for (topic, reason), counts in sorted(changed.items())
    ]
    return Shadow(
        software=software,
        knowledge=knowledge,
        same=calls[SAME],
        different=calls[DIFFERENT],
        refused=calls[REFUSED],
        failed=sum(calls[cause] for cause in DEATHS),
        unasked=sum(calls[cause] for cause in UNASKED),
        cards=tuple(line for line in changes if not line.reason),
        reasons=tuple(line for line in changes if line.reason),
    )
