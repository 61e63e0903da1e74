"""Results of tests that no rule judges: on which side of their own range they lie, and those not read (N35, N48)."""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from cds.chart.facts import Chart, OtherResult
from cds.fhir.datatypes import Quantity
from cds.knowledge.load import Knowledge
from cds.knowledge.model import Analyte
from cds.rules.amount import amount, ucum
from cds.rules.ranges import Person, usable

NO_UNIT = "1"  # a plain number, UCUM
_LOINC_NAME = re.compile(r"[A-Za-z]\.[A-Za-z]|\[[^\]]+/[^\]]+\]|\^| SerPl", re.ASCII)
_PROPERTY = re.compile(r" \[[^\]]+\].*$| SerPl.*$")


def name_of(result: OtherResult, knowledge: Knowledge) -> str:
    """What the chart calls the test, else the code file; a code without a name is its own.

    A name of LOINC's making ("Parathyrin.intact [Mass/volume] in Serum") is no word of a clinician's: ours takes its
    place, where there is one, else it loses what it says of property and sample.
    """
    display = knowledge.display(result.concept) if result.concept else None
    name = result.name or display or result.key
    if _LOINC_NAME.search(name) is None:
        return name
    groups = result.concept.groups if result.concept else ()
    plain = next((knowledge.names.tests[group] for group in groups if group in knowledge.names.tests), None)
    return plain or _PROPERTY.sub("", name)


def outside(result: OtherResult, knowledge: Knowledge, person: Person) -> str:
    """On which side of its own range: number and range of one result are in one unit, also where only one states it."""
    test = Analyte(label=result.name, unit=_unit(result, knowledge), fresh_days=0, sides=[])
    ranges = tuple(
        replace(
            reference_range,
            low=_in_unit(reference_range.low, test.unit, knowledge),
            high=_in_unit(reference_range.high, test.unit, knowledge),
        )
        for reference_range in result.ranges
    )
    read_amount = amount(_in_unit(result.quantity, test.unit, knowledge), test, knowledge)
    ranged = usable(ranges, read_amount, test, person, knowledge) if read_amount else None
    side = ranged.side(read_amount) if ranged and read_amount else None
    return side if side in ("low", "high") else ""


def unread(chart: Chart, knowledge: Knowledge, today: int) -> Iterator[OtherResult]:
    """Those of late that could not be read, each with its trouble, unless a result of the same test was read since."""
    oldest = today - knowledge.days("flagged_lab")
    troubled = [
        (other_result, trouble) for other_result in chart.others if (trouble := _trouble(other_result, knowledge))
    ]
    refs = {other_result.ref for other_result, _ in troubled}
    for result, trouble in troubled:
        since = (
            other_result
            for other_result in chart.others
            if other_result.key == result.key and other_result.ref not in refs and not other_result.preliminary
        )
        is_settled = any(other_result.when.first > result.when.last for other_result in since)
        if result.when.last >= oldest and not is_settled:
            yield replace(result, trouble=trouble)


def _trouble(result: OtherResult, knowledge: Knowledge) -> str | None:
    """Why it could not be read; a number without a flag and in another kind of unit than its range is in none."""
    if result.trouble is not None or result.flags:
        return result.trouble
    unit = _unit(result, knowledge)
    test = Analyte(label=result.name, unit=unit, fresh_days=0, sides=[])
    edges = (edge for reference_range in result.ranges for edge in (reference_range.low, reference_range.high))
    quantities = (_in_unit(quantity, unit, knowledge) for quantity in (result.quantity, *edges))
    numbers = [quantity for quantity in quantities if quantity is not None and quantity.value is not None]
    is_held = result.quantity is not None and result.quantity.value is not None
    return "unit" if is_held and any(amount(quantity, test, knowledge) is None for quantity in numbers) else None


def _unit(result: OtherResult, knowledge: Knowledge) -> str:
    edges = (edge for reference_range in result.ranges for edge in (reference_range.low, reference_range.high))
    units = (ucum(quantity, knowledge) for quantity in (result.quantity, *edges) if quantity is not None)
    return next((unit for unit in units if unit), NO_UNIT)


def _in_unit(quantity: Quantity | None, unit: str, knowledge: Knowledge) -> Quantity | None:
    """A number with its own unit, else with that of its result."""
    return quantity if quantity is None or ucum(quantity, knowledge) else replace(quantity, unit=unit)
