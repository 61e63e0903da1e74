"""Mutates the rulebook, the cards, and the data: tests/rules/mutate_rulebook.py [WORD [1/2]].

Every field of every row is changed once for each thing that it holds, rows change places; each number of the data is
made one step larger and one smaller, each operator, effect and switch is turned, each member of a list is left out,
each value set emptied, each block put behind the next (`data_mutants`). A mutant of a row is found where the start
refuses it, or where discovery, an evidence table, what makes way for what, or an answer to a golden case changes; one
of the data only by the start or an answer, numbers in it not compared: a limit that is printed is not thereby tested.
Survivors are printed; those of EXPLAINED and `survivors.toml` with the reason. Ends with 1 if one survives without
a reason. WORD: only mutants whose name holds it; 1/2: the first half.
"""

import json
import logging
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))  # this checkout, whatever is installed

import data_mutants
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
from cds.knowledge.load import Knowledge
from cds.rules import cardbook, decide, rulebook
from cds.rules.cardbook import CARDS, CardRow
from cds.rules.choice import Choice
from cds.rules.reads import FIELDS
from cds.rules.rule import Rule
from cds.settings import load
from cds.web.evidence import decisions

DATA = Path(__file__).parents[2] / "cds/knowledge/data"
WITNESSES = 25
ROWS = vars(rulebook)["_rows"]
EXPLAINED = {  # by the end of the name: why nothing that is compared can differ
    "also+": "REASSURE has no rules: the evidence page would list one more",
    "KD.card": "never asked; no explanation is compared",
    "KD.at_order": "never asked",
}
LISTED = tomllib.loads((Path(__file__).parent / "survivors.toml").read_text("utf-8"))["survivor"]
BODIES = [(case.chart.get("hook", "patient-view"), request_bytes(case.chart), True) for case in cases()]
BODIES += [  # and once more where the site hides emergencies
    (case.chart.get("hook", "patient-view"), request_bytes(case.chart), False)
    for case in cases()
    if Topic.EMERG in [card.topic for card in case.expect]
]
FILES = [case.file for case in cases()]
AMENDMENTS = [frozenset(map(int, re.findall(r"n(\d\d)", file))) for file in FILES]
FEW = 20  # so few cases are not believed: what is worked out once is read once
LATELY: list[int] = []  # the cases that told the last mutants
NUMBER = re.compile(r"\d+(?:\.\d+)?")


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
    before, reads = recorded()
    masked = [mask(one) for one in before]
    whole, notices = said(engine(TODAY)), witnesses(before)
    survivors, count = [], 0
    for place, mutant in enumerate(one for one in mutants() if word in one.name):
        if place % parts == first - 1:
            count += 1
            mutant.apply()
            if not (
                is_found_in_answers(masked, concerned(mutant, reads))
                if mutant.about.endswith(".toml")
                else is_found(before, whole, notices.get(mutant.about, []))
            ):
                survivors.append(mutant.name)
                say(f"survived: {mutant.name} {_explained(mutant.name)}")
            restore()
    unexplained = [name for name in survivors if not _explained(name)]
    say(f"{count} mutants, {len(survivors)} survivors, {len(unexplained)} without a reason")
    sys.exit(1 if unexplained else 0)


def _explained(name: str) -> str:
    """Why a survivor cannot be told, by the end of its name or, of the data, by its pattern."""
    by_end = (reason for end, reason in EXPLAINED.items() if name.endswith(end))
    return next(iter((*by_end, *(one["reason"] for one in LISTED if re.match(one["name"], name)))), "")


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


def is_found_in_answers(before: list[str], first: list[int]) -> bool:
    """Whether an answer tells a mutant of the data, the cases first that told others of late."""
    try:
        made = maker()
    except (CdsError, LookupError, ValueError):
        return True
    for place in dict.fromkeys((*(one for one in LATELY if one in first), *first)):
        if mask(answer(made, *BODIES[place])) != before[place]:
            LATELY[:] = [place, *(one for one in LATELY if one != place)][:WITNESSES]
            return True
    return False


def mask(told: Any) -> str:
    """An answer without its numbers."""
    return NUMBER.sub("#", json.dumps(told))


def concerned(mutant: Mutant, reads: dict[str, set[int]]) -> list[int]:
    """The cases that may notice: of its amendment first, and none that does not read what is changed."""
    places = range(len(cases()))
    file, _, name = mutant.name.partition(":")
    words = name.split()
    codes: frozenset[str] | None = None
    if file == "limits.toml" and words[1:2] == ["limit"]:
        codes = frozenset(one.code for one in engine(TODAY).knowledge.codes.of_analyte(words[2]))
    if file == "valuesets.toml":
        codes = frozenset(one.code.removesuffix("-") for one in engine(TODAY).knowledge.codes.marked(words[0]))
    if codes:
        found = [place for place in places if any(f'"{one}'.encode() in BODIES[place][1] for one in codes)]
    elif file == "medicines.toml":
        found = [place for place in places if b'"Medication' in BODIES[place][1]]
    else:
        read = reads.get(words[2] if len(words) > 2 else "", set()) & set(places)
        found = sorted(read) if len(read) > FEW else list(places)
    cited = data_mutants.amendments(mutant.name, DATA, mutant.about)
    return sorted(found, key=lambda place: AMENDMENTS[place].isdisjoint(cited))


class Recorder:
    """Notes which window, threshold, list or group each case reads."""

    def __init__(self) -> None:
        self.reads: dict[str, set[int]] = {}
        self.place = 0

    def watch(self) -> None:
        """Look over the shoulder of the knowledge."""
        for name in ("days", "at", "listed", "group"):
            setattr(Knowledge, name, self._noting(getattr(Knowledge, name)))

    def _noting(self, ask: Callable[[Knowledge, str], Any]) -> Callable[[Knowledge, str], Any]:
        def noted(knowledge: Knowledge, name: str) -> Any:
            self.reads.setdefault(name, set()).add(self.place)
            return ask(knowledge, name)

        return noted


def recorded() -> tuple[list[Any], dict[str, set[int]]]:
    """The answers of all cases, and what each of them read of the rules."""
    kept = {name: getattr(Knowledge, name) for name in ("days", "at", "listed", "group")}
    recorder, before = Recorder(), []
    recorder.watch()
    for recorder.place, body in enumerate(BODIES):
        before.append(answer(engine(TODAY), *body))
    for name, ask in kept.items():
        setattr(Knowledge, name, ask)
    return before, recorder.reads


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
    assessed = outcome.evaluation.assessed if outcome.evaluation else None
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
    """The data with one thing changed, in a copy."""
    shutil.copytree(DATA, copy)
    for name, file, text in data_mutants.mutants(DATA):
        yield Mutant(name, lambda file=file, text=text: put_data(copy, file, text), file)  # type: ignore[misc]


def put_data(copy: Path, file: str, text: str) -> None:
    """Put the copy, with one file changed, in the place of the data."""
    for other in DATA.glob("*.toml"):
        shutil.copy(other, copy)
    (copy / file).write_text(text, "utf-8")
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
