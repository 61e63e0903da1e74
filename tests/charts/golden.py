"""Golden cases read from their TOML files: single cases, tables of rows, and their twins without the twitch."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from cards.topics import Indicator, Topic
from charts.book import FLAGS, TAGS
from charts.notation import MISSING
from charts.resources import KINDS, TWITCHES, Line

FOLDER = Path(__file__).parent.parent / "golden"
_CARD = re.compile(r"(?P<topic>\S+) (?P<indicator>\S+)(?: (?P<tags>[^\[\s]+))?(?: \[(?P<flags>[^\]]+)\])?")
_MOMENT = {"hook", "drafts", "selections", "problems", "context"}
_CASE = {"id", "title", "rule", "note", "patient", "resources", "missing"} | _MOMENT
_OUTCOME = {"expect", "expect_status", "absent", "also_noted", "not_checked", "must_not", "twin"}
_TABLE = _CASE | {"expect", "twin", "row"}


@dataclass(frozen=True)
class Card:
    """What a golden case says about one card; flags only where the case pins them."""

    topic: str
    indicator: str
    tags: tuple[str, ...] = ()
    flags: tuple[str, ...] | None = None

    def check(self) -> None:
        """Topic, indicator, tags and flags are known and in the order of the wire vocabulary."""
        topic = Topic(self.topic)
        Indicator(self.indicator)
        known = TAGS.get(topic, ())
        assert list(self.tags) == sorted(self.tags, key=known.index), f"{self}: tags out of order"
        assert bool(self.tags) == bool(known), f"{self}: tags missing, or on a card that has none"
        assert list(self.flags or ()) == sorted(self.flags or (), key=FLAGS.index), f"{self}: flags out of order"


@dataclass(frozen=True)
class Case:
    """One chart and the exact answer it must get."""

    id: str
    file: str
    rule: str
    chart: Line
    expect: tuple[Card, ...]
    status: int = 200
    absent: tuple[str, ...] = ()
    also_noted: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()

    @property
    def silent(self) -> bool:
        """Whether the right answer is no card at all."""
        return not self.expect and self.status == 200


def card(text: str) -> Card:
    """A card from "topic indicator tag,tag [FLAG FLAG]"."""
    match = _CARD.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no expected card")
    flags = tuple(match["flags"].split()) if match["flags"] else None
    tags = tuple(match["tags"].split(",")) if match["tags"] else ()
    return Card(match["topic"], match["indicator"], tags, flags)


@cache
def cases() -> tuple[Case, ...]:
    """All cases as written, in the order of files and lines."""
    return tuple(_case(file.stem, raw) for file in sorted(FOLDER.glob("*.toml")) for raw in _raw_cases(file))


@cache
def twins() -> tuple[Case, ...]:
    """Every firing case once more without its twitch: the same chart must then be silent (D1)."""
    return tuple(_without_twitch(case) for case in cases() if case.expect and case.chart["twin"])


def _without_twitch(case: Case) -> Case:
    whole = {name: case.chart.get(name, []) for name in ("resources", "problems")}
    kept = {name: [line for line in lines if next(iter(line)) not in TWITCHES] for name, lines in whole.items()}
    assert kept != whole, f"{case.id}: no twitch to leave out; say twin = false"
    chart = {**case.chart, **kept}
    return replace(case, id=f"{case.id}-no-twitch", chart=chart, expect=(), absent=(), also_noted=(), not_checked=())


def _raw_cases(file: Path) -> Iterator[Line]:
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    _known(content, {"case", "table"}, file.name)
    yield from content.get("case", ())
    for table in content.get("table", ()):
        _known(table, _TABLE, table["id"])
        for row in table["row"]:
            yield _row(table, row)


def _row(table: Line, row: Line) -> Line:
    """A row of a table: the table's chart with the row's resources added, all else said by the row winning."""
    _known(row, _CASE | _OUTCOME | {"add"}, f"{table['id']}/{row['id']}")
    base = {name: table[name] for name in table if name not in {"row", "id"}}
    merged = base | {name: row[name] for name in row if name != "add"}
    merged["id"] = f"{table['id']}/{row['id']}"
    merged["patient"] = table.get("patient", {}) | row.get("patient", {})
    merged["resources"] = [*merged.get("resources", ()), *row.get("add", ())]
    return merged


def _case(file: str, raw: Line) -> Case:
    _known(raw, _CASE | _OUTCOME, raw["id"])
    for line in (*raw["resources"], *raw.get("drafts", ()), *raw.get("problems", ())):
        if next(iter(line)) not in KINDS | {"normal_labs"}:
            raise ValueError(f"{raw['id']}: {line} is of no known kind")
    for key, how in raw.get("missing", {}).items():
        if how not in MISSING:
            raise ValueError(f"{raw['id']}: {key} = {how!r}")
    return Case(
        id=raw["id"],
        file=file,
        rule=raw["rule"],
        chart={"twin": not raw.get("missing"), **raw},
        expect=tuple(card(text) for text in raw.get("expect", ())),
        status=raw.get("expect_status", 200),
        **{name: tuple(raw.get(name, ())) for name in ("absent", "also_noted", "not_checked")},
    )


def _known(table: dict[str, Any], names: set[str], where: str) -> None:
    if unknown := table.keys() - names:
        raise ValueError(f"{where}: unknown {sorted(unknown)}")


def service_of(case: Case) -> str:
    """The service that a case is sent to."""
    return f"muscle-twitch-{case.chart.get('hook', 'patient-view')}"
