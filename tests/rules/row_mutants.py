"""What may be wrong in a row of the rulebook or of a card: each field changed once for each thing that it holds."""

import sys
from collections.abc import Iterator

from msgspec.structs import replace

from cards.topics import Topic
from cds.rules import cardbook, rulebook
from cds.rules.cardbook import CARDS, CardRow
from cds.rules.reads import FIELDS
from cds.rules.rule import Rule

ROWS = vars(rulebook)["_rows"]


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
    for field in ("variants", "once", "example", "orders"):
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
    _put_cards((*CARDS[:place], changed, *CARDS[place + 1 :]))


def swap(place: int) -> None:
    """Let a card change ranks with the next, the last with the first."""
    rows = list(CARDS)
    other = (place + 1) % len(rows)
    rows[place], rows[other] = rows[other], rows[place]
    _put_cards(tuple(rows))


def _put_cards(rows: tuple[CardRow, ...]) -> None:
    """Put all rows, and what is made of them, in the place of the old ones in every module that names them."""
    made: dict[str, object] = {
        "CARDS": rows,
        "ROWS": {row.topic: row for row in rows},
        "RANKS": {row.topic: place for place, row in enumerate(rows)},
        "PROTECTED": frozenset(row.topic for row in rows if row.protected),
        "OF_FINDINGS": tuple(row for row in rows if row.advise),
    }
    old = {name: getattr(cardbook, name) for name in made}
    for module in [module for name, module in sys.modules.items() if name.startswith("cds.")]:
        for name, value in made.items():
            if getattr(module, name, None) is old[name]:
                setattr(module, name, value)
