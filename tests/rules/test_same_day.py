"""Two answers to one question on one day: whichever entry comes first, the cards are the same (4b Dates)."""

import json
import re
from collections import defaultdict
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request_bytes, unfold
from charts.resources import Line
from charts.seam import evaluate
from hypothesis import given, settings
from hypothesis import strategies as st

MOMENTS = ((None, None), ("08:00", "16:00"), ("16:00", "08:00"), ("08:00", None), ("12:00", "12:00"))
ANSWERS = ("value", "is", "interp", "bp", "finds", "status", "ver")
EDGES = ("0.5", "0.9", "1.1", "2", "100")
OTHERS: dict[str, tuple[str, ...]] = {
    "status": ("active", "resolved", "inactive"),
    "ver": ("confirmed", "refuted", "provisional"),
    "interp": ("N", "A", "L", "H", "LL", "HH"),
    "bp": ("118/70", "150/80", "120/95"),
}
often = settings(max_examples=400, derandomize=True)


def question(line: Line) -> tuple[str, str]:
    """What a line asks: its kind and its code."""
    kind = next(iter(line))
    return kind, str(line[kind])


def answered() -> dict[tuple[str, str], dict[str, list[Any]]]:
    """What the golden cases answer to each question."""
    found: dict[tuple[str, str], dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for case in cases():
        for line in lines_of(case):
            for name in ANSWERS:
                if name in line and line[name] not in found[question(line)][name]:
                    found[question(line)][name].append(line[name])
    return found


def lines_of(case: Case) -> list[Line]:
    """The lines of a chart, each for one resource."""
    return [line for one in case.chart["resources"] for line in unfold(one)]


KNOWN = answered()
PLAIN = [
    case
    for case in cases()
    if case.status == 200
    and "deceased" not in case.chart["patient"]
    and not case.chart.keys() & {"hook", "missing", "context"}
]


def others(line: Line) -> list[Line]:
    """Lines that answer the same question otherwise."""
    found = [
        {**line, name: answer}
        for name in ANSWERS
        if name in line
        for answer in [*KNOWN[question(line)][name], *OTHERS.get(name, ())]
    ]
    value = line.get("value")
    if isinstance(value, str) and (number := re.search(r"\d+(\.\d+)?", value)):
        scaled = (f"{float(number[0]) * float(times):.4f}".rstrip("0").rstrip(".") for times in EDGES)
        found += [{**line, "value": value.replace(number[0], one, 1)} for one in scaled]
    if "condition" in line:
        found += [{**line, "status": status} for status in OTHERS["status"]]
        found += [{**line, "condition": code} for code in weeks() if str(line["condition"]).startswith("Z3A.")]
    return [one for one in found if one != line]


def weeks() -> list[str]:
    """The weeks of gestation around the twentieth."""
    return [f"Z3A.{number} {number} weeks gestation of pregnancy" for number in ("18", "19", "20", "21", "38")]


def at(line: Line, hours: str | None) -> Line:
    """The line at an hour of its day, where its day is so many days ago."""
    option = "recorded" if "condition" in line else "at"
    day = str(line.get(option, "3 d")).partition(" @")[0].replace("today", "0 d")
    return {**line, option: f"{day} @{hours}"} if hours and re.fullmatch(r"\d+ (d|w|mo|y)", day) else line


PAIRED = [case for case in PLAIN if any(others(line) for line in lines_of(case))]


@st.composite
def charts(draw: st.DrawFn) -> tuple[Line, list[Line], list[Line]]:
    """A golden chart in which one fact has a second answer of the same day; and the same lines in another order."""
    case = draw(st.sampled_from(PAIRED))
    lines = lines_of(case)
    place = draw(st.sampled_from([number for number, line in enumerate(lines) if others(line)]))
    second = draw(st.sampled_from(others(lines[place])))
    first_hours, second_hours = draw(st.sampled_from(MOMENTS))
    pair = [at(lines[place], first_hours), at(second, second_hours)]
    named = [{**line, "id": f"n{number}"} for number, line in enumerate([*lines[:place], *pair, *lines[place + 1 :]])]
    return case.chart["patient"], named, draw(st.permutations(named))


@often
@given(charts())
def test_the_order_of_two_answers_of_one_day_changes_nothing(chart: tuple[Line, list[Line], list[Line]]) -> None:
    """Topics, indicators, words and facts: all of every card, but for the ids that are made for it."""
    patient, lines, permuted = chart

    assert shown(patient, lines) == shown(patient, permuted)


def shown(patient: Line, lines: list[Line]) -> list[dict[str, Any]]:
    """The cards of a chart without the ids that are new in every call."""
    status, body = evaluate(request_bytes({"patient": patient, "resources": lines}), TODAY)
    assert status == 200, body
    return [without_ids(card) for card in body["cards"]]


def without_ids(card: dict[str, Any]) -> dict[str, Any]:
    """What a card says."""
    return {name: card[name] for name in ("summary", "detail", "indicator", "source", "extension")}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("first", "second", "topics"),
    [
        ({"lab": "GAD7", "value": "16 {score}"}, {"lab": "GAD7", "value": "4 {score}"}, ["lifestyle"]),
        ({"lab": "sleep", "value": "300 min"}, {"lab": "sleep", "value": "8 h"}, ["lifestyle"]),
        ({"lab": "sleep", "value": "5 h"}, {"lab": "sleep", "value": "8"}, ["data-gap"]),
        ({"lab": "K", "value": "3.1 mmol/L"}, {"lab": "K", "value": "4.1 mmol/L"}, ["abnormal-lab"]),
    ],
)
def test_the_worse_of_two_answers_without_a_time_counts(
    first: Line, second: Line, topics: list[str], turned: bool
) -> None:
    """If instants cannot order them the more abnormal wins."""
    pair = [second, first] if turned else [first, second]
    lines = [{**line, "id": json.dumps(line)[-9:-3].strip(' ".')} for line in pair]

    assert topics == [card["source"]["topic"]["code"] for card in shown({}, [{"twitch": "2 w"}, *lines])]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (({"lab": "K", "value": "3.2 mmol/L", "id": "k32"}, {"lab": "K", "value": "3.1 mmol/L", "id": "k31"}), "3.1 "),
        (
            ({"lab": "TSH", "value": "12 m[IU]/L", "id": "a"}, {"lab": "TSH", "value": "14 m[IU]/L", "id": "b"}),
            "TSH 14 mIU/L",
        ),
    ],
)
def test_of_two_equally_urgent_results_the_farther_out_is_shown(
    lines: tuple[Line, ...], said: str, turned: bool
) -> None:
    """A card never shows the milder of two values of one day."""
    cards = shown({}, [{"twitch": "2 w"}, *(reversed(lines) if turned else lines)])

    assert said in cards[0]["summary"]


@pytest.mark.parametrize("turned", [False, True])
def test_the_card_cites_the_examination_that_decided(turned: bool) -> None:
    """Whoever opens the resource must find there what the card says of it."""
    exams = [
        {"lab": "exam", "interp": "N", "at": "2 d @08:00", "id": "normal"},
        {"lab": "exam", "interp": "A", "at": "2 d @16:00", "id": "abnormal"},
    ]
    cards = shown({}, [{"twitch": "2 w"}, *(exams[::-1] if turned else exams)])
    facts = [fact for card in cards for fact in card["extension"]["org.twitch-cds.basis"]["facts"]]

    assert ["Observation/abnormal"] == [one["resource"] for one in facts if one.get("value") == "abnormal"]
