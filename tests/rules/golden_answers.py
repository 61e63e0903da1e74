"""The golden cases as `mutate_rulebook` puts them: their requests, the answers, and what each of them holds and reads.

A case tells a change of a datum only if it reads it: a window or list that is never asked for, a limit of an analyte
that the chart does not hold, a window to whose edge no two days of the chart are close, cannot change its answer.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from unicodedata import combining, normalize

from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request_bytes
from charts.seam import engine
from msgspec import Struct
from msgspec.structs import replace

from cards import wire
from cards.topics import Topic
from cds.call import Engine, build_engine
from cds.errors import CdsError
from cds.explain.explain import absent
from cds.knowledge.load import Knowledge
from cds.rules import rulebook
from cds.rules.access import Access
from cds.rules.view import View
from cds.settings import load

ASKED = ("days", "at", "listed", "group", "flags")
FEW = 20  # so few cases are not believed: what is worked out once is read once
NUMBER = re.compile(r"\d+(?:\.\d+)?")
VALID = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|\d{4}-(0[13-9]|1[0-2])-(29|30)|\d{4}-(0[13578]|1[02])-31"
)
FIGURE = re.compile(rb"(?<![\w.:-])\d{1,6}(?:\.\d+)?(?![\w:-])")
DAY = re.compile(rb'"(\d{4}-\d\d-\d\d)|"(\d{4}-\d\d)"|"(\d{4})"')

Body = tuple[str, bytes, bool]


def bodies() -> Iterator[Body]:
    """Hook, request, and whether the site shows emergencies; each case with one once more where it hides them."""
    for case in cases():
        yield case.chart.get("hook", "patient-view"), request_bytes(case.chart), True
    for case in cases():
        if _has_emergency(case):
            yield case.chart.get("hook", "patient-view"), request_bytes(case.chart), False


def _has_emergency(case: Case) -> bool:
    return Topic.EMERG in [card.topic for card in case.expect]


BODIES = tuple(bodies())
NAMES = (*(case.id for case in cases()), *(f"{case.id} hidden" for case in cases() if _has_emergency(case)))


def _spoken(body: bytes) -> str:
    """A request in small letters without accents and with single blanks."""
    plain = normalize("NFKD", re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), body.decode()))
    return re.sub(r"[-_ ]+", " ", "".join(letter for letter in plain if not combining(letter)).lower())


SPOKEN = tuple(_spoken(body) for _, body, _ in BODIES)
AMENDMENTS = tuple(frozenset(map(int, re.findall(r"n(\d\d)", case.file))) for case in cases())


class Original(Struct, frozen=True):
    """What the unchanged rules say, of all and to each case, and what each case reads and holds.

    `viewed` are, for each rule, the cases whose chart it was shown, `shown` for each card,
    flag and tag those whose answer names it.
    `names` is None for a case whose chart was not read; `spans` are the days between any two days of a case, `numbers`
    all numbers in it.
    """

    answers: tuple[Any, ...]
    reads: dict[str, frozenset[int]]
    viewed: dict[str, frozenset[int]]
    shown: dict[str, frozenset[int]]
    names: tuple[frozenset[str] | None, ...]
    spans: tuple[frozenset[int], ...]
    numbers: tuple[frozenset[float], ...]

    def reading(self, name: str) -> frozenset[int]:
        """The cases that read a window, threshold, list or group; all where it may have been read before them."""
        found = self.reads.get(name, frozenset())
        return found if len(found) > FEW else frozenset(range(len(BODIES)))

    def holding(self, names: frozenset[str]) -> frozenset[int]:
        """The cases that hold something of these names, or whose chart was not read."""
        return frozenset(place for place, held in enumerate(self.names) if held is None or held & names)

    def saying(self, words: str) -> frozenset[int]:
        """The cases in whose request these words stand, with whatever marks between them."""
        return frozenset(place for place, told in enumerate(SPOKEN) if words in told)

    def spanning(self, least: int, most: int) -> frozenset[int]:
        """The cases in which so many days lie between two days."""
        near = frozenset(range(least, most + 1))
        return frozenset(place for place, spans in enumerate(self.spans) if spans & near)

    def numbering(self, ranges: list[tuple[float, float]]) -> frozenset[int]:
        """The cases that hold a number in one of these ranges, or an albumin, by which a calcium is computed."""
        found = {
            place
            for place, numbers in enumerate(self.numbers)
            if any(least <= one <= most for one in numbers for least, most in ranges)
        }
        return self.holding(frozenset({"albumin"})) | found


def recorded() -> Original:
    """The answers of all cases, and what each of them read of the rules."""
    kept = {name: getattr(Knowledge, name) for name in ASKED}
    reads: dict[str, set[int]] = {}
    viewed: dict[str, set[int]] = {}
    shown: dict[str, set[int]] = {}
    place = 0

    def viewing(access: Access, *given: Any) -> View:
        viewed.setdefault(access.rule, set()).add(place)
        return View(access, *given)

    def noting(ask: Callable[[Knowledge, str], Any]) -> Callable[[Knowledge, str], Any]:
        def noted(knowledge: Knowledge, name: str) -> Any:
            reads.setdefault(name, set()).add(place)
            return ask(knowledge, name)

        return noted

    for name, ask in kept.items():
        setattr(Knowledge, name, noting(ask))
    vars(rulebook)["View"] = viewing
    answers = []
    for place, body in enumerate(BODIES):
        answers.append(answer(engine(TODAY), *body))
        for name in shown_by(answers[-1]):
            shown.setdefault(name, set()).add(place)
    vars(rulebook)["View"] = View
    for name, ask in kept.items():
        setattr(Knowledge, name, ask)
    return Original(
        answers=tuple(answers),
        reads={name: frozenset(places) for name, places in reads.items()},
        viewed={name: frozenset(places) for name, places in viewed.items()},
        shown={name: frozenset(places) for name, places in shown.items()},
        names=tuple(_names(engine(TODAY), hook, body) for hook, body, _ in BODIES),
        spans=tuple(spans(body) for _, body, _ in BODIES),
        numbers=tuple(frozenset(map(float, FIGURE.findall(body))) for _, body, _ in BODIES),
    )


def is_same(made: Engine, original: Original, every: int) -> bool:
    """Whether an engine gives the same answers, to each so-many-th case."""
    places = range(0, len(BODIES), every)
    return all(answer(made, *BODIES[place]) == original.answers[place] for place in places)


def answer(made: Engine, hook: str, body: bytes, emergency_cards: bool) -> Any:
    """The cards of one call without ids and version, and why others are not there (in no order)."""
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
    return cards, sorted(absent(assessed)) if assessed else []


def shown_by(told: Any) -> Iterator[str]:
    """The cards of an answer, their flags and their tags."""
    for card in told[0] if isinstance(told, tuple) else ():
        basis = card["extension"]["org.twitch-cds.basis"]
        yield from (card["source"]["topic"]["code"], *basis.get("flags", ()), *basis.get("tags", ()))


def _names(made: Engine, hook: str, body: bytes) -> frozenset[str] | None:
    """The names of all that a case holds: sets, groups, analytes and ingredients of its codes and words."""
    try:
        outcome = made.call(f"muscle-twitch-{hook}", body)
    except CdsError:
        return None
    if outcome.chart is None:
        return None
    coded = (made.knowledge.codes.find(*one) for one in _codings(json.loads(body)))
    return frozenset(_words([vars(outcome.chart) if hasattr(outcome.chart, "__dict__") else outcome.chart, *coded]))


def _codings(value: Any) -> Iterator[tuple[str | None, str | None]]:
    if isinstance(value, dict):
        if isinstance(value.get("code"), str):
            yield value.get("system"), value["code"]
        for one in value.values():
            yield from _codings(one)
    for one in value if isinstance(value, list) else ():
        yield from _codings(one)


def _words(value: Any) -> Iterator[str]:
    """All words in something, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _words(getattr(value, name))
    elif isinstance(value, dict):
        for one in value.values():
            yield from _words(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _words(one)


def spans(body: bytes) -> frozenset[int]:
    """The days between any two days of a request, and until today; of a month or year from its first and its last."""
    days = {TODAY.toordinal()}
    for found in DAY.finditer(body):
        whole, month, year = (one.decode() if one else "" for one in found.groups())
        if whole and VALID.fullmatch(whole):
            days.add(date.fromisoformat(whole).toordinal())
        elif month and VALID.fullmatch(f"{month}-01"):
            first = date.fromisoformat(f"{month}-01")
            days |= {first.toordinal(), first.replace(day=28).toordinal() + 3}
        elif "1900" < year < "2100":
            days |= {date(int(year), 1, 1).toordinal(), date(int(year), 12, 31).toordinal()}
    return frozenset(abs(one - other) for one in days for other in days)


def mask(told: Any) -> str:
    """An answer without its numbers."""
    return NUMBER.sub("#", json.dumps(told))


def started(data: Path) -> Engine:
    """An engine of these data."""
    settings = load({"TWITCH_CDS_DEMO": "true"})
    return build_engine(settings, now=lambda: datetime.combine(TODAY, time(12), UTC), data=data)
