"""From what a result calls its unit to the UCUM code: the code, its alias, the text, its alias (N64)."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from cds.fhir.datatypes import Quantity
from cds.fhir.units import known, usual

UCUM = "http://unitsofmeasure.org"
KEPT = "MPGK"  # prefixes that mean something else in the other case: mega and milli, peta and pico, giga and gram, kilo
_MICRO = str.maketrans({"\u03bc": "u"})
_ANNOTATION = re.compile(r"\s*(?:\{[^{}]*\}|\([^()]*\))$")
_BLANKS = re.compile(r"\s+")


class UnitNames:
    """The names of units that are not UCUM, and how they are found."""

    def __init__(self, alias: Mapping[str, str], usual_units: Iterable[str]) -> None:
        self._aliases, self._usual = dict(alias), frozenset(usual_units)
        self._alias = {cleaned(text): unit for text, unit in alias.items()}
        self.units = frozenset(alias.values())
        folded: dict[str, set[str]] = {}
        for text, unit in (*self._alias.items(), *((name, name) for name in self._usual)):
            folded.setdefault(fold(text), set()).add(unit)
        self._folded = {text: units.pop() for text, units in folded.items() if len(units) == 1}

    def with_site(self, alias: Mapping[str, str]) -> "UnitNames":
        """With names that a site gives to units."""
        return UnitNames(self._aliases | dict(alias), self._usual)

    def ucum(self, quantity: Quantity) -> str | None:
        """The UCUM code of a quantity's unit; None if it states none. Nothing is told by the size of the number."""
        if quantity.code and quantity.system in (UCUM, None):
            if quantity.code in self._usual:
                return quantity.code
            code = quantity.code.strip()
            ucum = code if usual(code) else self.named(code) or (code if known(code) else None)
            if ucum is not None:
                return ucum
        text = (quantity.unit or "").strip()
        return self.named(text) or text or self.named(quantity.code or "") or quantity.code or None

    def named(self, text: str) -> str | None:
        """The UCUM code of a text: by alias, as it is, or in the one reading that its letters have in any case."""
        plain = cleaned(text)
        if plain in self._alias:
            return self._alias[plain]
        return plain if usual(plain) else self._folded.get(fold(plain))


class UnitWords:
    """The words beside a number: that it is no result, and the laboratory's flag where no code gives it."""

    def __init__(self, spoiled: Iterable[str], flags: Mapping[str, str]) -> None:
        words = "|".join(re.escape(word) for word in sorted(spoiled))
        self._spoiled = re.compile(rf"(?<!not )(?<!non)(?<!non-)(?<!non )(?<!un)(?:{words})", re.IGNORECASE)
        self._flags = dict(flags)
        self.known_flags = frozenset(flags.values())

    def spoils(self, text: str) -> bool:
        """Whether a remark says that the sample was spoiled."""
        return bool(text) and self._spoiled.search(text) is not None

    def flag(self, text: str) -> str | None:
        """The code of a flag in words."""
        return self._flags.get(_BLANKS.sub(" ", text).strip().lower())


def cleaned(text: str) -> str:
    """A unit without blanks and without a remark at its end; micro as UCUM writes it."""
    plain = unicodedata.normalize("NFKC", text).translate(_MICRO).strip()
    bare = _ANNOTATION.sub("", plain)
    return _BLANKS.sub("", bare or plain)


def fold(text: str) -> str:
    """A unit in lower case, but for the letters that are another prefix then."""
    return "".join([character if character in KEPT else character.lower() for character in text])
