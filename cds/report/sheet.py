"""The report as CSV (RFC 4180) that a spreadsheet can open without running what a client sent as a reason."""

import csv
import io
from collections.abc import Iterable

from cds.report.model import Line, Reason, Report

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
COLUMNS = (
    *("topic", "tag", "shown", "accepted", "overridden", "ignored", "pending", "suppressed"),
    *("overridden_of_shown", "overridden_of_shown_low", "overridden_of_shown_high"),
    *("overridden_of_answered", "overridden_of_answered_low", "overridden_of_answered_high"),
    *("median_seconds", "clock_skewed", "retune", "reasons", "edition"),
)


def sheet(report: Report) -> str:
    """One row for each card, then one for each tag, then one for each card under each edition if there are both."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([safe(cell) for cell in _cells(line)] for line in (*report.cards, *report.tags, *report.editions))
    return out.getvalue()


def _cells(line: Line) -> Iterable[object]:
    yield from (line.topic, line.tag, line.shown, line.accepted, line.overridden, line.ignored, line.pending)
    yield line.suppressed
    for rate in (line.overridden_of_shown, line.overridden_of_answered):
        yield from (None if part is None else f"{part:.4f}" for part in (rate.share, rate.low, rate.high))
    yield from (line.median_seconds, line.clock_skewed, "yes" if line.retune else "no")
    yield "; ".join(map(_reason, line.reasons))
    yield line.edition


def _reason(reason: Reason) -> str:
    """`system|code=count`, as FHIR writes a coding in one word."""
    code = "(none given)" if reason.code is None else reason.code
    return f"{reason.system}|{code}={reason.count}" if reason.system else f"{code}={reason.count}"


def safe(cell: object) -> str:
    """The text of a cell; a quote before what a spreadsheet would take for a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(DANGEROUS) else text
