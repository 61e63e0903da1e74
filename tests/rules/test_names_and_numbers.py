"""What cards call things: every sign by its name, every number and unit as a clinician writes them."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request
from charts.resources import Line
from charts.seam import engine, evaluate

from cds.chart.facts import Meaning
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge, load
from cds.rules import findings
from cds.rules.findings import Finding
from cds.rules.rulebook import rulebook_of

BASIS = "org.twitch-cds.basis"
UNREADABLE = re.compile(r"[\[\]{}]|\de[+-]", re.IGNORECASE)
KNOWLEDGE = load()
VALUES = (0, 0.00007, 0.4, 2.2, 12.5, 99.99, 1250000, 123456789.5)
TWITCH: Line = {"twitch": "2 w"}
EXAMINED: Line = {"lab": "exam", "interp": "N", "at": "5 d"}
SIGNS = sorted({name for rule in rulebook_of(KNOWLEDGE).rules.values() for name in rule.reads.value_sets})
MOMENTS: dict[str, tuple[Line, list[Line]]] = {
    "plain": ({"age": "45 y"}, []),
    "low-calcium": ({"age": "45 y"}, [{"lab": "adjCa", "value": "1.85 mmol/L"}]),
    "low-potassium": ({"age": "45 y"}, [{"lab": "K", "value": "2.7 mmol/L"}]),
    "low-magnesium": ({"age": "45 y"}, [{"lab": "Mg", "value": "0.45 mmol/L"}]),
    "low-sodium": ({"age": "45 y"}, [{"lab": "Na", "value": "121 mmol/L"}]),
    "high-ck": ({"age": "45 y"}, [{"lab": "CK", "value": "4000 U/L"}]),
    "very-high-ck": ({"age": "45 y"}, [{"lab": "CK", "value": "9000 U/L"}]),
    "lithium": ({"age": "45 y"}, [{"lab": "lithium", "value": "2.0 mmol/L"}]),
    "serotonin": ({"age": "45 y"}, [{"drug": "atc:N06AB06 sertraline"}]),
    "pregnant": ({"age": "30 y"}, [{"condition": "Z3A.24 24 weeks gestation of pregnancy"}, {"bp": "165/112"}]),
    "child": ({"age": "4 y"}, []),
    "infant": ({"age": "5 mo"}, []),
}


def coded(concept: Concept) -> dict[str, Any]:
    """A CodeableConcept."""
    return {"coding": [{"system": concept.system, "code": concept.code}]}


def call(patient: Line, lines: list[Line], guests: Iterable[dict[str, Any]] = (), key: str = "labs") -> Any:
    """The cards of a chart with resources that the notation cannot say."""
    made = request({"patient": {"sex": "F", **patient}, "resources": [TWITCH, *lines]})
    owned = [{**one, "subject": {"reference": "Patient/golden"}} for one in guests]
    made["prefetch"][key].setdefault("entry", []).extend({"resource": one} for one in owned)
    status, body = evaluate(json.dumps(made).encode(), TODAY)
    assert status == 200, body
    return body["cards"]


def units() -> Iterator[tuple[str, str]]:
    """Every analyte with each unit in which it has a limit, and its own."""
    for name, analyte in KNOWLEDGE.analytes.items():
        printed = (unit for limit in KNOWLEDGE.limits.get(name, ()) for unit in limit.value)
        yield from ((name, unit) for unit in dict.fromkeys((analyte.unit, *analyte.same_as, *printed)))


@pytest.mark.parametrize(("analyte", "unit"), list(units()))
def test_no_card_shows_brackets_or_exponents(analyte: str, unit: str) -> None:
    """Not one summary, and no value, unit or limit of a detail, whatever the value."""
    code = KNOWLEDGE.codes.of_analyte(analyte)[0]
    quantity = {"unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    for value in VALUES:
        result = {"resourceType": "Observation", "id": "x", "status": "final", "effectiveDateTime": "2026-11-20"}
        made = {**result, "code": coded(code), "valueQuantity": {"value": value, **quantity}}
        for card in call({"age": "45 y"}, [], [made]):
            assert not UNREADABLE.search(card["summary"]), card["summary"]
            facts = card["detail"].split("\n\n")[0].replace("\\", "")
            assert not UNREADABLE.search(facts), facts


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([{"lab": "CK", "value": "125000 U/L"}], "CK 125000 U/L"),
        ([{"lab": "TSH", "value": "12.5 m[IU]/L"}], "TSH 12.5 mIU/L"),
        ([{"lab": "TSH", "value": ">100 m[IU]/L"}], "TSH >100 mIU/L"),
        ([{"lab": "K", "value": "0.0022 mol/L"}], "potassium 0.0022 mol/L"),
        ([EXAMINED, {"lab": "sleep", "value": "4.5 h"}], "4.5 h"),
        ([EXAMINED, {"lab": "caffeine", "value": "1200000 mg/d"}], "1200000 mg"),
    ],
)
def test_a_summary_prints_its_number_as_the_detail_does(lines: list[Line], said: str) -> None:
    """One place prints numbers and units."""
    assert said in call({"age": "45 y"}, lines)[0]["summary"]


def test_a_limit_is_printed_like_a_value() -> None:
    """No brackets of UCUM beside the value either."""
    [card] = call({"age": "45 y"}, [{"lab": "TSH", "value": "12 m[IU]/L", "range": "0.4-4"}])
    fact = next(one for one in card["extension"][BASIS]["facts"] if "TSH" in one["label"])

    assert ("0.4-4 mIU/L", 12.0, "m[IU]/L") == (fact["limit"], fact["value"], fact["unit"])


@cache
def signs_of(name: str) -> list[dict[str, Any]]:
    """Some Conditions of a value set, one per code, as different as it has them."""
    members = KNOWLEDGE.codes.members(name)
    kinds = {concept.sets: concept for concept in members}
    return [
        {
            "resourceType": "Condition",
            "id": "probe",
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "recordedDate": "2026-11-21",
            "onsetDateTime": "2026-11-21",
            "code": coded(concept),
        }
        for concept in list(kinds.values())[:4]
    ]


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_sign_is_named_by_the_sets_its_rule_looked_for(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule names what it found by the very sets in which it found it: none falls back to another name."""
    patient, lines = MOMENTS[moment]
    named: list[str] = []

    def strictly(finding: Finding, sets: Iterable[str], knowledge: Knowledge) -> str:
        names = tuple(sets)
        assert finding.sets & set(names) or finding.named.text, (finding.sets, names)
        named.append(label(finding, names, knowledge))
        return named[-1]

    label = findings.label
    monkeypatch.setattr(findings, "label", strictly)
    for name in SIGNS:
        for probe in signs_of(name):
            cards = call(patient, lines, [probe], "conditions")
            assert "rule-failed" not in json.dumps(cards), (name, probe["code"])
    assert named
    assert "sign" not in named


def test_a_sign_that_its_rule_did_not_look_for_still_has_a_name() -> None:
    """Were a set forgotten, the card would show the code's own name, or the code: never the name of a set (N59)."""
    problem = signs_of("acute-paralysis")[0]["code"]["coding"][0]
    concept = KNOWLEDGE.codes.find(problem["system"], problem["code"])
    assert concept is not None
    named = Meaning("Condition/x", (concept,), concept.sets)

    found = findings.label(Finding(named=named, concepts=(concept,), sets=concept.sets), (), engine(TODAY).knowledge)

    assert (concept.display or concept.code) == found
