"""A text as tokens: folded words, numbers, grades of power and the marks that end clauses and sentences (N13)."""

import re
import unicodedata
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache

from msgspec import Struct

LONGEST = 2_000
TICKED = "[x]"
EMPTY = "[ ]"  # a check box that nobody ticked
FULL_POWER = frozenset({"5/5", "5+/5", "5+"})
_SPECIAL = {"ß": "ss", "œ": "oe", "æ": "ae", "ø": "o", "¿": " ", "¡": " "}
_SPECIAL |= dict.fromkeys("\u2019\u2018\u0060\u00b4", "'") | dict.fromkeys("\u2013\u2014", "-")
_ELISIONS = frozenset({"d", "l", "n", "s", "j", "m", "t", "c", "qu", "jusqu", "lorsqu", "puisqu"})
_SHORT = frozenset(
    {"rt", "lt", "bilat", "bil", "pt", "hx", "re", "li", "bds", "ca", "dr", "mr", "mrs", "approx", "resp", "sx", "wk"}
    | {"wks", "mo", "mos", "yr", "yrs", "izq", "der", "dcha", "izda", "prob", "poss", "ggf", "evtl", "susp", "diff"}
    | {"int", "ext", "st", "pat", "pte", "pcte"}
    | {"incl", "inkl", "esp", "stdl", "neurol", "bes"}
    | {"prev", "hist", "vd", "fragl", "faszik", "fasz", "fasc", "fascic"}
)  # abbreviations: their point ends no sentence
_TICK = frozenset("xv*\u2611\u2612\u2713\u2714")
_TOKEN = re.compile(
    r"(?P<short>[a-z]/[a-z](?:/[a-z])?(?![a-z0-9])|\(-\)|\(\+\))"
    r"|(?P<grade>[0-5][+-]?/5(?![0-9])|[0-5][+-](?![0-9]))"
    r"|(?P<number>[0-9]{1,6}(?:[.,][0-9]{1,4})?)"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)?(?:\.(?:tv|com|org)(?![a-z]))?)"
    r"|(?P<box>\[\s{0,3}[xv*\u2713\u2714]?\s{0,3}\]|\(\s{0,3}[x\u2713\u2714]?\s{0,3}\)|[\u2610-\u2612\u25a1\u2713\u2714])"
    r"|(?P<mark>[.,;:?!+\-/()\n\r])"
)


class Kind(IntEnum):
    """What a token is for the reach of a cue."""

    WORD = 0
    GRADE = 1
    GOOD = 2
    NUMBER = 3
    COMMA = 4
    COLON = 5
    STOP = 6
    ASKED = 7
    LOOSE = 8
    BOX = 9


_MARKS = {",": Kind.COMMA, ":": Kind.COLON, "?": Kind.ASKED} | dict.fromkeys(".;!\n\r", Kind.STOP)


class Token(Struct, frozen=True):
    """One token: its folded text, and where it stands in the text that was given."""

    text: str
    kind: Kind
    start: int
    end: int

    @property
    def counts(self) -> bool:
        """Whether it is one of the words that scopes are counted in."""
        return self.kind <= Kind.NUMBER


@lru_cache(4096)
def _folded(character: str) -> str:
    """One character without case and accent."""
    if (special := _SPECIAL.get(character)) is not None:
        return special
    lower = unicodedata.normalize("NFKC", character).casefold()
    bare = "".join(part for part in unicodedata.normalize("NFD", lower) if not unicodedata.combining(part))
    return "".join(_SPECIAL.get(part, part) for part in bare)


def fold(text: str) -> str:
    """The text without case and accents."""
    return text.lower() if text.isascii() else "".join(map(_folded, text))


def tokens(text: str) -> list[Token]:
    """The tokens of the first part of a text."""
    text = text[:LONGEST]
    places: list[int] | None = None
    folded = text.lower()
    if not text.isascii():
        parts = [_folded(character) for character in text]
        folded, places = "".join(parts), []
        for place, part in enumerate(parts):
            places.extend([place] * len(part))
    return list(_tokens(folded, places))


def _tokens(folded: str, places: list[int] | None) -> Iterator[Token]:
    last_word, joined = "", -1
    for match in _TOKEN.finditer(folded):
        start, end, text = match.start(), match.end(), match.group()
        kind = match.lastgroup
        if kind == "box":
            text = TICKED if _TICK.intersection(text) else EMPTY
        if kind == "mark" and _is_inside(text, folded, start, last_word if joined == start else ""):
            continue
        for part, first, last in _parts(text, start) if kind == "word" else ((text, start, end),):
            if places is None:
                yield Token(part, _kind(kind, text), first, last)
            else:
                yield Token(part, _kind(kind, text), places[first], places[last - 1] + 1)
        last_word, joined = (text, end) if kind == "word" else ("", -1)


def _kind(group: str | None, text: str) -> Kind:
    if group == "mark":
        return _MARKS.get(text, Kind.LOOSE)
    if group == "box":
        return Kind.BOX
    if group == "grade":
        return Kind.GOOD if text in FULL_POWER else Kind.GRADE
    return Kind.NUMBER if group == "number" else Kind.WORD


def _is_inside(mark: str, folded: str, place: int, before: str) -> bool:
    """Whether a mark belongs to a word: a hyphen within it, the point of an abbreviation."""
    after = folded[place + 1 : place + 2]
    if mark == "-":
        return bool(before) and after.isalpha()
    if mark != ".":
        return False
    return before in _SHORT or len(before) == 1 or (bool(before) and after.isalpha() and len(before) < 3)


def _parts(word: str, start: int) -> Iterator[tuple[str, int, int]]:
    """A word and what an apostrophe joins to it: "d'oeil" is two words, "can't" is one, "mother's" says whose."""
    before, mark, after = word.partition("'")
    if not mark:
        yield word, start, start + len(word)
    elif before in _ELISIONS:
        yield before, start, start + len(before)
        yield after, start + len(before) + 1, start + len(word)
    elif after == "s":
        yield before, start, start + len(before)
        yield "'s", start + len(before), start + len(word)
    else:
        yield before + after, start, start + len(word)
