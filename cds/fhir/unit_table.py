"""The units that charts are written in, with their sizes, as a table: so that nothing has to be parsed for them.

`units.csv` is made from ucumvert by `tests/fhir/units_table.py`, and a test holds every row against it.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

PATH = Path(__file__).with_name("units.csv")


class Size(NamedTuple):
    """One of a unit in SI base units: how many of them, and of which dimensions (`mass` 1, `length` -3)."""

    value: float
    dimensions: Mapping[str, float]


def read(path: Path = PATH) -> dict[str, Size | None]:
    """The table; a text that is not a UCUM unit has no size."""
    with path.open(encoding="ascii", newline="") as file:
        return {row["unit"]: _size(row["size"], row["dimensions"]) for row in csv.DictReader(file)}


def _size(value: str, dimensions: str) -> Size | None:
    powers = (dimension.split("=") for dimension in dimensions.split())
    return Size(float(value), {name: float(power) for name, power in powers}) if value else None
