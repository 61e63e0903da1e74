"""The report as a table for a terminal."""

from collections.abc import Iterator

from cards.markdown import plain
from cds.report.model import EDITIONS, RETUNE_SHARE, RETUNE_SHOWINGS, Line, Rate, Report

HEADINGS = (
    "card",
    "shown",
    "accepted",
    "overridden",
    "ignored",
    "pending",
    "repeats",
    "of shown",
    "of answered",
    "median",
)
CODE_LENGTH = 60


def table(report: Report) -> str:
    """All lines; one sentence if there is nothing."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    if report.is_empty:
        yield f"No card was shown{_scope(report)}."
        return
    yield f"What clinicians did with the cards{_scope(report)}"
    if report.cards:
        yield ""
        yield from _aligned(report)
        yield from _reasons(report)
        yield from _remarks(report)
    if report.unknown_feedback:
        yield ""
        yield f"Feedback on cards that were never shown to its sender: {report.unknown_feedback}"


def _scope(report: Report) -> str:
    """What the report is about, in words."""
    parts = [
        f"from {report.since}" if report.since else "",
        f"until {report.until}" if report.until else "",
        f"by {plain(report.service)}" if report.service else "",
        f"as {plain(report.topic)}" if report.topic else "",
    ]
    return "".join(f" {part}" for part in parts if part) + (
        f" ({report.time_zone})" if report.since or report.until else ""
    )


def _aligned(report: Report) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [HEADINGS]
    for card in report.cards:
        rows.append(_cells(card, card.topic))
        rows += [_cells(tag, f"  {tag.tag}") for tag in report.tags if tag.topic == card.topic]
        rows += [
            _cells(line, f"  = {EDITIONS[line.edition or 0]}") for line in report.editions if line.topic == card.topic
        ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *numbers in rows:
        cells = [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()


def _cells(line: Line, name: str) -> tuple[str, ...]:
    counts = (line.shown, line.accepted, line.overridden, line.ignored, line.pending, line.suppressed)
    rates = (_rate(line.overridden_of_shown), _rate(line.overridden_of_answered))
    return (
        f"{name if line.tag or line.edition else plain(name)}{' !' if line.retune else ''}",
        *map(str, counts),
        *rates,
        _time(line.median_seconds),
    )


def _rate(rate: Rate) -> str:
    if rate.share is None or rate.low is None or rate.high is None:
        return "-"
    return f"{rate.share:.0%} ({rate.low:.0%}-{rate.high:.0%})"


def _time(seconds: float | None) -> str:
    """Seconds up to two minutes, then minutes, hours and days."""
    if seconds is None:
        return "-"
    for unit, size, least in (("d", 86_400, 172_800), ("h", 3600, 7200), ("min", 60, 120)):
        if seconds >= least:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _reasons(report: Report) -> Iterator[str]:
    """Why cards were overridden, card by card."""
    for card in report.cards:
        if card.reasons:
            yield ""
            yield f"Reasons for overriding {plain(card.topic)}:"
        for reason in card.reasons:
            code = "(none given)" if reason.code is None else plain(reason.code, CODE_LENGTH)
            yield f"  {reason.count:>6}  {code}{f'  {plain(reason.system, CODE_LENGTH)}' if reason.system else ''}"


def _remarks(report: Report) -> Iterator[str]:
    """What must not be overlooked."""
    lines = (*report.cards, *report.tags)
    for line in lines:
        if line.retune:
            name = f"{line.topic} {{{line.tag}}}" if line.tag else line.topic
            yield ""
            yield f"! {name}: overridden {line.overridden} times of {line.shown}. {_RULE}"
    skewed = sum(card.clock_skewed for card in report.cards)
    if skewed:
        yield ""
        yield f"Answers with a time before the time of their card, counted as 0 seconds: {skewed}. A clock is wrong."
    if report.shown_again is not None:
        yield ""
        yield f"{_AGAIN} {report.shown_again}"


_AGAIN = (
    "Cards of the second edition shown although the same card had been answered under the first "
    "(renamed, or something new):"
)
_RULE = f"Retire or adjust what is overridden in more than {RETUNE_SHARE:.0%} of at least {RETUNE_SHOWINGS} showings."
