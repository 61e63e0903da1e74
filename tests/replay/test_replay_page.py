"""What comes out: rows that name nobody, and a page that a committee reads without a network."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from charts.people import person, twitch, wasting
from population import export, population
from replay_kit import Json, Replay, ndjson, order, visit

from cds import cli
from cds.commands import replay as given
from cds.replay.figures import Bar, drawn, share, told
from cds.replay.ledger import Answers
from cds.replay.page import picture
from cds.replay.searches import Searches

BY = {"participant": [{"individual": {"reference": "Patient/p1"}}, {"individual": {"reference": "Practitioner/a"}}]}


def two_visits(**more: Any) -> list[Json]:
    """A patient with a twitch, seen twice by one clinician, the first time in an emergency of the chart."""
    clinic: Json = {"serviceProvider": {"reference": "Organization/north"}, **BY, **more}
    return [
        person(),
        twitch(recordedDate="2026-10-01"),
        visit("e1", "2026-11-10T09:00:00Z", **clinic),
        visit("e2", "2026-11-12T09:00:00Z", **clinic),
    ]


def test_a_card_that_is_shown_once_is_a_repeat_at_the_next_visit(replay: Replay, tmp_path: Path) -> None:
    """As in service: to the same clinician; to another, or to one whom nobody names, it is shown."""
    rows = replay(ndjson(tmp_path / "a.ndjson", two_visits())).rows("cards")
    unknown = replay(ndjson(tmp_path / "b.ndjson", two_visits(participant=[]))).rows("cards")

    assert [(True, True), (False, False)] == [(row["shown"], row["first"]) for row in rows]
    assert [(True, True), (True, False)] == [(row["shown"], row["first"]) for row in unknown]


def test_answers_may_be_taken_for_given(replay: Replay, tmp_path: Path) -> None:
    """With all of them answered a warning is a repeat too; without, it is shown again."""
    file = ndjson(tmp_path / "a.ndjson", [*two_visits(), wasting(recordedDate="2026-11-01")])
    none, every = replay(file), replay(file, answers=Answers.ALL)

    assert [True, True] == [row["shown"] for row in none.rows("cards", "card = 'neurology-urgent'")]
    assert [True, False] == [row["shown"] for row in every.rows("cards", "card = 'neurology-urgent'")]
    assert ["cards", "repeated"] == [row["outcome"] for row in every.rows("visits")]
    assert "this is the smallest possible number of cards" in every.page


def test_rows_say_what_a_card_rests_on(replay: Replay, tmp_path: Path) -> None:
    """Rules, flags, ages of the facts, what becomes of the card without each rule; and nobody's id."""
    done = replay(ndjson(tmp_path / "a.ndjson", [*two_visits(), wasting(recordedDate="2026-11-01")]))
    (card, *_), (first, *_) = done.rows("cards", "card = 'neurology-urgent'"), done.rows("visits")

    assert ("warning", 41 - 1) == (card["indicator"], max(card["ages"]))
    assert card["flags"] == card["rules"]
    assert [f"{card['rules'][0]}|neurology-urgent|gone"] == [one for one in first["changes"] if "gone" in one]
    assert (66, "female", "north") == (first["age"], first["sex"], first["clinic"])
    for name in ("cards.parquet", "visits.parquet", "unread.parquet", "report.html"):
        assert not re.search(rb"Patient/p1|Practitioner/a|\be1\b", (done.out / name).read_bytes())


def test_a_failure_of_the_service_is_a_row(replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One chart that it cannot handle does not cost the others; without a rule it may fail too."""
    folder = ndjson(tmp_path / "a.ndjson", [*two_visits(), wasting(recordedDate="2026-11-01")])

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    usual = replay(folder)
    monkeypatch.setattr("cds.replay.player.Player._without", lambda *_: None)
    tried = replay(folder)
    assert usual.rows("cards") == tried.rows("cards")
    assert all(change.endswith("||failed") for row in tried.rows("visits") for change in row["changes"])
    monkeypatch.setattr("cds.hook_handler.HookHandler.answer", fails)
    assert ["failed", "failed"] == [row["outcome"] for row in replay(folder).rows("visits")]


def test_the_page_stands_alone(replay: Replay, tmp_path: Path) -> None:
    """No script, no address, no picture from elsewhere; every section is there."""
    charts = [one for chart in population(150) for one in chart]
    risky = [
        *two_visits(),
        {**order("m1", "2026-11-10T09:10:00Z"), "subject": {"reference": "Patient/p1"}},
        {
            "resourceType": "Observation",
            "id": "k",
            "status": "final",
            "subject": {"reference": "Patient/p1"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
            "effectiveDateTime": "2026-11-09",
            "valueQuantity": {"value": 2.2, "system": "http://unitsofmeasure.org", "code": "mmol/L", "unit": "mmol/L"},
        },
    ]
    page = replay(export(tmp_path / "export", [*charts, *risky])).page
    titles = re.findall(r"<h2>(.*?)</h2>", page)

    assert [
        "What is missing",
        "Outcomes of the calls",
        "Cards",
        "By month",
        "By clinic",
        "By age at the visit",
    ] == titles[:6]
    assert ["Per clinician and day", "Cards together", "With one rule less", "Emergencies", "Not checked"] == titles[
        6:11
    ]
    assert ["What was known then", "Understood", "Not understood"] == titles[11:]
    assert not re.search(r"<script|<img|<link|src=|href=|url\(|@import", page)
    assert "<svg" in page
    assert ">emergency<" in page


def test_an_export_without_calls_has_a_page(replay: Replay, tmp_path: Path) -> None:
    """Nothing is divided by nothing."""
    done = replay(ndjson(tmp_path / "a.ndjson", [person()]), rules_off=False)

    assert 0 == done.status
    assert "The export names no clinicians." in done.page


@pytest.mark.parametrize(
    ("count", "words", "length"), [(0, "0", 0), (1, "<5", 5), (4, "<5", 5), (5, "5", 5), (5000, "5,000", 5000)]
)
def test_few_are_not_told(count: int, words: str, length: int) -> None:
    """Neither as a number nor as a length."""
    assert (words, length) == (told(count), drawn(count))


def test_shares_do_not_tell_few() -> None:
    """Of few, or few of many: no share; more cards than calls have no interval."""
    assert ["–", "–", "–"] == [share(0, 0), share(3, 100), share(0, 4)]
    assert "150.00" == share(15, 10)
    assert "10.00 (5.52–17.44)" == share(10, 100)


def test_a_picture_needs_bars() -> None:
    """Upright ones only; a bar of nothing has no height."""
    assert picture((), upright=True) is None
    assert 'height="0.0"' in str(picture([Bar("a", (("first", 0),))], upright=True))


@pytest.mark.parametrize(
    ("template", "message"), [("Condition?patient={{context.patientId}}&onset=1", "onset"), ("Flag?{{x}}", "token")]
)
def test_a_template_that_is_not_understood_stops_it(template: str, message: str) -> None:
    """A chart would be sent that no server would have sent."""
    with pytest.raises(ValueError, match=message):
        Searches({"a": template})


def test_categories_and_forms_are_found_as_a_server_finds_them() -> None:
    """By any coding of any category; what a response is the answers to comes with it."""
    found = Searches(
        {
            "all": "Observation?patient={{context.patientId}}&category=laboratory",
            "forms": "QuestionnaireResponse?patient={{context.patientId}}&_include=QuestionnaireResponse:questionnaire",
        }
    )
    lab = b'{"category":[{"coding":[{"code":"laboratory"}]}]}'
    form = found.of("QuestionnaireResponse", b'{"questionnaire":"https://a.example.org/q|1"}')

    assert (("all",), ()) == (found.of("Observation", lab).keys, found.of("Observation", b"{}").keys)
    assert (("forms",), "https://a.example.org/q") == (form.including, form.shared)


def test_a_form_and_an_appointment_belong_to_their_patient(replay: Replay, tmp_path: Path) -> None:
    """An appointment names the patient among those who take part; a Questionnaire comes with its answers."""
    taking_part: list[Json] = [{"actor": {"reference": "Location/1"}}, {"actor": {"reference": "Patient/p1"}}]
    more: list[Json] = [
        {"resourceType": "Appointment", "id": "a1", "status": "booked", "participant": taking_part},
        {"resourceType": "Questionnaire", "id": "q1", "url": "https://a.example.org/q", "status": "active"},
        {
            "resourceType": "QuestionnaireResponse",
            "id": "r1",
            "status": "completed",
            "subject": {"reference": "Patient/p1"},
            "questionnaire": "https://a.example.org/q",
        },
    ]
    done = replay(ndjson(tmp_path / "a.ndjson", [*two_visits(), *more]))

    assert (0, {}) == (done.status, done.lost)


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the page, and says in one line what does not go together, or is not installed."""
    file = ndjson(tmp_path / "a.ndjson", two_visits())
    usual = ["replay", str(file), "--out", str(tmp_path / "out")]

    assert 0 == cli.main([*usual, "--as-of", "2026-11-12", "--no-rules-off"])
    assert f"{tmp_path / 'out' / 'report.html'}\n" == capsys.readouterr().out
    assert 0 == cli.main([*usual[:3], str(tmp_path / "monthly"), "--every", "30d"])
    assert 2 == cli.main([*usual, "--as-of", "2026-11-12", "--every", "30d"])
    assert 2 == cli.main([*usual, "--every", "monthly"])
    monkeypatch.setattr(given, "find_spec", lambda _: None)
    assert 2 == cli.main(usual)
    assert "pip install 'twitch-cds[replay]'" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))["done"]
