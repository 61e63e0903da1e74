"""Observation values and reference ranges in the notation: "3.1 mmol/L", "<10 ng/mL", "3.5-5.0"."""

import re
from typing import Any

from charts.codes import concept

_QUANTITY = re.compile(r"(?P<comparator><=|>=|<|>)?(?P<number>-?\d+(\.\d+)?)( (?P<unit>.+))?")
_RANGE = re.compile(r"(?P<low>\d+(\.\d+)?)?-(?P<high>\d+(\.\d+)?)?")
UCUM = "http://unitsofmeasure.org"
INTERPRETATIONS = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


def unit_of(text: str) -> str:
    """The unit of a quantity as written, or nothing."""
    match = _QUANTITY.fullmatch(text)
    return (match["unit"] or "") if match else ""


def quantity(text: str, *, coded: bool = True) -> dict[str, Any]:
    """A Quantity; `coded=False` gives the unit as text only, as many laboratories do."""
    match = _QUANTITY.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no quantity")
    made: dict[str, Any] = {"value": _number(match["number"])}
    if match["comparator"]:
        made["comparator"] = match["comparator"]
    if unit := match["unit"]:
        made |= {"unit": unit, "system": UCUM, "code": unit} if coded else {"unit": unit}
    return made


def value(spec: dict[str, Any]) -> dict[str, Any]:
    """The value[x] of an Observation: `value` (quantity or boolean), `is` (a code) or `words` (a string)."""
    if isinstance(given := spec.get("value"), bool):
        return {"valueBoolean": given}
    if given is not None:
        return {"valueQuantity": quantity(given, coded=not spec.get("unit_text"))}
    if "is" in spec:
        return {"valueCodeableConcept": concept(spec["is"])}
    return {"valueString": spec["words"]} if "words" in spec else {}


def reference_range(text: str, unit: str) -> dict[str, Any]:
    """A referenceRange from "3.5-5.0", "-190" or "2.20-", in the unit of the value."""
    match = _RANGE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no range")
    return {side: quantity(f"{match[side]} {unit}".strip()) for side in ("low", "high") if match[side]}


def interpretation(code: str) -> list[dict[str, Any]]:
    """An Observation interpretation, as a list of one."""
    return [{"coding": [{"system": INTERPRETATIONS, "code": code}]}]


def _number(text: str) -> float | int:
    return float(text) if "." in text else int(text)
