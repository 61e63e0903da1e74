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

    def __init__(self, words: Caffeine) -> None:
        daily = _any(words.daily)
        self._each = [
            (re.compile(rf"(?<![\d.,]){NUMBER} ?{_any(words)} ?{daily}", re.ASCII), mg)
            for words, mg in ((words.coffee, words.coffee_mg), (words.drink, words.drink_mg))
        ]
        self._milligrams = re.compile(rf"(?<![\d.,]){NUMBER} ?{_any(words.milligrams)}\b", re.ASCII)
        self._caffeine = words.milligrams[0].rpartition(" ")[2] if words.milligrams else ""

    def mg_a_day(self, text: str, *, is_asked: bool = False) -> float | None:
        """The amount; None if the text says none. Bare mg count if caffeine is asked about, or drinks are named."""
        plain = " ".join(text.casefold().split())
        if len(plain) > LONGEST:
            return None
        drinks = [_number(match[1]) * mg for pattern, mg in self._each for match in pattern.finditer(plain)]
        amounts = [_number(match[1]) for match in self._milligrams.finditer(plain)]
        if amounts and (drinks or is_asked or self._caffeine in plain):
            return max(amounts)
        return sum(drinks) if drinks else None


def _any(words: Iterable[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, longest_first))})"


def _number(text: str) -> float:
    return float(text.replace(",", "."))
