"""What was known then: dates say what was there, and which status it had; what cannot be known is counted."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from charts.people import person, twitch
from hypothesis import given
from hypothesis import strategies as st
from replay_kit import Json, Replay, ndjson, order, visit

from cds.evaluate.known import is_later, known_since
from cds.replay.known import dated_resource

ZONES = (UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"))
THEN = datetime(2026, 6, 1, 12, tzinfo=UTC)
EARLY = datetime(2026, 4, 28, tzinfo=UTC)
BEFORE, AFTER = "2026-05-01", "2026-07-01"
FIELDS = ("recordedDate", "issued", "authoredOn", "effectiveDateTime", "onsetDateTime")


def resource(kind: str, **more: Any) -> bytes:
    """One of a type."""
    return json.dumps({"resourceType": kind, **more}).encode()


def coded(code: str) -> Json:
    """A status."""
    return {"coding": [{"code": code}]}


@given(
    dates=st.dictionaries(
        st.sampled_from(FIELDS),
        st.sampled_from(
            ("2026", "2026-05", "2026-05-03", "2026-05-03T00:30:00+02:00", "2026-05-02T23:30:00Z", "never")
        ),
    ),
    hours=st.integers(0, 240),
    zone=st.sampled_from(ZONES),
)
def test_a_resource_is_there_as_evaluate_has_it(dates: Json, hours: int, zone: ZoneInfo) -> None:
    """The moment since when it was known is the one after which `--as-of` sees it."""
    text, moment = resource("Condition", **dates), (EARLY + timedelta(hours=hours)).astimezone(zone)
    since = known_since(text, zone)

    assert is_later(text, moment) == (since is not None and since > moment)


def test_what_cannot_be_read_names_no_day() -> None:
    """It counts as known, like everything undated."""
    assert known_since(b'{"period": 5}', UTC) is None
    assert dated_resource("Condition", b'{"period": 5}', UTC).is_known(THEN)


ENDED: dict[str, tuple[str, Json, Json]] = {
    "a problem": (
        "Condition",
        {"clinicalStatus": coded("resolved"), "abatementDateTime": AFTER},
        {
            "clinicalStatus": {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
            }
        },
    ),
    "an STU3 problem": (
        "Condition",
        {"clinicalStatus": "resolved", "abatementPeriod": {"end": AFTER}},
        {"clinicalStatus": "active"},
    ),
    "a visit": (
        "Encounter",
        {"status": "finished", "period": {"start": BEFORE, "end": AFTER}},
        {"status": "in-progress", "period": {"start": BEFORE}},
    ),
    "a medicine taken": (
        "MedicationStatement",
        {"status": "completed", "effectivePeriod": {"start": BEFORE, "end": AFTER}},
        {"status": "active", "effectivePeriod": {"start": BEFORE}},
    ),
    "a procedure": (
        "Procedure",
        {"status": "completed", "performedPeriod": {"end": AFTER}},
        {"status": "in-progress", "performedPeriod": {}},
    ),
    "a life": ("Patient", {"id": "p1", "deceasedDateTime": AFTER}, {"id": "p1"}),
}


@pytest.mark.parametrize("name", ENDED)
def test_what_ended_later_goes_on(name: str) -> None:
    """It has the status that it had then; after its end it is as the export has it."""
    kind, now, then = ENDED[name]
    one = dated_resource(kind, resource(kind, **now), UTC)

    assert {"resourceType": kind, **then} == json.loads(one.at(THEN))
    assert resource(kind, **now) == one.at(THEN + timedelta(days=60))
    assert not one.is_unsure(THEN)


UNKNOWN: dict[str, tuple[str, Json]] = {
    "resolved, nobody says when": ("Condition", {"clinicalStatus": coded("resolved")}),
    "refuted, nobody says when": ("Condition", {"verificationStatus": coded("refuted")}),
    "a prescription that ended": ("MedicationRequest", {"status": "completed"}),
    "a request that ended": ("ServiceRequest", {"status": "completed"}),
    "a result that was corrected": ("Observation", {"status": "corrected"}),
    "entered in error": ("Flag", {"status": "entered-in-error"}),
    "died, nobody says when": ("Patient", {"deceasedBoolean": True}),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_cannot_be_known_is_unsure(name: str) -> None:
    """Unless the server changed it last before that day; it is taken as the export has it."""
    kind, now = UNKNOWN[name]
    text = resource(kind, **now)

    assert dated_resource(kind, text, UTC).is_unsure(THEN)
    assert text == dated_resource(kind, text, UTC).at(THEN)
    assert not dated_resource(kind, resource(kind, **now, meta={"lastUpdated": "2026-05-20T10:00:00Z"}), UTC).is_unsure(
        THEN
    )


@pytest.mark.parametrize(
    ("kind", "now"),
    [
        ("Condition", {"clinicalStatus": coded("active")}),
        ("Observation", {"status": "final"}),
        ("Patient", {"deceasedBoolean": False}),
        ("MedicationRequest", {"status": 5}),
        ("DiagnosticReport", {"status": "cancelled"}),
    ],
)
def test_what_still_is_so_is_sure(kind: str, now: Json) -> None:
    """It was so then, as far as an export tells."""
    assert not dated_resource(kind, resource(kind, **now), UTC).is_unsure(THEN)


def test_what_the_server_had_changed_by_then_was_so() -> None:
    """An end that was planned is no end that came."""
    text = resource("Encounter", status="finished", period={"end": AFTER}, meta={"lastUpdated": "2026-05-20T10:00:00Z"})

    assert text == dated_resource("Encounter", text, UTC).at(THEN)


def test_a_request_that_ended_on_a_day_stays_as_it_is() -> None:
    """Of a type whose status before is not known here nothing is made up."""
    text = resource("ServiceRequest", status="completed", period={"end": AFTER})

    assert json.loads(text) == json.loads(dated_resource("ServiceRequest", text, UTC).at(THEN))


def test_whoever_comes_to_a_visit_lives(replay: Replay, tmp_path: Path) -> None:
    """A death of which nobody says when came after all visits; on a day that is asked for it may have come."""
    chart = [person(deceasedBoolean=True), twitch(recordedDate="2026-10-01"), visit("e1", "2026-11-01T09:00:00Z")]
    file = ndjson(tmp_path / "a.ndjson", chart)

    assert [("cards", 2)] == [(row["outcome"], row["unknown_then"]) for row in replay(file).rows("visits")]
    assert ["deceased"] == [row["outcome"] for row in replay(file, as_of=date(2026, 11, 2)).rows("visits")]


def test_days_that_are_asked_for(replay: Replay, tmp_path: Path) -> None:
    """Each patient on each of them, from the first visit to the last, whether they pass the gate or not."""
    chart = [person(), twitch(recordedDate="2026-10-01"), visit("e1", "2026-09-10"), visit("e2", "2026-11-01")]
    silent = [person("p2"), visit("e3", "2026-09-10", "p2"), visit("e4", "2026-11-20", "p2"), person("p3")]
    done = replay(ndjson(tmp_path / "a.ndjson", [*chart, *silent]), every=10)
    days = {(row["outcome"], row["day"]) for row in done.rows("visits")}
    grid = [date(1970, 1, 1) + timedelta(10 * step) for step in range(2080)]

    assert {outcome for outcome, _ in days} == {"gate", "no-twitch", "cards"}
    assert {day for day in grid if date(2026, 9, 10) <= day <= date(2026, 11, 22)} == {
        day for outcome, day in days if outcome == "gate"
    }
    assert "every 10 days" in done.page


def test_what_names_no_day_is_counted(replay: Replay, tmp_path: Path) -> None:
    """It is taken as known."""
    undated = twitch()
    del undated["recordedDate"]
    done = replay(ndjson(tmp_path / "a.ndjson", [person(), undated, visit("e1", "2026-11-20T09:00:00Z")]))

    assert [("cards", 1)] == [(row["outcome"], row["undated"]) for row in done.rows("visits")]


def test_a_medication_comes_with_what_refers_to_it(replay: Replay, tmp_path: Path) -> None:
    """It belongs to nobody, and is sent once with each search that finds what refers to it."""
    medication = {
        "resourceType": "Medication",
        "id": "pred",
        "code": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "8640"}]},
    }
    refers: Json = {"medicationCodeableConcept": None, "medicationReference": {"reference": "Medication/pred"}}
    orders = [
        order("m1", "2026-10-01", **refers),
        order("m2", "2026-10-02", **refers),
        order("m3", "2026-10-03", **refers | {"medicationReference": {"reference": "Medication/gone"}}),
        order("m4", "2026-10-04", **refers | {"medicationReference": 5}),
    ]
    odd = {"resourceType": "Medication", "id": 5}
    chart = [person(), twitch(recordedDate="2026-10-01"), visit("e1", "2026-11-20T09:00:00Z"), medication, odd, *orders]
    done = replay(ndjson(tmp_path / "a.ndjson", chart))
    cards = done.rows("cards", "card = 'medication-review'")

    assert [("corticosteroid",)] == [tuple(row["tags"]) for row in cards]
