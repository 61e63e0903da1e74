"""Caffeine in words: how much a day a short text says (second edition N23)."""

import re
from collections.abc import Iterable

from msgspec import Struct

LONGEST = 300  # characters; what is longer is prose
NUMBER = r"(\d{1,4}(?:[.,]\d{1,2})?)"


class Caffeine(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The words of drinks, what each of them holds in mg, and the words for a day and for mg."""

    coffee: list[str] = []
    drink: list[str] = []
    daily: list[str] = []
    milligrams: list[str] = []
    coffee_mg: float = 0
    drink_mg: float = 0


class CaffeineWords:
    """Reads mg a day from a text."""

    def __init__(self, stated: Caffeine) -> None:
        daily = _any(stated.daily)
        self._each = [
            (re.compile(rf"(?<![\d.,]){NUMBER} ?{_any(words)} ?{daily}", re.ASCII), mg)
            for words, mg in ((stated.coffee, stated.coffee_mg), (stated.drink, stated.drink_mg))
        ]
        self._stated = re.compile(rf"(?<![\d.,]){NUMBER} ?{_any(stated.milligrams)}\b", re.ASCII)
        self._caffeine = stated.milligrams[0].rpartition(" ")[2] if stated.milligrams else ""

    def mg_a_day(self, text: str, *, asked: bool = False) -> float | None:
        """The amount; None if the text says none. Bare mg count where caffeine is asked about, or drinks are told."""
        plain = " ".join(text.casefold().split())
        if len(plain) > LONGEST:
            return None
        drinks = [_number(found[1]) * mg for pattern, mg in self._each for found in pattern.finditer(plain)]
        stated = [_number(found[1]) for found in self._stated.finditer(plain)]
        if stated and (drinks or asked or self._caffeine in plain):
            return max(stated)
        return sum(drinks) if drinks else None


def _any(words: Iterable[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, longest_first))})"


def _number(text: str) -> float:
    return float(text.replace(",", "."))
