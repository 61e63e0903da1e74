"""Whatever of an export cannot be used is counted with its reason: no denominator is silently smaller."""

import gzip
import json
from pathlib import Path

import pytest
from charts.people import bundle, person, twitch
from population import export, population
from replay_kit import Json, Replay, ndjson, order, visit

from cds.replay import parts as cut
from cds.replay.sections import WORDS

GOOD = [person(), twitch(recordedDate="2026-10-01"), visit("e1", "2026-11-20T09:00:00Z")]


def lines(*some: Json | bytes) -> bytes:
    """NDJSON, with lines of any kind."""
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in some)


DAMAGED: dict[str, tuple[Json | bytes, str, int]] = {
    "cut off": (json.dumps(twitch(ident="t9")).encode()[:-20], "line-unreadable", 4),
    "no UTF-8": (json.dumps(twitch(ident="t9", note="?")).encode().replace(b"?", b"\xff"), "line-unreadable", 4),
    "no FHIR": ({"a": 1}, "no-fhir", 4),
    "a Bundle of another shape": ({"resourceType": "Bundle", "entry": 5}, "no-fhir", 4),
    "a Bundle with further pages": (
        bundle(twitch(ident="t9"), link=[{"relation": "next", "url": "https://ehr.example.org/2"}]),
        "bundle-with-further-pages",
        4,
    ),
    "an error of the server": (
        {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]},
        "server-reported-an-error",
        4,
    ),
    "an error of another shape": ({"resourceType": "OperationOutcome", "issue": 5}, "server-reported-an-error", 4),
    "an orphan": (twitch(None, "t9"), "orphan", 4),
    "an orphan of another shape": ({"resourceType": "Condition", "subject": 5}, "orphan", 4),
    "a Patient without an id": ({"resourceType": "Patient"}, "orphan", 4),
    "a Patient of another shape": ({"resourceType": "Patient", "id": 5, "code": 5}, "orphan", 4),
    "about a group": (twitch("Group/g1", "t9"), "about-no-patient", 0),
    "about somebody unknown": (twitch("Patient/p9", "t9"), "patient-resource-missing", 4),
    "two people": (person(born="1990-01-01"), "two-patients-of-one-id", 4),
    "a Patient that cannot be read": (person(gender=5), "two-patients-of-one-id", 4),
    "a visit without a day": (visit("e9", None), "visit-without-date", 4),
    "a visit in a month": (visit("e9", "2026-10"), "visit-without-date", 4),
    "a visit of another shape": (visit("e9", None, period=5), "visit-without-date", 4),
    "no visit": (visit("e9", "2026-10-01", status="cancelled"), "encounter-that-was-no-visit", 0),
    "a visit to come": (visit("e9", "2027-01-01T09:00:00Z"), "visit-in-the-future", 0),
    "a day only": (visit("e9", "2026-10-02"), "visit-with-day-only", 0),
    "today": (visit("e9", "2026-11-22"), "visit-with-day-only", 0),
    "no zone": (visit("e9", "2026-10-02T09:00:00"), "time-without-valid-zone", 0),
    "a wrong zone": (visit("e9", "2026-10-02T09:00:00+25:00"), "time-without-valid-zone", 0),
    "an order without a day": (order("m9", None), "order-without-date", 4),
    "an order of another shape": (order("m9", None, requester=5), "order-without-date", 4),
    "no order": (order("m9", "2026-10-02", intent="plan"), "request-that-was-no-order", 0),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_it_is_counted(name: str, replay: Replay, tmp_path: Path) -> None:
    """In the manifest and on the page; the status says whether a part of the denominators is lost."""
    odd, reason, status = DAMAGED[name]
    (tmp_path / "a.ndjson").write_bytes(lines(*GOOD, odd))
    done = replay(tmp_path / "a.ndjson")

    assert 1 == done.lost[reason]
    assert status == done.status
    assert f"<td>{'lost' if status else 'counted'}</td><td>{WORDS['reasons'][reason]}</td><td>&lt;5</td>" in done.page


@pytest.mark.parametrize("harmless", [{"resourceType": "Device"}, {"resourceType": "OperationOutcome", "issue": []}])
def test_what_no_call_reads_is_no_loss(harmless: Json, replay: Replay, tmp_path: Path) -> None:
    """It is counted among the resources, alone and in a Bundle."""
    (tmp_path / "a.ndjson").write_bytes(lines(*GOOD, harmless, bundle(harmless)))
    done = replay(tmp_path / "a.ndjson")

    assert (0, {}) == (done.status, done.lost)
    assert 5 == done.manifest["counts"]["entries"]


def test_two_people_under_one_id_are_nobody_s_chart(replay: Replay, tmp_path: Path) -> None:
    """Their calls are counted and not made, whether the gate lets them pass or not."""
    silent = [person("p2"), person("p2", "1980-01-01"), visit("e2", "2026-11-20T09:00:00Z", patient="p2")]
    (tmp_path / "a.ndjson").write_bytes(lines(*GOOD, person(born="1990-01-01"), *silent))
    done = replay(tmp_path / "a.ndjson")

    assert [("patient-view", "two-patients")] * 2 == done.outcomes()
    assert [None, None] == [row["age"] for row in done.rows("visits")]
    assert 2 == done.lost["two-patients-of-one-id"]


def test_two_versions_of_a_patient_are_one_person(replay: Replay, tmp_path: Path) -> None:
    """The same birth date and sex: a file that was exported twice."""
    (tmp_path / "a.ndjson").write_bytes(lines(*GOOD, *GOOD, person(active=True)))
    done = replay(tmp_path / "a.ndjson")

    assert [("patient-view", "cards")] == done.outcomes()
    assert 0 == done.status


def test_a_file_that_is_cut_off_is_named(replay: Replay, tmp_path: Path) -> None:
    """What could be read before is replayed, and the status says that something is lost."""
    folder = export(tmp_path / "export", GOOD)
    (folder / "Flag.ndjson.gz").write_bytes(gzip.compress(b"{}" * 1000)[:-9])
    done = replay(folder)

    assert (4, 1) == (done.status, done.lost["file-unreadable"])
    assert "Flag.ndjson.gz" in done.page
    assert [("patient-view", "cards")] == done.outcomes()


def test_what_was_deleted_is_not_there(replay: Replay, tmp_path: Path) -> None:
    """A bulk export says it in a folder of its own: of a visit, of an entry that passed, of a whole patient."""
    others = [
        person("p2"),
        visit("e2", "2026-11-20T09:00:00Z", patient="p2"),
        person("p3"),
        visit("e3", "2026-11-20", "p3"),
    ]
    folder = export(tmp_path / "export", [*GOOD, visit("e4", "2026-11-21T09:00:00Z"), *others])
    gone = [{"request": {"method": "DELETE", "url": url}} for url in ("Condition/t1", "Encounter/e2", "Patient/p3")]
    ndjson(folder / "deleted" / "deleted.ndjson", [{"resourceType": "Bundle", "type": "transaction", "entry": gone}])
    done = replay(folder)

    assert [("patient-view", "no-twitch")] * 2 == done.outcomes()
    assert 3 == done.lost["deleted"]


def test_a_long_file_is_cut_at_its_lines(replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the parts are, each line is read once."""
    resources = [one for chart in population(12) for one in chart]
    folder = export(tmp_path / "export", resources)
    whole = replay(folder)
    usual = cut.parts
    for size in (997, 4096):
        monkeypatch.setattr("cds.replay.command.parts", lambda path, size=size: usual(path, size))
        monkeypatch.setattr("cds.replay.worker.parts", lambda path, size=size: usual(path, size))
        small = replay(folder)

        assert small.manifest["parts"] > 10
        assert whole.rows("visits") == small.rows("visits")
        assert whole.rows("cards") == small.rows("cards")
        assert len(resources) == small.manifest["counts"]["entries"]


def test_bundles_are_read_as_servers_write_them(replay: Replay, tmp_path: Path) -> None:
    """Pretty-printed, with a patient of another name, and with entries that name nobody."""
    urn = "urn:uuid:11111111-2222-3333-4444-555555555555"
    entries = [
        {"fullUrl": urn, "resource": person("p7")},
        {"fullUrl": "urn:uuid:2", "resource": twitch(urn, "t7", recordedDate="2026-10-01")},
        {"fullUrl": "urn:uuid:3", "resource": visit("e7", "2026-11-20T09:00:00Z", subject={"reference": urn})},
        {"resource": twitch(None, "t8", recordedDate="2026-10-01")},
        {"resource": {"resourceType": "FamilyMemberHistory", "patient": {"reference": urn}, "status": "completed"}},
    ]
    folder = tmp_path / "bundles"
    folder.mkdir()
    whole = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    (folder / "a.json").write_text(json.dumps(whole, indent=2), "utf-8")
    (folder / "b.json").write_text(json.dumps({"resourceType": "Bundle", "entry": []}), "utf-8")
    done = replay(folder)

    assert (0, [("patient-view", "cards")]) == (done.status, done.outcomes())
    assert {"patients": 1, "judged": 1, "entries": 5} == done.manifest["counts"]
