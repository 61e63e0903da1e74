"""The daily dose of a medicine, where the record states it in numbers (4d Renewal). Never guessed from free text."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from cds.fhir.raw import read_raw
from cds.fhir.resources import Dosage
from cds.fhir.units import factor, known
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.knowledge.unit_names import UCUM

MASS, DAY = "mg", "d"
SOLID = re.compile(r"\b(?:tablet|capsule|pill)", re.IGNORECASE)
PACK = "Pack"  # of several tablets: which of them is meant is not said
PIECES = re.compile(r"\{?(?:tablet|tab|tbl|capsule|cap|pill)s?(?:\(s\))?\}?|1", re.IGNORECASE)
LARGEST = 1e9  # no dose is beyond, whatever the unit
DIGITS = 6
_MG = r"(\d+(?:\.\d+)?) MG\b(?!/)"
_ANY = msgspec.json.Decoder()


class Dose(Struct, frozen=True):
    """An amount a day: in mg, or in pieces of one product. `is_complete`: all of the instructions were read."""

    value: float
    unit: str
    is_complete: bool = True

    def exceeds(self, dose: "Dose") -> bool:
        """Whether it is surely the higher dose: the other one must be known wholly, and in the same unit."""
        return dose.is_complete and self.unit == dose.unit and self.value > dose.value


def daily(dosages: Iterable[Dosage], product: Concept, knowledge: Knowledge) -> Dose | None:
    """The dose on a day of full use; None if nothing of it can be read.

    Instructions of one sequence number (or without any) are taken together, those of different numbers one after the
    other: the highest counts (FHIR R4, Dosage.sequence).
    """
    steps: dict[object, list[Dose | None]] = {}
    for dosage in dosages:
        steps.setdefault(_number(_value(dosage.sequence)), []).append(_of_dosage(dosage, product, knowledge))
    sums = [dose for step in steps.values() if (dose := _sum(step)) is not None]
    if len({dose.unit for dose in sums}) != 1:
        return None
    is_whole = len(sums) == len(steps) and all(dose.is_complete for dose in sums)
    return Dose(max(dose.value for dose in sums), sums[0].unit, is_whole)


def _sum(parts: list[Dose | None]) -> Dose | None:
    read = [dose for dose in parts if dose is not None]
    if len({dose.unit for dose in read}) != 1:
        return None
    return Dose(round(sum(dose.value for dose in read), DIGITS), read[0].unit, len(read) == len(parts))


def _of_dosage(dosage: Dosage, product: Concept, knowledge: Knowledge) -> Dose | None:
    """Dose times frequency; else the most that is allowed in a period (R4 Dosage.maxDosePerPeriod)."""
    amount = _largest(_doses(dosage), product, knowledge)
    often = _per_day(dosage, knowledge) if amount is not None else None
    if amount is not None and often is not None:
        return Dose(round(amount.value * often, DIGITS), amount.unit)
    most = _one(_value(dosage.max_dose_per_period))
    if not most:
        return None
    amount = _amount(_one(most.get("numerator")), product, knowledge)
    days = _days(_one(most.get("denominator")), knowledge)
    return Dose(round(amount.value / days, DIGITS), amount.unit) if amount and days else None


def _doses(dosage: Dosage) -> Iterator[dict[str, Any]]:
    """The quantities of one administration; of a range the upper end."""
    stated_dose = {"doseQuantity": _value(dosage.dose_quantity), "doseRange": _value(dosage.dose_range)}
    for rate in (*_many(_value(dosage.dose_and_rate)), stated_dose):
        yield _one(rate.get("doseQuantity"))
        yield _one(_one(rate.get("doseRange")).get("high"))


def _largest(quantities: Iterable[dict[str, Any]], product: Concept, knowledge: Knowledge) -> Dose | None:
    """Ordered and calculated doses say the same thing twice: the higher one counts."""
    read = [dose for quantity in quantities if (dose := _amount(quantity, product, knowledge)) is not None]
    return max(read, key=lambda dose: dose.value) if len({dose.unit for dose in read}) == 1 else None


def _amount(quantity: dict[str, Any], product: Concept, knowledge: Knowledge) -> Dose | None:
    """A mass in mg; pieces by the strength of the product, or as they are if its name does not give the strength."""
    value = _number(quantity.get("value"))
    unit = _unit(quantity, knowledge) if value is not None else None
    if value is None or unit is None:
        return None
    ratio = factor(unit, MASS)
    if ratio is not None:
        return Dose(round(value * ratio, DIGITS), MASS)
    if PIECES.fullmatch(unit) is None:
        return None
    each = strength(product)
    return Dose(value, product.code) if each is None else Dose(round(value * each, DIGITS), MASS)


def strength(product: Concept) -> float | None:
    """The mg of its ingredient in one tablet or capsule, by the product's name, e.g. "prednisone 10 MG Oral Tablet"."""
    if SOLID.search(product.display) is None or PACK in product.display:
        return None
    amounts_named = re.findall(rf"{re.escape(product.ingredient)} {_MG}", product.display, re.IGNORECASE)
    amounts = amounts_named or re.findall(_MG, product.display)
    return float(amounts[0]) if len(amounts) == 1 else None


def _per_day(dosage: Dosage, knowledge: Knowledge) -> float | None:
    """Times a day; a list of times without a period is meant for every day."""
    repeat = dosage.timing.repeat if dosage.timing else None
    if repeat is None:
        return None
    times = _value(repeat.time_of_day)
    stated_times = _number(_value(repeat.frequency_max)) or _number(_value(repeat.frequency))
    frequency = stated_times or (float(len(times)) if isinstance(times, list) and times else 1.0)
    period = {"value": _value(repeat.period), "code": _value(repeat.period_unit)}
    days = 1.0 if period["value"] is None and times else _days(period, knowledge)
    return frequency / days if days else None


def _days(quantity: dict[str, Any], knowledge: Knowledge) -> float | None:
    value, unit = _number(quantity.get("value")), _unit(quantity, knowledge)
    ratio = factor(unit, DAY) if unit else None
    return value * ratio if value is not None and ratio is not None else None


def _unit(quantity: dict[str, Any], knowledge: Knowledge) -> str | None:
    """The UCUM code, or a code or a text that stands for one or means a piece."""
    codes = [quantity.get("code")] if quantity.get("system") in (UCUM, None) else []
    unit_texts = [
        text.strip() for text in (*codes, quantity.get("unit"), quantity.get("code")) if isinstance(text, str)
    ]
    units = (knowledge.unit_names.named(unit_text) or unit_text for unit_text in unit_texts)
    return next((unit for unit in units if known(unit) or PIECES.fullmatch(unit)), None)


def _number(value: object) -> float | None:
    """A number that a dose can be made of."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value <= LARGEST else None


def _value(raw: Raw) -> Any:
    """What an unread element holds; None if it is absent or cannot be read."""
    return read_raw(_ANY, raw)


def _many(value: object) -> list[dict[str, Any]]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, dict)]


def _one(value: object) -> dict[str, Any]:
    return next(iter(_many(value)), {})
