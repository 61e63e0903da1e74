"""Makes the report from the tables of the store."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select

from cards.topics import Topic
from cds.report.days import Span, date_of, spans
from cds.report.model import Day, Filters, Line, Period, Report
from cds.report.questions import Question
from cds.report.tally import DayTally, Tally

AT_ONCE = 10_000
ALL = Filters()
RANKS = {topic.value: rank for rank, topic in enumerate(Topic)}


def build(database: Engine | Connection, period: Period, filters: Filters = ALL) -> Report:
    """Count everything, in the given connection's transaction or in one of its own."""
    with _connected(database) as connection:
        return _Builder(connection, Question(period, filters)).report()


@contextmanager
def _connected(database: Engine | Connection) -> Iterator[Connection]:
    if isinstance(database, Connection):
        yield database
        return
    with database.connect() as connection:
        yield connection


class _Builder:
    """One report under way."""

    def __init__(self, connection: Connection, question: Question) -> None:
        self._connection = connection
        self._question = question
        self._cards: defaultdict[str, Tally] = defaultdict(Tally)
        self._tags: defaultdict[tuple[str, str], Tally] = defaultdict(Tally)
        self._editions: defaultdict[tuple[str, int], Tally] = defaultdict(Tally)
        self._days: defaultdict[tuple[int, str], DayTally] = defaultdict(DayTally)

    def report(self) -> Report:
        """Ask all questions, and put the answers together."""
        question = self._question
        self._count(question.bounds(), question.answers, self._shown)
        self._count(question.suppressed_bounds(), question.suppressed, self._suppressed)
        period, filters = question.period, question.filters
        is_of_both = len({edition for _, edition in self._editions}) > 1
        return Report(
            made_at=period.now,
            time_zone=str(period.zone),
            since=period.since,
            until=period.until,
            service=filters.service,
            topic=filters.topic,
            cards=tuple(self._card_lines()),
            tags=tuple(self._tag_lines()),
            editions=tuple(self._edition_lines()) if is_of_both else (),
            days=tuple(self._day_lines()),
            shown_again=self._connection.execute(question.shown_again()).scalar_one() if is_of_both else None,
            unknown_feedback=None if filters.topic else self._connection.execute(question.unknown()).scalar_one(),
        )

    def _count(
        self,
        bounds: Select[datetime | None, datetime | None],
        groups: Callable[[list[Span]], Select[*tuple[Any, ...]]],
        add: Callable[..., None],
    ) -> None:
        """Ask for groups, and add them up as they come; nothing if the period is empty."""
        first, last = self._connection.execute(bounds).one()
        if first is None or last is None:
            return
        statement = groups(spans(self._question.period.zone, first, last))
        with self._connection.execute(statement, execution_options={"yield_per": AT_ONCE}) as result:
            for group in result:
                add(*group)

    def _tallies(self, topic: str, tags: str, edition: int) -> Iterator[Tally]:
        """Where a group counts: its card, its card under an edition, and each of its tags."""
        yield self._cards[topic]
        yield self._editions[topic, edition]
        for tag in tags.split(",") if tags else ():
            yield self._tags[topic, tag]

    def _shown(
        self,
        topic: str,
        tags: str,
        day: int,
        outcome: str | None,
        code: str | None,
        system: str | None,
        recent: int | None,
        delay: int | None,
        edition: int,
        count: int,
    ) -> None:
        self._days[day, topic].add(outcome, count)
        for tally in self._tallies(topic, tags, edition):
            if outcome is None:
                tally.unanswered(count, recent=bool(recent))
            else:
                tally.answered(outcome, delay or 0, (code, system), count)

    def _suppressed(self, topic: str, tags: str, day: int, edition: int, count: int) -> None:
        self._days[day, topic].suppressed += count
        for tally in self._tallies(topic, tags, edition):
            tally.suppressed += count

    def _card_lines(self) -> Iterator[Line]:
        """In the order in which cards are ranked."""
        for topic in sorted(self._cards, key=_rank):
            yield self._cards[topic].line(topic, None)

    def _edition_lines(self) -> Iterator[Line]:
        """Each card under the one edition and the other."""
        for topic, edition in sorted(self._editions, key=lambda key: (_rank(key[0]), key[1])):
            yield self._editions[topic, edition].line(topic, None, edition)

    def _tag_lines(self) -> Iterator[Line]:
        """Beside their cards, the most frequent first."""
        order = sorted(
            self._tags.items(),
            key=lambda item: (*_rank(item[0][0]), -item[1].shown, item[0][1]),
        )
        for (topic, tag), tally in order:
            yield tally.line(topic, tag)

    def _day_lines(self) -> Iterator[Day]:
        for (day, topic), tally in sorted(self._days.items()):
            yield Day(
                day=date_of(day),
                topic=topic,
                shown=tally.shown,
                accepted=tally.accepted,
                overridden=tally.overridden,
                suppressed=tally.suppressed,
            )


def _rank(topic: str) -> tuple[int, str]:
    return RANKS.get(topic, len(RANKS)), topic
