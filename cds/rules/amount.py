"""A measured amount and how it stands to a limit (2b Units, 2b Comparator, 2d Boundaries)."""

from msgspec import Struct

from cards.printed import number, plain_unit
from cards.template import fill
from cds.fhir.datatypes import Quantity
from cds.fhir.units import factor
from cds.knowledge.card_names import Names
from cds.knowledge.load import Knowledge
from cds.knowledge.model import Analyte, Limit, Operator

DIGITS = 9


class Amount(Struct, frozen=True):
    """A number with a comparator and a UCUM unit that is known to fit the analyte."""

    value: float
    unit: str
    comparator: str | None = None

    def times(self, ratio: float, unit: str) -> "Amount":
        """The same amount in another unit."""
        return Amount(round(self.value * ratio, DIGITS), unit, self.comparator)

    @property
    def shown(self) -> str:
        """The number as a clinician reads it."""
        return f"{self.comparator or ''}{number(self.value)}"


def amount(quantity: Quantity | None, analyte: Analyte, knowledge: Knowledge) -> Amount | None:
    """The amount, or None if the number or the unit is missing, unknown or of another kind. Never guesses a unit."""
    value = quantity.value if quantity is not None else None
    if quantity is None or value is None:
        return None
    unit = ucum(quantity, knowledge)
    if unit is None or to_unit(unit, analyte.unit, analyte) is None:
        return None
    comparator = quantity.comparator
    return Amount(value, unit, None if comparator == "ad" else comparator)


def ucum(quantity: Quantity, knowledge: Knowledge) -> str | None:
    """The UCUM code of a quantity's unit (N64)."""
    return knowledge.unit_names.ucum(quantity)


def to_unit(unit: str, target: str, analyte: Analyte) -> float | None:
    """The factor from one unit to another for this analyte."""
    if unit == target or (_is_own(unit, analyte) and _is_own(target, analyte)):
        return 1.0
    return factor(unit, target, analyte.molar_mass, analyte.valence)


def _is_own(unit: str, analyte: Analyte) -> bool:
    return unit == analyte.unit or unit in analyte.same_as


def is_beyond(measured: Amount, limit: Limit, analyte: Analyte, upper: float | None = None) -> bool | None:
    """Whether the amount is beyond the limit; None if its comparator leaves that open.

    `upper` is the upper limit of normal in the amount's unit, for limits that are multiples of it.
    """
    edge = edge_of(measured, limit, analyte, upper)
    return None if edge is None else beyond(measured, limit.op, edge)


def beyond(amount: Amount, op: Operator, edge: float) -> bool | None:
    """Whether `found op edge` holds; None if the comparator leaves that open."""
    value, sign = round(amount.value, DIGITS), amount.comparator
    if sign is None:
        return _holds(value, op, edge)
    at_bound = _holds(value, op, edge)
    excluded = sign in ("<", ">") and value == edge
    if sign[0] == op[0]:
        return True if at_bound or excluded else None
    return None if at_bound and not excluded else False  # bounded from the other side


def _holds(value: float, op: Operator, edge: float) -> bool:
    if op == "<":
        return value < edge
    if op == "<=":
        return value <= edge
    return value > edge if op == ">" else value >= edge


def edge_of(amount: Amount, limit: Limit, analyte: Analyte, upper: float | None = None) -> float | None:
    """The limit in the amount's unit: the printed value of its own kind if there is one, else converted."""
    if limit.times_upper is not None:
        return None if upper is None else round(limit.times_upper * upper, DIGITS)
    for unit, value in limit.value.items():
        ratio = 1.0 if unit == amount.unit else factor(unit, amount.unit)
        if ratio is not None:
            return round(value * ratio, DIGITS)
    unit, value = next(iter(limit.value.items()))
    ratio = to_unit(unit, amount.unit, analyte)
    return None if ratio is None else round(value * ratio, DIGITS)


def edge_text(limit: Limit, unit: str, names: Names) -> str:
    """The limit as a fact shows it, in the printed unit nearest to the result's."""
    if limit.times_upper is not None:
        return fill(names.upper_limit, {"limit": f"{limit.op}{number(limit.times_upper)}"})
    near = next(
        (
            unit_of_limit
            for unit_of_limit in limit.value
            if unit_of_limit == unit or factor(unit_of_limit, unit) is not None
        ),
        next(iter(limit.value)),
    )
    return f"{limit.op}{number(limit.value[near])} {plain_unit(near)}"
