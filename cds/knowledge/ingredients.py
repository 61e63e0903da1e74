"""Medicines known by the word of their ingredient, whatever their coding (second edition, N46)."""

import re
import unicodedata
from collections.abc import Iterable

from msgspec import Struct

from cds.knowledge.codes import Concept

LONGEST_REMEMBERED = 200
HEARD_MAX = 16_384  # texts of at most 200 characters: a few megabytes
LETTERS = re.compile(r"[^\W\d_]+")


class Ingredient(Struct, frozen=True):
    """A row of ingredients.csv: the group of its class, its name in the code files, and its words in four languages."""

    group: str
    ingredient: str
    words: str

    @property
    def forms(self) -> list[str]:
        """The words, each of one or several."""
        return self.words.split("|")


class IngredientNames:
    """Finds the ingredients that a text names: whole words, accents and case folded, the longest name first."""

    def __init__(self, rows: Iterable[Ingredient]) -> None:
        self._names: dict[str, list[tuple[tuple[str, ...], Ingredient]]] = {}
        self.remembered: dict[str, tuple[Concept, ...]] = {}
        self.rows = tuple(rows)
        for row in self.rows:
            for form in row.forms:
                words = tuple(LETTERS.findall(fold(form)))
                self._names.setdefault(words[0], []).append((words, row))
        for names in self._names.values():
            names.sort(key=lambda name: -len(name[0]))

    def find(self, text: str) -> tuple[Concept, ...]:
        """The ingredients, each as a concept without a code whose display is the words of the text."""
        concepts = self.remembered.get(text)
        if concepts is None:
            concepts = self._read(unicodedata.normalize("NFKC", text))
            if len(text) <= LONGEST_REMEMBERED:
                if len(self.remembered) >= HEARD_MAX:
                    self.remembered.clear()
                self.remembered[text] = concepts
        return concepts

    def _read(self, text: str) -> tuple[Concept, ...]:
        places = list(LETTERS.finditer(text))
        words = [fold(place[0]) for place in places]
        by_ingredient: dict[str, Concept] = {}
        at = 0
        while at < len(words):
            name, row = self._at(words, at)
            if row is not None:
                excerpt = text[places[at].start() : places[at + len(name) - 1].end()]
                by_ingredient.setdefault(row.ingredient, _concept(row, excerpt))
            at += len(name)
        return tuple(by_ingredient.values())

    def _at(self, words: list[str], at: int) -> tuple[tuple[str, ...], Ingredient | None]:
        for name, row in self._names.get(words[at], ()):
            if tuple(words[at : at + len(name)]) == name:
                return name, row
        return (words[at],), None


def _concept(row: Ingredient, text: str) -> Concept:
    return Concept("", "", text, groups=frozenset({row.group}), ingredient=row.ingredient)


def fold(text: str) -> str:
    """The text without case and accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
