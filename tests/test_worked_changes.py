"""The worked changes of docs/architecture.md, carried out as written in a copy of the repository."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/architecture.md").read_text("utf-8")
STEP = re.compile(
    r"^(?:At the end of|In) `(?P<file>[^`]+)`(?:, (?P<how>before the line|after the line|before the row with) "
    r"`(?P<anchor>[^`]+)`)?:\n\n```\w+\n(?P<text>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
ICD, LOINC = "http://hl7.org/fhir/sid/icd-10-cm", "http://loinc.org"
STATUS = {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}


class Step(NamedTuple):
    """What is written where."""

    file: str
    how: str
    anchor: str
    text: str

    def carry_out(self, root: Path) -> None:
        """Do it to a copy; a place that is not there, or there twice, is an error of the page."""
        lines = (root / self.file).read_text("utf-8").splitlines(keepends=True)
        place = len(lines)
        if self.how:
            row = self.how == "before the row with"
            (found,) = (at for at, line in enumerate(lines) if (line.strip() if row else line).startswith(self.anchor))
            place = found + (self.how == "after the line") - row
        lines.insert(place, self.text)
        (root / self.file).write_text("".join(lines), "utf-8")


def steps(title: str) -> list[Step]:
    """The steps under a heading of the page."""
    part = PAGE.split(f"### {title}")[1].split("\n### ")[0]
    return [Step(m["file"], m["how"] or "", m["anchor"] or "", m["text"]) for m in STEP.finditer(part)]


def condition(ident: str, code: str) -> dict[str, Any]:
    """A diagnosis of these days."""
    return {
        "resourceType": "Condition",
        "id": ident,
        "subject": {"reference": "Patient/p"},
        "clinicalStatus": {"coding": [STATUS]},
        "code": {"coding": [{"system": ICD, "code": code}]},
        "onsetDateTime": "2026-11-20",
        "recordedDate": "2026-11-20",
    }


LACTATE = {
    "resourceType": "Observation",
    "id": "l",
    "status": "final",
    "subject": {"reference": "Patient/p"},
    "code": {"coding": [{"system": LOINC, "code": "2524-7"}]},
    "effectiveDateTime": "2026-11-23",
    "valueQuantity": {"value": 3.1, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
}


def cards(root: Path, *more: dict[str, Any]) -> list[dict[str, Any]]:
    """The cards that the software in a folder makes for a woman who twitches."""
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1980-01-01"}
    entries = [{"resource": one} for one in (patient, condition("t", "R25.3"), *more)]
    chart = root / "chart.json"
    chart.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), "utf-8")
    command = [sys.executable, "-m", "cds", "evaluate", str(chart), "--as-of", "2026-11-25", "--json"]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["cards"]
    return found


@pytest.mark.parametrize(
    ("title", "most_files", "sign", "topic", "word"),
    [
        ("A laboratory analyte", 4, LACTATE, "abnormal-lab", "actate"),
        ("A red flag", 4, condition("h", "R06.6"), "neurology-urgent", "Hiccups that do not stop"),
        ("A card", 5, condition("f", "R53.83"), "fatigue", "sleep, mood and medicines"),
    ],
)
def test_a_worked_change_does_what_the_page_says(
    title: str, most_files: int, sign: dict[str, Any], topic: str, word: str, tmp_path: Path
) -> None:
    """Before it no card speaks of the sign, after it one does; a chart without the sign gets no such card."""
    todo = steps(title)
    for package in ("cards", "cds"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    before = cards(tmp_path, sign)
    for step in todo:
        step.carry_out(tmp_path)
    after, without = cards(tmp_path, sign), cards(tmp_path)

    assert most_files >= len({step.file for step in todo}) > 1
    assert word not in json.dumps(before)
    assert [topic] == [card["source"]["topic"]["code"] for card in after if word in json.dumps(card)]
    assert word not in json.dumps(without)


def test_every_package_is_on_the_page() -> None:
    """A new one has to be told."""
    packages = {path.parent.name for path in (ROOT / "cds").glob("*/__init__.py")}

    assert set() == {name for name in packages if f"`cds/{name}`" not in PAGE}
