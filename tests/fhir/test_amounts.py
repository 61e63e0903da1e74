"""Measured amounts against limits: units are never guessed, comparators prove only what they prove (2b, 2d)."""

import operator
from collections.abc import Callable

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cds.fhir.datatypes import Quantity
from cds.knowledge.load import load
from cds.knowledge.model import Limit, Operator
from cds.knowledge.unit_names import UCUM
from cds.rules.amount import Amount, amount, beyond, edge_text, is_beyond

KNOWLEDGE = load()
ANALYTES = KNOWLEDGE.analytes
LIMITS = [*(one for some in KNOWLEDGE.limits.values() for one in some), *KNOWLEDGE.combined.values()]
PRINTED = [(limit, unit) for limit in LIMITS for unit in limit.value]
HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPERATORS: list[Operator] = ["<", "<=", ">", ">="]
GRID = [step / 4 for step in range(-80, 81)]
SMALL = st.integers(-8, 8).map(float)


def enumerated(found: Amount, op: Operator, edge: float) -> bool | None:
    """What all true values say that the comparator allows; None if they disagree."""
    possible = [one for one in GRID if found.comparator is None or HOLDS[found.comparator](one, found.value)]
    verdicts = {HOLDS[op](one, edge) for one in possible if found.comparator or one == found.value}
    return verdicts.pop() if len(verdicts) == 1 else None


def is_open_bound_at_edge(found: Amount, op: Operator, edge: float) -> bool:
    """Whether "<5" meets ">=5", or ">5" meets "<=5"."""
    return found.value == edge and (found.comparator, op) in (("<", ">="), (">", "<="))


@given(SMALL, st.sampled_from([None, *OPERATORS]), st.sampled_from(OPERATORS), SMALL)
@example(5.0, "<", "<", 5.0)
@example(5.0, "<=", "<", 5.0)
@example(5.0, "<=", "<=", 5.0)
@example(5.0, ">=", "<", 5.0)
@example(5.0, "<=", ">", 5.0)
def test_a_comparator_proves_what_all_possible_values_agree_on(
    value: float, comparator: str | None, op: Operator, edge: float
) -> None:
    """`<x` is beyond a limit only if every value below x is; it is within only if none is."""
    found = Amount(value, "mmol/L", comparator)
    assume(not is_open_bound_at_edge(found, op, edge))

    assert enumerated(found, op, edge) is beyond(found, op, edge)


@pytest.mark.parametrize(("comparator", "op"), [("<", ">="), (">", "<=")])
def test_an_excluded_bound_at_an_inclusive_limit_is_within(comparator: str, op: Operator) -> None:
    """All values below 5 are not 5 or more."""
    assert beyond(Amount(5.0, "mmol/L", comparator), op, 5.0) is False


@pytest.mark.parametrize(("limit", "unit"), PRINTED, ids=lambda one: one if isinstance(one, str) else one.analyte)
def test_the_printed_limit_itself_decides_by_its_operator(limit: Limit, unit: str) -> None:
    """In each unit that a limit is printed for, its very number is beyond it exactly where 2a prints `>=` or `<=`."""
    analyte, edge = ANALYTES[limit.analyte], limit.value[unit]
    step = 0.01 if limit.side == "high" else -0.01

    assert is_beyond(Amount(edge, unit), limit, analyte) is (len(limit.op) == 2)
    assert is_beyond(Amount(edge + step, unit), limit, analyte) is True
    assert is_beyond(Amount(edge - step, unit), limit, analyte) is False


def limit_of(analyte: str, effect: str, kind: str | None = None, side: str = "low") -> Limit:
    """The first limit of an analyte with that effect, for adults."""
    return next(
        one
        for one in KNOWLEDGE.limits[analyte]
        if (one.effect, one.kind, one.side) == (effect, kind, side) and one.under_years is None
    )


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (19.9, "ng/mL", True),
        (20.0, "ng/mL", False),
        (19.9, "ug/L", True),
        (20.0, "ug/L", False),
        (49.9, "nmol/L", True),
        (50.0, "nmol/L", False),
        (0.0499, "umol/L", True),
        (0.05, "umol/L", False),
    ],
)
def test_a_result_is_compared_in_the_printed_unit_of_its_kind(value: float, unit: str, expected: bool) -> None:
    """20 ng/mL vitamin D is not low, though 49.9 nmol/L is and 20 ng/mL is 49.92 nmol/L (2d)."""
    found = Amount(value, unit)

    assert is_beyond(found, limit_of("vitamin-d", "info"), ANALYTES["vitamin-d"]) is expected


@pytest.mark.parametrize(
    ("analyte", "kind", "value", "unit", "expected"),
    [
        ("calcium", "adjusted", 3.78, "meq/L", True),
        ("calcium", "adjusted", 3.8, "meq/L", False),
        ("magnesium", None, 0.79, "meq/L", True),
        ("magnesium", None, 0.81, "meq/L", False),
        ("potassium", None, 2.49, "meq/L", True),
        ("potassium", None, 2.5, "meq/L", False),
    ],
)
def test_equivalents_are_moles_times_valence(
    analyte: str, kind: str | None, value: float, unit: str, expected: bool
) -> None:
    """Calcium and magnesium count twice per mole, potassium once."""
    limit = limit_of(analyte, "emergency", kind)

    assert is_beyond(Amount(value, unit), limit, ANALYTES[analyte]) is expected


def test_a_multiple_of_the_upper_limit_needs_that_limit() -> None:
    """CK limits are multiples of the laboratory's upper limit; without one nothing is proved."""
    limit = next(one for one in LIMITS if one.times_upper == 4)
    analyte = ANALYTES[limit.analyte]

    assert is_beyond(Amount(800, "U/L"), limit, analyte, upper=200) is True
    assert is_beyond(Amount(799, "U/L"), limit, analyte, upper=200) is False
    assert is_beyond(Amount(9000, "U/L"), limit, analyte) is None
    assert ">=4 x upper limit of normal" == edge_text(limit, "U/L", KNOWLEDGE.names)


def test_a_limit_that_cannot_be_converted_proves_nothing() -> None:
    """An amount in a foreign unit is beyond no limit."""
    assert is_beyond(Amount(1, "h"), limit_of("potassium", "emergency"), ANALYTES["potassium"]) is None


@pytest.mark.parametrize(
    ("unit", "text"), [("ng/mL", "<20 ng/mL"), ("ug/L", "<20 ng/mL"), ("nmol/L", "<50 nmol/L"), ("h", "<50 nmol/L")]
)
def test_a_limit_is_shown_in_the_unit_nearest_to_the_result(unit: str, text: str) -> None:
    """The clinician reads the printed limit of the result's own kind of unit."""
    assert text == edge_text(limit_of("vitamin-d", "info"), unit, KNOWLEDGE.names)


@pytest.mark.parametrize(
    "quantity",
    [
        Quantity(stated=3.1, code="mmol/L", system=UCUM),
        Quantity(stated=3.1, code="mmol/L"),
        Quantity(stated=3.1, unit="mmol/L"),
        Quantity(stated=3.1, unit=" mMol/L "),
        Quantity(stated=3.1, unit="mmol/L", code="258813002", system="http://snomed.info/sct"),
        Quantity(stated=3.1, code="mmol/L", sign="ad"),
    ],
)
def test_a_unit_is_a_ucum_code_else_its_text(quantity: Quantity) -> None:
    """UCUM code first, then the unit's text or what the text is known to stand for (2b)."""
    assert Amount(3.1, "mmol/L") == amount(quantity, ANALYTES["potassium"], KNOWLEDGE)


@pytest.mark.parametrize(
    "quantity",
    [
        None,
        Quantity(code="mmol/L"),
        Quantity(stated=3.1),
        Quantity(stated=3.1, unit=""),
        Quantity(stated=3.1, unit="  "),
        Quantity(stated=3.1, unit="units"),
        Quantity(stated=3.1, code="millimol", system=UCUM),
        Quantity(stated="3,1", code="mmol/L"),
        Quantity(stated=3.1, code="mmol/L", sign="<>"),
        Quantity(stated=3.1, code="h"),
        Quantity(stated=3.1, code="Cel"),
        Quantity(stated=3.1, code="{score}"),
        Quantity(stated=3.1, code="258813002", system="http://snomed.info/sct"),
    ],
)
def test_a_unit_is_never_guessed(quantity: Quantity | None) -> None:
    """A missing, unknown or foreign unit leaves no amount, however likely the number looks."""
    assert amount(quantity, ANALYTES["potassium"], KNOWLEDGE) is None


@given(st.sampled_from(sorted(ANALYTES)), st.floats(0, 1e6), st.text(max_size=10))
def test_an_amount_has_a_unit_that_fits_its_analyte(analyte: str, value: float, unit: str) -> None:
    """Whatever the unit's text, an amount is either none or convertible to the analyte's unit."""
    found = amount(Quantity(stated=value, unit=unit), ANALYTES[analyte], KNOWLEDGE)

    assert found is None or (found.value == value and edge_is_known(found, analyte))


def edge_is_known(found: Amount, analyte: str) -> bool:
    """Whether a limit in the analyte's own unit can be compared with the amount."""
    limit = Limit(analyte=analyte, side="low", op="<", citation="x", value={ANALYTES[analyte].unit: 1.0})
    return is_beyond(found, limit, ANALYTES[analyte]) is not None


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (Amount(3.1, "mmol/L"), "3.1"),
        (Amount(3.0, "mmol/L"), "3"),
        (Amount(10, "ng/mL", "<"), "<10"),
        (Amount(10, "ng/mL", ">="), ">=10"),
    ],
)
def test_an_amount_is_shown_with_its_comparator(found: Amount, shown: str) -> None:
    """The clinician reads the number as reported."""
    assert shown == found.shown


def test_an_amount_in_another_unit_keeps_its_comparator() -> None:
    """Ten nanograms or less stay ten nanograms or less."""
    assert Amount(24.96, "nmol/L", "<=") == Amount(10, "ng/mL", "<=").times(2.496, "nmol/L")
