"""Phrases, compiled once: each is a row of sets of words, found in one pass over the tokens of a text.

A phrase is written as words; `|` separates alternatives, `*` stands for any ending, `@name` for a list of words, `#`
for a number, `####` for a year, `%` for a grade of muscle power. `one & other` are parts in any order with only filler
between them.
"""

from collections.abc import Iterator, Mapping
from itertools import chain, permutations

from msgspec import Struct

from cds.errors import KnowledgeError
from cds.knowledge.spoken import Misspellings
from cds.words.tokens import Kind, Token, fold

NUMBER, YEAR, GRADE = "#", "####", "%"
CLOSE, WIDE = 2, 4  # words of filler: within a phrase, and between a movement and its place (N13)
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "ae", "Ö": "oe", "Ü": "ue"}
SHORTEST_MISSPELT = 6
SURE = 3  # letters at the begin of a misspelt word that must be right
MOST_STEPS = 64  # for one phrase
MOST_SIDES = 3
YEAR_DIGITS = 4
AROUND = ("cue:", "look:")  # what matters only beside a mention
OTHER = "look:other"  # and what makes none of a mention in any language: it matters where the mention is another one's


class Phrase(Struct, frozen=True, gc=False):
    """A row of elements, and what it means."""

    elements: tuple[int, ...]
    gap: int
    meaning: str


class Match(Struct, frozen=True):
    """A phrase that was found: the tokens from `first` to before `end`."""

    first: int
    end: int
    meaning: str


class Phrases:
    """The phrases of one language."""

    def __init__(self, file: str, words: Mapping[str, list[str]], misspelt: Misspellings) -> None:
        self._file = file
        self._words = words
        self._ids: dict[str, int] = {}
        self._exact: dict[str, tuple[int, ...]] = {}
        self._prefixes: dict[str, tuple[int, ...]] = {}
        self._numbers: dict[tuple[int, ...], tuple[int, ...]] = {}  # many words are in the same sets: kept once
        self._by_first: dict[int, list[Phrase]] = {}
        self._never = frozenset(map(fold, misspelt.never))
        self._misspelt: dict[str, list[str]] = {}  # by their first letters
        for word in misspelt.of:
            for spelt in spellings(word):
                self._misspelt.setdefault(spelt[:SURE], []).append(spelt)
        self._lengths: tuple[int, ...] = ()
        self._mentions: set[int] = set()
        self._filler = self._element("@filler")
        self._places = self._element("@eyelids|@limb|@trunk|@facial")
        self._beyond = self._element("@limb|@trunk")
        if "plain" in words:
            self._element("@plain")

    def add(self, text: str, meaning: str, gap: int = CLOSE) -> None:
        """Compile one phrase."""
        sides = [tuple(self._element(word) for word in side.split()) for side in text.split(" & ")]
        if len(sides) > MOST_SIDES or not all(sides) or "&" in self._ids:
            raise KnowledgeError(self._file, text, "is not a phrase")
        for order in permutations(sides):
            self._put(Phrase(tuple(chain.from_iterable(order)), gap if len(sides) == 1 else WIDE, meaning))

    def finish(self) -> None:
        """No more phrases come: what only they would need is let go."""
        self._ids.clear()
        self._numbers.clear()

    def _put(self, phrase: Phrase) -> None:
        if phrase.meaning == OTHER or not phrase.meaning.startswith(AROUND):
            self._mentions.add(phrase.elements[0])
        self._by_first.setdefault(phrase.elements[0], []).append(phrase)

    def _element(self, text: str) -> int:
        """The number of a set of words; a new set is entered word by word."""
        if text in self._ids:
            return self._ids[text]
        number = self._ids[text] = len(self._ids)
        for word in self._expanded(text, text):
            is_prefix = word.endswith("*")
            for spelt in spellings(word.rstrip("*")):
                self._enter(self._prefixes if is_prefix else self._exact, spelt, number)
        self._lengths = tuple(sorted({len(prefix) for prefix in self._prefixes}))
        return number

    def _enter(self, table: dict[str, tuple[int, ...]], word: str, number: int) -> None:
        """Say that a word is in a set; the sets are numbered as they come, so that the last one is the newest."""
        before = table.get(word, ())
        if number not in before[-1:]:
            numbers = (*before, number)
            table[word] = self._numbers.setdefault(numbers, numbers)

    def _expanded(self, text: str, place: str) -> Iterator[str]:
        for word in text.split("|"):
            if not word.startswith("@"):
                yield word
            elif word[1:] in self._words:
                for inner in self._words[word[1:]]:
                    yield from self._expanded(inner, place)
            else:
                raise KnowledgeError(self._file, place, f"`{word}` is not a list of words")

    def kinds(self, token: Token) -> frozenset[int]:
        """The sets of words that a token is in."""
        if token.kind is Kind.WORD:
            return self._of_word(token.text)
        classed = {Kind.NUMBER: NUMBER, Kind.GRADE: GRADE}.get(token.kind, token.text)
        year = self._exact.get(YEAR, ()) if _is_year(token.text) else ()
        return frozenset({*self._exact.get(classed, ()), *self._exact.get(token.text, ()), *year})

    def _of_word(self, text: str) -> frozenset[int]:
        numbers = self._listed(text)
        if not numbers and len(text) >= SHORTEST_MISSPELT and text not in self._never:
            meaning = self._meant(text)
            return self._listed(meaning) if meaning is not None else numbers
        return numbers

    def _listed(self, text: str) -> frozenset[int]:
        numbers = set(self._exact.get(text, ()))
        for length in self._lengths:
            if length > len(text):
                break
            numbers.update(self._prefixes.get(text[:length], ()))
        return frozenset(numbers)

    def _meant(self, text: str) -> str | None:
        """The word of which this is a misspelling by one letter, the first ones being right."""
        near = (word for word in self._misspelt.get(text[:SURE], ()) if abs(len(word) - len(text)) <= 1)
        return next((word for word in near if _is_near(word, text)), None)

    def is_filler(self, token: Token) -> bool:
        """Whether a word may stand within a phrase."""
        return self._filler in self.kinds(token)

    def is_beyond(self, token: Token) -> bool:
        """Whether a word names a limb or the trunk, and nothing else: "back" is a filler too."""
        kinds = self.kinds(token)
        return self._beyond in kinds and self._filler not in kinds

    def known(self, tokens: list[Token]) -> Iterator[tuple[int, bool]]:
        """The places of what the lists know, be it a mark or a number, and whether it names a part of the body."""
        for place, token in enumerate(tokens):
            kinds = self.kinds(token)
            if kinds or token.kind is not Kind.WORD:
                yield place, self._places in kinds

    def find(self, tokens: list[Token]) -> tuple[list[Match], int]:
        """All phrases in a text, and the steps it took: at most a fixed number for each token."""
        kinds = [self.kinds(token) for token in tokens]
        matches: list[Match] = []
        steps = len(tokens)
        if self._mentions.isdisjoint(chain.from_iterable(kinds)):
            return matches, steps  # cues alone tell nothing
        for first, here in enumerate(kinds):
            for kind in here:
                for phrase in self._by_first.get(kind, ()):
                    end, took = self._end(phrase, first, tokens, kinds)
                    steps += took
                    if end is not None:
                        matches.append(Match(first, end, phrase.meaning))
        return matches, steps

    def _end(
        self, phrase: Phrase, first: int, tokens: list[Token], kinds: list[frozenset[int]]
    ) -> tuple[int | None, int]:
        """Where the phrase that begins at a token ends, if it is one; only filler may stand between its parts."""
        place, steps = first, 0
        for element in phrase.elements[1:]:
            skipped = 0
            while True:
                place, steps = place + 1, steps + 1
                if place >= len(tokens):
                    return None, steps
                if element in kinds[place]:
                    break
                is_mark = tokens[place].kind is Kind.LOOSE
                skipped += not is_mark
                if skipped > phrase.gap or steps > MOST_STEPS or not (is_mark or self._fills(phrase, kinds[place])):
                    return None, steps
        return place + 1, steps

    def _fills(self, phrase: Phrase, kinds: frozenset[int]) -> bool:
        """Whether a word may stand within a phrase: filler, or one more place beside the one it names."""
        return self._filler in kinds or (phrase.gap == WIDE and self._places in kinds)


def _is_year(text: str) -> bool:
    return len(text) == YEAR_DIGITS and text.isdecimal() and text.startswith(("19", "20"))


def spellings(word: str) -> set[str]:
    """A word as it is folded, and with its umlauts written out."""
    if word.isascii():
        return {word.lower()}
    return {fold(word), fold("".join(_UMLAUTS.get(character, character) for character in word))}


def _is_near(first: str, second: str) -> bool:
    """Whether one letter was left out, added, changed, or two neighbours changed places."""
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    if len(first) != len(second):
        longer, shorter = (first, second) if len(first) > len(second) else (second, first)
        return longer[start + 1 :] == shorter[start:]
    swapped = first[start : start + 2] == second[start : start + 2][::-1] and first[start + 2 :] == second[start + 2 :]
    return swapped or first[start + 1 :] == second[start + 1 :]
