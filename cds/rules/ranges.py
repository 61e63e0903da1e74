"""The laboratory's own range: whether it is meant for this patient, where the result stands (2b Order of trust)."""

from msgspec import Struct

from cards.printed import number
from cards.template import fill
from cds.fhir import concepts
from cds.fhir.datatypes import AgeRange, Quantity, ReferenceRange
from cds.fhir.units import factor
from cds.knowledge.answers import RangeCodes
from cds.knowledge.card_names import Names
from cds.knowledge.load import Knowledge
from cds.knowledge.model import Analyte
from cds.rules.amount import Amount, amount, beyond, to_unit

NORMAL_TYPES = frozenset({"normal", "type"})


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

    def side(self, measured: Amount) -> str | None:
        """low, high or inside; None if the comparator leaves that open."""
        below = False if self.low is None else beyond(measured, "<", self.low)
        above = False if self.high is None else beyond(measured, ">", self.high)
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
    ranges: tuple[ReferenceRange, ...], measured: Amount, analyte: Analyte, person: Person, knowledge: Knowledge
) -> Range | None:
    """The range meant for this patient, in the result's unit; one for pregnancy goes first in pregnancy."""
    codes = knowledge.answers.ranges
    fitting = [
        reference_range
        for reference_range in ranges
        if _is_normal(reference_range)
        and _applies(reference_range, person, codes)
        and _fits_age(reference_range.age, person)
    ]
    if len(fitting) > 1:
        fitting.sort(
            key=lambda reference_range: codes.pregnant not in concepts.codes(concepts.each(reference_range.applies_to))
        )
    for reference_range in fitting:
        low = _bound(reference_range.low, measured, analyte, knowledge)
        high = _bound(reference_range.high, measured, analyte, knowledge)
        if (low is not None or high is not None) and not (low is not None and high is not None and low > high):
            return Range(low, high)
    return None


def _bound(quantity: Quantity | None, measured: Amount, analyte: Analyte, knowledge: Knowledge) -> float | None:
    edge = amount(quantity, analyte, knowledge)
    ratio = None if edge is None else to_unit(edge.unit, measured.unit, analyte)
    return None if edge is None or ratio is None else edge.times(ratio, measured.unit).value


def _is_normal(reference_range: ReferenceRange) -> bool:
    kinds = concepts.codes([reference_range.type]) if reference_range.type else set()
    return not kinds or bool(kinds & NORMAL_TYPES)


def _applies(reference_range: ReferenceRange, person: Person, codes: RangeCodes) -> bool:
    if reference_range.applies_to is None:
        return True
    applies_to = concepts.codes(concepts.each(reference_range.applies_to))
    true = {codes.pregnant} if person.pregnant else set()
    true |= {codes.male} if person.sex == "male" else {codes.female} if person.sex == "female" else set()
    return applies_to <= true


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
