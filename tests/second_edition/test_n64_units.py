"""N64: units, impossible and unreadable values."""

import pytest
from charts.golden import Case
from hypothesis import given
from hypothesis import strategies as st
from numbered import got, name_of, of, one, text

from cds.fhir.datatypes import Quantity
from cds.fhir.units import usual_units
from cds.knowledge.load import load
from cds.knowledge.unit_names import KEPT, UCUM, fold

NAMES = load().unit_names


@pytest.mark.parametrize("case", of(64), ids=name_of)
def test_n64_cards(case: Case) -> None:
    """Each chart of the tables N64 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("N64/no-unit", "potassium of 2026-11-19 is on file but could not be read (its unit is missing or not known)"),
        ("N64/zero", "potassium of 2026-11-19 is on file but could not be read (its value is not possible)"),
        ("N64/two-values", "could not be read (a number and a text stand side by side)"),
        ("N64/haemolysed-note", "could not be read (the sample is called spoiled)"),
        ("N64/clotted-flagged", "the laboratory called it critical: repeat today"),
        ("N64/zero-flagged", "the laboratory called it critical: repeat today"),
        ("N64/status-missing", "could not be read (its status is not known)"),
        ("N64/date-unreadable", "potassium without a readable date is on file but could not be read"),
        ("N64/comparator-unknown", "could not be read (its number or comparator is not known)"),
        ("N64/string-in-words", "could not be read (its value is in words)"),
    ],
)
def test_n64_what_was_not_read_is_said(case: str, said: str) -> None:
    """The card names the test, its date and why it was not read."""
    assert said in text(one(case)).replace("**", "")


@pytest.mark.parametrize("case", ["N64/code-mEq-L", "N64/unread-is-older", "N64/cancelled", "N64/not-haemolysed"])
def test_n64_what_was_read_is_not_called_unread(case: str) -> None:
    """Nothing is said of a result that was read, of one that a newer one replaces, or of one that never was."""
    assert "could not be read" not in text(one(case))


@given(st.sampled_from(sorted(usual_units())))
def test_n64_a_ucum_code_is_never_taken_for_another(unit: str) -> None:
    """A code of the table stays what it is, whatever aliases and folding there are."""
    assert unit == NAMES.ucum(Quantity(stated=1, system=UCUM, code=unit))


@given(st.sampled_from(sorted(usual_units())), st.sampled_from(KEPT))
def test_n64_no_prefix_changes_its_case(unit: str, letter: str) -> None:
    """Folding never turns mega into milli, peta into pico, giga into gram or kilo into kelvin."""
    assert fold(letter + unit) != fold(letter.lower() + unit)
