"""Maps as CSV: four columns for codes, two for units. A draft has columns of its own, and needs a person's yes."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date

from msgspec import Struct

from cds.knowledge.maps.model import Alias, Entry, Fault, Parsed

CODES = ("system", "code", "target_system", "target_code")
UNITS = ("unit", "ucum")
OTHER_NAMES = {"source_system": "system", "source_code": "code"}
DISPLAY, EQUIVALENCE = "display", "equivalence"
CONFIRMED, BY, ON = "confirmed", "confirmed_by", "confirmed_on"
SAME = frozenset({"equivalent", "equal"})
LONGEST_CELL = 512
FORMULA = ("=", "+", "-", "@")
_NAME = re.compile(r"[\s_-]+")


class Row(Struct, frozen=True):
    """One line that is not a comment."""

    line: int
    cells: tuple[str, ...]


class _Refusal(Exception):  # noqa: N818 - what is wrong with one line
    """One line cannot be used."""


def parse(name: str, content: bytes) -> Parsed:
    """All lines of a file, and what is wrong with it."""
    try:
        rows = list(_rows(content.decode("utf-8-sig")))
    except UnicodeDecodeError:
        return Parsed(faults=(Fault(name, 0, "is not UTF-8"),))
    except csv.Error as problem:
        return Parsed(faults=(Fault(name, 0, f"is not CSV: {problem}"),))
    if not rows:
        return Parsed(faults=(Fault(name, 0, "is empty"),))
    columns, rows = _headed(rows)
    missing = [column for column in (UNITS if UNITS[0] in columns else CODES) if column not in columns]
    if missing:
        reason = f"has no column {', '.join(missing)}: it needs {', '.join(CODES)}, or {', '.join(UNITS)}"
        return Parsed(faults=(Fault(name, rows[0].line if rows else 1, reason),))
    return _read(name, columns, rows)


def _rows(text: str) -> Iterator[Row]:
    first = text.partition("\n")[0]
    delimiter = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    for cells in reader:
        bare = tuple(_bare(cell) for cell in cells)
        if any(bare) and not bare[0].startswith("#"):
            yield Row(start, bare)
        start = reader.line_num + 1


def _bare(cell: str) -> str:
    """A cell without blanks around, and without the quote that keeps a spreadsheet from taking it for a formula."""
    plain = cell.strip()
    return plain[1:] if plain.startswith("'") and plain[1:].startswith(FORMULA) else plain


def _headed(rows: list[Row]) -> tuple[list[str], list[Row]]:
    """The names of the columns; four without names are those of codes."""
    names = (_NAME.sub("_", cell.lower()) for cell in rows[0].cells)
    head = [OTHER_NAMES.get(name, name) for name in names]
    if head[0] in (CODES[0], UNITS[0]):
        return head, rows[1:]
    return (list(CODES), rows) if len(head) == len(CODES) else (head, rows)


def _read(name: str, columns: list[str], rows: list[Row]) -> Parsed:
    entries: list[Entry] = []
    aliases: list[Alias] = []
    faults: list[Fault] = []
    for row in rows:
        try:
            record = _record(columns, row)
            if not _is_confirmed(record):
                continue
            if UNITS[0] in record:
                aliases.append(_alias(name, row.line, record))
            else:
                entries.append(_entry(name, row.line, record))
        except _Refusal as problem:
            faults.append(Fault(name, row.line, str(problem)))
    return Parsed(tuple(entries), tuple(aliases), tuple(faults))


def _record(columns: list[str], row: Row) -> dict[str, str]:
    if len(row.cells) != len(columns):
        raise _Refusal(f"has {len(row.cells)} cells, and the file {len(columns)} columns")
    for cell in row.cells:
        if len(cell) > LONGEST_CELL or not cell.isprintable():
            raise _Refusal(f"has a cell that is longer than {LONGEST_CELL} characters, or has characters of no print")
    return dict(zip(columns, row.cells, strict=True))


def _is_confirmed(record: Mapping[str, str]) -> bool:
    """Yes with name and day, or no; an unreviewed line of a draft stops the start."""
    if CONFIRMED not in record:
        return True
    word = record[CONFIRMED].lower()
    if word == "no":
        return False
    if word != "yes":
        raise _Refusal(f"is not confirmed: `{CONFIRMED}` must be yes or no")
    if not record.get(BY) or not _is_day(record.get(ON, "")):
        raise _Refusal(f"is not signed: `{BY}` must name a person, `{ON}` the day (2026-11-29)")
    return True


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _entry(name: str, line: int, record: Mapping[str, str]) -> Entry:
    empty = [column for column in CODES if not record[column]]
    if empty:
        raise _Refusal(f"has no {', '.join(empty)}")
    same = record.get(EQUIVALENCE, "equivalent").lower()
    if same not in SAME:
        raise _Refusal(unlike(same))
    return Entry(
        file=name,
        line=line,
        system=record["system"],
        code=record["code"],
        target_system=record["target_system"],
        target_code=record["target_code"],
        names=tuple(filter(None, (record.get(DISPLAY),))),
    )


def _alias(name: str, line: int, record: Mapping[str, str]) -> Alias:
    if not record["unit"] or not record["ucum"]:
        raise _Refusal(f"has no {' or no '.join(column for column in UNITS if not record[column])}")
    return Alias(file=name, line=line, text=record["unit"], unit=record["ucum"])


def unlike(equivalence: str) -> str:
    """Why codes that do not mean the same are refused."""
    return f"is `{equivalence[:40]}`: only a target that is equivalent (or equal) can be read in its place"
