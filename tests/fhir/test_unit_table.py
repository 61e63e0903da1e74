"""The table of units says what ucumvert says, and holds what the knowledge and the charts ask for."""

import json
import subprocess
import sys
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from ucumvert import PintUcumRegistry
from units_table import listed, named, text

from cds.fhir import ucum, unit_table
from cds.fhir.units import factor, known, prepare

ROOT = Path(__file__).parents[2]
TABLE = unit_table.read()
CHARTS = sorted((ROOT / "fhir_fixtures" / "charts").glob("*.json"))
PARSERS = {"pint", "lark", "ucumvert"}


@pytest.fixture(scope="module")
def registry() -> Any:
    """The registry of ucumvert, untouched by us."""
    return PintUcumRegistry()


def test_the_table_is_what_ucumvert_says() -> None:
    """Every row: the size of each unit, and that a text is none."""
    assert text(listed()) == unit_table.PATH.read_text("ascii")


def test_the_table_holds_every_unit_of_the_knowledge() -> None:
    """No analyte, limit, alias or question costs a parser; `python tests/fhir/units_table.py` adds what is missing."""
    assert set() == named() - TABLE.keys()


def test_a_factor_is_exactly_what_the_registry_works_out(registry: Any) -> None:
    """Any two units of the table of one dimension: equal to the last of twelve digits."""
    sized = {unit: registry.from_ucum(unit) for unit, size in TABLE.items() if size is not None}
    wrong = {
        (unit, target): factor(unit, target)
        for unit, target in permutations(sized, 2)
        if TABLE[unit].dimensions == TABLE[target].dimensions  # type: ignore[union-attr]
        and ("eq" in unit) == ("eq" in target)
        and factor(unit, target) != float(f"{(sized[unit] / sized[target]).to_base_units().magnitude:.12g}")
    }

    assert {} == wrong


@pytest.mark.parametrize(("mass", "moles"), [("mg/dL", "mmol/L"), ("ng/mL", "nmol/L"), ("g/L", "umol/mL")])
def test_a_molar_mass_joins_mass_and_moles_as_the_registry_does(mass: str, moles: str, registry: Any) -> None:
    """25-hydroxyvitamin D, 400.64 g/mol, there and back."""
    per_mole = 400.64 * registry.from_ucum("g/mol")
    there = (registry.from_ucum(mass) / per_mole / registry.from_ucum(moles)).to_base_units().magnitude

    assert float(f"{there:.12g}") == factor(mass, moles, 400.64)
    assert float(f"{1 / there:.12g}") == factor(moles, mass, 400.64)


@pytest.mark.parametrize("unit", ["tablet", "{tbl}", "[degF]", "Units", "score"])
def test_what_charts_write_and_is_no_unit_is_in_the_table_too(unit: str) -> None:
    """So that it costs no parser either."""
    assert TABLE[unit] is None
    assert not known(unit)


def test_the_charts_that_we_ship_are_answered_without_a_parser() -> None:
    """Neither the start nor any chart imports pint, lark or ucumvert."""
    script = (
        "import json, sys\n"
        "from cds.cli import main\n"
        "assert main(['evaluate', '--json', *sys.argv[1:]]) == 0\n"
        "print(json.dumps([name for name in sys.modules if '.' not in name]), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", script, *map(str, CHARTS)], capture_output=True, text=True, check=True)

    assert len(CHARTS) == len(run.stdout.splitlines())
    assert set() == PARSERS & set(json.loads(run.stderr))


def test_a_number_beyond_all_bounds_is_a_unit_without_a_factor() -> None:
    """The grammar allows it; no result is written in it."""
    assert known("10*400/d")
    assert factor("10*400/d", "/d") is None
    assert factor("/d", "10*-400/d") is None
    assert ucum.size("10*400/d") == (float("inf"), {})


def test_the_parser_can_be_loaded_beforehand() -> None:
    """So that the first unit outside the table costs no more than the next."""
    prepare()

    assert "cds.fhir.ucum" in sys.modules
