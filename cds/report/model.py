"""The report as values: a page, the terminal, CSV and JSON show the same."""

from datetime import date, datetime, timedelta, tzinfo

from msgspec import Struct, field

RETUNE_SHOWINGS = 100
RETUNE_SHARE = 0.8
PATIENCE = timedelta(days=1)
FIRST, SECOND = 1, 2
EDITIONS = {FIRST: "first edition", SECOND: "second edition"}  # of the clinical rules: software 0.x, and from 1.0 on


class Period(Struct, frozen=True, kw_only=True):
    """From one day to another, both included, as the site's calendar has them; None leaves a side open."""

    now: datetime
    zone: tzinfo
    since: date | None = None
    until: date | None = None


class Filters(Struct, frozen=True, kw_only=True):
    """What the report is narrowed to; None takes all."""

    service: str | None = None
    topic: str | None = None
    client: str | None = None


class Rate(Struct, frozen=True):
    """A share with its 95 % Wilson interval; all None of nothing."""

    share: float | None
    low: float | None
    high: float | None


class Reason(Struct, frozen=True):
    """Why cards were overridden: the client's code, None where none was given."""

    code: str | None
    system: str | None
    count: int


class Line(Struct, frozen=True, kw_only=True):
    """One card, or one tag or edition of it. `shown` is the sum of accepted, overridden, ignored and pending."""

    topic: str
    tag: str | None = None
    edition: int | None = None
    shown: int = 0
    accepted: int = 0
    overridden: int = 0
    ignored: int = 0
    pending: int = 0
    suppressed: int = 0
    overridden_of_shown: Rate = Rate(None, None, None)
    overridden_of_answered: Rate = Rate(None, None, None)
    median_seconds: float | None = None
    clock_skewed: int = 0
    retune: bool = False
    reasons: tuple[Reason, ...] = ()


class Day(Struct, frozen=True, kw_only=True):
    """One card on one day of the site's calendar: the day on which it was shown, whenever it was answered."""

    day: date
    topic: str
    shown: int = 0
    accepted: int = 0
    overridden: int = 0
    suppressed: int = 0


class Report(Struct, frozen=True, kw_only=True):
    """Everything; `unknown_feedback`: items on cards that were never shown to their sender, None under a topic.

    `editions`: each card under each edition of the rules, where cards of both are counted. `shown_again`: those of the
    second that were shown although the same card had been answered under the first within its window.
    """

    made_at: datetime
    time_zone: str
    since: date | None
    until: date | None
    service: str | None
    topic: str | None
    cards: tuple[Line, ...] = field(default=())
    tags: tuple[Line, ...] = field(default=())
    editions: tuple[Line, ...] = field(default=())
    days: tuple[Day, ...] = field(default=())
    shown_again: int | None = None
    unknown_feedback: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to report."""
        return not self.cards and not self.unknown_feedback
