"""Writes the demo charts: each story's facts (stories.toml) inside an ordinary, uneventful record.

Run `python fhir_fixtures/make.py`. The same stories always give the same bytes. This is a tool of the
repository, not of the service: it reads the compact notation of tests/charts.
"""

import json
import sys
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]

from charts.dates import TODAY  # noqa: E402 - the paths above come first
from charts.golden import card  # noqa: E402
from charts.notation import patient, request_for, unfold  # noqa: E402
from charts.resources import build  # noqa: E402

Json = dict[str, Any]
SCT, LOINC, RXNORM = "http://snomed.info/sct", "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM, CVX = "http://unitsofmeasure.org", "http://hl7.org/fhir/sid/cvx"
HL7 = "http://terminology.hl7.org/CodeSystem"
QUIET_DAYS = 200  # the ordinary record ends this long ago, so that no panel of it is fresh where freshness matters
VISITS = 10

# LOINC, display, lowest and highest ordinary value, decimals, unit
Measure = tuple[str, str, float, float, int, str]
VITALS: tuple[Measure, ...] = (
    ("8331-1", "Oral temperature", 36.4, 37.0, 1, "Cel"),
    ("72514-3", "Pain severity score", 0, 2, 0, "{score}"),
)
BODY_MASS: Measure = ("39156-5", "Body mass index", 20.5, 25.5, 1, "kg/m2")
CHILD_BODY_MASS: Measure = ("39156-5", "Body mass index", 14.8, 16.9, 1, "kg/m2")
BLOOD_COUNT: tuple[Measure, ...] = (
    ("6690-2", "Leukocytes", 4.8, 8.9, 1, "10*3/uL"),
    ("789-8", "Erythrocytes", 4.3, 5.2, 1, "10*6/uL"),
    ("718-7", "Hemoglobin", 13.0, 15.2, 1, "g/dL"),
    ("4544-3", "Hematocrit", 39.0, 45.0, 1, "%"),
    ("787-2", "MCV", 84.0, 94.0, 1, "fL"),
    ("777-3", "Platelets", 180, 340, 0, "10*3/uL"),
)
LIPIDS: tuple[Measure, ...] = (
    ("2093-3", "Total cholesterol", 155, 195, 0, "mg/dL"),
    ("2571-8", "Triglycerides", 70, 140, 0, "mg/dL"),
    ("2085-9", "HDL cholesterol", 48, 70, 0, "mg/dL"),
)
METABOLIC: tuple[Measure, ...] = (
    ("2339-0", "Glucose", 78, 95, 0, "mg/dL"),
    ("6298-4", "Potassium", 3.9, 4.6, 1, "mmol/L"),
    ("2947-0", "Sodium", 138, 142, 0, "mmol/L"),
    ("2069-3", "Chloride", 101, 106, 0, "mmol/L"),
)
PANELS = (
    ("58410-2", "Complete blood count panel", BLOOD_COUNT),
    ("57698-3", "Lipid panel", LIPIDS),
    ("51990-0", "Basic metabolic panel", METABOLIC),
)
INFECTIONS = (
    ("444814009", "Viral sinusitis"),
    ("195662009", "Acute viral pharyngitis"),
    ("10509002", "Acute bronchitis"),
    ("65363002", "Otitis media"),
)
OLD_DRUGS = (
    ("313782", "Acetaminophen 325 MG Oral Tablet"),
    ("310965", "Ibuprofen 200 MG Oral Tablet"),
    ("834061", "Penicillin V Potassium 250 MG Oral Tablet"),
    ("665078", "Loratadine 5 MG Chewable Tablet"),
)
VACCINES = (("140", "Influenza, seasonal, injectable, preservative free"), ("113", "Td (adult) preservative free"))
INFANT_VACCINES = (
    ("20", "DTaP"),
    ("133", "Pneumococcal conjugate PCV 13"),
    ("10", "IPV"),
    ("119", "rotavirus, monovalent"),
)


# LOINC displays of the facts that the notation names by short names
NAMES = {
    "10202-0": "Physical findings of nervous system",
    "14334-7": "Lithium [Moles/volume] in Serum or Plasma",
    "18749-2": "Electromyogram study",
    "2132-9": "Cobalamin (Vitamin B12) [Mass/volume] in Serum or Plasma",
    "2601-3": "Magnesium [Moles/volume] in Serum or Plasma",
    "2823-3": "Potassium [Moles/volume] in Serum or Plasma",
    "3016-3": "Thyrotropin [Units/volume] in Serum or Plasma",
    "68438-1": "25-hydroxyvitamin D2+D3 [Moles/volume] in Serum or Plasma",
    "70274-6": "Generalized anxiety disorder 7 item total score",
    "72166-2": "Tobacco smoking status",
    "80489-8": "Caffeine intake",
    "93832-4": "Sleep duration",
}


class Record:
    """One patient's chart while it is being written; hands out running ids and the day's encounter."""

    def __init__(self, story: Json) -> None:
        self.story = story
        self.id: str = story["id"]
        self.random = Random(self.id)  # noqa: S311 - invented data, no secret
        self.entries: list[Json] = []
        self.encounter = ""

    def add(self, kind: str, **elements: Any) -> str:
        """One more resource, belonging to the patient and to the encounter of the day; its reference."""
        owner = "patient" if kind == "Immunization" else "subject"
        made: Json = {"resourceType": kind, "id": f"{self.id}-{len(self.entries) + 1}"}
        made |= elements | {owner: {"reference": f"Patient/{self.id}"}}
        if self.encounter:
            made["encounter"] = {"reference": self.encounter}
        self.entries.append(made)
        return f"{kind}/{made['id']}"

    def chart(self) -> list[Json]:
        """The Patient, the ordinary years, and last the facts of the story."""
        self._ordinary_years()
        self._facts()
        return [_person(self.story), *self.entries]

    def _ordinary_years(self) -> None:
        for number, day in enumerate(_visit_days(self.story)):
            self._visit(day)
            self._vitals(day)
            self._vaccines(day, number)
            if self._grown(day) and number % 2 == 0:
                self._panels(day)
            if number % 3 == 1:
                self._infection(day)
        self.encounter = ""

    def _visit(self, day: str) -> None:
        self.encounter = ""
        self.encounter = self.add(
            "Encounter",
            status="finished",
            **{"class": {"system": f"{HL7}/v3-ActCode", "code": "AMB"}},
            type=[_concept(SCT, "185349003", "Encounter for check up")],
            period={"start": f"{day}T09:00:00Z", "end": f"{day}T09:25:00Z"},
        )
        name = ("428191000124101", "Documentation of current medications")
        self.add("Procedure", status="completed", code=_concept(SCT, *name), performedDateTime=day)

    def _vitals(self, day: str) -> None:
        for measure in VITALS:
            self._measured(measure, day, "vital-signs")
        if self._age(day) < 2:
            return
        self._measured(BODY_MASS if self._grown(day) else CHILD_BODY_MASS, day, "vital-signs")
        self.add(
            "Observation",
            **_observed("85354-9", "Blood pressure panel", day, "vital-signs"),
            component=[
                self._component("8480-6", "Systolic blood pressure", 108, 126),
                self._component("8462-4", "Diastolic blood pressure", 66, 78),
            ],
        )
        if self._grown(day):
            never = _concept(SCT, "266919005", "Never smoked tobacco")
            about = _observed("72166-2", "Tobacco smoking status", day, "social-history")
            self.add("Observation", **about, valueCodeableConcept=never)

    def _component(self, code: str, display: str, low: int, high: int) -> Json:
        value = self.random.randint(low, high)
        return {"code": _concept(LOINC, code, display), "valueQuantity": _quantity(value, "mm[Hg]")}

    def _measured(self, measure: Measure, day: str, category: str) -> str:
        code, display, low, high, decimals, unit = measure
        drawn = round(self.random.uniform(low, high), decimals)
        value = _quantity(drawn if decimals else int(drawn), unit)
        return self.add("Observation", **_observed(code, display, day, category), valueQuantity=value)

    def _vaccines(self, day: str, number: int) -> None:
        chosen = INFANT_VACCINES if self._age(day) < 2 else VACCINES[: 1 + (number == 0 and self._grown(day))]
        for code, display in chosen:
            vaccine = _concept(CVX, code, display)
            self.add("Immunization", status="completed", vaccineCode=vaccine, occurrenceDateTime=day)

    def _panels(self, day: str) -> None:
        for code, display, measures in PANELS:
            results = [{"reference": self._measured(one, day, "laboratory")} for one in measures]
            about = {"category": [_concept(f"{HL7}/v2-0074", "LAB", "Laboratory")], "effectiveDateTime": day}
            self.add("DiagnosticReport", status="final", code=_concept(LOINC, code, display), **about, result=results)

    def _infection(self, day: str) -> None:
        better = (date.fromisoformat(day) + timedelta(days=12)).isoformat()
        self.add(
            "Condition",
            clinicalStatus=_status("condition-clinical", "resolved"),
            verificationStatus=_status("condition-ver-status", "confirmed"),
            code=_concept(SCT, *self.random.choice(INFECTIONS)),
            onsetDateTime=day,
            recordedDate=day,
            abatementDateTime=better,
        )
        drug = _concept(RXNORM, *self.random.choice(OLD_DRUGS))
        self.add(
            "MedicationRequest", status="completed", intent="order", medicationCodeableConcept=drug, authoredOn=day
        )

    def _grown(self, day: str) -> bool:
        return self._age(day) > 17

    def _age(self, day: str) -> int:
        return int(day[:4]) - int(self.story["born"][:4])

    def _facts(self) -> None:
        lines = [one for line in self.story["facts"] for one in unfold(line)]
        for line in lines:
            made = build({**line, "id": f"{self.id}-{len(self.entries) + 1}"}, self.id, 0)
            self.entries.append(_dressed(made))


def _visit_days(story: Json) -> Iterator[str]:
    """Check-ups every year (children: every half), the last one QUIET_DAYS ago; an infant every few weeks until now."""
    born = date.fromisoformat(story["born"])
    age = (TODAY - born).days
    last, step = (7, max(age // 7, 14)) if age < 365 else (QUIET_DAYS, 365 if age > 18 * 365 else 180)
    days = [TODAY - timedelta(days=last + step * back) for back in range(VISITS)]
    return iter([day.isoformat() for day in reversed(days) if day > born])


def _dressed(fact: Json) -> Json:
    """The bare fact with what real records add: a category, and the code in words."""
    if fact["resourceType"] == "Condition":
        fact["category"] = [_status("condition-category", "problem-list-item")]
    for coding in fact.get("code", {}).get("coding", ()):
        coding.setdefault("display", NAMES.get(coding["code"], ""))
        fact["code"].setdefault("text", coding["display"])
    return fact


def _person(story: Json) -> Json:
    given, family = (part.capitalize() for part in story["id"].split("-"))
    made = patient({"id": story["id"], "birthDate": story["born"], "sex": story["sex"]})
    label = {"system": f"{HL7}/v3-ActReason", "code": "HTEST", "display": "test health data"}
    name = {"use": "official", "family": family, "given": [given], "suffix": ["(synthetic)"]}
    return made | {"meta": {"security": [label]}, "name": [name]}


def _observed(code: str, display: str, day: str, category: str) -> Json:
    kind = {"coding": [{"system": f"{HL7}/observation-category", "code": category}]}
    return {
        "status": "final",
        "category": [kind],
        "code": _concept(LOINC, code, display),
        "effectiveDateTime": f"{day}T09:10:00Z",
    }


def _concept(system: str, code: str, display: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def _status(system: str, code: str) -> Json:
    return {"coding": [{"system": f"{HL7}/{system}", "code": code}]}


def _one_per_line(entries: list[Json]) -> str:
    lines = ",\n".join(json.dumps({"resource": one}, ensure_ascii=False) for one in entries)
    return f'{{"resourceType": "Bundle", "type": "collection", "entry": [\n{lines}\n]}}\n'


def _indented(content: Json) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _index(stories: list[Json]) -> Json:
    charts = []
    for story in stories:
        expect = [card(text) for text in story["expect"]]
        cards = [{"topic": one.topic, "indicator": one.indicator, "tags": list(one.tags)} for one in expect]
        name = " ".join(part.capitalize() for part in story["id"].split("-"))
        charts.append({"id": story["id"], "name": name, "title": story["title"], "expect": cards})
    return {"referenceDate": TODAY.isoformat(), "charts": charts}


def _request(story: Json) -> Json:
    """A whole patient-view request whose cards do not depend on the day it is sent."""
    facts = [build(line, story["id"], number) for number, line in enumerate(story["facts"], 1)]
    return request_for([_person(story), *facts])


def files() -> dict[str, str]:
    """Every file of this folder that is made, by its path inside it."""
    stories = tomllib.loads((HERE / "stories.toml").read_text(encoding="utf-8"))
    made = {f"charts/{one['id']}.json": _one_per_line(Record(one).chart()) for one in stories["chart"]}
    made |= {f"requests/{one['file']}.json": _indented(_request(one)) for one in stories["request"]}
    return made | {"index.json": _indented(_index(stories["chart"]))}


def main() -> None:
    """Write all files."""
    for name, content in files().items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
