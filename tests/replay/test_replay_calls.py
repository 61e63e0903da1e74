"""A replay gives the cards that a hook call of that day gives: the same engine, the same bytes."""

import json
import random
from collections.abc import Mapping
from datetime import UTC, date, timedelta
from functools import cache
from pathlib import Path

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import resources
from charts.people import person, twitch
from charts.seam import engine
from msgspec.structs import replace
from population import LAST, PATIENTS, export, population
from replay_kit import Json, Replay, Row, ndjson, order, visit, without_ids

from cds.account import Caller
from cds.demo.fhir.bundles import Place, searchset
from cds.demo.fhir.charts import ChartStore
from cds.demo.fhir.parameters import table_of
from cds.demo.fhir.queries import Query, read_query
from cds.hook_handler import HookHandler, Reply
from cds.prefetch.templates import fill
from cds.replay.events import Calendar

CHART = "muscle-twitch-patient-view"
BASE = "https://ehr.example.org/fhir"
MEMBERS = ("missing", "hook", "problems", "context", "drafts", "expect_status")
SILENT = b'{"cards":[]}'
FORMS = "&_include=QuestionnaireResponse:questionnaire"
MIDDLE = LAST - timedelta(days=200)
# They hold entries that name another patient, or that are of a later day.
OTHERWISE = {
    *("E1/foreign", "gate/one-of-two-patients", "wip/foreign", "ADD-not/foreign-cramp", "not-kd/foreign"),
    *(
        "counts/foreign",
        "use/foreign",
        "onset-forms/future-instant",
        "onset-forms/future-instant-over",
        "fresh/tomorrow",
        "date-ahead/potassium-ahead",
        "date-ahead/twitch-with-onset-ahead",
        "date-ahead/twitch-recorded-ahead",
        "date-ahead/weakness-ahead",
        "date-ahead/wasting-recorded-ahead",
        "date-ahead/wasting-only-ahead",
        "date-ahead/wasting-with-onset-ahead",
        "counts/future",
        "medicine-or-request-ahead/referral-ahead",
        "medicine-or-request-ahead/ordered-ahead",
        "medicine-or-request-ahead/given-ahead",
        "medicine-or-request-ahead/unknown-medicine-ahead",
        "medicine-or-request-ahead/reason-ahead",
    ),
}
WHOLE = [case for case in cases() if not any(name in case.chart for name in MEMBERS) and case.status == 200]
SAMPLE = [case for number, case in enumerate(WHOLE) if case.id in OTHERWISE or number % 5 == 0]


class Heard:
    """What the attendant answered, by patient and moment."""

    def __init__(self) -> None:
        self.replies: dict[tuple[str, str], list[bytes]] = {}

    def listen(self, monkeypatch: pytest.MonkeyPatch) -> "Heard":
        """Hear each answer from now on."""
        answer = HookHandler.answer

        async def heard(this: HookHandler, service_id: str, body: bytes, caller: Caller) -> Reply:
            reply = await answer(this, service_id, body, caller)
            patient = json.loads(body)["context"]["patientId"]
            self.replies.setdefault((patient, service_id), []).append(without_ids(reply.body))
            return reply

        monkeypatch.setattr(HookHandler, "answer", heard)
        return self


@cache
def query(template: str) -> tuple[str, Query]:
    """A prefetch template as the demo FHIR server reads it, whose searches are written apart from the replay's.

    The patient is left out of it: the server holds one chart; and forms, which that server does not include.
    """
    ask = fill(template.replace("patient={{context.patientId}}&", "").replace(FORMS, ""), {})
    assert ask is not None
    return ask.path, read_query(ask.query.encode(), table_of(ask.path), BASE, strict=True)


def on_a_server(templates: Mapping[str, str], chart: list[Json]) -> Json:
    """The prefetch that a server would give for a chart."""
    patient = chart[0]["id"]
    by_type: dict[str, dict[str, Json]] = {}
    for one in chart:
        by_type.setdefault(one["resourceType"], {})[one["id"]] = one
    chart_store = ChartStore(by_type, {patient: tuple(chart)})
    found: Json = {"patient": chart[0]}
    for key, template in templates.items():
        if key != "patient":
            kind, asked = query(template)
            found[key] = searchset(chart_store, chart_store.of(kind).values(), asked, Place(BASE, kind))
    return found


def called(chart: list[Json], day: date, service_id: str = CHART) -> bytes:
    """The answer to a hook call at the end of a day."""
    end = Calendar(UTC, engine(TODAY).now()).end_of(day.toordinal())
    then = replace(engine(TODAY), now=lambda: end)
    service = then.services[service_id]
    request = {
        "hook": service.hook,
        "hookInstance": "0d9a4a52-5d7f-4f4e-9a3c-6f1e6f0c1a11",
        "context": {"patientId": chart[0]["id"], "userId": "Practitioner/1"},
        "prefetch": on_a_server(service.prefetch, chart),
    }
    return without_ids(then.answer(service_id, json.dumps(request).encode()).body)


def renamed(case: Case, number: int) -> list[Json]:
    """The chart of a case under a patient id of its own."""
    text = json.dumps(resources(case.chart))
    chart: list[Json] = json.loads(text.replace("Patient/golden", f"Patient/g{number}"))
    chart[0]["id"] = f"g{number}"
    for place, one in enumerate(chart[1:]):
        one["id"] = f"g{number}-{place}"
    return chart


def test_golden_charts_are_answered_as_a_call_would_answer_them(
    replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte but for ids, all in one export, as at the end of the day of the cases.

    Only what names another patient, or was not known on that day, is not the same.
    """
    charts = [renamed(case, number) for number, case in enumerate(SAMPLE)]
    heard = Heard().listen(monkeypatch)
    done = replay(export(tmp_path / "export", [one for chart in charts for one in chart]), as_of=TODAY, rules_off=False)
    expected = {chart[0]["id"]: called(chart, TODAY) for chart in charts}
    found = {patient: heard.replies.get((patient, CHART), [SILENT])[0] for patient in expected}
    different = {patient for patient in expected if expected[patient] != found[patient]}

    assert not different - {f"g{number}" for number, case in enumerate(SAMPLE) if case.id in OTHERWISE}
    assert OTHERWISE == {SAMPLE[int(patient[1:])].id for patient in different}
    assert done.status == (4 if done.lost.get("patient-resource-missing") else 0)
    assert {SILENT} < set(expected.values())


def judged(replay: Replay, folder: Path, charts: list[list[Json]], **options: object) -> tuple[list[Row], list[Row]]:
    """The rows of a replay of some charts, as one export."""
    done = replay(export(folder, [one for chart in charts for one in chart]), **options)
    return done.rows("cards"), done.rows("visits")


def test_a_generated_population_is_answered_as_calls_would_answer_it(
    replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a day in the middle of its history: later records are not seen, and what ended later goes on."""
    charts = list(population(PATIENTS))
    heard = Heard().listen(monkeypatch)
    replay(export(tmp_path / "export", [one for chart in charts for one in chart]), as_of=MIDDLE, rules_off=False)
    expected = {chart[0]["id"]: called(as_known(chart, MIDDLE), MIDDLE) for chart in charts}
    found = {patient: heard.replies.get((patient, CHART), [SILENT])[0] for patient in expected}

    assert expected == found
    assert {SILENT} < set(expected.values())


def as_known(chart: list[Json], day: date) -> list[Json]:
    """The chart of a made-up patient as it was at the end of a day, by the few dates that it has."""
    known = []
    for one in chart:
        said = [one.get(name) for name in ("recordedDate", "onsetDateTime", "effectiveDateTime", "authoredOn")]
        said.append(one.get("period", {}).get("start"))
        if any(text is not None and text[:10] > day.isoformat() for text in said):
            continue
        goes_on = one.get("abatementDateTime", "") > day.isoformat()
        rest = {name: value for name, value in one.items() if name != "abatementDateTime"}
        known.append(rest | {"clinicalStatus": {"coding": [{"code": "active"}]}} if goes_on else one)
    return known


def test_order_and_number_of_workers_change_nothing(replay: Replay, tmp_path: Path) -> None:
    """Three shufflings of the lines, done by one process or by two: the same rows."""
    charts = list(population(PATIENTS))
    usual = judged(replay, tmp_path / "usual", charts)
    for seed in (1, 2, 3):
        entries = [one for chart in charts for one in chart]
        random.Random(seed).shuffle(entries)

        assert usual == judged(replay, tmp_path / f"shuffled-{seed}", [entries])
    assert usual == judged(replay, tmp_path / "by-two", [entries], workers=2)
    assert any(row["shown"] for row in usual[0])


def test_what_happened_at_a_visit_is_seen_by_the_next(replay: Replay, tmp_path: Path) -> None:
    """The chart is opened at the beginning: a twitch that is recorded later that morning is not there yet."""
    chart = [
        person(),
        visit("e1", "2026-10-01T09:00:00Z"),
        twitch(recordedDate="2026-10-01T09:20:00Z", onsetDateTime="2026-09-28"),
        visit("e2", "2026-10-08T09:00:00Z"),
    ]
    done = replay(ndjson(tmp_path / "a.ndjson", chart))

    assert [("no-twitch", 2), ("cards", 0)] == [(row["outcome"], row["later"]) for row in done.rows("visits")]


def test_what_is_signed_is_a_draft_then(replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that one clinician signs at one moment are one call, and stand on the chart only afterwards."""
    asked: list[Json] = []
    answer = HookHandler.answer

    async def heard(this: HookHandler, service_id: str, body: bytes, caller: Caller) -> Reply:
        asked.append(json.loads(body))
        return await answer(this, service_id, body, caller)

    monkeypatch.setattr(HookHandler, "answer", heard)
    by: Json = {"requester": {"reference": "Practitioner/a"}, "encounter": {"reference": "Encounter/e1"}}
    chart = [
        person(),
        twitch(recordedDate="2026-09-01"),
        visit("e1", "2026-10-01T09:00:00Z"),
        order("m1", "2026-10-01T09:10:00Z", **by),
        order("m2", "2026-10-01T09:10:00Z", "6809", **by),
        visit("e2", "2026-10-02T09:00:00Z"),
    ]
    done = replay(ndjson(tmp_path / "a.ndjson", chart), rules_off=False)
    drafts = [entry["resource"] for entry in asked[1]["context"]["draftOrders"]["entry"]]

    assert [("patient-view", "cards"), ("order-sign", "cards"), ("patient-view", "cards")] == done.outcomes()
    assert [("m1", "draft"), ("m2", "draft")] == [(one["id"], one["status"]) for one in drafts]
    assert "entry" not in asked[1]["prefetch"]["medicationRequests"]
    assert 2 == len(asked[2]["prefetch"]["medicationRequests"]["entry"])
