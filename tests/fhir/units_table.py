"""Makes `cds/fhir/units.csv` anew: every unit in it, and every one that the knowledge names, sized by ucumvert.

To add units, name them: `python tests/fhir/units_table.py mg/dL 'm[IU]/L'`.
"""

import csv
import io
import sys
from collections.abc import Iterable, Iterator

from cds.fhir import ucum
from cds.fhir.unit_table import PATH
from cds.knowledge.load import load

IN_CODE = ("/d", "d", "mg")  # the units that rules themselves ask for


def named() -> set[str]:
    """The units of the knowledge: of analytes and limits, and those that aliases stand for."""
    knowledge = load()
    limits = [limit for some in knowledge.limits.values() for limit in some] + list(knowledge.combined.values())
    found = {unit for limit in limits for unit in limit.value}
    for analyte in knowledge.analytes.values():
        found |= {analyte.unit, *analyte.same_as}
    for unit, adjustment in knowledge.adjustments.items():
        found |= {unit, adjustment.albumin_unit}
    return found | knowledge.unit_names.units | set(knowledge.answers.questions.units.values()) | set(IN_CODE)


def listed() -> set[str]:
    """The units of the table as it is."""
    with PATH.open(encoding="ascii", newline="") as file:
        return {row["unit"] for row in csv.DictReader(file)}


def text(units: Iterable[str]) -> str:
    """The table of these units, as its file holds it."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("unit", "size", "dimensions"))
    writer.writerows(_rows(units))
    return file.getvalue()


def _rows(units: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    for unit in sorted(units):
        size = ucum.size(unit)
        if size is None:
            yield unit, "", ""
        else:
            yield (
                unit,
                f"{size.value:.15g}",
                " ".join(f"{name}={power:g}" for name, power in sorted(size.dimensions.items())),
            )


if __name__ == "__main__":
    PATH.write_text(text(listed() | named() | set(sys.argv[1:])), encoding="ascii")
