"""Charts for a survey, and what the command says of them."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from charts.resources import Json

LAB = "https://lab.example.org/codes"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


class Said(NamedTuple):
    """What one run gave."""

    status: int
    out: str
    err: str

    @property
    def shares(self) -> dict[tuple[str, str], tuple[int, int, str]]:
        """Read, of how many, and why not, by type and source."""
        found = {}
        for line in self.out.split("\n\n")[0].splitlines()[2:]:
            cells = [cell.strip() for cell in line.split("  ") if cell.strip()]
            found[cells[0], cells[1]] = (int(cells[2]), int(cells[3]), cells[5] if len(cells) > 5 else "")
        return found


def ndjson(path: Path, resources: Iterable[Json]) -> Path:
    """A file with one resource a line."""
    path.write_text("\n".join(map(json.dumps, resources)) + "\n", "utf-8")
    return path


def coded(*coding: Json, text: str | None = None) -> Json:
    """A concept."""
    return {"coding": list(coding)} | ({"text": text} if text else {})


def result(code: Json | None, patient: str = "p1", ident: str = "", **more: Any) -> Json:
    """A final result of 4 mmol/L."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": code,
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-11-01",
        "valueQuantity": {"value": 4, "unit": "mmol/L"},
        **({"id": ident} if ident else {}),
        **more,
    }


def potassium(**more: Any) -> Json:
    """A potassium in LOINC."""
    return result(coded({"system": LOINC, "code": "2823-3"}), **more)


def medicine(patient: str = "p1", **more: Any) -> Json:
    """A prescription."""
    subject = {"reference": f"Patient/{patient}"}
    return {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": subject, **more}


def condition(code: Json, patient: str = "p1", **more: Any) -> Json:
    """A problem."""
    return {"resourceType": "Condition", "code": code, "subject": {"reference": f"Patient/{patient}"}, **more}


def lines(path: Path) -> list[dict[str, str]]:
    """The lines of a CSV file."""
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
