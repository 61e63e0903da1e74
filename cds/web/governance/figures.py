"""The report as the page shows it: titles for codes, pictures for numbers."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from markupsafe import Markup
from msgspec import Struct

from cards.markdown import plain
from cds.report.model import EDITIONS, Line, Rate, Reason, Report
from cds.web.governance.bins import Bin, binned
from cds.web.governance.pictures import nice, over_time, row, small

OVERRIDE_SYSTEM = "urn:twitch-cds:override"
NO_REASON = "No reason given"
LONGEST_CODE = 80


class Total(Struct, frozen=True, kw_only=True):
    """The sums over all cards."""

    shown: int
    accepted: int
    overridden: int
    open: int
    suppressed: int

    def share(self, part: int) -> str:
        """A part in percent of what was shown."""
        return f"{part / self.shown:.0%}" if self.shown else "–"


class Why(Struct, frozen=True):
    """One reason for overriding, and a bar as long as it is frequent."""

    reason: str
    count: int
    bar: Markup


class Card(Struct, frozen=True, kw_only=True):
    """One card, or one tag of it."""

    title: str
    line: Line
    bar: Markup
    trend: Markup | None
    of_shown: str
    of_answered: str
    reasons: tuple[Why, ...]


class Figures(Struct, frozen=True, kw_only=True):
    """Everything that stands on the page."""

    total: Total
    bins: tuple[Bin, ...]
    picture: Markup
    top: int
    cards: tuple[Card, ...]
    tags: tuple[Card, ...]
    editions: tuple[Card, ...]
    skewed: int


class FiguresBuilder:
    """Draws reports; knows what codes are called."""

    def __init__(self, titles: Mapping[str, str], reasons: Mapping[str, str]) -> None:
        """`titles`: what each card is called, by its topic; `reasons`: our override reasons, by their codes."""
        self._titles = titles
        self._reasons = reasons

    def figures(self, report: Report, today: date) -> Figures:
        """All figures of one report."""
        days = report.days
        first = report.since or min((day.day for day in days), default=today)
        last = report.until or max([today, *(day.day for day in days)])
        bins = binned(days, first, max(first, last))
        top = nice(max(bin_.shown for bin_ in bins))
        return Figures(
            total=_total(report),
            bins=tuple(bins),
            picture=over_time(bins, top),
            top=top,
            cards=tuple(self._cards(report, first, max(first, last))),
            tags=tuple(self._all(report.tags)),
            editions=tuple(self._all(report.editions)),
            skewed=sum(card.clock_skewed for card in report.cards),
        )

    def _cards(self, report: Report, first: date, last: date) -> Iterator[Card]:
        most = max((line.shown for line in report.cards), default=0)
        by_topic = {
            line.topic: binned((day for day in report.days if day.topic == line.topic), first, last)
            for line in report.cards
        }
        highest = max((bin_.shown for bins in by_topic.values() for bin_ in bins), default=0)
        for line in report.cards:
            yield self._card(line, most, small(by_topic[line.topic], highest))

    def _all(self, lines: Sequence[Line]) -> Iterator[Card]:
        most = max((line.shown for line in lines), default=0)
        return (self._card(line, most, None) for line in lines)

    def _card(self, line: Line, most: int, trend: Markup | None) -> Card:
        title = self._titles.get(line.topic, plain(line.topic))
        part = EDITIONS[line.edition] if line.edition else line.tag
        open_ = line.ignored + line.pending
        parts = (("accepted", line.accepted), ("overridden", line.overridden), ("unanswered", open_))
        return Card(
            title=f"{title}: {part}" if part else title,
            line=line,
            bar=row(parts, most),
            trend=trend,
            of_shown=_percent(line.overridden_of_shown),
            of_answered=_percent(line.overridden_of_answered),
            reasons=tuple(self._why(reason, line.reasons[0].count) for reason in line.reasons),
        )

    def _why(self, reason: Reason, most: int) -> Why:
        return Why(self._said(reason), reason.count, row((("overridden", reason.count),), most))

    def _said(self, reason: Reason) -> str:
        """Our own reasons in words; a client's as its code."""
        if reason.code is None:
            return NO_REASON
        if reason.system == OVERRIDE_SYSTEM and reason.code in self._reasons:
            return self._reasons[reason.code]
        return " ".join(filter(None, (plain(reason.code, LONGEST_CODE), plain(reason.system or "", LONGEST_CODE))))


def _total(report: Report) -> Total:
    cards = report.cards
    return Total(
        shown=sum(card.shown for card in cards),
        accepted=sum(card.accepted for card in cards),
        overridden=sum(card.overridden for card in cards),
        open=sum(card.ignored + card.pending for card in cards),
        suppressed=sum(card.suppressed for card in cards),
    )


def _percent(rate: Rate) -> str:
    """A share with its 95 % interval."""
    if rate.share is None or rate.low is None or rate.high is None:
        return "–"
    return f"{rate.share:.0%} ({rate.low:.0%}–{rate.high:.0%})"
