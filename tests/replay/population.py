"""A population of made-up patients with a history, the same for the same seed; one in twelve has a twitch.

`population.py PATIENTS FOLDER [--seed N]` writes it as a bulk export.
"""

import argparse
import json
import os
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

Json = dict[str, Any]
PATIENTS = int(os.environ.get("TEST_REPLAY_PATIENTS", "120"))  # .ci/long gives more
LAST = date(2026, 11, 20)
SNOMED, ICD, LOINC = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm", "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
TWITCHES = (
    {"coding": [{"system": ICD, "code": "R25.3", "display": "Fasciculation"}]},
    {"coding": [{"system": SNOMED, "code": "82470000"}]},
    {"text": "Muscle twitching of both calves for 3 weeks"},
    {"coding": [{"system": ICD, "code": "G51.4"}]},
)
SIGNS = ("M62.50", "R13.10", "R47.1", "M62.81", "R63.4", "G72.9")
USUAL = (("I10", "Hypertension"), ("J45.909", "Asthma"), ("E11.9", "Diabetes"), ("M54.5", "Low back pain"))
LABS = (("2823-3", 4.1, "mmol/L"), ("17861-6", 2.3, "mmol/L"), ("19123-9", 0.8, "mmol/L"), ("3016-3", 2.0, "m[IU]/L"))
OTHER_LABS = (("718-7", 140, "g/L"), ("6690-2", 6.1, "10*9/L"), ("2160-0", 80, "umol/L"))
MEDICINES = ("8640", "5640", "36437", "6448", "7646", "4603", "197361", "6809")


class Person:
    """One patient, made of their number and the seed."""

    def __init__(self, number: int, seed: int) -> None:
        self._dice = random.Random(seed * 1_000_003 + number)
        self.id = f"p{seed}-{number}"
        self._count = 0
        self.twitches = self._dice.random() < 1 / 12

    def resources(self, least: int = 20) -> Iterator[Json]:
        """The Patient, visits, and what was recorded, ordered and measured at them."""
        dice = self._dice
        yield {
            "resourceType": "Patient",
            "id": self.id,
            "gender": dice.choice(("female", "male")),
            "birthDate": date.fromordinal(date(1932, 1, 1).toordinal() + dice.randrange(33_000)).isoformat(),
        }
        visits = sorted(dice.randrange(3, 1000) for _ in range(dice.randrange(2, 6)))[::-1]
        begins = dice.randrange(len(visits))
        made = 1
        for place, days in enumerate(visits):
            at = datetime.combine(LAST - timedelta(days), time(dice.randrange(8, 17), dice.randrange(60)), UTC)
            for one in self._visit(
                at, place, twitch=self.twitches and place == begins, later=self.twitches and place > begins
            ):
                made += 1
                yield one
        while made < least:
            made += 1
            yield self._lab(dice.choice(OTHER_LABS), LAST - timedelta(dice.randrange(1000)))

    def _visit(self, at: datetime, place: int, *, twitch: bool, later: bool) -> Iterator[Json]:
        dice, ident = self._dice, f"{self.id}-e{place}"
        clinician = f"Practitioner/d{dice.randrange(9)}"
        yield {
            "resourceType": "Encounter",
            "id": ident,
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": f"Patient/{self.id}"},
            "period": {"start": at.isoformat(), "end": (at + timedelta(minutes=25)).isoformat()},
            "participant": [{"individual": {"reference": clinician}}],
            "serviceProvider": {"reference": "Organization/1", "display": dice.choice(("North", "South", "West"))},
        }
        if twitch:
            yield self._problem(dice.choice(TWITCHES), at)
        if later and dice.random() < 0.6:
            yield self._problem({"coding": [{"system": ICD, "code": dice.choice(SIGNS)}]}, at - timedelta(days=1))
        if dice.random() < 0.4:
            code, text = dice.choice(USUAL)
            over = {"abatementDateTime": (at + timedelta(days=90)).date().isoformat()} if dice.random() < 0.5 else {}
            status = "resolved" if over else "active"
            yield self._problem({"coding": [{"system": ICD, "code": code}], "text": text}, at, status) | over
        for code, value, unit in LABS if twitch or later or dice.random() < 0.2 else ():
            yield self._lab((code, round(value * dice.uniform(0.6, 1.3), 2), unit), at.date() - timedelta(days=2))
        if dice.random() < 0.5:
            yield self._medicine(at + timedelta(minutes=10), ident, clinician)

    def _ident(self) -> str:
        self._count += 1
        return f"{self.id}-{self._count}"

    def _problem(self, code: Json, at: datetime, status: str = "active") -> Json:
        return {
            "resourceType": "Condition",
            "id": self._ident(),
            "clinicalStatus": {"coding": [{"code": status}]},
            "code": code,
            "subject": {"reference": f"Patient/{self.id}"},
            "onsetDateTime": at.date().isoformat(),
            "recordedDate": at.isoformat(),
        }

    def _lab(self, lab: tuple[str, float, str], day: date) -> Json:
        code, value, unit = lab
        return {
            "resourceType": "Observation",
            "id": self._ident(),
            "status": "final",
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "subject": {"reference": f"Patient/{self.id}"},
            "effectiveDateTime": day.isoformat(),
            "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        }

    def _medicine(self, at: datetime, visit: str, clinician: str) -> Json:
        return {
            "resourceType": "MedicationRequest",
            "id": self._ident(),
            "status": self._dice.choice(("active", "active", "completed", "stopped")),
            "intent": "order",
            "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": self._dice.choice(MEDICINES)}]},
            "subject": {"reference": f"Patient/{self.id}"},
            "encounter": {"reference": f"Encounter/{visit}"},
            "requester": {"reference": clinician},
            "authoredOn": at.isoformat(),
        }


def population(patients: int, seed: int = 1) -> Iterator[list[Json]]:
    """The charts of so many patients."""
    for number in range(patients):
        yield list(Person(number, seed).resources())


def export(folder: Path, resources: list[Json]) -> Path:
    """A bulk export: one file for each type."""
    folder.mkdir(parents=True, exist_ok=True)
    by_type: dict[str, list[str]] = {}
    for one in resources:
        by_type.setdefault(one["resourceType"], []).append(json.dumps(one))
    for kind, lines in by_type.items():
        (folder / f"{kind}.ndjson").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def main() -> None:
    """Write an export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patients", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    export(given.folder, [one for chart in population(given.patients, given.seed) for one in chart])


if __name__ == "__main__":
    main()
