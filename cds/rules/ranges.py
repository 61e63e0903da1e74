"""The laboratory's own range: whether it is meant for this patient, where the result stands (2b Order of trust)."""

from msgspec import Struct

from cards.printed import number
from cards.template import fill
from cds.fhir import concepts
from cds.fhir.datatypes import Quantity
from cds.fhir.reference_ranges import AgeRange, ReferenceRange
from cds.fhir.units import factor
from cds.knowledge.load import Knowledge
from cds.knowledge.model import Analyte, Names
from cds.rules.amount import Amount, amount, beyond, to_unit

NORMAL_TYPES = frozenset({"normal", "type"})
MALE, FEMALE, PREGNANT = "248153007", "248152002", "77386006"  # HL7 R4 expansions 4.0.1, referencerange-appliesto


class Person(Struct, frozen=True):
    """What decides whether a range applies."""

    age_days: int | None
    age_years: int | None
    sex: str | None
    pregnant: bool


class Range(Struct, frozen=True):
    """A usable range in the result's unit."""

    low: float | None
    high: float | None

    def side(self, found: Amount) -> str | None:
        """low, high or inside; None if the comparator leaves that open."""
        below = False if self.low is None else beyond(found, "<", self.low)
        above = False if self.high is None else beyond(found, ">", self.high)
        if below or above:
            return "low" if below else "high"
        return None if below is None or above is None else "inside"

    def states(self, side: str) -> bool:
        """Whether the range has a limit on that side."""
        return self.bound(side) is not None

    def bound(self, side: str) -> float | None:
        """The limit on that side."""
        return self.low if side == "low" else self.high

    def text(self, names: Names) -> str:
        """The range as a fact shows it."""
        low, high = (None if edge is None else number(edge) for edge in (self.low, self.high))
        if low and high:
            return f"{low}-{high}"
        return fill(names.up_to, {"limit": high}) if high else fill(names.from_, {"limit": low or ""})


def usable(
    ranges: tuple[ReferenceRange, ...], found: Amount, analyte: Analyte, person: Person, knowledge: Knowledge
) -> Range | None:
    """The range meant for this patient, in the result's unit; one for pregnancy goes first in pregnancy."""
    fitting = [one for one in ranges if _is_normal(one) and _applies(one, person) and _fits_age(one.age, person)]
    if len(fitting) > 1:
        fitting.sort(key=lambda one: PREGNANT not in concepts.codes(concepts.each(one.applies_to)))
    for one in fitting:
        low = _bound(one.low, found, analyte, knowledge)
        high = _bound(one.high, found, analyte, knowledge)
        if (low is not None or high is not None) and not (low is not None and high is not None and low > high):
            return Range(low, high)
    return None


def _bound(quantity: Quantity | None, found: Amount, analyte: Analyte, knowledge: Knowledge) -> float | None:
    edge = amount(quantity, analyte, knowledge)
    ratio = None if edge is None else to_unit(edge.unit, found.unit, analyte)
    return None if edge is None or ratio is None else edge.times(ratio, found.unit).value


def _is_normal(one: ReferenceRange) -> bool:
    kinds = concepts.codes([one.type]) if one.type else set()
    return not kinds or bool(kinds & NORMAL_TYPES)


def _applies(one: ReferenceRange, person: Person) -> bool:
    if one.applies_to is None:
        return True
    wanted = concepts.codes(concepts.each(one.applies_to))
    true = {PREGNANT} if person.pregnant else set()
    true |= {MALE} if person.sex == "male" else {FEMALE} if person.sex == "female" else set()
    return wanted <= true


def _fits_age(age: AgeRange | None, person: Person) -> bool:
    if age is None:
        return True
    if person.age_days is None:
        return False
    low, high = _days(age.low), _days(age.high)
    return (low is None or person.age_days >= low) and (high is None or person.age_days <= high)


def _days(quantity: Quantity | None) -> float | None:
    if quantity is None or quantity.value is None:
        return None
    ratio = factor(quantity.code or quantity.unit or "", "d")
    return None if ratio is None else quantity.value * ratio
