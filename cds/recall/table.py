"""The survey as text for a terminal."""

from collections.abc import Iterator, Sequence

from cards.markdown import plain
from cds.recall.model import Kind, Survey
from cds.recall.rows import ENOUGH, Row, Rows, shares

LINES = 50
LONGEST = 70
SUGGESTED = frozenset({Kind.CODE, Kind.TEXT, Kind.UNIT})


def table(survey: Survey, rows: Rows) -> str:
    """What is read of what a rule could use, and what was not understood."""
    return "\n".join((*_shares(survey), "", *_missed(survey, rows))) + "\n"


def _shares(survey: Survey) -> Iterator[str]:
    yield f"{survey.resources} entries of {len(survey.patients)} patients. Read, of what a rule could use or might:"
    cells = [("type", "known by", "read", "of", "share", "why not")]
    for kind, source, read, total, why in shares(survey):
        cells.append((kind, source, str(read), str(total), f"{read / total:.1%}", why))
    yield from _aligned(cells, right=(2, 3, 4))


def _missed(survey: Survey, rows: Rows) -> Iterator[str]:
    if rows.shown:
        yield "Not understood, the most frequent first:"
        cells = [("entries", "patients", "type", "what", "", "may be")]
        cells += [
            (str(row.count), str(row.patients), row.type, row.kind, what(row), may_be(row))
            for row in rows.shown[:LINES]
        ]
        yield from _aligned(cells, right=(0, 1))
    else:
        yield "Nothing else to list."
    if len(rows.shown) > LINES:
        yield f"{len(rows.shown) - LINES} more lines: --csv FILE has all."
    if rows.kept_back:
        yield (
            f"{rows.kept_back} entries have {rows.kept_back_lines} texts that fewer than {ENOUGH} patients have "
            "each: not printed (--all prints them)."
        )
    if survey.beyond:
        yield f"{survey.beyond} entries more are of too many different codes and texts to be listed."
    if survey.unreadable:
        yield f"{survey.unreadable} entries could not be read at all."


def what(row: Row) -> str:
    """What was not understood, in one cell."""
    if row.kind is Kind.CODE:
        quoted = f" “{row.text}”" if row.text else ""
        return _cut(f"{row.system or '(no system)'}|{row.code}{quoted}")
    if row.kind is Kind.NAME:
        return _cut(f"{row.system}|{row.code}: {row.text}")
    if row.kind is Kind.SYSTEM:
        return _cut(row.system)
    return _cut(f"“{row.text}”{f' of {row.about}' if row.about else ''}")


def may_be(row: Row) -> str:
    """The suggestion; honestly none where there is none."""
    if row.kind not in SUGGESTED:
        return "-"
    suggestion = row.suggestion
    if suggestion is None:
        return "no suggestion"
    name = f" {suggestion.display}" if suggestion.display != suggestion.code else ""
    return _cut(f"{suggestion.likeness:.0%} alike: {suggestion.code}{name}")


def _cut(text: str) -> str:
    return plain(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def _aligned(rows: Sequence[Sequence[str]], right: tuple[int, ...]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = enumerate(zip(row, widths, strict=True))
        yield "  ".join(cell.rjust(width) if at in right else cell.ljust(width) for at, (cell, width) in cells).rstrip()
