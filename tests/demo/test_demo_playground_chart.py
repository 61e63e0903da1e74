"""Reading charts for people, and drawing results over time."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from site_kit import ENGINE

from cds.demo.playground import record
from cds.demo.playground.patient_list import name
from cds.demo.playground.reading import age, completed, number, words
from cds.demo.playground.results import Results
from cds.demo.playground.trend import Band, Point, trend

RESULTS = Results(ENGINE.knowledge)
TODAY = date(2026, 11, 22)
POTASSIUM = "2823-3"


def result(value: object, when: str, code: str = POTASSIUM, unit: str = "mmol/L", **more: Any) -> dict[str, Any]:
    """A laboratory result."""
    return {
        "resourceType": "Observation",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": "a test"},
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "unit": unit, "code": unit},
        **more,
    }


@pytest.mark.parametrize(
    ("shown", "birth"),
    [
        ("62 years", "1964-09-30"),
        ("61 years", "1964-11-23"),
        ("2 years", "2024-11-22"),
        ("23 months", "2024-11-23"),
        ("5 months", "2026-06-20"),
        ("12 days", "2026-11-10"),
        ("", "1964"),
        ("", ""),
    ],
)
def test_an_age_is_told_as_clinicians_tell_it(shown: str, birth: str) -> None:
    """Years, but months and days of the very young; nothing of a date that is not wholly known."""
    assert shown == age(birth, TODAY)


@pytest.mark.parametrize(("years", "birth"), [(62, "1964-09-30"), (0, "2026-06-20"), (None, "1964-09")])
def test_completed_years_choose_the_limits(years: int | None, birth: str) -> None:
    """None if they are not known."""
    assert years == completed(birth, TODAY)


@pytest.mark.parametrize(
    ("found", "value"),
    [
        (3.0, 3),
        (3.1, Decimal("3.1")),
        (None, "3"),
        (None, True),
        (None, None),
        (None, Decimal("1e999")),
        (None, 10**400),
    ],
)
def test_only_numbers_are_drawn(found: float | None, value: object) -> None:
    """No text, no truth values, nothing beyond what a picture holds."""
    assert found == number(value)


@pytest.mark.parametrize(
    ("called", "concept"),
    [
        ("text", {"text": "text", "coding": [{"display": "d"}]}),
        ("d", {"coding": [{"code": "c"}, {"display": "d"}]}),
        ("c", {"coding": [{"code": "c"}]}),
        ("", {"coding": "c"}),
        ("", None),
    ],
)
def test_a_concept_is_called_by_the_best_words_there_are(called: str, concept: object) -> None:
    """Text, then display, then code."""
    assert called == words(concept)


@pytest.mark.parametrize(
    ("called", "patient"),
    [
        ("Ann Lee", {"name": [{"given": ["Ann"], "family": "Lee"}]}),
        ("Ann", {"name": [{"text": "Ann"}]}),
        ("Lee", {"name": [{"given": "Ann", "family": "Lee"}]}),
        ("No name", {}),
    ],
)
def test_a_patient_always_has_a_name(called: str, patient: dict[str, Any]) -> None:
    """Or is said to have none."""
    assert called == name(patient)


def test_results_are_drawn_test_by_test_and_unit_by_unit() -> None:
    """Two units of one test are never on one scale; tests that rules read come first."""
    chart = [
        result(40, "2026-01-01", "718-7", "g/L", category=[{"coding": [{"code": "laboratory"}]}]),
        result(4.0, "2026-01-01"),
        result(3.0, "2026-02-01"),
        result(16, "2026-01-01", unit="mg/dL"),
    ]

    series = RESULTS.of(chart, 50)

    assert [("Potassium", "mmol/L", 2), ("Potassium", "mg/dL", 1), ("A test", "g/L", 1)] == [
        (one.name, one.unit, len(one.points)) for one in series
    ]
    assert [True, True, False] == [one.is_read for one in series]
    assert (
        "Potassium in mmol/L: 4.0 on 2026-01-01, 3.0 on 2026-02-01. 3.5–5.5 (limit of this service)." == series[0].told
    )
    assert series[0].is_out


@pytest.mark.parametrize(
    ("band", "stated"),
    [
        ("3.4–5 (laboratory's range)", {"low": {"value": 3.4}, "high": {"value": 5}}),
        ("From 3.4 (laboratory's range)", {"low": {"value": 3.4}}),
        ("Up to 5 (laboratory's range)", {"high": {"value": 5}}),
        ("3.5–5.5 (limit of this service)", {"text": "normal"}),
    ],
)
def test_the_laboratorys_own_range_goes_first(band: str, stated: dict[str, Any]) -> None:
    """Ours stands where it has none."""
    (series,) = RESULTS.of([result(4, "2026-01-01", referenceRange=[stated])], 50)

    assert band == series.band


@pytest.mark.parametrize(
    ("band", "years", "code", "unit"),
    [
        ("From 50 (limit of this service)", 50, "62292-8", "nmol/L"),
        ("2.2–2.6 (limit of this service)", None, "17861-6", "mmol/L"),
        ("No reference range on file", 50, "62292-8", "ug/L"),
    ],
)
def test_our_limits_are_those_for_the_unit_and_the_age(band: str, years: int | None, code: str, unit: str) -> None:
    """An unknown age is taken for an adult's, in the picture only."""
    (series,) = RESULTS.of([result(4, "2026-01-01", code, unit)], years)

    assert band == series.band


@pytest.mark.parametrize("one", [result("4", "2026-01-01"), result(4, "soon"), result(4, "")])
def test_what_cannot_be_drawn_is_left_out(one: dict[str, Any]) -> None:
    """No number, or no day."""
    assert () == RESULTS.of([one], 50)


@pytest.mark.parametrize(("day", "when"), [("2026-03-01", "2026-03"), ("2026-01-01", "2026")])
def test_a_month_or_a_year_stands_for_its_first_day(day: str, when: str) -> None:
    """It has to stand somewhere."""
    (series,) = RESULTS.of([result(4, when)], 50)

    assert day == series.when


def places(picture: str) -> list[float]:
    """How high the points are."""
    return [float(y) for y in re.findall(r'<circle[^>]* cy="([\d.]+)"', picture)]


def test_a_higher_value_stands_higher_and_one_outside_is_marked() -> None:
    """Within the band by its colour, outside by another."""
    points = [Point(date(2026, 1, 1), 4.0, "4.0", False), Point(date(2026, 6, 1), 2.0, "2.0", True)]

    picture = trend(points, Band(3.5, 5.0, "x"))

    high, low = places(picture)
    assert high < low
    assert ["point", "point-out"] == re.findall(r'<circle class="([\w-]+)"', picture)
    assert 2 == picture.count('class="edge"')


def test_a_single_value_without_a_band_stands_in_the_middle() -> None:
    """Nothing is divided by nothing."""
    picture = trend([Point(date(2026, 1, 1), 0.0, "0", False)], Band(None, None, ""))

    assert re.search(r'cx="120(\.0)?"', picture)
    assert "band" not in picture


def test_a_picture_holds_no_text_at_all() -> None:
    """The library escapes nothing, so that no word may get there."""
    picture = trend([Point(date(2026, 1, 1), 1.0, "<script>", True)], Band(1.0, None, "<script>"))

    assert "<script" not in picture
    assert not re.search(r">[^<>]+<", picture)


OBSERVED = [
    ("36.7 Cel", {"valueQuantity": {"value": Decimal("36.7"), "unit": "Cel"}}),
    (
        "120 mmHg / 80 mmHg",
        {"component": [{"valueQuantity": {"value": n, "unit": "mm[Hg]"}} for n in (120, 80)]},
    ),
    ("Never", {"valueCodeableConcept": {"text": "Never"}}),
    ("word", {"valueString": "word"}),
    ("yes", {"valueBoolean": True}),
    ("no", {"valueBoolean": False}),
    ("normal", {"interpretation": [{"coding": [{"code": "N"}]}]}),
    ("XX", {"interpretation": [{"coding": [{"code": "XX"}]}]}),
    ("recorded", {}),
]


@pytest.mark.parametrize(("shown", "value"), OBSERVED)
def test_a_finding_is_shown_in_whatever_form_it_was_recorded(shown: str, value: dict[str, Any]) -> None:
    """Number, pair, code, word, yes or no, judgement."""
    chart = [{"resourceType": "Observation", "id": "o", "code": {"text": "sign"}, "issued": "2026-01-01", **value}]

    (item,) = record.read(chart, RESULTS.is_result).findings

    assert ("sign", shown, "2026-01-01") == (item.what, item.detail, item.when)


def test_only_the_newest_finding_of_a_kind_is_shown() -> None:
    """The list is of today."""
    chart = [
        {
            "resourceType": "Observation",
            "code": {"text": "sign"},
            "valueString": said,
            "effectivePeriod": {"start": day},
        }
        for said, day in (("new", "2026-02-01"), ("old", "2026-01-01"))
    ]

    assert ["new"] == [item.detail for item in record.read(chart, RESULTS.is_result).findings]


@pytest.mark.parametrize(
    ("lives", "detail", "when", "problem"),
    [
        (
            True,
            "R25.3",
            "since 2026-01-01",
            {"clinicalStatus": {"coding": [{"code": "active"}]}, "onsetDateTime": "2026-01-01"},
        ),
        (
            True,
            "R25.3, provisional",
            "recorded 2026-01-02",
            {"verificationStatus": "provisional", "recordedDate": "2026-01-02"},
        ),
        (False, "R25.3", "", {"clinicalStatus": "resolved"}),
        (False, "R25.3, refuted", "", {"verificationStatus": {"coding": [{"code": "refuted"}]}}),
    ],
)
def test_a_problem_is_current_or_past(lives: bool, detail: str, when: str, problem: dict[str, Any]) -> None:
    """Resolved and refuted ones stand apart; doubts are named."""
    chart = [{"resourceType": "Condition", "code": {"coding": [{"code": "R25.3"}]}, **problem}]

    found = record.read(chart, RESULTS.is_result)

    (item,) = found.problems if lives else found.past
    assert (detail, when) == (item.detail, item.when)


def test_medicines_statements_and_requests_stand_in_one_list() -> None:
    """Taken now or ended; one without a name is said to have none."""
    chart: list[dict[str, Any]] = [
        {"resourceType": "MedicationStatement", "status": "active", "effectiveDateTime": "2026-01-01"},
        {"resourceType": "MedicationRequest", "status": "stopped", "medicationCodeableConcept": {"text": "x"}},
    ]

    found = record.read(chart, RESULTS.is_result)

    assert ["a medicine without a name"] == [item.what for item in found.medicines]
    assert ["x"] == [item.what for item in found.ended]


def test_referrals_and_reports_are_the_work_up() -> None:
    """Laboratory panels and cancelled requests are none."""
    lab = {"category": [{"coding": [{"code": "LAB"}]}]}
    chart: list[dict[str, Any]] = [
        {"resourceType": "ServiceRequest", "status": "active", "code": {"text": "EMG"}, "authoredOn": "2026-01-01"},
        {"resourceType": "ServiceRequest", "status": "revoked", "code": {"text": "MRI"}},
        {"resourceType": "DiagnosticReport", "code": {"text": "Exam"}, "conclusion": "fine"},
        {"resourceType": "DiagnosticReport", "code": {"text": "Blood count"}, **lab},
    ]

    found = record.read(chart, RESULTS.is_result).work_up

    assert [("EMG", "request, active"), ("Exam", "fine")] == [(item.what, item.detail) for item in found]
