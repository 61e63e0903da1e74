"""UCUM units: the conversions that the clinical knowledge prints (section 2), and nothing guessed."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cds.fhir.units import factor, known
from cds.knowledge.load import load

ANALYTES = load().analytes
UNITS = st.text("mgknuµdLl[]{}()/.*10^3IUeqol%'Celsa-", max_size=12)


def between(analyte: str, unit: str, target: str) -> float:
    """The factor between two units of an analyte."""
    of = ANALYTES[analyte]
    ratio = factor(unit, target, of.molar_mass, of.valence)
    assert ratio is not None
    return ratio


@pytest.mark.parametrize(
    ("analyte", "unit", "target", "expected"),
    [
        ("vitamin-d", "ng/mL", "nmol/L", 2.496),
        ("calcium", "mmol/L", "mg/dL", 4.008),
        ("magnesium", "mmol/L", "mg/dL", 2.43),
        ("phosphate", "mmol/L", "mg/dL", 3.097),
        ("vitamin-b12", "pg/mL", "pmol/L", 0.738),
        ("vitamin-b12", "ng/L", "pg/mL", 1.0),
        ("free-t4", "ng/dL", "pmol/L", 12.87),
        ("potassium", "mmol/L", "meq/L", 1.0),
        ("sodium", "mmol/L", "meq/L", 1.0),
        ("calcium", "mmol/L", "meq/L", 2.0),
        ("magnesium", "mmol/L", "meq/L", 2.0),
        ("calcium", "meq/L", "mg/dL", 2.004),
        ("calcium", "mg/dL", "meq/L", 0.499),
        ("albumin", "g/dL", "g/L", 10.0),
    ],
)
def test_conversions_are_those_of_the_clinical_knowledge(analyte: str, unit: str, target: str, expected: float) -> None:
    """Section 2 prints these factors, to three or four digits."""
    assert expected == pytest.approx(between(analyte, unit, target), rel=1e-3)
    assert 1 / expected == pytest.approx(between(analyte, target, unit), rel=1e-3)


@pytest.mark.parametrize("unit", ["Cel", "[degF]", "[pH]", "dB", "B[10.nV]"])
def test_units_with_an_offset_or_logarithm_have_no_factor(unit: str) -> None:
    """A temperature or a pH is no multiple of anything, and says so instead of failing."""
    assert not known(unit)
    assert factor(unit, "K") is None
    assert factor(unit, "mmol/L", 40.08, 2) is None
    assert factor("mmol/L", unit, 40.08, 2) is None


@pytest.mark.parametrize(
    ("unit", "target"),
    [
        *(("mg/dL", "nonsense"), ("nonsense", "mg/dL"), ("MG/DL", "mg/dL"), ("mmol/l ", "mmol/L"), ("", "mmol/L")),
        *(("mg/dL", "mmol/L"), ("mmol/L", "meq/L"), ("h", "mmol/L"), ("{score}", "mmol/L"), ("µmol/L", "mmol/L")),
        *(("g.g.g.g.g.g.g.g.g.g.g.g.g.g.g.g.g", "mmol/L"), ("10*400/d", "/d"), ("10*-400/d", "/d")),
        *(("10*99999999999/d", "/d"), ("mg/0", "mg")),
    ],
)
def test_what_cannot_be_converted_has_no_factor(unit: str, target: str) -> None:
    """Unknown units, other dimensions, missing masses or valences, and numbers out of all bounds."""
    assert factor(unit, target) is None


def test_mass_and_moles_meet_only_by_a_molar_mass_of_fitting_dimension() -> None:
    """A molar mass makes milligrams of moles, never of hours."""
    assert factor("h", "mmol/L", 40.08, 2) is None


def test_the_same_text_is_the_same_unit() -> None:
    """No conversion is needed between equal units."""
    assert factor("{score}", "{score}") == 1.0


@given(st.one_of(st.text(max_size=40), UNITS))
@example("Cel/L")
@example("{x}")
@example("m[IU]/L")
def test_no_text_breaks_the_units(text: str) -> None:
    """Any text has a positive finite factor to a unit, or none."""
    for target in ("mmol/L", "meq/L", "/d", "h"):
        for ratio in (factor(text, target, 40.08, 2), factor(target, text, 40.08, 2)):
            assert ratio is None or 0 < ratio < float("inf")


@given(st.sampled_from(sorted(ANALYTES)), st.lists(st.sampled_from(["mmol/L", "mg/dL", "meq/L", "ng/mL"]), min_size=2))
def test_converting_there_and_back_changes_nothing(analyte: str, units: list[str]) -> None:
    """A factor and its reverse cancel, whichever kinds of unit they join."""
    of = ANALYTES[analyte]
    there = factor(units[0], units[1], of.molar_mass, of.valence)
    back = factor(units[1], units[0], of.molar_mass, of.valence)

    assert (there is None) == (back is None)
    assert there is None or back is None or there * back == pytest.approx(1.0, rel=1e-9)
