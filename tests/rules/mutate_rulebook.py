"""Mutates every field of every row of the rulebook and of the cards: python tests/rules/mutate_rulebook.py [WORD].

A mutant is found where the start refuses it, or where discovery, an evidence table, or an answer to a golden case
changes. Survivors are printed; those of EXPLAINED with the reason why nothing can differ.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
from cards.topics import Topic
from cds.call import Engine
from cds.errors import CdsError
from cds.explain import explain
from cds.explain.explain import absent
from cds.rules import cardbook, decide, rulebook
from cds.rules.cardbook import CARDS, CardRow
from cds.rules.reads import FIELDS
from cds.rules.rule import Rule
from cds.web.evidence import decisions

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
class Mutant:
    """One changed row: what was changed, how to put it in place, and which golden cases may notice."""

    name: str
    apply: Callable[[], None]
    about: str


def main() -> None:
    """Print what becomes of each mutant."""
    logging.disable()
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    before = [answer(engine(TODAY), *body) for body in BODIES]
    whole, notices = said(engine(TODAY)), witnesses(before)
    survivors, count = [], 0
    for mutant in mutants():
        if word in mutant.name:
            count += 1
            mutant.apply()
            if not is_found(before, whole, notices.get(mutant.about, [])):
                survivors.append(mutant.name)
                say(f"survived: {mutant.name} {_explained(mutant.name)}")
            restore()
    say(f"{count} mutants, {len(survivors)} survivors")


def _explained(name: str) -> str:
    return next((reason for end, reason in EXPLAINED.items() if name.endswith(end)), "")


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def is_found(before: list[Any], whole: Any, first: list[int]) -> bool:
    """Whether anything tells the mutant from the original, the likeliest cases first."""
    try:
        made = engine.__wrapped__(TODAY)
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
    return made.discovery(), tables, decisions.alone(made.knowledge)


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
    for place, card in enumerate(CARDS):
        for what, other in of_card(card):
            name = f"{card.topic.value}.{what}"
            yield Mutant(name, lambda place=place, other=other: put_card(place, other), card.topic.value)  # type: ignore[misc]
        yield Mutant(f"{card.topic.value}.rank", lambda place=place: swap(place), card.topic.value)  # type: ignore[misc]


def of_rule(row: Rule) -> Iterator[tuple[str, Rule]]:
    """The changed rows of one rule."""
    yield "id", replace(row, id=f"{row.id}x")
    yield "card", replace(row, card=Topic.DATA_GAP if row.card is not Topic.DATA_GAP else Topic.EMERG)
    if row.card is Topic.EMERG:
        yield "told_elsewhere", replace(row, told_elsewhere=not row.told_elsewhere)
    yield "at_order", replace(row, at_order=not row.at_order)
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
    rulebook._rows = ROWS
    put_cards(CARDS)


if __name__ == "__main__":
    main()
