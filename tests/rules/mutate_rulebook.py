"""Mutates the rulebook, the cards, and the data: tests/rules/mutate_rulebook.py [WORD | @FILE]...

Every field of every row is changed once for each thing that it holds, rows change places; each number of the data is
made one step larger and one smaller, each operator, effect and switch is turned, each member of a list is left out,
each value set emptied, each block put behind the next (`data_mutants`). A mutant of a row is found where the start
refuses it, or where discovery, an evidence table, what makes way for what, or an answer to a golden case changes; one
of the data only by the start or an answer, numbers in it not compared: a limit that is printed is not thereby tested.
Survivors are printed; those of EXPLAINED and `survivors.toml` with the reason. Ends with 1 if one survives without
a reason. WORD: only mutants whose name holds it; @FILE: those that an earlier run said survived. As many processes
as processors: each mutant is judged in one that stays alive (`quick_start`).
"""

import atexit
import logging
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))  # this checkout, whatever is installed

import data_mutants
import quick_start
from charts.dates import TODAY
from charts.seam import engine
from golden_answers import AMENDMENTS, BODIES, Original, answer, is_same, mask, recorded, started
from msgspec.structs import replace

from cards.topics import Indicator, Topic
from cds.call import Engine
from cds.errors import CdsError
from cds.explain import explain
from cds.rules import cardbook, decide, rulebook
from cds.rules.cardbook import CARDS, CardRow
from cds.rules.choice import Choice
from cds.rules.reads import FIELDS
from cds.rules.rule import Rule
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
LATELY: list[int] = []  # the cases that told the last mutants


@dataclass
class Place:
    """Where the data are: the repository's, or a copy with one number changed."""

    data: Path = DATA
    changed: str = ""


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
    original = recorded()
    whole, notices = said(engine(TODAY)), witnesses(original.answers)
    quick_start.shorten(lambda: PLACE.changed)
    if not is_same(started(DATA), original, every=10):
        sys.exit("what is made once is not all that a start makes: quick_start.py")
    chosen = chosen_mutants()
    survivors = []

    def survives(place: int) -> str:
        mutant = chosen[place]
        mutant.apply()
        if mutant.about.endswith(".toml"):
            found = is_found_in_answers(original, concerned(mutant, original))
        else:
            found = is_found(original, whole, notices.get(mutant.about, []))
        restore()
        return "" if found else mutant.name

    for name in filter(None, judged(survives, len(chosen))):
        survivors.append(name)
        say(f"survived: {name}\n    {_explained(name)}")
    unexplained = [name for name in survivors if not _explained(name)]
    say(f"{len(chosen)} mutants, {len(survivors)} survivors, {len(unexplained)} without a reason")
    sys.exit(1 if unexplained else 0)


def judged(judge: Callable[[int], str], count: int) -> Iterator[str]:
    """What each is judged to be, in order, by processes that hold all that was made so far."""
    JUDGES.append(judge)
    with get_context("fork").Pool(os.cpu_count()) as pool:
        yield from pool.imap(_judge, range(count), chunksize=4)


JUDGES: list[Callable[[int], str]] = []  # for a process knows a function by its name only


def _judge(place: int) -> str:
    return JUDGES[-1](place)


def chosen_mutants() -> list[Mutant]:
    """Those that are asked for, in the order in which they are."""
    every = list(mutants())
    asked = sys.argv[1:] or [""]
    return list({one.name: one for word in asked for one in every if _is_asked(one.name, word)}.values())


def _is_asked(name: str, word: str) -> bool:
    """Whether a word of the command means a mutant."""
    return name in _listed(word[1:]) if word.startswith("@") else word in name


@cache
def _listed(file: str) -> frozenset[str]:
    """The mutants that an earlier run said survived."""
    lines = Path(file).read_text("utf-8").splitlines()
    return frozenset(line.removeprefix("survived: ").strip() for line in lines if line.startswith("survived: "))


def _explained(name: str) -> str:
    """Why a survivor cannot be told, by the end of its name or, of the data, by its pattern."""
    by_end = (reason for end, reason in EXPLAINED.items() if name.endswith(end))
    return next(iter((*by_end, *(one["reason"] for one in LISTED if re.match(one["name"], name)))), "")


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def is_found(original: Original, whole: Any, first: list[int]) -> bool:
    """Whether anything tells the mutant from the original, the likeliest cases first."""
    try:
        made = started(PLACE.data)
        if said(made) != whole:
            return True
        places = dict.fromkeys((*first, *LATELY, *range(len(BODIES))))
        return any(is_noticed(made, place, original.answers) for place in places)
    except (CdsError, LookupError, ValueError):
        return True


def is_found_in_answers(original: Original, first: list[int]) -> bool:
    """Whether an answer tells a mutant of the data, the cases first that told others of late."""
    try:
        made = started(PLACE.data)
    except (CdsError, LookupError, ValueError):
        return True
    places = dict.fromkeys((*(one for one in LATELY if one in first), *first))
    return any(is_noticed(made, place, original.answers, masked=True) for place in places)


def is_noticed(made: Engine, place: int, before: tuple[Any, ...], *, masked: bool = False) -> bool:
    """Whether the answer to a case is another one; masked: not only in its numbers."""
    told = answer(made, *BODIES[place])
    if told == before[place] or (masked and mask(told) == mask(before[place])):
        return False
    LATELY[:] = [place, *(one for one in LATELY if one != place)][:WITNESSES]
    return True


def concerned(mutant: Mutant, original: Original) -> list[int]:
    """The cases that may notice: of its amendment first, and none that does not read what is changed."""
    file, _, name = mutant.name.partition(":")
    words = name.split()
    found = frozenset(range(len(BODIES)))
    if file == "rules.toml" and len(words) > 2 and words[1] != "lists":  # lists are read when the rulebook is made
        found = original.reading(words[2])
        if words[1] == "windows":
            found &= original.spanning(int(words[3]) - 2, int(words[3]) + 2)
        elif words[1] == "thresholds" and words[2].endswith("_years"):
            found &= _of_age(float(words[3]), original)
        elif words[1] == "groups" and words[-2] == "without":
            found &= original.holding(frozenset({words[-1].strip('"')})) or found
    elif file != "rules.toml" and (names := data_mutants.about(name, DATA / file)):
        found = original.holding(names)
    if file == "limits.toml" and (edges := data_mutants.edges(name, DATA / file)):
        found &= original.numbering(edges)
    elif file == "limits.toml" and words[-4].endswith("_years"):
        found &= _of_age(float(words[-3]), original)
    cited = data_mutants.amendments(mutant.name, DATA, mutant.about)
    return sorted(found, key=lambda place: AMENDMENTS[place].isdisjoint(cited) if place < len(AMENDMENTS) else True)


def _of_age(years: float, original: Original) -> frozenset[int]:
    """The cases of somebody of about this age, and those whose age is not known."""
    ageless = frozenset(place for place, (_, body, _) in enumerate(BODIES) if b'"birthDate"' not in body)
    return ageless | original.spanning(int((years - 1) * 365), int((years + 2) * 366))


def said(made: Engine) -> Any:
    """Discovery, limits, and decision tables."""
    tables = [(made.basis(topic), decisions.beside(topic, made.knowledge)) for topic in Topic]
    return made.discovery(), tables, decisions.alone(made.knowledge), [_makes_way(topic) for topic in Topic]


def _makes_way(topic: Topic) -> bool:
    """Whether a card that stands fourth is dropped (tests/rules/test_protected.py)."""
    before = [Choice(topic=Topic.EMERG, indicator=Indicator.CRITICAL)] * 3
    return bool(decide.capped([*before, Choice(topic=topic, indicator=Indicator.INFO)], 3).dropped)


def witnesses(before: tuple[Any, ...]) -> dict[str, list[int]]:
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

    for name, file, text in data_mutants.mutants(DATA):
        yield Mutant(name, lambda file=file, text=text: put_data(file, text), file)  # type: ignore[misc]


@cache
def copy_of(process: int) -> Path:
    """The copy of the data that a process may change."""
    copy = Path(tempfile.mkdtemp(prefix=f"mutants-{process}-")) / "data"
    shutil.copytree(DATA, copy)
    atexit.register(shutil.rmtree, copy.parent)
    return copy


def put_data(file: str, text: str) -> None:
    """Put the copy, with one file changed, in the place of the data."""
    PLACE.data = copy_of(os.getpid())
    (PLACE.data / file).write_text(text, "utf-8")
    PLACE.changed = file


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
    if PLACE.changed:
        shutil.copy(DATA / PLACE.changed, PLACE.data)
    PLACE.data, PLACE.changed = DATA, ""
    rulebook._rows = ROWS
    put_cards(CARDS)


if __name__ == "__main__":
    main()
