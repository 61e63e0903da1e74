"""Unusable input costs one clear line and status 2, and nothing else is lost."""

import gzip
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from charts.people import bundle, person, problem, twitch, wasting
from charts.runs import Evaluate, Write

from cds import cli
from cds.call import Engine
from cds.chart.reader import Reader
from cds.evaluate import bundles, files, inputs

CUT = json.dumps(bundle(person(), twitch())).encode()[:-9]
BAD = {
    "cut": (CUT, "is not valid JSON: it is cut off"),
    "cut-pretty": (json.dumps(bundle(person()), indent=1).encode()[:-4], "is not valid JSON: it is cut off"),
    "no-json": (b"resourceType: Patient", "is not valid JSON"),
    "html": (b"<html></html>", "is XML or HTML, not JSON: ask the server for application/fhir+json"),
    "xml": (b' \n<?xml version="1.0"?><Patient xmlns="http://hl7.org/fhir"/>', "is XML or HTML, not JSON"),
    "parquet": (b"PAR1\x15\x04", "is a Parquet file: export NDJSON"),
    "sqlite": (b"SQLite format 3\x00", "is an SQLite database"),
    "csv": (b"id,code,date\n1,R25.3,2026-11-20\n2,I10,2026-11-20\n", "looks like CSV, not JSON"),
    "gzip-cut": (gzip.compress(b'{"resourceType":"Patient","id":"p1"}')[:-6], "cannot be unpacked: "),
    "gzip-twice": (gzip.compress(gzip.compress(b"{}")), "is packed twice"),
    "zip-cut": (b"PK\x03\x04 and nothing more", "cannot be unpacked: "),
    "binary": (bytes(range(256)) * 9, "is not valid UTF-8"),
    "utf-16": ("{}".encode("utf-16"), "is not valid UTF-8"),
    "latin-1": ('{"resourceType":"P\xe4"}'.encode("latin-1"), "is not valid UTF-8"),
    "deep": (b'{"resourceType":' + b"[" * 100_000, "is nested too deeply"),
    "empty": (b"", "is empty"),
    "blank": (b" \n\n", "is empty"),
    "object": (b'{"a":1}', "is not FHIR: it has neither `resourceType` nor `hook`"),
    "type-5": (b'{"resourceType":5}', "is not FHIR: it has neither `resourceType` nor `hook`"),
    "array": (b"[]", "is not FHIR: it is not a JSON object"),
    "pretty-array": (b"[\n{\n}\n]", "item 1: is not FHIR: it has neither `resourceType` nor `hook`"),
    "cut-array": (b'[{"resourceType":"Patient"},', "is not valid JSON: it is cut off"),
    "parameters": (b'{"resourceType":"Parameters","parameter":5}', "is not FHIR: its `parameter` is not a list"),
    "no-parameters": (b'{"resourceType":"Parameters"}', "the patient cannot be identified"),
    "string": (b'"x"', "is not FHIR: it is not a JSON object"),
    "number": (b"5", "is not FHIR: it is not a JSON object"),
    "null": (b"null", "is not FHIR: it is not a JSON object"),
    "entries": (b'{"resourceType":"Bundle","entry":5}', "is not FHIR: its `entry` is not a list"),
    "entry": (b'{"resourceType":"Bundle","entry":[5]}', "the patient cannot be identified"),
    "nobody": (b'{"resourceType":"Organization"}', "the patient cannot be identified"),
    "empty-bundle": (json.dumps(bundle()).encode(), "the patient cannot be identified"),
    "no-patient": (
        json.dumps(bundle(twitch(), twitch("Patient/p2", "t2"))).encode(),
        "the patient cannot be identified: there is no Patient, and the records name 2",
    ),
    "outcome": (
        b'{"resourceType":"OperationOutcome","issue":[{"severity":"error"}]}',
        "the patient cannot be identified",
    ),
}


@pytest.mark.parametrize(("content", "text"), BAD.values(), ids=BAD)
def test_a_bad_file_is_one_line_and_the_next_is_answered(
    content: bytes, text: str, evaluate: Evaluate, write: Write
) -> None:
    """The line names the file; the good file after it gets its answer."""
    bad = write("bad.json", content)
    run = evaluate(bad, write("good.json", bundle(person(), twitch())), "--json")

    assert 2 == run.status
    assert 1 == len(run.err.splitlines())
    assert run.err.startswith(f"twitch-cds: {bad}: {text}")
    assert ["p1"] == run.patients


def test_bad_lines_of_ndjson_are_counted_in_one_line(evaluate: Evaluate, write: Write) -> None:
    """The first three are named; a chart that shows a twitch is answered and says what could not be read."""
    odd: list[object] = [person(), twitch(), [], 5, "x", {"a": 1}]
    lines = [json.dumps(one).encode() for one in odd]
    run = evaluate(write("all.ndjson", b"\n".join([*lines, b'{"resourceType":'])), "--json")

    assert 2 == run.status
    assert "line 3: is not FHIR: it is not a JSON object; line 4: " in run.err
    assert run.err.endswith("; and 2 more\n")
    assert 1 == len(run.err.splitlines())
    assert [{"type": "unknown", "reason": "unreadable", "key": "conditions", "count": 1}] == run.answers[0]["cards"][0][
        "extension"
    ]["org.twitch-cds.basis"]["notChecked"]


def test_a_bad_first_line_does_not_cost_the_others(evaluate: Evaluate, write: Write) -> None:
    """The second line tells that the file is NDJSON."""
    lines = [b'{"resourceType":"Cond', json.dumps(twitch()).encode(), json.dumps(person()).encode()]
    run = evaluate(write("all.ndjson", b"\n".join(lines)), "--json")

    assert (2, ["p1"]) == (run.status, run.patients)
    assert "line 1: is not valid JSON" in run.err


def test_silence_is_not_claimed_over_a_line_that_may_be_a_twitch(evaluate: Evaluate, write: Write) -> None:
    """Neither for one patient nor for many."""
    people = [json.dumps(person(f"p{number}")).encode() for number in range(5)]
    run = evaluate(write("all.ndjson", b"\n".join([*people, b"{"])), "--json")

    assert (2, "") == (run.status, run.out)
    assert "the chart of p0, p1, p2 and 2 more shows muscle twitching cannot be determined: records" in run.err


def test_an_unreadable_condition_is_silent_unless_it_may_be_a_twitch(evaluate: Evaluate, write: Write) -> None:
    """Its code decides; one whose code cannot be read may be anything."""
    odd: dict[str, Any] = {"onsetDateTime": 5}
    harmless = bundle(person(), problem("I10", "c", **odd))
    hidden = bundle(person(), twitch(**odd))
    without_code = bundle(person(), problem("I10", "c", **(odd | {"code": 5})))
    nobodys = bundle(person(), problem("I10", "c", "Group/1", **odd), {**problem("I10", "d"), "subject": 5})

    runs = [evaluate(write("c.json", one), "--json") for one in (harmless, hidden, without_code, nobodys)]

    assert [0, 2, 2, 0] == [run.status for run in runs]
    assert [[[]], [], [], [[]]] == [run.topics for run in runs]


def test_an_unreadable_observation_is_stated_on_the_cards(evaluate: Evaluate, write: Write) -> None:
    """What else cannot be read is counted by type."""
    observation = {"resourceType": "Observation", "subject": {"reference": "Patient/p1"}, "status": 5}
    claims: list[Any] = [{"resourceType": "Claim", "patient": 5}, {"noType": True}, None]
    run = evaluate(write("c.json", bundle(person(), twitch(), wasting(), observation, observation, *claims)))

    assert 0 == run.status
    assert "not checked: Observation (2): could not be read" in run.out
    assert "not checked: unknown (1): could not be read" in run.out


@pytest.mark.parametrize(
    "more",
    [
        {"link": [{"relation": "self"}, {"relation": "next", "url": "x"}]},
        {
            "entry": [
                {"resource": person()},
                {"resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "fatal"}]}},
            ]
        },
    ],
)
def test_part_of_a_chart_is_no_silence(more: dict[str, object], evaluate: Evaluate, write: Write) -> None:
    """A page that is missing, or a server's error among the entries."""
    run = evaluate(write("page.json", {**bundle(person()), **more}), "--json")

    assert (2, "") == (run.status, run.out)
    assert "cannot be determined: it is incomplete" in run.err


def test_paths_that_cannot_be_read(
    evaluate: Evaluate, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is not there, a folder without files, a folder that may not be entered."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "locked").mkdir()
    good = write("good.json", bundle(person(), twitch()))
    scandir = os.scandir

    def locked(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    run = evaluate(tmp_path / "none.json", tmp_path / "empty", tmp_path / "locked", good, "--json")

    assert [
        f"twitch-cds: {tmp_path}/none.json: cannot be read: No such file or directory",
        f"twitch-cds: {tmp_path}/empty: the folder holds no .json, .ndjson, .jsonl, .gz or .zip file",
        f"twitch-cds: {tmp_path}/locked: cannot be read: Permission denied",
    ] == run.err.splitlines()
    assert (2, ["p1"]) == (run.status, run.patients)


def test_a_file_that_breaks_off_in_a_folder_is_no_silence(
    evaluate: Evaluate, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain resources beside a file that could not be read may not be all; a Bundle is whole in itself."""
    write("a.json", person("single"))
    write("b.json", bundle(person("whole")))
    write("c.json", CUT)
    run = evaluate(tmp_path, "--json")

    assert (2, ["whole"]) == (run.status, run.patients)
    assert "the chart of single shows muscle twitching cannot be determined" in run.err


def test_a_fault_of_ours_costs_one_input(evaluate: Evaluate, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback; the next input is answered."""
    pool_of = bundles.pool_of

    def fail(*given: object) -> object:
        monkeypatch.setattr(inputs, "pool_of", pool_of)
        raise RuntimeError("boom")

    monkeypatch.setattr(inputs, "pool_of", fail)
    chart = write("chart.json", bundle(person(), twitch()))
    run = evaluate(chart, chart, "--json")

    assert (2, ["p1"]) == (run.status, run.patients)
    assert f"twitch-cds: {chart}: the service failed on it; please report this\n" == run.err


def test_a_fault_of_ours_costs_one_patient(evaluate: Evaluate, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other patients of the file are answered."""
    judge = Engine.judge

    def fail(self: Engine, reader: Reader, *given: Any) -> object:
        if reader.scope.patient_id == "p1":
            raise RuntimeError("boom")
        return judge(self, reader, *given)

    monkeypatch.setattr(Engine, "judge", fail)
    run = evaluate(write("chart.ndjson", [person("p1"), person("p2")]), "--json")

    assert (2, ["p2"]) == (run.status, run.patients)
    assert run.err.endswith("chart.ndjson: patient p1: the service failed on it; please report this\n")


def test_a_rule_that_fails_is_told_and_not_traced(
    evaluate: Evaluate, write: Write, fail_rule: Callable[[str], None]
) -> None:
    """The cards and `--why` say which rule was not checked."""

    fail_rule("LAB")
    run = evaluate(write("chart.json", bundle(person(), twitch(), wasting())), "--why")

    assert (0, "") == (run.status, run.err)
    assert "not checked: LAB: a check of this service failed" in run.out
    assert "LAB Abnormal laboratory result: not checked (the rule failed)" in run.out


def test_a_hook_that_is_not_answered_is_refused(evaluate: Evaluate, write: Write) -> None:
    """Before anything is read; the hooks that there are are named."""
    run = evaluate(write("chart.json", bundle(person(), twitch())), "--hook", "appointment-book")

    assert (2, "") == (run.status, run.out)
    assert "--hook appointment-book: this version supports only encounter-discharge, encounter-start," in run.err


@pytest.mark.parametrize(
    "hook", ["problem-list-item-create", "order-select", "order-sign", "medication-refill", "medication-verify"]
)
def test_a_chart_alone_cannot_answer_a_hook_about_what_is_being_written(
    evaluate: Evaluate, write: Write, hook: str
) -> None:
    """It holds neither drafts nor the problem that was just recorded: silence would say nothing."""
    run = evaluate(write("chart.json", bundle(person(), twitch())), "--hook", hook)

    assert (2, "") == (run.status, run.out)
    assert "give a whole CDS Hooks request" in run.err


def test_a_chart_can_be_answered_as_at_the_start_of_a_visit(evaluate: Evaluate, write: Write) -> None:
    """encounter-start is as patient-view (4d)."""
    chart = write("chart.json", bundle(person(), twitch()))

    opened, started = evaluate(chart, "--json"), evaluate(chart, "--json", "--hook", "encounter-start")

    assert [["data-gap"]] == opened.topics == started.topics


def test_names_that_are_no_text_can_be_printed(evaluate: Evaluate, write: Write) -> None:
    """Control characters and bytes that are no UTF-8 are made visible, in paths and in patients' ids."""
    name = os.fsdecode(b"a\xff\x1b[31m.json")
    run = evaluate(write(name, bundle(person("p\x1b[1m"), twitch("Patient/p\x1b[1m"))), "--json")
    text = evaluate(write(name, bundle(person("p\x1b[1m"))))

    assert run.answers[0]["input"].endswith("a\\xff\\x1b[31m.json")
    assert "\x1b" not in text.out
    assert "patient p[1m" in text.out


def test_a_reader_that_goes_away_is_no_error(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    """`twitch-cds evaluate … | head -1` ends quietly."""
    inlet, outlet = os.pipe()
    os.close(inlet)
    chart = write("c.json", bundle(person()))
    with os.fdopen(outlet, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert 0 == cli.main(["evaluate", "--json", str(chart)])


def test_an_interrupt_ends_the_command(evaluate: Evaluate, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the status that shells use."""

    def interrupt(path: str) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "documents", interrupt)

    assert 130 == evaluate(write("c.json", bundle(person()))).status
