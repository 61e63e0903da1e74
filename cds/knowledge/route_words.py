"""Routes of administration as words say them: in the route itself, the product, its form, or the dosage (N47)."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from cds.errors import KnowledgeError
from cds.knowledge.ingredients import LETTERS, fold
from cds.knowledge.model import Route

LONGEST_REMEMBERED = 80
HEARD_MAX = 16_384  # texts of at most 80 characters: a few megabytes
REASON = "for"  # what follows it in a dosage says why, not where
JOINT, INTRAMUSCULAR = "joint", "intramuscular"
_CAPITALS = re.compile(r"(?<![^\W_])[A-Z]{2}(?![^\W_])")


class RouteWords:
    """The names of routes that texts say."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self.names = frozenset(routes)
        self._local = frozenset(name for name, route in routes.items() if route.local)
        self._of_word = {word: name for name, route in routes.items() for word in route.words}
        self._capitals = {word: name for name, route in routes.items() for word in route.capitals}
        self._patterns = [(name, _pattern(name, route.said)) for name, route in routes.items() if route.said]
        self._remembered: dict[str, frozenset[str]] = {}
        self._any = _pattern("", [word for route in routes.values() for word in route.said])

    def said(self, route: Iterable[str], places: Iterable[str], dosages: Iterable[str]) -> frozenset[str]:
        """What the texts of the route, those of method, form and product, and those of the dosage say together.

        A local word of a dosage counts only before "for".
        """
        routes: set[str] = set()
        for text in route:
            exact = self._of_word.get(text.strip().lower())
            routes |= {exact} if exact else self._in(text)
        for text in places:
            routes |= self._in(text)
        for text in dosages:
            routes |= self._of_dosage(text)
        return frozenset(routes - {INTRAMUSCULAR} if JOINT in routes else routes)

    def _of_dosage(self, text: str) -> frozenset[str]:
        routes = self._in(text)
        if routes.isdisjoint(self._local):
            return routes
        before = re.split(rf"\b{REASON}\b", text, maxsplit=1, flags=re.IGNORECASE)[0]
        return routes if before == text else (routes - self._local) | (self._in(before) & self._local)

    def _in(self, text: str) -> frozenset[str]:
        """Remembered, because a hospital writes the same few thousand forms and dosages again and again."""
        routes = self._remembered.get(text)
        if routes is None:
            routes = frozenset(self._read(text))
            if len(self._remembered) < HEARD_MAX and len(text) <= LONGEST_REMEMBERED:
                self._remembered[text] = routes
        return routes

    def _read(self, text: str) -> set[str]:
        plain = unicodedata.normalize("NFKC", text)
        words = " ".join(map(fold, LETTERS.findall(plain)))
        is_any = self._any.search(words) is not None  # most texts say no route at all
        routes = {name for name, pattern in self._patterns if pattern.search(words)} if is_any else set()
        return routes | {self._capitals[word] for word in _CAPITALS.findall(plain) if word in self._capitals}


def _pattern(name: str, words: list[str]) -> re.Pattern[str]:
    try:
        return re.compile(rf"(?<![^ ])(?:{'|'.join(words)})(?![^ ])")
    except re.error as problem:
        raise KnowledgeError("routes.toml", name, f"is not a regular expression: {problem}") from problem
