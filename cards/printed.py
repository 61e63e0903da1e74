"""Numbers and units as a laboratory prints them, for everybody who shows one."""

import re
from math import floor, log10

DECIMALS = 4
MOST_DECIMALS = 12
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\S*")
_DAY = len("2026-11-17")
_UCUM = str.maketrans("", "", "{}[]")


def number(value: float) -> str:
    """A value without an exponent and without trailing zeros: four decimals, of a small one four digits."""
    small = 0 < abs(value) < 0.1
    decimals = min(DECIMALS - 1 - floor(log10(abs(value))), MOST_DECIMALS) if small else DECIMALS
    text = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def plain_unit(unit: str | None) -> str:
    """A UCUM unit without its brackets, as people read it."""
    return (unit or "").translate(_UCUM).replace("_m2", " m²")


def day(text: str) -> str:
    """A moment as its day, as every date is printed (N59); any other text as it is."""
    return text[:_DAY] if _MOMENT.fullmatch(text) else text
