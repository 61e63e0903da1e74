"""Units that were never met cost milliseconds each: a stretch of work may look up only so many."""

from uuid import uuid4

import pytest

from cds.errors import TooManyEntries
from cds.fhir import bundle, units
from cds.fhir.allowance import Allowance
from cds.fhir.units import factor, frugal, known


def test_beyond_the_budget_a_new_unit_counts_as_unknown() -> None:
    """What was met before goes on being known, and nothing is remembered as unknown that was only not looked up."""
    with frugal(2):
        first = [factor(f"{number}.mmol/L", "mmol/L") for number in (41, 42)]
        beyond = factor("43.mmol/L", "mmol/L"), known("44.mmol/L")
        again = factor("41.mmol/L", "mmol/L"), known("42.mmol/L")

    assert [41.0, 42.0] == first
    assert (None, False) == beyond
    assert (41.0, True) == again
    assert (43.0, True) == (factor("43.mmol/L", "mmol/L"), known("44.mmol/L"))


def test_each_stretch_has_a_budget_of_its_own() -> None:
    """One within another ends with its own."""
    with frugal(1):
        assert known("51.mmol/L")
        with frugal(1):
            assert known("52.mmol/L")
        assert not known("53.mmol/L")


@pytest.mark.parametrize("unit", ["m." * 7 + "m", "(((((((m", "x" * 33, ""])
def test_what_no_laboratory_writes_is_not_looked_up(unit: str) -> None:
    """Long units, and those of many parts."""
    with frugal(0):
        assert (None, False) == (factor(unit, "m"), known(unit))
    assert units._LEFT.get() is None


def test_ten_thousand_hostile_units_cost_no_more_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The budget of a usual stretch of work is all that is looked up."""
    asked: list[str] = []
    monkeypatch.setattr(units, "_parsed", asked.append)
    hostile = [f"m.{uuid4().hex[:20]}" for _ in range(10_000)]
    with frugal():
        found = [factor(unit, "m") for unit in hostile]

    assert {None} == set(found)
    assert units.NEW_UNITS == len(asked)


def test_a_bundle_holds_no_more_entries_than_it_may() -> None:
    """Neither readable ones, nor those that are read one by one, nor the parts of panels."""
    basic = b'{"resource":{"resourceType":"Patient"}}'
    part = b'{"valueQuantity":{"value":1},"code":{"text":"0123456789012345678901234567890"}}'
    panel = b'{"resource":{"resourceType":"Observation","component":[%s]}}'

    def made(*entries: bytes) -> bytes:
        return b'{"resourceType":"Bundle","entry":[%s]}' % b",".join(entries)

    assert 2 == len(bundle.read(made(basic, basic), Allowance(2)).resources)
    assert 1 == len(bundle.read(made(panel % b",".join([part] * 3)), Allowance(3)).resources)
    for body in (made(basic, basic, basic), made(b"1", b"2", b"3"), made(panel % b",".join([part] * 3))):
        with pytest.raises(TooManyEntries):
            bundle.read(body, Allowance(2))
