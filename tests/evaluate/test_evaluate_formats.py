"""Files as people have them: packed, in lists, in folders by type, as Parameters, with what was deleted since."""

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from charts.people import bundle, person, twitch, wasting
from charts.runs import Evaluate, Write

from cds.evaluate.files import PARTS
from cds.evaluate.pool import READ

CHART = [person(), twitch(), wasting()]


def lines(*resources: dict[str, Any]) -> bytes:
    """NDJSON."""
    return b"\n".join(json.dumps(one).encode() for one in resources) + b"\n"


def zipped(**members: bytes) -> bytes:
    """An archive; two underscores stand for a dot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


FORMS = {
    "gz": ("chart.ndjson.gz", gzip.compress(lines(*CHART))),
    "gz of a Bundle": ("chart.json.gz", gzip.compress(json.dumps(bundle(*CHART)).encode())),
    "gz without an ending": ("chart", gzip.compress(lines(*CHART))),
    "zip": (
        "chart.zip",
        zipped(Patient__ndjson=lines(CHART[0]), Condition__ndjson=lines(*CHART[1:]), readme__txt=b"x"),
    ),
    "zip of gz": ("chart.zip", zipped(all__ndjson__gz=gzip.compress(lines(*CHART)))),
    "jsonl": ("chart.jsonl", lines(*CHART)),
    "list": ("chart.json", json.dumps(CHART).encode()),
    "list over lines": ("chart.json", json.dumps(CHART, indent=2).encode()),
    "list of a Bundle": ("chart.json", json.dumps([bundle(*CHART)]).encode()),
    "Parameters": (
        "everything.json",
        json.dumps(
            {"resourceType": "Parameters", "parameter": [{"name": "return", "resource": bundle(*CHART)}]}
        ).encode(),
    ),
    "Parameters in parts": (
        "everything.json",
        json.dumps(
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "x", "part": [{"name": "y", "resource": one} for one in CHART]}, {"name": "z"}],
            }
        ).encode(),
    ),
}


@pytest.mark.parametrize(("name", "content"), FORMS.values(), ids=FORMS)
def test_a_chart_gets_the_same_cards_in_every_form(name: str, content: bytes, evaluate: Evaluate, write: Write) -> None:
    """What it is packed in decides nothing."""
    plain = evaluate(write("plain.json", bundle(*CHART)), "--json")
    run = evaluate(write(name, content), "--json")

    assert (0, "") == (run.status, run.err)
    assert plain.topics == run.topics != [[]]


def test_standard_input_may_be_packed(evaluate: Evaluate) -> None:
    """As `cat export.ndjson.gz | twitch-cds evaluate -` brings it."""
    run = evaluate("-", "--json", stdin=gzip.compress(lines(*CHART)))

    assert ["p1"] == run.patients


def test_an_archive_without_a_file_to_read_is_refused(evaluate: Evaluate, write: Write) -> None:
    """Silence would read as an empty chart."""
    run = evaluate(write("chart.zip", zipped(readme__txt=b"x")))

    assert (2, "") == (run.status, run.out)
    assert "the archive contains no .json, .ndjson, .jsonl or .gz file" in run.err


def test_a_folder_without_a_file_to_read_says_what_it_holds(evaluate: Evaluate, tmp_path: Path) -> None:
    """The way out is easier to find."""
    for name in ("a.xml", "b.XML", "notes"):
        (tmp_path / name).write_text("x", "utf-8")
    run = evaluate(tmp_path)

    assert "file (it holds 1 without an ending, 2 .xml)" in run.err


def test_folders_by_type_are_one_export(evaluate: Evaluate, tmp_path: Path) -> None:
    """A sub-folder called after a resource type holds a part of the chart; any other is a chart of its own."""
    for folder, resources in {
        "Patient": CHART[:1],
        "Condition": CHART[1:],
        "Claim": [],
        "other": [person("p2")],
    }.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "0.ndjson").write_bytes(lines(*resources))
    run = evaluate(tmp_path, "--json")

    assert ["p1", "p2"] == run.patients
    assert run.topics[0] != run.topics[1] == []


def deleting(*urls: str, kind: str = "transaction") -> dict[str, Any]:
    """A Bundle of deletions."""
    entries = [{"request": {"method": "DELETE", "url": url}} for url in urls]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


@pytest.mark.parametrize("before", [True, False])
def test_what_was_deleted_is_not_on_the_chart(before: bool, evaluate: Evaluate, tmp_path: Path) -> None:
    """Wherever the deletion stands, and whatever the server is called in it."""
    gone = deleting("https://ehr.example.org/fhir/Condition/t1", "Patient/p9", "Condition?code=x")
    (tmp_path / ("a.ndjson" if before else "z.ndjson")).write_bytes(lines(gone))
    (tmp_path / "m.ndjson").write_bytes(lines(*CHART, person("p9")))
    run = evaluate(tmp_path, "--json")

    assert (0, ["p1"], [[]]) == (run.status, run.patients, run.topics)


def test_deletions_alone_are_no_chart(evaluate: Evaluate, write: Write) -> None:
    """There is nobody to answer for."""
    run = evaluate(write("gone.json", deleting("Condition/t1")))

    assert (2, "") == (run.status, run.out)
    assert "the patient cannot be identified" in run.err


def test_a_deletion_among_other_entries_counts_in_its_bundle(evaluate: Evaluate, write: Write) -> None:
    """A transaction that writes some and deletes some."""
    mixed = bundle(*CHART)
    mixed["entry"] += deleting("Condition/t1")["entry"]
    run = evaluate(write("mixed.json", mixed), "--json")

    assert [[]] == run.topics


def batch(*entries: dict[str, Any]) -> dict[str, Any]:
    """The answer to a batch."""
    return {"resourceType": "Bundle", "type": "batch-response", "entry": list(entries)}


FINE: dict[str, Any] = {"response": {"status": "200 OK"}, "resource": bundle(person())}


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        ({"response": {"status": "403"}}, 2),
        ({"response": {"status": "500"}, "request": {"method": "GET", "url": "Condition?patient=p1"}}, 2),
        ({"response": {"status": "403"}, "request": {"method": "GET", "url": "Immunization?patient=p1"}}, 0),
        ({"response": {"status": "403"}, "fullUrl": "https://ehr.example.org/fhir/AllergyIntolerance/_search"}, 0),
        ({"response": {"status": 404, "location": "https://ehr.example.org/fhir/CarePlan/c1"}}, 0),
        ({"response": {"status": "200"}}, 0),
        ({"response": "odd"}, 0),
    ],
)
def test_a_refused_entry_matters_if_rules_read_what_it_was_for(
    refused: dict[str, Any], status: int, evaluate: Evaluate, write: Write
) -> None:
    """A search that is not told may have been any; one that no rule reads refuses nobody."""
    run = evaluate(write("batch.json", batch(FINE, refused)), "--json")

    assert status == run.status
    assert ("it is incomplete" in run.err) == (status == 2)


@pytest.mark.parametrize(("kind", "status"), [("Condition", 2), ("Immunization", 0)])
def test_a_failed_search_for_what_no_rule_reads_refuses_nobody(
    kind: str, status: int, evaluate: Evaluate, write: Write
) -> None:
    """The Bundle says in its own link what was searched for."""
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}
    failed = {
        **bundle(outcome),
        "link": [{"relation": "self", "url": f"https://ehr.example.org/fhir/{kind}?patient=p1"}],
    }
    run = evaluate(write("batch.json", batch(FINE, {"resource": failed})), "--json")

    assert status == run.status


def test_a_part_that_was_withheld_is_no_silence(evaluate: Evaluate, write: Write) -> None:
    """A warning that something was left out is believed."""
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "suppressed"}]}
    run = evaluate(write("chart.json", bundle(person(), outcome)))

    assert 2 == run.status


def test_every_type_that_rules_read_may_have_a_folder() -> None:
    """And so may what no rule reads, which must not look like a chart of its own."""
    assert READ | {"Immunization", "Claim", "deleted"} <= PARTS
    assert all(name == "deleted" or name[0].isupper() for name in PARTS)


@pytest.mark.parametrize(
    ("as_of", "topics", "later"),
    [
        ("2026-11-22", ["neurology-urgent"], 0),
        ("2026-10-01", [], 2),
    ],
)
def test_a_chart_is_judged_as_on_a_day(
    as_of: str, topics: list[str], later: int, evaluate: Evaluate, write: Write
) -> None:
    """What was recorded later is not seen, and counted on standard error."""
    chart = bundle(person(), twitch(recordedDate="2026-11-01"), {**wasting(), "recordedDate": "2026-11-02"})
    run = evaluate(write("chart.json", chart), "--json", "--as-of", as_of)

    assert (0, [topics]) == (run.status, run.topics)
    assert (f"{later} records of a later date were not seen" in run.err) == (later > 0)


@pytest.mark.parametrize(
    "later",
    [
        {"recordedDate": "2026-11-03"},
        {"recordedDate": "2026-11-02T23:59:59+00:00", "onsetDateTime": "2026-11-03"},
        {"recordedDate": "2026-11-03T00:00:01Z"},
        {"assertedDate": "2026-11-03"},
    ],
)
def test_any_date_of_a_later_day_hides_an_entry(later: dict[str, Any], evaluate: Evaluate, write: Write) -> None:
    """Nobody could have known it; the day ends at midnight of the site."""
    chart = [person(), twitch(recordedDate="2026-10-25"), {**wasting(), **later}]
    run = evaluate(write("chart.ndjson", lines(*chart)), "--json", "--as-of", "2026-11-02")

    assert "1 records of a later date were not seen" in run.err
    assert ["data-gap"] == run.topics[0]


LATER = {**wasting(), "recordedDate": "2026-11-03"}


@pytest.mark.parametrize(
    ("prefetch", "later"),
    [
        ({"conditions": bundle(twitch(recordedDate="2026-10-25"), LATER)}, 1),
        ({"conditions": bundle(twitch(recordedDate="2026-10-25"), bundle(LATER))}, 1),
        ({"conditions": bundle(twitch(recordedDate="2026-10-25")), "labs": LATER}, 1),
        ({"conditions": bundle(twitch(recordedDate="2026-10-25")), "labs": 5, "observations": None}, 0),
        (
            {
                "conditions": {
                    **bundle(twitch(recordedDate="2026-10-25")),
                    "entry": [{"search": {}}, *bundle(twitch(recordedDate="2026-10-25"), LATER)["entry"]],
                }
            },
            1,
        ),
    ],
)
def test_a_request_is_judged_as_its_chart_was_known(
    prefetch: dict[str, Any], later: int, evaluate: Evaluate, write: Write
) -> None:
    """What came later is left out of the prefetch too, wherever it stands, and counted."""
    context = {"userId": "Practitioner/x", "patientId": "p1"}
    body = {"hook": "patient-view", "hookInstance": "0d9a4a52-5d7f-4f4e-9a3c-6f1e6f0c1a11", "context": context}
    run = evaluate(
        write("request.json", {**body, "prefetch": {"patient": person(), **prefetch}}),
        "--json",
        "--as-of",
        "2026-11-02",
    )

    assert ["data-gap"] == run.topics[0]
    assert (f"{later} records of a later date were not seen" in run.err) == (later > 0)


def test_a_request_that_cannot_be_answered_says_why_on_any_day(evaluate: Evaluate, write: Write) -> None:
    """What is wrong is said of the request as it was given."""
    body = {"hook": "patient-view", "hookInstance": "no", "context": {"userId": "Practitioner/x", "patientId": "p1"}}
    run = evaluate(write("request.json", body), "--as-of", "2026-11-02")

    assert 2 == run.status
    assert "hookInstance" in run.err


def test_a_request_without_prefetch_stays_as_it_is(evaluate: Evaluate, write: Write) -> None:
    """There is nothing to leave out of it."""
    context = {"userId": "Practitioner/x", "patientId": "p1"}
    body = {"hook": "patient-view", "hookInstance": "0d9a4a52-5d7f-4f4e-9a3c-6f1e6f0c1a11", "context": context}
    run = evaluate(write("request.json", body), "--as-of", "2026-11-02")

    assert 2 == run.status
    assert "conditions" in run.err


def test_an_unreadable_entry_is_seen_whatever_the_day(evaluate: Evaluate, write: Write) -> None:
    """What cannot be read says nothing of its date, and is counted as unread."""
    odd = {**wasting(), "recordedDate": 5}
    run = evaluate(write("chart.json", bundle(person(), twitch(), odd)), "--as-of", "2026-11-22")

    assert "could not be read" in run.out


def test_a_summary_is_one_line_a_patient(evaluate: Evaluate, write: Write) -> None:
    """Input, patient, urgency, what could not be checked, cards."""
    name = write("chart.ndjson", lines(*CHART, person("p2")))
    run = evaluate(name, "--summary")

    assert [
        f"{name}\tp1\twarning\t0 not checked\tneurology-urgent",
        f"{name}\tp2\tsilent\t0 not checked\t",
    ] == run.out.splitlines()


@pytest.mark.parametrize(("level", "status"), [("info", 3), ("warning", 3), ("critical", 0)])
def test_a_card_can_end_the_command_with_a_status_of_its_own(
    level: str, status: int, evaluate: Evaluate, write: Write
) -> None:
    """For scripts: 3 if a card is at least as urgent, 2 still if an input is unusable."""
    chart = write("chart.json", bundle(*CHART))

    assert status == evaluate(chart, "--summary", "--fail-on", level).status
    assert 2 == evaluate(chart, "none.json", "--summary", "--fail-on", level).status
