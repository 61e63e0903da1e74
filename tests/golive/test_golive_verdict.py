"""`twitch-cds golive`: go or not yet, with the number beside each gate; a number that there is not is never go."""

import contextlib
import csv
import html
import io
import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from charts.options import options
from golive_kit import ADVICE, KEY, LISTED, NOON, QUIET, URGENT, VIEW, Site, opened

from cds import cli
from cds.audit.journal import Journal
from cds.errors import UsageError
from cds.golive import command
from cds.golive.gates import read_gates
from cds.report import silent_command
from cds.review.agreement import kappa
from cds.secrecy import Secret
from cds.store.keys import known_key

SILENT = f'mode = "silent"\n{LISTED}'
DAYS = 'client = "ehr"\nsince = 2026-11-20\nuntil = 2026-11-22\n'
LIMITS = {
    "calls_seen": "least = 4",
    "cards_per_100_calls": "most = 50",
    "not_checked_percent": "most = 25",
    "unread_percent": "most = 25",
    "open_questions_percent": "most = 25",
    "p99_ms": "most = 300",
    "failures_percent": "most = 25",
    "audit_findings": "most = 0",
    "emergencies_reviewed_percent": "least = 100",
    "emergencies_harmful": "most = 0",
    "agreement": "least = 0.6",
    "cards_answered": "least = 1",
    "overridden_percent": "most = 50",
    "shadow_calls": "least = 3",
    "shadow_different_percent": "most = 50",
    "shadow_gone": "most = 1",
    "shadow_failures_percent": "most = 50",
    "replay_calls": "least = 1000",
    "replay_cards_per_100_calls": "most = 5",
    "replay_not_checked_percent": "most = 10",
    "replay_unread_percent": "most = 10",
    "replay_not_answered_percent": "most = 1",
    "replay_lost": "most = 0",
    "review_judged_percent": "least = 100",
    "review_agreement": "least = 0.6",
    "review_ppv_percent": "least = 80",
    "review_ppv_low_percent": "least = 60",
    "review_silent_right_percent": "least = 95",
    "review_harmful": "most = 0",
}
OUT = ("shadow", "replay")
ALONE = (*OUT, "feedback")
CALL: dict[str, Any] = {"kind": "call", "client": "ehr", "mode": "silent", "status": 200, "ms": 20.04}
LATEST = datetime(2026, 11, 22, 12, tzinfo=UTC)


def gates(
    folder: Path, without: Sequence[str] = ALONE, more: str = "", reviews: int = 2, **changed: str | None
) -> Path:
    """A file of gates, with changes; None takes a gate away."""
    limits = {name: limit for name, limit in (LIMITS | changed).items() if limit is not None}
    named = [f"{number}.csv" for number in range(reviews)]
    for name in named:
        if not (folder / name).exists():
            (folder / name).write_text("uuid,verdict\n", "utf-8")
    table = "".join(f"{name} = {{ {limit} }}\n" for name, limit in limits.items())
    path = folder / "golive.toml"
    path.write_text(
        f"{DAYS}without = {json.dumps(without)}\nreviews = {json.dumps(named)}\n{more}[gates]\n{table}", "utf-8"
    )
    return path


def audit(folder: Path, *lines: Mapping[str, Any], at: datetime = LATEST, name: str = "audit.jsonl") -> Path:
    """An audit of these lines, each written with the key of the service."""
    path = folder / name
    log = Journal.open(path, Secret(KEY), lambda: at, seconds=lambda: 0.0)
    for line in lines:
        log.write(line)
    log.close()
    return path


@pytest.fixture(autouse=True)
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of the service whose files lie in the folder of the test."""
    monkeypatch.setenv("TWITCH_CDS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TWITCH_CDS_HASH_KEY", KEY)
    monkeypatch.setenv("TWITCH_CDS_TIME_ZONE", "Europe/Berlin")


def printed(*arguments: object) -> tuple[int, str]:
    """The status and what is printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = command.run(command.Options(**options("golive", *arguments)), known_key, lambda: NOON)
    return status, out.getvalue()


def judged(*arguments: object) -> dict[str, Any]:
    """The gates that are told, by name."""
    status, text = printed(*arguments, "--json")
    told = json.loads(text)
    assert (0 if told["go"] else 1) == status
    return {row["gate"]: row for row in told["gates"]}


def values(*arguments: object) -> dict[str, float | None]:
    """The numbers."""
    return {name: row["value"] for name, row in judged(*arguments).items()}


def test_every_number_is_that_of_the_calls(tmp_path: Path) -> None:
    """Four calls in silent mode or a pilot; what the client did while it was on or off, and other clients', is not."""
    audit(
        tmp_path,
        CALL
        | {"withheld": [{"uuid": "a", "topic": "emergency", "emergency": True}, {"uuid": "b", "topic": "data-gap"}]},
        CALL | {"mode": "pilot", "cards": [{"uuid": "c", "topic": "lifestyle"}], "notChecked": ["Observation:absent"]},
        CALL | {"status": 412, "ms": 250.0, "unread": {"Observation:unit": 3}},
        CALL | {"status": 500, "mode": "pilot"},
        CALL | {"mode": "on", "status": 500},
        CALL | {"mode": "off"},
        CALL | {"client": "other", "status": 500},
        {"kind": "refused", "client": "ehr"},
    )

    assert {
        "calls_seen": 4,
        "cards_per_100_calls": 75,
        "not_checked_percent": 25,
        "unread_percent": 25,
        "open_questions_percent": 25,
        "p99_ms": 250,
        "failures_percent": 25,
        "audit_findings": 0,
        "emergencies_reviewed_percent": 0,
        "emergencies_harmful": None,
        "agreement": None,
    } == values(gates(tmp_path))


@pytest.mark.parametrize(
    ("at", "seen"),
    [
        (datetime(2026, 11, 19, 22, 59, tzinfo=UTC), 0),
        (datetime(2026, 11, 19, 23, 0, tzinfo=UTC), 1),
        (datetime(2026, 11, 22, 22, 59, tzinfo=UTC), 1),
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), 0),
    ],
)
def test_days_are_those_of_the_site(tmp_path: Path, at: datetime, seen: int) -> None:
    """From the first midnight in Berlin to the one after the last day."""
    audit(tmp_path, CALL, at=at)

    assert seen == values(gates(tmp_path))["calls_seen"]


@pytest.mark.parametrize(("slow", "p99"), [(1, 20.0), (2, 900.0)])
def test_the_time_of_99_in_100_calls_is_exact(tmp_path: Path, slow: int, p99: float) -> None:
    """One slow call in a hundred is not in it, two are."""
    audit(tmp_path, *[CALL] * (100 - slow), *[CALL | {"ms": 900.0}] * slow)

    assert p99 == values(gates(tmp_path))["p99_ms"]


def test_several_machines_and_older_logs_count_together(tmp_path: Path) -> None:
    """This machine's log and the one that rotation left beside it; or those that are named."""
    old = audit(tmp_path, *[CALL] * 3)
    old.rename(tmp_path / "audit.jsonl.1")
    audit(tmp_path, *[CALL] * 2)
    other = tmp_path / "other"
    other.mkdir()
    second = audit(other, CALL)

    assert 5 == values(gates(tmp_path))["calls_seen"]
    assert 3 == values(gates(tmp_path), "--audit", second, "--audit", tmp_path / "audit.jsonl")["calls_seen"]


def test_a_line_that_the_key_does_not_prove_counts_for_nothing_and_is_a_finding(tmp_path: Path) -> None:
    """Whoever adds ten quiet calls by hand does not bring the client live."""
    path = audit(tmp_path, CALL, CALL)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[-1].replace(b'"status":200', b'"status":299')]))
    found = judged(gates(tmp_path))

    assert (2, 1) == (found["calls_seen"]["value"], found["audit_findings"]["value"])
    assert "not yet" == found["audit_findings"]["state"]


def test_a_missing_line_is_a_finding(tmp_path: Path) -> None:
    """A failure that was cut out of the audit."""
    path = audit(tmp_path, CALL, CALL | {"status": 500}, CALL)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b'"status":500' not in line))

    assert 1 == values(gates(tmp_path))["audit_findings"]


def test_a_log_that_cannot_be_read_on_is_a_finding(tmp_path: Path) -> None:
    """Packed, and cut off."""
    path = tmp_path / "audit.jsonl.2.gz"
    path.write_bytes(b"\x1f\x8b\x08\x00cut")
    audit(tmp_path, CALL)

    assert (1, True) == (values(gates(tmp_path))["calls_seen"], (values(gates(tmp_path))["audit_findings"] or 0) > 0)


def test_a_call_that_was_too_long_for_its_line_is_a_finding(tmp_path: Path) -> None:
    """Nobody knows whose it was: it must not make the number of calls smaller unseen."""
    audit(tmp_path, CALL, CALL | {"padding": "x" * 300_000})

    assert (1, 1) == tuple(values(gates(tmp_path))[name] for name in ("calls_seen", "audit_findings"))


def test_without_any_source_nothing_is_go(tmp_path: Path) -> None:
    """No audit, no database, no shadow, no replay: each gate says that there are no figures."""
    status, said = printed(gates(tmp_path, without=()))
    lines = said.splitlines()

    assert (1, "NOT YET: 29 of 29 gates are not met.") == (status, lines[-1])
    assert 29 == sum(line.startswith("  not yet: no figures") for line in lines)
    assert "  not yet: no figures  calls seen: no figures (at least 4)" in lines
    assert "  not yet: no figures  replay: calls: no figures (at least 1,000)" in lines


def test_calls_of_nobody_are_a_number_and_shares_of_them_are_none(tmp_path: Path) -> None:
    """An audit in which the client never called in silent mode."""
    audit(tmp_path, CALL | {"mode": "on"})
    found = judged(gates(tmp_path))

    assert (0, "not yet") == (found["calls_seen"]["value"], found["calls_seen"]["state"])
    assert {"not yet: no figures"} == {
        row["state"] for name, row in found.items() if name not in ("calls_seen", "audit_findings")
    }


def reviewed(folder: Path, *verdicts: Mapping[str, str]) -> None:
    """The files of the reviewers, as a spreadsheet writes them."""
    for number, one in enumerate(verdicts):
        rows = "".join(f"x,{uuid},{verdict}\r\n" for uuid, verdict in one.items())
        (folder / f"{number}.csv").write_text(f"time,uuid,verdict\r\n{rows}", "utf-8-sig")


def urgent(*uuids: str) -> list[dict[str, Any]]:
    """Calls that held an emergency back."""
    return [CALL | {"withheld": [{"uuid": uuid, "emergency": True}]} for uuid in uuids]


def test_an_emergency_is_reviewed_when_both_have_judged_it(tmp_path: Path) -> None:
    """An empty cell is no verdict, and what is not in the audit does not count."""
    audit(tmp_path, *urgent("a", "b", "c", "d"))
    reviewed(
        tmp_path,
        {"a": "right", "b": "Right ", "c": "", "d": "wrong", "z": "right"},
        {"a": "right", "b": "wrong", "c": "harmful", "d": "wrong", "z": "harmful"},
    )
    found = values(gates(tmp_path))

    assert (75, 1) == (found["emergencies_reviewed_percent"], found["emergencies_harmful"])
    assert pytest.approx(0.4) == found["agreement"]


def test_where_there_was_no_emergency_none_is_unreviewed(tmp_path: Path) -> None:
    """Nothing was harmful either; how far two people agree nobody knows."""
    audit(tmp_path, CALL)
    found = judged(gates(tmp_path))

    assert ("go", "go", "not yet: no figures") == (
        found["emergencies_reviewed_percent"]["state"],
        found["emergencies_harmful"]["state"],
        found["agreement"]["state"],
    )


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({}, {}, None),
        ({"a": "right"}, {"b": "right"}, None),
        ({"a": "right", "b": "right"}, {"a": "right", "b": "right"}, 1.0),
        ({"a": "right", "b": "wrong"}, {"a": "right", "b": "wrong"}, 1.0),
        ({"a": "right", "b": "wrong"}, {"a": "wrong", "b": "right"}, -1.0),
        ({"a": "right", "b": "wrong", "c": "right"}, {"a": "right", "b": "wrong", "d": "wrong"}, 1.0),
    ],
)
def test_agreement_is_beyond_chance(one: Mapping[str, str], other: Mapping[str, str], expected: float | None) -> None:
    """Over what both have judged; nothing where that is nothing."""
    assert expected == kappa(one, other)


def test_agreement_is_that_of_the_textbook() -> None:
    """Fifty cards: 20 right for both, 15 wrong for both, 5 and 10 apart: 0.4 (observed 0.7, by chance 0.5)."""
    pairs = [("right", "right")] * 20 + [("right", "wrong")] * 5 + [("wrong", "right")] * 10 + [("wrong", "wrong")] * 15
    one, other = ({str(number): pair[side] for number, pair in enumerate(pairs)} for side in (0, 1))

    assert pytest.approx(0.4) == kappa(one, other)


def test_a_gate_says_what_it_wants_and_what_there_is(tmp_path: Path) -> None:
    """The numbers beside each, what is left out by name, and the verdict last."""
    audit(tmp_path, *[CALL] * 1500, *urgent("a", "b"))
    reviewed(tmp_path, {"a": "right", "b": "wrong"}, {"a": "right", "b": "wrong"})
    met = printed(gates(tmp_path, p99_ms="most = 20"))
    missed = printed(gates(tmp_path, p99_ms="most = 19.99", calls_seen="least = 5000"))

    assert (0, 1) == (met[0], missed[0])
    assert [
        "Go-live of ehr, from 2026-11-20 until 2026-11-22 (Europe/Berlin)",
        "",
        "  go                   calls seen: 1,502 (at least 4)",
        "  go                   cards per 100 calls: 0.13 (at most 50)",
    ] == met[1].splitlines()[:4]
    assert "  left out             all figures of shadow" in met[1].splitlines()
    assert "GO: all 11 gates are met." == met[1].splitlines()[-1]
    assert "  not yet              99 % of the calls within, ms: 20 (at most 19.99)" in missed[1].splitlines()
    assert "NOT YET: 2 of 11 gates are not met." == missed[1].splitlines()[-1]


def test_a_gate_is_left_out_by_its_name_only(tmp_path: Path) -> None:
    """And is told as left out."""
    audit(tmp_path, CALL)
    path = gates(tmp_path, without=(*ALONE, "agreement"), reviews=1, agreement=None)
    status, said = printed(path)

    assert "agreement" not in judged(path)
    assert "  left out             agreement of the reviewers (kappa)" in said.splitlines()
    assert 1 == status


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"calls_seen": None},
            'gates.calls_seen: must be { least = … }; to leave the gate out, name it under "without"',
        ),
        ({"calls_seen": "most = 4"}, "gates.calls_seen: must be { least = … }"),
        ({"p99_ms": "most = 4, least = 1"}, "gates.p99_ms: must be { most = … }"),
        ({"p99": "most = 4"}, "gates.p99: is not a gate; the gates are calls_seen,"),
        ({"p99_ms": "atmost = 4"}, "unknown field `atmost`"),
        ({"reviews": 1}, 'reviews: must name the files of two reviewers for the gate "agreement"'),
        ({"without": ["replays"]}, "without: 'replays' is neither a source nor a gate; there are silent, feedback,"),
        ({"more": 'untill = "2026-11-30"\n'}, "unknown field `untill`"),
        ({"more": "until ="}, "golive.toml: "),
    ],
)
def test_a_file_of_gates_that_forgets_or_misspells_something_is_refused(
    tmp_path: Path, change: Mapping[str, Any], words: str
) -> None:
    """With the key."""
    path = gates(tmp_path, **change)

    with pytest.raises(UsageError) as problem:
        printed(path)

    assert words in problem.value.text


def test_days_that_end_before_they_begin_are_refused(tmp_path: Path) -> None:
    """With both."""
    path = gates(tmp_path)
    path.write_text(path.read_text("utf-8").replace("until = 2026-11-22", "until = 2026-11-19"), "utf-8")

    with pytest.raises(UsageError, match="until: 2026-11-19 is before since, 2026-11-20"):
        printed(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "0.csv: cannot be read"),
        (b"\xff\xfe", "0.csv: cannot be read"),
        (b"uuid;verdict\na;right\n", "0.csv: has no column uuid and no column verdict"),
        (b"uuid,verdict\na,right\nb,perhaps\n", "0.csv:3: 'perhaps' is not one of right, wrong, harmful"),
        (b"uuid,verdict\na\n", ""),
    ],
)
def test_a_review_that_cannot_be_used_is_told(tmp_path: Path, text: bytes | None, words: str) -> None:
    """With its line; a row that ends early was not reviewed."""
    audit(tmp_path, CALL)
    path = gates(tmp_path)
    if text is None:
        (tmp_path / "0.csv").unlink()
    else:
        (tmp_path / "0.csv").write_bytes(text)

    if not words:
        assert 1 == printed(path)[0]
        return
    with pytest.raises(UsageError) as problem:
        printed(path)
    assert words in problem.value.text


def test_a_file_of_gates_is_needed_and_may_come_from_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the shell; one that is not there is refused."""
    audit(tmp_path, CALL)
    assert 2 == cli.main(["golive"])
    assert "no file of gates: name one, or set TWITCH_CDS_GOLIVE" in capsys.readouterr().err
    assert 2 == cli.main(["golive", str(tmp_path / "none.toml")])
    monkeypatch.setenv("TWITCH_CDS_GOLIVE", str(gates(tmp_path)))
    assert 1 == cli.main(["golive"])
    assert "NOT YET: " in capsys.readouterr().out


TOKEN = "g" * 16 + "o" * 16


def page_of(site: Site) -> str:
    """The governance page as it is read, its tags taken out."""
    text = site.fetch("GET", "/governance", credential=TOKEN).text
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def accepted(site: Site) -> int:
    """Have a user of a pilot accept a card a minute later; the status of the feedback."""
    card = site.call(ADVICE).json()["cards"][0]["uuid"]
    assert site.memory.flush(600)
    moment = (site.now + timedelta(seconds=60)).isoformat()
    item = {"card": card, "outcome": "accepted", "outcomeTimestamp": moment, "acceptedSuggestions": [{"id": "s"}]}
    return site.fetch("POST", f"/cds-services/{VIEW}/feedback", json.dumps({"feedback": [item]}).encode()).status_code


def exported(site: Site) -> list[str]:
    """The cards in the list of emergencies as a reviewer gets it."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        silent_command.run(silent_command.Options(since="2026-11-22", csv=True), lambda: site.now)
    return [row["uuid"] for row in csv.DictReader(io.StringIO(out.getvalue(), newline=""))]


def test_from_silent_mode_over_a_pilot_to_go(tmp_path: Path) -> None:
    """Calls are recorded, the list is exported and judged by two, a pilot is answered: then every gate is met.

    The governance page shows the same as the command, before and after.
    """
    file = gates(tmp_path, OUT, p99_ms="most = 600000", cards_per_100_calls="most = 80")
    given: dict[str, Any] = {"time_zone": "Europe/Berlin", "governance_token": TOKEN, "golive": str(file)}
    with opened(tmp_path, SILENT, **given) as site:
        for chart in (QUIET, QUIET, URGENT):
            site.topics(chart)
        before, page_before = printed(file), page_of(site)
        reviewed(tmp_path, *[dict.fromkeys(exported(site), "right")] * 2)
        site.write(f'mode = "pilot"\npilot = {{ percent = 100 }}\n{LISTED}')
        site.wait(5)
        status = accepted(site)
    with opened(tmp_path, SILENT, **given) as site:
        after, page_after = printed(file), page_of(site)

    assert 200 == status
    assert (1, "NOT YET: 6 of 13 gates are not met.") == (before[0], before[1].splitlines()[-1])
    assert (0, "GO: all 13 gates are met.") == (after[0], after[1].splitlines()[-1])
    assert "NOT YET: 6 of 13 gates are not met. ehr, from 2026-11-20 until 2026-11-22." in page_before
    assert "agreement of the reviewers (kappa) no figures at least 0.6 not yet: no figures" in page_before
    assert "GO: all 13 gates are met. ehr," in page_after
    assert "Left out by the file: all figures of shadow. Left out by the file: all figures of replay." in page_after


def test_a_page_whose_gates_cannot_be_used_says_not_yet(tmp_path: Path) -> None:
    """With what is wrong; without a file of gates it says nothing of them."""
    with opened(tmp_path / "a", "", governance_token=TOKEN, golive=str(tmp_path / "none.toml")) as site:
        broken = html.unescape(site.fetch("GET", "/governance", credential=TOKEN).text)
    with opened(tmp_path / "b", "", governance_token=TOKEN) as site:
        none = site.fetch("GET", "/governance", credential=TOKEN).text

    assert f"NOT YET: there are no figures. {tmp_path}/none.toml: cannot be read" in broken
    assert "Go or not yet" not in none


def test_the_example_in_the_documents_can_be_used(tmp_path: Path) -> None:
    """As it stands there: each gate, and what it leaves out."""
    page = (Path(__file__).parents[2] / "docs/go-live.md").read_text("utf-8")
    (block,) = re.findall(r"^    client = .*?(?=\n\nThe numbers)", page, re.MULTILINE | re.DOTALL)
    file = tmp_path / "golive.toml"
    file.write_text(textwrap.dedent(block), "utf-8")

    assert (set(LIMITS), ("feedback", "shadow", "replay")) == (set(read_gates(file).gates), read_gates(file).without)
