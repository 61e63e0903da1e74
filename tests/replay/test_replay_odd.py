"""What is rare in an export, and is read all the same, or counted."""

import errno
import json
from datetime import date
from pathlib import Path

import pytest
from charts.people import bundle, person, twitch
from replay_kit import NOW, Json, Replay, ndjson, order, replayed, visit

from cds.errors import Unfinished
from cds.evaluate.files import Problem
from cds.replay import command, results
from cds.replay.entries import Reading, ResourceHead, _type_and_id
from cds.replay.parts import Part, Piece, parts
from cds.replay.searches import Search, SearchFields, shared_of


def test_a_full_disk_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was written when it was full."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(command, "taken_up", full)
    file = ndjson(tmp_path / "a.ndjson", [person()])

    with pytest.raises(Unfinished, match="the disk is full"):
        replayed(file, tmp_path / "out")


def test_what_cannot_be_listed_is_lost(replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in the export that nobody may open."""
    file = ndjson(tmp_path / "a.ndjson", [person(), visit("e1", "2026-11-20T09:00:00Z")])
    monkeypatch.setattr(command, "parts", lambda path: (parts(path)[0], [Problem("closed", "cannot be read")]))
    done = replay(file)

    assert (4, {"file-unreadable": 1}) == (done.status, done.lost)


def test_a_long_file_that_is_no_ndjson_stays_whole(tmp_path: Path) -> None:
    """Lines of one document are no documents, whatever the name says; an empty line is nothing."""
    long = tmp_path / "a.ndjson"
    long.write_text(json.dumps(bundle(person()), indent=2), "utf-8")
    ndjson(tmp_path / "b.ndjson", [person("p1"), person("p2")])
    spaced = (tmp_path / "b.ndjson").read_bytes().replace(b"}\n{", b"}\n\n{")
    (tmp_path / "b.ndjson").write_bytes(spaced)
    part = Part(0, (Piece(str(tmp_path / "b.ndjson"), 0, len(spaced)),), len(spaced))

    assert [Part(0, (Piece(str(long)),), long.stat().st_size)] == parts(str(long), 10)[0]
    assert ["p1", "p2"] == [entry.owner for entry in Reading().part(part)]


def test_odd_entries_have_no_name() -> None:
    """What is no object, and what refers in another shape."""
    assert "unknown" == _type_and_id(b"[]").resourceType
    assert "" == shared_of(b'{"code":5}')
    assert () == ResourceHead(resource_type="Medication").shared_as
    assert not Search("a", "b", statuses=frozenset({"active"})).finds(SearchFields(status="draft"))


def test_odd_entries_of_a_bundle(replay: Replay, tmp_path: Path) -> None:
    """One of another shape is the engine's to judge; one that two patients may own is nobody's."""
    odd: Json = {**twitch("Patient/p1", "t2"), "code": 5}
    orphan: Json = {**twitch(None, "t3"), "code": 5}
    entries = bundle(person(), person("p2"), odd, orphan, visit("e1", "2026-11-20T09:00:00Z"))
    (tmp_path / "a.json").write_text(json.dumps(entries, indent=1), "utf-8")
    done = replay(tmp_path / "a.json")

    assert (4, 1) == (done.status, done.lost["orphan"])
    assert [("refused", "412")] == [(row["outcome"], row["reason"]) for row in done.rows("visits")]


def test_orders_without_an_id_and_a_problem_without_a_rule(replay: Replay, tmp_path: Path) -> None:
    """Each card of an order says which rules led to it; a patient of days without visits has none."""
    signed = order("", "2026-11-20T09:00:00Z", requester={"reference": "Device/1"})
    file = ndjson(tmp_path / "a.ndjson", [person(), twitch(recordedDate="2026-10-01"), signed])
    done = replay(file)

    assert [("order-sign", "cards")] == done.outcomes()
    assert [] == replay(file, every=5).rows("visits")
    assert NOW.date() == date(2026, 11, 22)


def test_a_chart_without_its_patient_and_words_beyond_ascii(replay: Replay, tmp_path: Path) -> None:
    """The call is made, and counted as one without a Patient resource."""
    said: Json = {"code": {"text": "Muscle twitching in both calves – since May"}}
    chart = [twitch(recordedDate="2026-10-01", **said), visit("e1", "2026-11-20T09:00:00Z")]
    (tmp_path / "a.ndjson").write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in chart), "utf-8")
    done = replay(tmp_path / "a.ndjson")

    assert (4, {"patient-resource-missing": 1}) == (done.status, done.lost)
    assert [("patient-view", "cards")] == done.outcomes()
    assert 1 == len(parts(str(ndjson(tmp_path / "b.json", [person()])), 10)[0])


def test_a_month_of_repeats_alone_has_no_cards(replay: Replay, tmp_path: Path) -> None:
    """What is silenced is not among the cards that are shown."""
    by: Json = {"participant": [{"individual": {"reference": "Practitioner/a"}}]}
    days = ("2026-10-31T09:00:00Z", "2026-11-01T09:00:00Z")
    seen = [visit(f"e{number}", day, "p1", **by) for number, day in enumerate(days)]
    done = replay(ndjson(tmp_path / "a.ndjson", [person(), twitch(recordedDate="2026-10-01"), *seen]))

    assert [("patient-view", "cards"), ("patient-view", "repeated")] == done.outcomes()


def test_it_goes_on_from_its_tables(replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was planned before an end is not planned again."""
    file, out = ndjson(tmp_path / "a.ndjson", [person(), visit("e1", "2026-11-20T09:00:00Z")]), tmp_path / "out"
    write = results.write

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("cds.replay.results.write", full)
    with pytest.raises(Unfinished):
        replayed(file, out)
    monkeypatch.setattr("cds.replay.results.write", write)

    assert 0 == replayed(file, out).status
    assert [("patient-view", "gate")] == replay(file).outcomes()
