"""The case folders: one input a row of index.csv, and what its answer must and must not be."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
AS_OF = date(2026, 11, 29)
BASIS = "org.twitch-cds.basis"
SILENT = "(silent or only allowed topics)"
_UNREAD = re.compile(
    r"could not be (?:read|checked|judged|recognised)|(?:not|un-?)\s?(?:recognised|understood|read\b|readable|checked)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Row:
    """One input with its expectations, each a group of alternatives."""

    folder: str
    file: str
    how: str
    status: int | None
    must: tuple[tuple[str, ...], ...]
    must_not: tuple[str, ...]

    @property
    def id(self) -> str:
        """The name of the row, as not_yet.toml has it."""
        return f"{self.folder}/{self.file}"

    @property
    def path(self) -> Path:
        """The input itself."""
        return FOLDER / self.folder / self.file


@dataclass(frozen=True)
class Answered:
    """What came back for an input: cards, or a refusal in words."""

    status: int
    cards: list[dict[str, Any]] = field(default_factory=list)
    refusal: str = ""


def rows(folder: str) -> list[Row]:
    """All rows of a folder's index.csv."""
    with (FOLDER / folder / "index.csv").open(encoding="utf-8", newline="") as stream:
        return [_row(folder, record) for record in csv.DictReader(stream)]


def _row(folder: str, record: dict[str, str]) -> Row:
    if folder == "clinical":
        return Row(folder, record["file"], "evaluate", None, _must(record["expected"]), _firm(record["must be absent"]))
    status = int(record["status"]) if record["status"] else None
    return Row(folder, record["file"], record["how"], status, _must(record["must"]), _firm(record["must_not"]))


def _must(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(part.split("|")) for part in _firm(text) if part != SILENT)


def _firm(text: str) -> tuple[str, ...]:
    """The parts of a cell; what "~" marks as only better is left out."""
    parts = (part.strip() for part in text.split(";"))
    return tuple(part for part in parts if part and not part.startswith("~"))


def faults(row: Row, answered: Answered) -> list[str]:
    """What is wrong with an answer, in words; an empty list if it is as the row demands."""
    found = [f"no {' or '.join(group)}" for group in row.must if not any(holds(part, answered) for part in group)]
    found += [f"there is {part}" for part in row.must_not if not part.startswith("not-said:") and holds(part, answered)]
    found += [
        f"it is said: {part}" for part in row.must_not if part.startswith("not-said:") and not holds(part, answered)
    ]
    if row.status not in (None, answered.status):
        found.append(f"status {answered.status}, not {row.status}")
    return found


def holds(part: str, answered: Answered) -> bool:
    """Whether one part of an expectation is true of an answer."""
    kind, _, rest = part.partition(":")
    if kind == "any":
        return bool(answered.cards)
    if kind == "say":
        return any(rest.lower() in line.lower() for line in _said_unread(answered.cards))
    if kind == "text":
        return any(re.search(rest, line, re.IGNORECASE) for line in _lines(answered.cards))
    if kind == "not-said":
        return not any(re.search(rest, line, re.IGNORECASE) for line in _lines(answered.cards))
    if kind == "refused":
        return bool(answered.refusal) and re.search(rest, answered.refusal, re.IGNORECASE) is not None
    return any(_is_card(part, card) for card in answered.cards)


def _is_card(wanted: str, card: dict[str, Any]) -> bool:
    """Whether a card is `topic[:indicator[:tags]]`; "*" is any, and the tags named must be among the card's."""
    topic, indicator, tags = (*wanted.split(":"), "*", "*")[:3]
    mine = set(card.get("extension", {}).get(BASIS, {}).get("tags", ()))
    return (
        topic in ("*", card["source"]["topic"]["code"])
        and indicator in ("*", card["indicator"])
        and (tags == "*" or set(tags.split(",")) <= mine)
    )


def _said_unread(cards: list[dict[str, Any]]) -> Iterator[str]:
    """The lines of cards that say of something that it was not understood, and all of `notChecked`."""
    yield from (line for line in _lines(cards, with_basis=False) if _UNREAD.search(line))
    for card in cards:
        yield from map(str, card.get("extension", {}).get(BASIS, {}).get("notChecked", ()))


def _lines(cards: list[dict[str, Any]], *, with_basis: bool = True) -> Iterator[str]:
    for card in cards:
        yield card["summary"]
        yield from card.get("detail", "").splitlines()
        if with_basis:
            yield str(card.get("extension", {}))
