"""Units through UCUM (pint and ucumvert): one factor per pair of units, worked out once and remembered.

A unit that was never met costs milliseconds. So a stretch of work may meet only so many of them (`frugal`).
"""

import math
import re
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from lark.exceptions import LarkError
from pint.errors import PintError
from ucumvert import PintUcumRegistry

MAX_UNIT_LENGTH = 32
MAX_OPERATORS = 6
NEW_UNITS = 64
_REGISTRY: Any = PintUcumRegistry()
_HUGE = re.compile(r"\d{5}")
_OPERATORS = re.compile(r"[./(]")
_LEFT: ContextVar[list[int] | None] = ContextVar("left", default=None)
_FAILURES = (LarkError, PintError, AttributeError, ValueError, KeyError, OverflowError, ZeroDivisionError, TypeError)


class _Spent(Exception):  # noqa: N818 - no error: the unit may be known, but not now, so this is not remembered
    """No more new units are looked up in this stretch of work."""


class frugal:  # noqa: N801 - reads as a statement: `with frugal():`
    """Look up so many new units at most until the end; those beyond count as unknown, and are not remembered so."""

    __slots__ = ("_before", "_new_units")

    def __init__(self, new_units: int = NEW_UNITS) -> None:
        self._new_units = new_units

    def __enter__(self) -> None:
        self._before = _LEFT.set([self._new_units])

    def __exit__(self, *_: object) -> None:
        _LEFT.reset(self._before)


def factor(unit: str, target: str, molar_mass: float | None = None, valence: int | None = None) -> float | None:
    """How many `target` one `unit` is; None if they cannot be converted.

    `unit` and `target` are UCUM codes; mass becomes moles and back by `molar_mass` (g/mol), equivalents become moles
    by `valence`. Raises nothing: an unknown unit has no factor.
    """
    if unit == target:
        return 1.0
    if len(unit) > MAX_UNIT_LENGTH:
        return None
    try:
        return _factor(unit, target, molar_mass, valence)
    except _Spent:
        return None


@lru_cache(maxsize=8192)
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
    if len(unit) > MAX_UNIT_LENGTH:
        return False
    try:
        return _quantity(unit) is not None
    except _Spent:
        return False


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


@lru_cache(maxsize=4096)
def _quantity(unit: str) -> Any:
    """One of the unit. None for what is no UCUM unit, has an offset or a logarithm, or a huge exponent."""
    if not unit or not unit.isascii() or _HUGE.search(unit) or len(_OPERATORS.findall(unit)) > MAX_OPERATORS:
        return None
    _spend()
    try:
        quantity = _REGISTRY.from_ucum(unit)
        return None if isinstance(quantity, str) else 1 * quantity
    except _FAILURES:
        return None


def _spend() -> None:
    left = _LEFT.get()
    if left is not None:
        left[0] -= 1
        if left[0] < 0:
            raise _Spent
