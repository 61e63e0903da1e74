"""A change of unit never changes a card: each limit is printed in every unit in which its analyte is reported."""

from collections.abc import Iterator

import pytest
from charts.dates import TODAY
from charts.seam import engine

from cds.chart.facts import LabResult
from cds.fhir.datatypes import Quantity
from cds.fhir.units import factor
from cds.knowledge.model import Limit
from cds.rules.lab_limits import LabLimits
from cds.rules.ranges import Person

KNOWLEDGE = engine(TODAY).knowledge
UCUM = "http://unitsofmeasure.org"
LIMITS = [limit for some in KNOWLEDGE.limits.values() for limit in some if limit.value]
COMBINED = [limit for limit in KNOWLEDGE.combined.values() if limit.value]
STEPS = {"at": 0, "below": -1, "above": 1}


def named(limit: Limit) -> str:
    """A limit as a test is called."""
    band = (limit.from_days, limit.under_days, limit.from_years, limit.under_years)
    return f"{limit.analyte} {limit.kind or ''} {limit.op}{limit.value} {band}"


def kinds_of_units(analyte: str) -> set[str]:
    """One unit of each kind, mass or moles, in which limits of an analyte are printed."""
    kinds: list[str] = []
    for limit in LIMITS:
        for unit in limit.value if limit.analyte == analyte else ():
            if all(factor(unit, one) is None for one in kinds):
                kinds.append(unit)
    return set(kinds)


@pytest.mark.parametrize("limit", LIMITS, ids=named)
def test_a_limit_is_printed_in_every_kind_of_unit(limit: Limit) -> None:
    """Where one limit of an analyte has mg/dL beside mmol/L, all have."""
    missing = {
        unit
        for unit in kinds_of_units(limit.analyte)
        if all(unit != own and factor(unit, own) is None for own in limit.value)
    }

    assert set() == missing


def step(limit: Limit, unit: str) -> float:
    """The last digit that limits of this analyte are printed with in a unit."""
    printed = [one.value[unit] for one in (*LIMITS, *COMBINED) if one.analyte == limit.analyte and unit in one.value]
    return 0.1 ** max(len(f"{value:g}".partition(".")[2]) for value in printed)


def persons(limit: Limit) -> Iterator[Person]:
    """Somebody at each end of the ages for which a limit holds."""
    days = 365 * limit.from_years if limit.from_years is not None else limit.from_days or 0
    yield Person(days + 5, (days + 5) // 365, "female", False)
    if limit.under_years or limit.under_days:
        last = (365 * limit.under_years if limit.under_years else limit.under_days or 0) - 1
        yield Person(last, last // 366, "female", False)


@pytest.mark.parametrize("place", STEPS)
@pytest.mark.parametrize("limit", [one for one in LIMITS if len(one.value) > 1], ids=named)
def test_the_same_value_in_another_unit_is_judged_the_same(limit: Limit, place: str) -> None:
    """At the printed limit, and one printed step to either side, all units give the same side and effect."""
    concept = KNOWLEDGE.codes.of_analyte(limit.analyte)[0]
    for person in persons(limit):
        judged = set()
        for unit, value in limit.value.items():
            shifted = round(value + STEPS[place] * step(limit, unit), 6)
            quantity = Quantity(stated=shifted, unit=unit, system=UCUM, code=unit)
            result = LabResult(ref="", analyte=limit.analyte, concept=concept, quantity=quantity)
            limits = LabLimits(KNOWLEDGE, person)
            one = limits.judge(limits.read(result), limit.kind)
            judged.add((one.side, one.effect))
        assert 1 == len(judged), (person, judged)


@pytest.mark.parametrize("limit", [*LIMITS, *COMBINED], ids=named)
def test_the_units_of_a_limit_say_the_same(limit: Limit) -> None:
    """One number, converted, is the other one to the last digit that it is printed with."""
    mass = KNOWLEDGE.analytes[limit.analyte].molar_mass
    first, *others = limit.value
    wrong = [
        other
        for other in others
        if abs(limit.value[first] * (factor(first, other, mass) or 0) - limit.value[other]) > step(limit, other) / 2
    ]

    assert [] == wrong
