"""What differs, as a table for people or as one JSON object."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from cards.markdown import plain
from cds.diff.changes import Change, Differences

HEADINGS = tuple(Change)


def write(differences: Differences, unusable: tuple[int, ...], unit: str, *, as_json: bool) -> int:
    """Print it: 0 nothing differs, 1 something does, or some input could not be used. `unit`: what was compared."""
    output = (
        _object(differences, unusable, unit)
        if as_json
        else "".join(f"{line}\n" for line in _lines(differences, unusable, unit))
    )
    sys.stdout.write(output)
    return 0 if differences.is_same and not any(unusable) else 1


def _object(differences: Differences, unusable: tuple[int, ...], unit: str) -> str:
    document = {
        unit: differences.charts,
        "changed": differences.changed,
        "onlyOld": differences.only_old,
        "onlyNew": differences.only_new,
        "unusable": {"old": unusable[0], "new": unusable[1]},
        "cards": {topic: dict(counts) for topic, counts in sorted(differences.by_card.items())},
        "reasons": {reason: dict(counts) for reason, counts in sorted(differences.by_reason.items())},
    }
    return msgspec.json.encode(document).decode() + "\n"


def _lines(differences: Differences, unusable: tuple[int, ...], unit: str) -> Iterator[str]:
    yield f"{differences.charts} {unit} compared, {differences.changed} of them with differences"
    for count, name in ((differences.only_old, "old"), (differences.only_new, "new")):
        if count:
            yield f"{count} {unit} were answered by the {name} one only: they are not compared"
    for count, name in zip(unusable, ("old", "new"), strict=True):
        if count:
            yield f"{count} inputs could not be used by the {name} one"
    if differences.by_card:
        yield ""
        yield from _table("card", differences.by_card, HEADINGS)
    if differences.by_reason:
        yield ""
        yield from _table("flag, tag or rule of a card", differences.by_reason, (Change.NEW, Change.GONE))


def _table(name: str, counts: Mapping[str, Counter[str]], headings: tuple[Change, ...]) -> Iterator[str]:
    """Aligned, in the order of the names."""
    rows = [
        (name, *headings),
        *((plain(label), *(str(row[heading]) for heading in headings)) for label, row in sorted(counts.items())),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *numbers in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
