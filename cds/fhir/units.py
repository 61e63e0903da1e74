"""Units through UCUM (pint and ucumvert): one factor per pair of units, worked out once and remembered."""

import math
import re
from functools import lru_cache
from typing import Any

from lark.exceptions import LarkError
from pint.errors import PintError
from ucumvert import PintUcumRegistry

MAX_UNIT_LENGTH = 32
_REGISTRY: Any = PintUcumRegistry()
_HUGE = re.compile(r"\d{5}")
_FAILURES = (LarkError, PintError, AttributeError, ValueError, KeyError, OverflowError, ZeroDivisionError, TypeError)


def factor(unit: str, target: str, molar_mass: float | None = None, valence: int | None = None) -> float | None:
    """How many `target` one `unit` is; None if they cannot be converted.

    `unit` and `target` are UCUM codes; mass becomes moles and back by `molar_mass` (g/mol), equivalents become moles
    by `valence`. Raises nothing: an unknown unit has no factor.
    """
    if unit == target:
        return 1.0
    return _factor(unit, target, molar_mass, valence) if len(unit) <= MAX_UNIT_LENGTH else None


@lru_cache(maxsize=2048)
def _factor(unit: str, target: str, molar_mass: float | None, valence: int | None) -> float | None:
    here, there = _quantity(unit), _quantity(target)
    if here is None or there is None:
        return None
    equivalents = ("eq" in unit) - ("eq" in target)
    if equivalents and not valence:
        return None
    ratio = _ratio(here, there, molar_mass)
    return None if ratio is None else ratio / (valence or 1) ** equivalents


def known(unit: str) -> bool:
    """Whether the unit is a UCUM code."""
    return _quantity(unit) is not None


def _ratio(here: Any, there: Any, molar_mass: float | None) -> float | None:
    if here.dimensionality == there.dimensionality:
        return _plain(here / there)
    if molar_mass is None:
        return None
    per_mole = molar_mass * _REGISTRY.from_ucum("g/mol")
    for converted in (here / per_mole, here * per_mole):
        if converted.dimensionality == there.dimensionality:
            return _plain(converted / there)
    return None


def _plain(ratio: Any) -> float | None:
    """The number, without the last bits of floating-point noise; None if it is out of all bounds."""
    try:
        number = float(f"{ratio.to_base_units().magnitude:.12g}")
    except OverflowError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _quantity(unit: str) -> Any:
    """One of the unit. None for what is no UCUM unit, has an offset or a logarithm, or a huge exponent."""
    if not unit or len(unit) > MAX_UNIT_LENGTH or not unit.isascii() or _HUGE.search(unit):
        return None
    try:
        quantity = _REGISTRY.from_ucum(unit)
        return None if isinstance(quantity, str) else 1 * quantity
    except _FAILURES:
        return None
