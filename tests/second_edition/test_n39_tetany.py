"""N39: tetany with normal calcium is lowered only where every condition holds."""

from collections.abc import Callable
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.notation import request_bytes
from charts.resources import Line
from charts.seam import evaluate
from hypothesis import given, settings
from hypothesis import strategies as st
from numbered import got, name_of, of, one, text

TWITCH: Line = {"twitch": "2 w"}
TETANY: Line = {"condition": "R29.0 Tetany", "recorded": "3 d @08:00"}
BREATHING: Line = {"condition": "R06.4 Hyperventilation", "recorded": "3 d"}
DAMAGES: dict[str, Callable[[Line], list[Line]]] = {
    "removed": lambda line: [],
    "without a unit": lambda line: [{**line, "value": line["value"].partition(" ")[0]}],
    "without a known code": lambda line: [{**line, "lab": "local:77 Result"}],
    "of unknown status": lambda line: [{**line, "status": "unknown"}],
    "preliminary": lambda line: [{**line, "status": "preliminary"}],
    "entered in error": lambda line: [{**line, "status": "entered-in-error"}],
    "undated": lambda line: [{**line, "undated": True}],
    "in words": lambda line: [{"lab": line["lab"], "words": "normal", "at": line["at"]}],
    "of another patient": lambda line: [{**line, "of": "somebody-else"}],
    "a year old": lambda line: [{**line, "at": "1 y"}],
}
KEYS = (
    *("patient", "conditions", "labs", "medicationRequests"),
    *("medicationStatements", "medicationAdministrations"),
)


@pytest.mark.parametrize("case", of(39), ids=name_of)
def test_n39_cards(case: Case) -> None:
    """Each chart of the tables N39 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def answer(lines: list[Line], **more: Any) -> list[tuple[str, str]]:
    """Topic and indicator of the cards of a woman of 40 with these lines."""
    chart = {"patient": {"age": "40 y", "sex": "F"}, "resources": lines, **more}
    status, body = evaluate(request_bytes(chart), TODAY)
    assert status == 200, body
    return [(card["source"]["topic"]["code"], card["indicator"]) for card in body["cards"]]


@st.composite
def measured(draw: st.DrawFn) -> list[Line]:
    """Calcium and magnesium in range after the tetany, and a potassium of the week."""
    kind, low, high = draw(st.sampled_from([("iCa", 116, 132), ("adjCa", 221, 259)]))
    hour = draw(st.integers(8, 23))
    return [
        {"lab": kind, "value": f"{draw(st.integers(low, high)) / 100} mmol/L", "at": f"3 d @{hour:02}:30"},
        {"lab": "Mg", "value": f"{draw(st.integers(71, 109)) / 100} mmol/L", "at": f"2 d @{hour % 8:02}:00"},
        {"lab": "K", "value": f"{draw(st.integers(36, 53)) / 10} mmol/L", "at": f"{draw(st.integers(0, 7))} d"},
    ]


@settings(max_examples=150, derandomize=True)
@given(labs=measured(), place=st.integers(0, 2), damage=st.sampled_from(sorted(DAMAGES)))
def test_n39_each_test_is_needed(labs: list[Line], place: int, damage: str) -> None:
    """With all three it is a warning; with one of them removed, unreadable or not of then it is the emergency."""
    less = [*labs[:place], *DAMAGES[damage](labs[place]), *labs[place + 1 :]]

    assert [("known-cause", "warning")] == answer([TWITCH, TETANY, *labs])
    assert ("emergency", "critical") == answer([TWITCH, TETANY, *less])[0]


@settings(max_examples=100, derandomize=True)
@given(labs=measured(), key=st.sampled_from(KEYS), how=st.sampled_from(["absent", "operation-outcome", "next-page"]))
def test_n39_each_type_is_needed(labs: list[Line], key: str, how: str) -> None:
    """Where the age, diagnoses, results or medicines did not all arrive nothing is lowered."""
    if key == "patient":
        how = "absent" if how == "next-page" else how
    if key == "conditions":
        how = "next-page"  # else the tetany did not arrive either
    found = answer([TWITCH, TETANY, *labs], missing={key: how})

    if key == "labs":
        assert ("emergency", "critical") == found[0]
    else:
        assert [("emergency", "critical")] == found


@settings(max_examples=60, derandomize=True)
@given(labs=measured(), damage=st.sampled_from(["removed", "provisional", "refuted", "31 days", "undated"]))
def test_n39_overbreathing_stands_for_potassium_only_where_it_is_sure(labs: list[Line], damage: str) -> None:
    """Recorded hyperventilation stands for the potassium; removed, in doubt or older it does not."""
    changed: dict[str, list[Line]] = {
        "removed": [],
        "provisional": [{**BREATHING, "ver": "provisional"}],
        "refuted": [{**BREATHING, "ver": "refuted"}],
        "31 days": [{**BREATHING, "recorded": "31 d"}],
        "undated": [{"condition": "R06.4 Hyperventilation", "undated": True}],
    }

    assert [("known-cause", "warning")] == answer([TWITCH, TETANY, *labs[:2], BREATHING])
    assert ("emergency", "critical") == answer([TWITCH, TETANY, *labs[:2], *changed[damage]])[0]


def test_n39_the_warning_names_what_else_it_may_be() -> None:
    """The sentence of N39 leads, whatever other cause is on file."""
    sentence = (
        "Tetany recorded 2026-11-19; calcium and magnesium normal after it: overbreathing, alkalosis, tetanus? "
        "Assess today."
    )

    assert text(one("N39/potassium")).startswith(sentence)
    assert text(one("N39/thyroid-too")).startswith(sentence)
    assert text(one("N39/hyperventilation-no-potassium")).startswith(sentence)


def test_n39_overbreathing_is_asked_with_the_values() -> None:
    """Calcium, magnesium and potassium stand in the sentence."""
    assert text(one("N39/hyperventilation-and-potassium")).startswith(
        "Tetany recorded 2026-11-19; calcium 1.22 mmol/L, magnesium 0.85 mmol/L, potassium 4.2 mmol/L normal: "
        "overbreathing?"
    )


@pytest.mark.parametrize(
    ("case", "missing"),
    [
        ("N39-tests/no-magnesium", "magnesium in range within 48 hours after it"),
        ("N39/no-potassium", "potassium in range within 7 days, or overbreathing recorded"),
        ("N39/potassium-low", "calcium, magnesium and potassium without an abnormal result since a week before it"),
        ("N39/potassium-unread", "all results of calcium, magnesium and potassium readable"),
        ("N39/low-recorded", "no low calcium, magnesium or potassium recorded"),
        ("N39/calcium-given", "no calcium or magnesium given"),
        ("N39/medicine-unread", "all medicines known"),
        ("N39/parathyroid", "no hypoparathyroidism"),
        ("N39/dialysis", "no dialysis"),
        ("N39/denosumab", "no denosumab within 180 days"),
        ("N39/age-15", "an age of 16 or more"),
        ("N39-tests/undated", "a day of the tetany"),
    ],
)
def test_n39_the_emergency_names_what_is_missing(case: str, missing: str) -> None:
    """Why tetany alone stays an emergency is said, and what the chart would need."""
    assert f"Tetany alone stays an emergency until the chart has: {missing}" in text(one(case))


@pytest.mark.parametrize("case", ["N39/earlier-low-calcium", "N39/another-emergency"])
def test_n39_nothing_is_missing_where_another_emergency_decides(case: str) -> None:
    """Beside another emergency nothing could be lowered, whatever else was measured."""
    said = "Tetany alone stays an emergency" in text(one(case))

    assert said == (case == "N39/earlier-low-calcium")
