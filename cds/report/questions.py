"""What the database is asked. It does the counting: groups come back, never rows."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from cds.report.days import Span, day_of, seconds
from cds.report.model import FIRST, PATIENCE, SECOND, Filters, Period
from cds.store.schema import feedback, showings, suppressions

# Feedback counts for a card that this very client and tenant received.
SHOWN_TO_THE_SENDER = and_(
    feedback.c.card == showings.c.card,
    feedback.c.client == showings.c.client,
    feedback.c.tenant.is_not_distinct_from(showings.c.tenant),
)

FIRST_EDITION = "0.%"  # the software of the first edition of the clinical rules
DAY = 86_400
SILENT_DAYS = {"info": 30, "warning": 7}  # how long an answer counts: the windows repeat_info and repeat_warning


class Question(Struct, frozen=True):
    """A period and filters, as conditions."""

    period: Period
    filters: Filters

    def bounds(self) -> Select[datetime | None, datetime | None]:
        """When the first and the last of the cards was shown."""
        moment = showings.c.shown_at
        return select(func.min(moment), func.max(moment)).where(*self._of(showings, moment))

    def suppressed_bounds(self) -> Select[datetime | None, datetime | None]:
        """When the first and the last of the cards was not shown again."""
        moment = suppressions.c.suppressed_at
        return select(func.min(moment), func.max(moment)).where(*self._of(suppressions, moment))

    def answers(self, spans: list[Span]) -> Select[*tuple[Any, ...]]:
        """How many cards were shown, by card, tags, day, answer, reason, seconds until the answer, and edition."""
        recent = case((showings.c.shown_at > self.period.now - PATIENCE, 1), else_=0)
        subquery = (
            select(
                showings.c.topic,
                showings.c.tags,
                day_of(showings.c.shown_at, spans).label("day"),
                feedback.c.outcome,
                feedback.c.reason_code,
                feedback.c.reason_system,
                case((feedback.c.outcome.is_(None), recent)).label("recent"),
                (seconds(feedback.c.outcome_at) - seconds(showings.c.shown_at)).label("delay"),
                _edition(showings),
            )
            .select_from(showings.outerjoin(feedback, and_(SHOWN_TO_THE_SENDER, ~_is_superseded())))
            .where(*self._of(showings, showings.c.shown_at))
            .subquery()
        )
        return select(*subquery.c, func.count()).group_by(*subquery.c)

    def suppressed(self, spans: list[Span]) -> Select[*tuple[Any, ...]]:
        """How many cards were not shown again, by card, tags, day and edition."""
        day = day_of(suppressions.c.suppressed_at, spans).label("day")
        subquery = (
            select(suppressions.c.topic, suppressions.c.tags, day, _edition(suppressions))
            .where(*self._of(suppressions, suppressions.c.suppressed_at))
            .subquery()
        )
        return select(*subquery.c, func.count()).group_by(*subquery.c)

    def unknown(self) -> Select[int]:
        """How many items of feedback are on cards that were never shown to their sender."""
        where = [~exists().where(SHOWN_TO_THE_SENDER), *self._within(feedback.c.received_at)]
        if self.filters.service is not None:
            where.append(feedback.c.service == self.filters.service)
        if self.filters.client is not None:
            where.append(feedback.c.client == self.filters.client)
        return select(func.count()).select_from(feedback).where(*where)

    def shown_again(self) -> Select[int]:
        """How many cards of the second edition the same card had been answered for under the first, still in force.

        The same by name, urgency, tags and flags: some were not carried over, on others something was new.
        """
        old = showings.alias("old")
        age = seconds(showings.c.shown_at) - seconds(feedback.c.received_at)
        window = case(SILENT_DAYS, value=showings.c.indicator, else_=0) * DAY
        names = ("patient", "client", "topic", "indicator", "tags", "flags")
        has_answer = exists().where(
            *(old.c[name] == showings.c[name] for name in names),
            old.c.tenant.is_not_distinct_from(showings.c.tenant),
            old.c.software_version.like(FIRST_EDITION),
            feedback.c.card == old.c.card,
            feedback.c.client == old.c.client,
            feedback.c.tenant.is_not_distinct_from(old.c.tenant),
            age.between(0, window),
        )
        of_second = showings.c.software_version.not_like(FIRST_EDITION)
        where = (of_second, *self._of(showings, showings.c.shown_at), has_answer)
        return select(func.count()).select_from(showings).where(*where)

    def _of(self, table: Any, moment: ColumnElement[datetime]) -> Iterator[ColumnElement[bool]]:
        yield from self._within(moment)
        if self.filters.service is not None:
            yield table.c.service == self.filters.service
        if self.filters.topic is not None:
            yield table.c.topic == self.filters.topic
        if self.filters.client is not None:
            yield table.c.client == self.filters.client

    def _within(self, moment: ColumnElement[datetime]) -> Iterator[ColumnElement[bool]]:
        """From the first midnight to the one after the last day, on the site's clock."""
        period = self.period
        if period.since is not None:
            yield moment >= datetime.combine(period.since, time.min, period.zone)
        if period.until is not None:
            yield moment < datetime.combine(period.until + timedelta(days=1), time.min, period.zone)


def _edition(table: Any) -> ColumnElement[int]:
    """Of which edition of the clinical rules the software was that judged."""
    return case((table.c.software_version.like(FIRST_EDITION), FIRST), else_=SECOND).label("edition")


def _is_superseded() -> ColumnElement[bool]:
    """Whether the same sender answered for the same card again, later: the last answer counts."""
    later = feedback.alias("later")
    return exists().where(
        later.c.card == feedback.c.card,
        later.c.client == feedback.c.client,
        later.c.tenant.is_not_distinct_from(feedback.c.tenant),
        or_(
            later.c.received_at > feedback.c.received_at,
            and_(later.c.received_at == feedback.c.received_at, later.c.id > feedback.c.id),
        ),
    )
