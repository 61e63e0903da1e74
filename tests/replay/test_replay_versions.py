"""`twitch-cds diff --replay`: what another version or other knowledge would have shown, call by call."""

import contextlib
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from charts.options import options
from replay_kit import Replayed, ndjson, replayed, visit

from cds import cli
from cds.commands import diff as diff_command
from cds.commands.replay import days
from cds.diff.command import Options
from cds.errors import UsageError
from cds.knowledge.load import DATA
from cds.replay import versions

SUBJECT = {"subject": {"reference": "Patient/secret-1"}}
TWITCH = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R25.3"}]}
MAGNESIUM = {"coding": [{"system": "http://loinc.org", "code": "19123-9"}]}
QUANTITY = {"value": 0.35, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
LIMIT, LOWER = '"mmol/L" = 0.40, "mg/dL" = 1.0 }', '"mmol/L" = 0.30, "mg/dL" = 0.7 }'


def printed(*arguments: object) -> tuple[int, str]:
    """The status and what is printed."""
    out, given = io.StringIO(), options("diff", *arguments, "--replay")
    assert given.pop("replay")
    day = given.pop("as_of")
    given |= {"every": days(given["every"]), "as_of": day.date() if day else None}
    with contextlib.redirect_stdout(out):
        status = versions.run(Options(**given), lambda: "fedcba9876543210" * 4)
    return status, out.getvalue()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """One patient: a visit with a twitch, and one after a low magnesium."""
    resources: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": "secret-1", "gender": "female", "birthDate": "1980-02-01"},
        {
            "resourceType": "Condition",
            "id": "c",
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "code": TWITCH,
            "onsetDateTime": "2026-08-01",
            "recordedDate": "2026-08-01",
            **SUBJECT,
        },
        {
            "resourceType": "Observation",
            "id": "o",
            "status": "final",
            "code": MAGNESIUM,
            "effectiveDateTime": "2026-10-01",
            "valueQuantity": QUANTITY,
            **SUBJECT,
        },
        visit("e1", "2026-08-02T08:00:00Z", "secret-1"),
        visit("e2", "2026-10-02T08:00:00Z", "secret-1"),
    ]
    return ndjson(tmp_path / "export/all.ndjson", resources).parent


@pytest.fixture
def lower(tmp_path: Path) -> Path:
    """Knowledge of which the magnesium of an emergency is lower."""
    changed = tmp_path / "knowledge"
    shutil.copytree(DATA, changed)
    limits = (changed / "limits.toml").read_text("utf-8")
    assert 1 == limits.count(LIMIT)
    (changed / "limits.toml").write_text(limits.replace(LIMIT, LOWER), "utf-8")
    return changed


def test_other_knowledge_is_compared_call_by_call(
    export: Path, lower: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emergency of one visit is gone with its tag and rule, a result is new; the other visit is as it was."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    status, text = printed(DATA, lower, export, "--json")
    told = json.loads(text)

    assert (1, 2, 1, 0, 0, {"old": 0, "new": 0}) == (
        status,
        told["calls"],
        told["changed"],
        told["onlyOld"],
        told["onlyNew"],
        told["unusable"],
    )
    assert ({"gone": 1}, 1) == (told["cards"]["emergency"], told["cards"]["abnormal-lab"]["new"])
    assert {"gone": 1} == told["reasons"]["emergency magnesium"]
    assert {"gone": 1} == told["reasons"]["emergency E4"]
    assert "secret" not in text
    assert [] == list(place.iterdir())


def test_the_same_knowledge_differs_in_nothing_by_days_too(export: Path) -> None:
    """Status 0, by two processes, on each thirtieth day and on one day."""
    by_days = printed(DATA, DATA, export, "--every", "30d", "--workers", "2")
    lines = printed(DATA, DATA, export, "--as-of", "2026-10-03")

    assert 0 == by_days[0]
    assert by_days[1].splitlines()[0].endswith(" calls compared, 0 of them with differences")
    assert (0, "1 calls compared, 0 of them with differences") == (lines[0], lines[1].splitlines()[0])


Replay = Callable[[str, str], Path]


@pytest.fixture
def made(export: Path, tmp_path: Path) -> Replay:
    """An installation whose replay is one that was made before, with a change to its files."""
    replays = replayed(export, tmp_path / "made")
    assert 0 == replays.status

    def make(name: str, change: str) -> Path:
        folder = tmp_path / name
        shutil.copytree(replays.out, folder)
        changed(Replayed(0, folder), change)
        program = tmp_path / f"{name}-installed/bin/twitch-cds"
        program.parent.mkdir(parents=True)
        program.write_text(
            f"#!{sys.executable}\nimport os, shutil, sys\n"
            f"shutil.copytree({str(folder)!r}, sys.argv[sys.argv.index('--out') + 1])\n"
            "assert os.environ['TWITCH_CDS_HASH_KEY'].startswith('fedc')\n"
            "assert 'TWITCH_CDS_HASH_KEY_FILE' not in os.environ\n"
            "print('report.html')\nsys.exit(4 if 'lost' in sys.argv[0] else 0)\n",
            "utf-8",
        )
        program.chmod(0o755)
        return program

    return make


def changed(replays: Replayed, change: str) -> None:
    """Change the rows, the manifest, or nothing."""
    path = replays.out / "manifest.json"
    if change.startswith("{"):
        path.write_text(json.dumps(replays.manifest | json.loads(change)), "utf-8")
    elif change == "no manifest":
        path.unlink()
    elif change:
        name, _, sql = change.partition(": ")
        file = replays.out / f"{name}.parquet"
        duckdb.execute(f"CREATE OR REPLACE TABLE held AS SELECT * FROM '{file}'")
        duckdb.execute(sql)
        duckdb.execute(f"COPY held TO '{file}'")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("", {}),
        ("cards: UPDATE held SET words = 'x' WHERE card = 'emergency'", {"emergency": {"reworded": 1}}),
        ("cards: UPDATE held SET indicator = 'info' WHERE card = 'emergency'", {"emergency": {"less urgent": 1}}),
        ("cards: UPDATE held SET shown = false WHERE card = 'emergency'", {"emergency": {"gone": 1}}),
        ("cards: DELETE FROM held WHERE card = 'emergency'", {"emergency": {"gone": 1}}),
        ("cards: UPDATE held SET fingerprint = 'x', number = 9", {}),
    ],
)
def test_each_card_that_was_shown_counts_by_what_became_of_it(made: Replay, change: str, told: dict[str, Any]) -> None:
    """Words, urgency, and whether it was shown at all; a fingerprint is no difference."""
    status, text = printed(made("old", ""), made("new", change), "export", "--json")
    cards = json.loads(text)["cards"]

    assert int(bool(told)) == status
    assert told == {topic: counts for topic, counts in cards.items() if counts.keys() != {"same"}}
    assert {"reworded", "less urgent", "gone", "same"} >= cards["emergency"].keys()


def test_another_rule_behind_the_same_words_is_told_and_is_no_other_card(made: Replay) -> None:
    """The card is the same to the clinician; the committee reads which rule came and which went."""
    old, new = (f"cards: UPDATE held SET rules = ['{rule}'] WHERE card = 'emergency'" for rule in ("left", "came"))
    status, text = printed(made("old", old), made("new", new), "export", "--json")
    told = json.loads(text)

    assert (1, 1, {"same": 1}) == (status, told["changed"], told["cards"]["emergency"])
    assert {"emergency came": {"new": 1}, "emergency left": {"gone": 1}} == told["reasons"]


@pytest.mark.parametrize("outcome", ["refused", "failed"])
def test_a_call_that_one_of_them_did_not_answer_is_told_apart(made: Replay, outcome: str) -> None:
    """It is no card that is gone, and no smaller denominator in silence."""
    change = f"visits: UPDATE held SET outcome = '{outcome}' WHERE day = DATE '2026-10-02'"
    status, text = printed(made("old", ""), made("new", change), "export")

    assert 1 == status
    assert [
        "1 calls compared, 0 of them with differences",
        "1 calls were answered by the old one only: they are not compared",
    ] == text.splitlines()[:2]
    assert "emergency" not in text


def test_what_one_of_them_lost_of_the_export_is_told(made: Replay) -> None:
    """Then the status is 1, even if all else is the same."""
    lost = json.dumps({"lost": {"counts": {"orphan": 3, "deleted": 1}, "places": {}}})
    status, text = printed(made("old", ""), made("lost", lost), "export")

    assert (1, "3 inputs could not be used by the new one") == (status, text.splitlines()[1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("no manifest", "left no readable replay"),
        ('{"format": 1}', "its replays have a different format"),
        ('{"done": false}', "its replays have a different format"),
    ],
)
def test_a_replay_that_cannot_be_compared_stops_it(made: Replay, change: str, words: str) -> None:
    """With the name of the candidate; nothing is compared with a half."""
    with pytest.raises(UsageError, match=words) as problem:
        printed(made("old", ""), made("new", change), "export")

    assert "new-installed" in problem.value.text


def test_a_candidate_that_fails_is_told_by_its_own_words(export: Path, tmp_path: Path) -> None:
    """As for charts: never a comparison with half of the answers."""
    (tmp_path / "empty").mkdir()

    with pytest.raises(UsageError, match=r"failed \(status 2\) after 0 answers"):
        printed(DATA, DATA, tmp_path / "empty")


def test_it_is_a_command(export: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """From the shell, with a key of its own each time; options that make no sense together are refused."""
    assert 0 == cli.main(["diff", str(DATA), str(DATA), str(export), "--replay", "--as-of", "2026-10-03"])
    assert 2 == cli.main(["diff", str(DATA), str(DATA), str(export), "--every", "30d"])
    assert 2 == cli.main(["diff", str(DATA), str(DATA), str(export), "--workers", "2"])
    assert 2 == cli.main(
        ["diff", str(DATA), str(DATA), str(export), "--replay", "--every", "30d", "--as-of", "2026-10-03"]
    )
    monkeypatch.setattr(diff_command, "find_spec", lambda _: None)
    assert 2 == cli.main(["diff", str(DATA), str(DATA), str(export), "--replay"])
    assert "twitch-cds[replay]" in capfd.readouterr().err
