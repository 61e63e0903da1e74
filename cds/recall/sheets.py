"""The survey as CSV, and drafts of maps that a person confirms line by line."""

import csv
import io
from collections.abc import Iterable, Iterator

from cds.knowledge.maps.sheet import BY, CODES, CONFIRMED, DISPLAY, ON, UNITS
from cds.recall.model import NONE, Kind
from cds.recall.rows import Row
from cds.report.sheet import safe

COLUMNS = (
    *("type", "kind", "system", "code", "text", "of", "entries", "patients"),
    *("suggested_system", "suggested_code", "suggested_name", "alike"),
)
PERSON = (CONFIRMED, BY, ON)
VOLUME = ("entries", "patients", "suggested_name", "alike")


def sheet(rows: Iterable[Row]) -> str:
    """All lines."""
    return _written(COLUMNS, map(_cells, rows))


def draft_of_codes(rows: Iterable[Row]) -> str:
    """Each unknown code once, with what it may be; a line is in force when a person has confirmed it."""
    codes = {(row.system, row.code): row for row in reversed(list(rows)) if row.kind is Kind.CODE and row.system}
    lines = sorted(codes.values(), key=lambda row: -row.count)
    return _written((*CODES, DISPLAY, *PERSON, *VOLUME), map(_code, lines))


def draft_of_units(rows: Iterable[Row]) -> str:
    """Each unknown unit once; empty if there is none."""
    units = {row.text: row for row in reversed(list(rows)) if row.kind is Kind.UNIT and row.text != NONE}
    lines = sorted(units.values(), key=lambda row: -row.count)
    return _written((*UNITS, *PERSON, "of", *VOLUME), map(_unit, lines)) if lines else ""


def _cells(row: Row) -> Iterator[object]:
    yield from (row.type, row.kind, row.system, row.code, row.text, row.about, row.count, row.patients)
    suggestion = row.suggestion
    yield from (
        (suggestion.system, suggestion.code, suggestion.display, f"{suggestion.likeness:.2f}")
        if suggestion
        else ("", "", "", "")
    )


def _code(row: Row) -> Iterator[object]:
    suggestion = row.suggestion
    yield from (
        row.system,
        row.code,
        suggestion.system if suggestion else "",
        suggestion.code if suggestion else "",
        row.text,
        "",
        "",
        "",
    )
    yield from _volume(row)


def _unit(row: Row) -> Iterator[object]:
    suggestion = row.suggestion
    yield from (row.text, suggestion.code if suggestion else "", "", "", "", row.about)
    yield from _volume(row)


def _volume(row: Row) -> Iterator[object]:
    suggestion = row.suggestion
    yield from (
        row.count,
        row.patients,
        suggestion.display if suggestion else "no suggestion",
        f"{suggestion.likeness:.2f}" if suggestion else "",
    )


def _written(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue()
