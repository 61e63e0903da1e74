"""Mutates the rulebook, the cards, and every window, threshold and limit: tests/rules/mutate_rulebook.py [WORD [1/2]].

Every field of every row is changed once for each thing that it holds, rows change places, and each number of the data
is made one step larger and one smaller. A mutant is found where the start refuses it, or where discovery, an evidence
table, what makes way for what, or an answer to a golden case changes. Survivors are printed; those of EXPLAINED with
the reason why nothing can differ. Ends with 1 if one survives without a reason. WORD: only mutants whose name holds it;
1/2: the first half.
"""

import json
import logging
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))  # this checkout, whatever is installed

from charts.dates import TODAY
from charts.golden import cases
from charts.notation import request_bytes
from charts.seam import engine
from msgspec.structs import replace

from cards import wire
from cards.topics import Indicator, Topic
from cds.call import Engine, build_engine
from cds.errors import CdsError
from cds.explain import explain
from cds.explain.explain import absent
from cds.rules import cardbook, decide, rulebook
from cds.rules.cardbook import CARDS, CardRow
from cds.rules.choice import Choice
from cds.rules.reads import FIELDS
from cds.rules.rule import Rule
from cds.settings import load
from cds.web.evidence import decisions

DATA = Path(__file__).parents[2] / "cds/knowledge/data"
NUMBERS = (("rules.toml", r"^(\w+) = (\d+)\b"), ("limits.toml", r"\b(value|times_upper|\w+_hours)\b.*?= (\d+\.?\d*)"))
WITNESSES = 25
ROWS = vars(rulebook)["_rows"]
EXPLAINED = {  # by the end of the name: why nothing that is compared can differ
    "also+": "REASSURE has no rules: the evidence page would list one more",
    "KD.card": "never asked; no explanation is compared",
    "KD.at_order": "never asked",
}
BODIES = [(case.chart.get("hook", "patient-view"), request_bytes(case.chart), True) for case in cases()]
BODIES += [  # and once more where the site hides emergencies
    (case.chart.get("hook", "patient-view"), request_bytes(case.chart), False)
    for case in cases()
    if Topic.EMERG in [card.topic for card in case.expect]
]


@dataclass
class Place:
    """Where the data are: the repository's, or a copy with one number changed."""

    data: Path = DATA


PLACE = Place()


@dataclass
class Mutant:
    """One changed row: what was changed, how to put it in place, and which golden cases may notice."""

    name: str
    apply: Callable[[], None]
    about: str


def main() -> None:
    """Print what becomes of each mutant."""
    logging.disable()
    word, part = (*sys.argv[1:3], *("", "1/1")[len(sys.argv[1:3]) :])
    first, parts = map(int, part.split("/"))
    before = [answer(engine(TODAY), *body) for body in BODIES]
    whole, notices = said(engine(TODAY)), witnesses(before)
    survivors, count = [], 0
    for place, mutant in enumerate(one for one in mutants() if word in one.name):
        if place % parts == first - 1:
            count += 1
            mutant.apply()
            if not is_found(before, whole, notices.get(mutant.about, [])):
                survivors.append(mutant.name)
                say(f"survived: {mutant.name} {_explained(mutant.name)}")
            restore()
    unexplained = [name for name in survivors if not _explained(name)]
    say(f"{count} mutants, {len(survivors)} survivors, {len(unexplained)} without a reason")
    sys.exit(1 if unexplained else 0)


def _explained(name: str) -> str:
    return next((reason for end, reason in EXPLAINED.items() if name.endswith(end)), "")


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def is_found(before: list[Any], whole: Any, first: list[int]) -> bool:
    """Whether anything tells the mutant from the original, the likeliest cases first."""
    try:
        made = maker()
        if said(made) != whole:
            return True
        rest = (place for place in range(len(BODIES)) if place not in first)
        return any(answer(made, *BODIES[place]) != before[place] for place in (*first, *rest))
    except (CdsError, LookupError, ValueError):
        return True


def answer(made: Engine, hook: str, body: bytes, emergency_cards: bool) -> Any:
    """The cards of one call without ids and version, and why others are not there."""
    try:
        outcome = replace(made, emergency_cards=emergency_cards).call(f"muscle-twitch-{hook}", body)
    except CdsError as error:
        return str(error)
    cards = json.loads(wire.encode(outcome.cards))["cards"]
    for card in cards:
        card.pop("uuid")
        card.get("extension", {}).get("org.twitch-cds.basis", {}).pop("knowledgeVersion", None)
        for suggestion in card.get("suggestions", ()):
            suggestion.pop("uuid")
    assessed = outcome.consultation.assessed if outcome.consultation else None
    return cards, list(absent(assessed)) if assessed else []


def said(made: Engine) -> Any:
    """Discovery, limits, and decision tables."""
    tables = [(made.basis(topic), decisions.beside(topic, made.knowledge)) for topic in Topic]
    return made.discovery(), tables, decisions.alone(made.knowledge), [_makes_way(topic) for topic in Topic]


def _makes_way(topic: Topic) -> bool:
    """Whether a card that stands fourth is dropped (tests/rules/test_protected.py)."""
    before = [Choice(topic=Topic.EMERG, indicator=Indicator.CRITICAL)] * 3
    return bool(decide.capped([*before, Choice(topic=topic, indicator=Indicator.INFO)], 3).dropped)


def maker() -> Engine:
    """An engine of the data in place."""
    settings = load({"TWITCH_CDS_DEMO": "true"})
    return build_engine(settings, now=lambda: datetime.combine(TODAY, time(12), UTC), data=PLACE.data)


def witnesses(before: list[Any]) -> dict[str, list[int]]:
    """For each rule and card some cases whose answer names it."""
    found: dict[str, list[int]] = {}
    for place, told in enumerate(before):
        for card in told[0] if isinstance(told, tuple) else ():
            basis = card["extension"]["org.twitch-cds.basis"]
            for name in (card["source"]["topic"]["code"], *basis.get("flags", ()), *basis.get("tags", ())):
                if len(found.setdefault(name, [])) < WITNESSES:
                    found[name].append(place)
    return found


def mutants() -> Iterator[Mutant]:
    """Every field of every row, changed once for each thing that it holds."""
    for row in ROWS(engine(TODAY).knowledge):
        for what, changed in of_rule(row):
            yield Mutant(f"{row.id}.{what}", lambda row=row, changed=changed: put_rule(row.id, changed), row.id)  # type: ignore[misc]
        yield Mutant(f"{row.id}.order", lambda row=row: put_last(row.id), row.id)  # type: ignore[misc]
    for place, card in enumerate(CARDS):
        for what, other in of_card(card):
            name = f"{card.topic.value}.{what}"
            yield Mutant(name, lambda place=place, other=other: put_card(place, other), card.topic.value)  # type: ignore[misc]
        yield Mutant(f"{card.topic.value}.rank", lambda place=place: swap(place), card.topic.value)  # type: ignore[misc]

    yield from of_data(Path(tempfile.mkdtemp()) / "data")


def of_data(copy: Path) -> Iterator[Mutant]:
    """Each window, threshold and limit one step larger and smaller, in a copy of the data."""
    shutil.copytree(DATA, copy)
    for file, pattern in NUMBERS:
        lines = (DATA / file).read_text("utf-8").splitlines()
        block = ""
        for number, line in enumerate(lines):
            block = line.strip("[]") if re.match(r"\[\w", line) else line if line.startswith("analyte") else block
            if found := re.search(pattern, line):
                step = 10.0 ** -len(found[2].partition(".")[2])
                for way in (1, -1):
                    value = f"{float(found[2]) + way * step:.{len(found[2].partition('.')[2])}f}"
                    changed = [
                        *lines[:number],
                        line[: found.start(2)] + value + line[found.end(2) :],
                        *lines[number + 1 :],
                    ]
                    name = f"{file}:{number + 1} {block} {found[1]} {found[2]} to {value}"
                    yield Mutant(name, lambda file=file, changed=changed: put_data(copy, file, changed), "")  # type: ignore[misc]


def put_data(copy: Path, file: str, lines: list[str]) -> None:
    """Put the copy, with one file changed, in the place of the data."""
    shutil.copy(DATA / ("limits.toml" if file == "rules.toml" else "rules.toml"), copy)
    (copy / file).write_text("\n".join(lines) + "\n", "utf-8")
    PLACE.data = copy


def of_rule(row: Rule) -> Iterator[tuple[str, Rule]]:
    """The changed rows of one rule."""
    yield "id", replace(row, id=f"{row.id}x")
    yield "card", replace(row, card=Topic.DATA_GAP if row.card is not Topic.DATA_GAP else Topic.EMERG)
    if row.card is Topic.EMERG:
        yield "told_elsewhere", replace(row, told_elsewhere=not row.told_elsewhere)
    yield "at_order", replace(row, at_order=not row.at_order)
    if row.ask:
        yield "ask", replace(row, ask=lambda view: ())
    yield from ((f"sees={sees}", replace(row, sees=sees)) for sees in ("all", "unused", "open") if sees != row.sees)
    yield from ((f"also-{one}", replace(row, also=tuple(x for x in row.also if x is not one))) for one in row.also)
    yield "also+", replace(row, also=(*row.also, Topic.REASSURE))
    for field in FIELDS:
        names = getattr(row.reads, field)
        for name in names:
            left = tuple(one for one in names if one != name)
            yield f"{field}-{name}", replace(row, reads=replace(row.reads, **{field: left}))


def of_card(card: CardRow) -> Iterator[tuple[str, CardRow]]:
    """The changed rows of one card."""
    other = CARDS[0] if card is not CARDS[0] else CARDS[1]
    yield "protected", replace(card, protected=not card.protected)
    yield "shows", replace(card, shows="medicine-timing" if card.shows != "medicine-timing" else "lab-limits")
    for field in ("variants", "example", "orders"):
        names = getattr(card, field)
        yield from ((f"{field}-{one}", replace(card, **{field: tuple(x for x in names if x != one)})) for one in names)
    if card.advise:
        yield "advise", replace(card, advise=other.advise)
        yield "left_out", replace(card, left_out=other.left_out)
    for field in FIELDS:
        names = getattr(card.reads, field)
        for name in names:
            left = tuple(one for one in names if one != name)
            yield f"{field}-{name}", replace(card, reads=replace(card.reads, **{field: left}))


def put_rule(ident: str, changed: Rule) -> None:
    """Put a row in the place of one."""
    rulebook._rows = lambda knowledge: (changed if row.id == ident else row for row in ROWS(knowledge))


def put_last(ident: str) -> None:
    """Put a row behind all others."""
    rulebook._rows = lambda knowledge: iter(sorted(ROWS(knowledge), key=lambda row: row.id == ident))


def put_card(place: int, changed: CardRow) -> None:
    """Put a card's row in the place of one."""
    put_cards((*CARDS[:place], changed, *CARDS[place + 1 :]))


def swap(place: int) -> None:
    """Let a card change ranks with the next, the last with the first."""
    rows = list(CARDS)
    other = (place + 1) % len(rows)
    rows[place], rows[other] = rows[other], rows[place]
    put_cards(tuple(rows))


def put_cards(rows: tuple[CardRow, ...]) -> None:
    """Put all rows, and what is made of them, in place."""
    made: dict[str, object] = {
        "CARDS": rows,
        "ROWS": {row.topic: row for row in rows},
        "RANKS": {row.topic: place for place, row in enumerate(rows)},
        "PROTECTED": frozenset(row.topic for row in rows if row.protected),
        "OF_FINDINGS": tuple(row for row in rows if row.advise),
    }
    for module in (cardbook, decide, decisions, explain):
        for name, value in made.items():
            if hasattr(module, name):
                setattr(module, name, value)


def restore() -> None:
    """Put everything back."""
    PLACE.data = DATA
    rulebook._rows = ROWS
    put_cards(CARDS)


if __name__ == "__main__":
    main()
