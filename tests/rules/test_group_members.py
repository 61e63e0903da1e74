"""Members of groups of signs that no golden case tells apart: each is left out by a mutant of rules.toml."""

from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request_bytes
from charts.resources import Line
from charts.seam import evaluate

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
NORMAL: tuple[Line, ...] = (
    {"twitch": "14 mo"},
    {"normal_labs": "3 d"},
    {"lab": "exam", "interp": "N", "at": "100 d"},
    {"lab": "emg", "interp": "N", "at": "90 d"},
)
URGENT = {
    "weakness": "26544005",
    "acute-paralysis": "11538006",
    "wasting": "88092000",
    "bulbar": "R47.81",
    "upper-motor-neuron": "221360009",
    "functional-weakness": "M21.371",
}
GRAVE = {
    "respiratory-emergency": "R06.03",
    "acute-paralysis": "G61.0",
    "tetany": "R29.0",
    "seizure": "R56.9",
    "dark-urine": "R82.1",
    "rhabdomyolysis": "M62.82",
    "cholinergic-poisoning": "T60.0X1A",
    "pre-eclampsia": "O15.00",
    "serotonin-syndrome": "G90.81",
    "neuroleptic-malignant": "G21.0",
    "withdrawal-alcohol": "F10.239",
    "withdrawal-drug": "F13.239",
    "tetanus": "A35",
    "venom": "T63.001A",
    "thyroid-storm": "E05.01",
}
TONGUE: Line = {"finding": "82470000 Fasciculation", "is": "373066001 Yes", "site": "21974007 Tongue", "at": "20 d"}
WITH_OTHERS = {
    "myopathy": "G72.9",
    "areflexia": "37280007",
    "feeding-difficulty": "R63.3",
    "acute-kidney-injury": "N17.9",
    "deficiency-calcium": "E83.51",
    "deficiency-magnesium": "E83.42",
    "deficiency-potassium": "E87.6",
    "deficiency-sodium": "E87.1",
    "deficiency-phosphate": "4996001",
    "excess-potassium": "E87.5",
    "excess-sodium": "E87.0",
    "excess-magnesium": "E83.41",
    "epilepsy": "G40.909",
    "thrombosis": "I82.401",
}
OF_THE_MIND = {"confusion": "R41.0", "drowsiness": "R40.0", "delirium": "F05", "hallucinations": "R44.0"}


def cards(*lines: Line, age: str = "45 y") -> list[dict[str, Any]]:
    """The cards of a chart."""
    _, answer = evaluate(request_bytes({"patient": {"age": age, "sex": "F"}, "resources": list(lines)}), TODAY)
    made: list[dict[str, Any]] = answer["cards"]
    return made


def topics(*lines: Line, age: str = "45 y") -> list[str]:
    """The topics of the cards of a chart."""
    return [card["source"]["topic"]["code"] for card in cards(*lines, age=age)]


def visit(code: str, day: str) -> Line:
    """A visit whose reason is coded, in ICD-10-CM or SNOMED CT."""
    return {
        "resource": {
            "resourceType": "Encounter",
            "id": "e",
            "status": "finished",
            "subject": {"reference": "Patient/golden"},
            "class": {"code": "AMB"},
            "period": {"start": day, "end": day},
            "reasonCode": [{"coding": [{"system": SNOMED if code.isdigit() else ICD, "code": code}]}],
        }
    }


@pytest.mark.parametrize("sign", URGENT)
def test_an_urgent_sign_explains_an_abnormal_examination(sign: str) -> None:
    """A request covers the sign; an examination that the sign explains is no later sign of its own (3a R4)."""
    found: Line = {"condition": URGENT[sign], "recorded": "60 d"}
    request: Line = {"request": "183521007", "at": "40 d"}

    assert ["work-up-status"] == topics({"twitch": "90 d"}, found, request, {"lab": "exam", "interp": "A", "at": "1 d"})


@pytest.mark.parametrize("age", ["45 y", "9 y"])
def test_a_twitch_of_the_tongue_explains_an_abnormal_examination(age: str) -> None:
    """Told by its site, it is of no other group of signs."""
    found: Line = {**TONGUE, "at": "60 d"}
    request: Line = {"request": "183521007", "at": "40 d"}

    lines = ({"twitch": "90 d"}, found, request, {"lab": "exam", "interp": "A", "at": "1 d"})

    assert ["work-up-status"] == topics(*lines, age=age)


@pytest.mark.parametrize("code", ["398151007", "37280007", "609225004"])
def test_a_sign_of_a_child_explains_its_abnormal_examination(code: str) -> None:
    """Hypotonia, absent reflexes or motor regression, covered by a request."""
    found: Line = {"condition": code, "recorded": "60 d"}
    request: Line = {"request": "183521007", "at": "40 d"}
    lines = ({"twitch": "90 d"}, found, request, {"lab": "exam", "interp": "A", "at": "1 d"})

    assert ["work-up-status"] == topics(*lines, age="9 y")


def flags(*lines: Line) -> list[str]:
    """The flags of the urgent card of a chart."""
    urgent = [card for card in cards(*lines) if card["source"]["topic"]["code"] == "neurology-urgent"]
    return [flag for card in urgent for flag in card["extension"]["org.twitch-cds.basis"]["flags"]]


def test_a_twitch_of_the_tongue_is_a_motor_sign_that_no_emergency_explains() -> None:
    """Breathlessness counts beside it (3a U6), and weakness beside it counts in spite of a low potassium (N45)."""
    breathless: Line = {"condition": "R06.00 Dyspnea, unspecified", "recorded": "60 d"}
    weak: Line = {"condition": "M62.81 Muscle weakness", "recorded": "2 d"}
    low: Line = {"lab": "K", "value": "2.3 mmol/L"}

    assert ["U3", "U6"] == flags({"twitch": "90 d"}, TONGUE, breathless)
    assert ["U1", "U3"] == flags({"twitch": "90 d"}, TONGUE, weak, low)
    assert [] == flags({"twitch": "90 d"}, weak, low)


@pytest.mark.parametrize(("day", "expected"), [("7 d", "emergency"), ("8 d", "data-gap")])
def test_a_pressure_in_pregnancy_counts_for_a_week(day: str, expected: str) -> None:
    """A severe one at 24 weeks (N42)."""
    weeks: Line = {"condition": "Z3A.24 24 weeks gestation of pregnancy"}

    assert [expected] == topics({"twitch": "2 w"}, weeks, {"bp": "170/115", "at": day}, age="30 y")


def test_an_examination_that_nothing_explains_is_not_covered() -> None:
    """The same request is older than the abnormal examination."""
    request: Line = {"request": "183521007", "at": "40 d"}

    assert ["neurology-evaluation"] == topics({"twitch": "90 d"}, request, {"lab": "exam", "interp": "A", "at": "1 d"})


@pytest.mark.parametrize("name", GRAVE)
def test_what_is_grave_as_a_reason_of_this_week_is_examined_today(name: str) -> None:
    """Coded as the reason of a visit two days ago (N17)."""
    first = cards(*NORMAL, visit(GRAVE[name], "2026-11-20"))[0]

    assert "neurology-evaluation" == first["source"]["topic"]["code"]
    assert "today" in first["summary"]


@pytest.mark.parametrize("name", OF_THE_MIND)
def test_a_change_of_mind_as_a_reason_keeps_from_calming(name: str) -> None:
    """Coded as the reason of a visit of last month, beside a normal examination and EMG (N16, N43)."""
    assert "reassurance" not in topics(*NORMAL, visit(OF_THE_MIND[name], "2026-10-25"))


def test_without_a_reason_the_same_chart_is_reassured() -> None:
    """What the charts above are held against."""
    assert ["reassurance"] == topics(*NORMAL)


def explained(code: str, *others: str) -> bool:
    """Whether a root of the neck explains a sign beside others, all of a year ago."""
    root: Line = {"condition": "M54.12 Radiculopathy, cervical region", "onset": "3 y"}
    signs: tuple[Line, ...] = tuple({"condition": name, "onset": "1 y"} for name in (code, *others))
    return "explained by" in " ".join(card["detail"] for card in cards({"twitch": "2 w"}, root, *signs))


ARM, LEG, SPEECH, BREATHING, SPASTICITY = "298283006", "309249007", "R47.1", "R06.02", "221360009"


@pytest.mark.parametrize("other", [LEG, SPEECH, BREATHING])
def test_a_sign_of_another_region_is_not_explained_by_one_root(other: str) -> None:
    """A root of the neck explains a weak hand, unless there is a sign of another region (N12 b)."""
    assert explained(ARM)
    assert not explained(ARM, other)


@pytest.mark.parametrize("signs", [("26544005",), ("M21.371",), ("88092000",), ("11538006", SPEECH)])
def test_a_lower_sign_beside_long_tracts_is_not_explained_by_one_root(signs: tuple[str, ...]) -> None:
    """It does, unless the long tracts are affected too (N12 c)."""
    assert explained(signs[0])
    assert not explained(*signs, SPASTICITY)


@pytest.mark.parametrize("name", WITH_OTHERS)
def test_what_counts_with_others_only_does_not_keep_from_calming_as_a_reason(name: str) -> None:
    """Coded as the reason of a visit of last month, beside a normal examination and EMG (N24)."""
    assert ["reassurance"] == topics(*NORMAL, visit(WITH_OTHERS[name], "2026-10-25"))


@pytest.mark.parametrize(("day", "is_known"), [("14 d", True), ("15 d", False)])
def test_more_than_42_weeks_are_42_and_go_on(day: str, is_known: bool) -> None:
    """Two weeks later they are 44, and beyond these the weeks count as unknown (4b Pregnant)."""
    weeks: Line = {"condition": "Z3A.49 Greater than 42 weeks gestation", "recorded": day}
    first = cards({"twitch": "2 w"}, weeks, {"bp": "170/115", "at": "1 d"}, age="30 y")[0]

    assert ("weeks not recorded" in first["summary"]) is not is_known


def test_a_twitch_of_the_tongue_beside_long_tracts_is_not_explained_by_one_root() -> None:
    """Told by its site, it is a lower sign as the others are (N12 c)."""
    root: Line = {"condition": "M54.12 Radiculopathy, cervical region", "onset": "3 y"}
    lines: tuple[Line, ...] = ({"twitch": "2 w"}, root, {"condition": "11538006", "onset": "1 y"})
    tracts: Line = {"condition": SPASTICITY, "onset": "1 y"}

    assert "explained by" in " ".join(card["detail"] for card in cards(*lines, tracts))
    assert "explained by" not in " ".join(card["detail"] for card in cards(*lines, tracts, TONGUE))
