"""Units through UCUM: one factor per pair of units, worked out once and remembered.

The usual units are in a table. Any other is read by pint and ucumvert: the first costs most of a second (`prepare`
spends it beforehand), each more that was never met milliseconds. So a stretch of work may meet only so many (`frugal`).
"""

import math
import re
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache

from cds.fhir import unit_table
from cds.fhir.unit_table import Size

MAX_UNIT_LENGTH = 32
MAX_OPERATORS = 6
NEW_UNITS = 64
GRAMS = 1000  # in a kilogram
PER_MOLE = {"mass": 1, "substance": -1}
_TABLE = unit_table.read()
_HUGE = re.compile(r"\d{5}")
_OPERATORS = re.compile(r"[./(]")
_LEFT: ContextVar[list[int] | None] = ContextVar("left", default=None)


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
    here, there = _size(unit), _size(target)
    if here is None or there is None:
        return None
    equivalents = ("eq" in unit) - ("eq" in target)
    if equivalents and not valence:
        return None
    ratio = _ratio(here, there, molar_mass)
    return None if ratio is None else ratio / (valence or 1) ** equivalents


def usual(unit: str) -> bool:
    """Whether the unit is in the table: known without looking it up."""
    return _TABLE.get(unit) is not None


def usual_units() -> list[str]:
    """All units of the table."""
    return [unit for unit, size in _TABLE.items() if size is not None]


def known(unit: str) -> bool:
    """Whether the unit is a UCUM code."""
    if len(unit) > MAX_UNIT_LENGTH:
        return False
    try:
        return _size(unit) is not None
    except _Spent:
        return False


def prepare() -> None:
    """Make ready to read units that are not in the table; whoever can wait does it before somebody must."""
    _parsed("m")


def _ratio(here: Size, there: Size, molar_mass: float | None) -> float | None:
    if here.dimensions == there.dimensions:
        return _plain(here.value, there.value)
    if molar_mass is None:
        return None
    per_mole = molar_mass / GRAMS
    if here.dimensions == _times(there.dimensions, PER_MOLE):
        return _plain(here.value / per_mole, there.value)
    if there.dimensions == _times(here.dimensions, PER_MOLE):
        return _plain(here.value * per_mole, there.value)
    return None


def _times(dimensions: Mapping[str, float], more: Mapping[str, float]) -> dict[str, float]:
    """The dimensions of a product."""
    powers = {name: dimensions.get(name, 0) + more.get(name, 0) for name in dimensions.keys() | more.keys()}
    return {name: power for name, power in powers.items() if power}


def _plain(here: float, there: float) -> float | None:
    """The ratio, without the last bits of floating-point noise; None if it is out of all bounds."""
    if not there:
        return None
    number = float(f"{here / there:.12g}")
    return number if math.isfinite(number) and number > 0 else None


@lru_cache(maxsize=4096)
def _size(unit: str) -> Size | None:
    """The size of one of the unit. None if it is not a UCUM unit, has an offset or a logarithm, or a huge exponent."""
    if unit in _TABLE:
        return _TABLE[unit]
    if not unit or not unit.isascii() or _HUGE.search(unit) or len(_OPERATORS.findall(unit)) > MAX_OPERATORS:
        return None
    _spend()
    return _parsed(unit)


def _parsed(unit: str) -> Size | None:
    """Read by the grammar of UCUM, which is imported with the first unit that needs it."""
    from cds.fhir import ucum  # noqa: PLC0415 - see test_architecture

    return ucum.size(unit)


def _spend() -> None:
    remaining = _LEFT.get()
    if remaining is not None:
        remaining[0] -= 1
        if remaining[0] < 0:
            raise _Spent
