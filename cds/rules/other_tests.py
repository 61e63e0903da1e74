"""Results of tests that no rule judges: on which side of their own range they lie, and those not read (N35, N48)."""

from collections.abc import Iterator

from msgspec.structs import replace

from cds.chart.facts import Chart, OtherResult
from cds.fhir.datatypes import Quantity
from cds.knowledge.load import Knowledge
from cds.knowledge.model import Analyte
from cds.rules.amount import amount, ucum
from cds.rules.ranges import Person, usable

NO_UNIT = "1"  # a plain number, UCUM


def name_of(result: OtherResult, knowledge: Knowledge) -> str:
    """What the chart calls the test, else the code file; a code without a name is its own."""
    listed = knowledge.display(result.concept) if result.concept else None
    return result.name or listed or result.key


def outside(result: OtherResult, knowledge: Knowledge, person: Person) -> str:
    """On which side of its own range: number and range of one result are in one unit, also where only one states it."""
    test = Analyte(label=result.name, unit=_unit(result, knowledge), fresh_days=0, sides=[])
    ranges = tuple(
        replace(one, low=_in_unit(one.low, test.unit, knowledge), high=_in_unit(one.high, test.unit, knowledge))
        for one in result.ranges
    )
    found = amount(_in_unit(result.quantity, test.unit, knowledge), test, knowledge)
    ranged = usable(ranges, found, test, person, knowledge) if found else None
    side = ranged.side(found) if ranged and found else None
    return side if side in ("low", "high") else ""


def unread(chart: Chart, knowledge: Knowledge, today: int) -> Iterator[OtherResult]:
    """Those of late that could not be read, each with its trouble, unless a result of the same test was read since."""
    oldest = today - knowledge.days("flagged_lab")
    troubled = [(one, trouble) for one in chart.others if (trouble := _trouble(one, knowledge))]
    refs = {one.ref for one, _ in troubled}
    for result, trouble in troubled:
        since = (one for one in chart.others if one.key == result.key and one.ref not in refs and not one.preliminary)
        is_settled = any(one.when.first > result.when.last for one in since)
        if result.when.last >= oldest and not is_settled:
            yield replace(result, trouble=trouble)


def _trouble(result: OtherResult, knowledge: Knowledge) -> str | None:
    """Why it could not be read; a number without a flag and in another kind of unit than its range is in none."""
    if result.trouble is not None or result.flags:
        return result.trouble
    unit = _unit(result, knowledge)
    test = Analyte(label=result.name, unit=unit, fresh_days=0, sides=[])
    edges = (edge for one in result.ranges for edge in (one.low, one.high))
    stated = (_in_unit(one, unit, knowledge) for one in (result.quantity, *edges))
    numbers = [one for one in stated if one is not None and one.value is not None]
    is_held = result.quantity is not None and result.quantity.value is not None
    return "unit" if is_held and any(amount(one, test, knowledge) is None for one in numbers) else None


def _unit(result: OtherResult, knowledge: Knowledge) -> str:
    edges = (edge for one in result.ranges for edge in (one.low, one.high))
    stated = (ucum(one, knowledge) for one in (result.quantity, *edges) if one is not None)
    return next((one for one in stated if one), NO_UNIT)


def _in_unit(quantity: Quantity | None, unit: str, knowledge: Knowledge) -> Quantity | None:
    """A number with its own unit, else with that of its result."""
    return quantity if quantity is None or ucum(quantity, knowledge) else replace(quantity, unit=unit)
