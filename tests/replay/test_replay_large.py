"""A chart that is larger than a call may be: what only refused calls would hold is let go while it is read."""

import random
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from replay_kit import NOW, Json, Replay, ndjson, visit

from cds.replay.chart import ChartBuilder
from cds.replay.entries import Entry
from cds.replay.events import Calendar

FIRST = date(2026, 1, 1)
TWITCH = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R25.3"}]}
SUBJECT = {"subject": {"reference": "Patient/p1"}}
MOST = 6000


def chart() -> list[Json]:
    """A twitch, a result and a visit on each tenth day: the later visits are those of a large chart."""
    found: list[Json] = [{"resourceType": "Patient", "id": "p1", "gender": "male", "birthDate": "1950-05-05"}]
    found.append({"resourceType": "Condition", "id": "c", "code": TWITCH, "recordedDate": str(FIRST), **SUBJECT})
    for number in range(20):
        day = FIRST + timedelta(days=10 * number)
        found.append(visit(f"e{number}", f"{day}T10:00:00Z"))
        found.append(
            {
                "resourceType": "Observation",
                "id": f"o{number}",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
                "effectiveDateTime": str(day),
                "valueQuantity": {"value": 4.1, "unit": "mmol/L", "code": "mmol/L"},
                "note": [{"text": "x" * 600}],
                **SUBJECT,
            }
        )
    return found


@pytest.mark.parametrize("seed", range(4))
def test_calls_before_a_chart_grew_too_large_are_made_and_the_others_counted(
    seed: int, replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever order its resources come: the same first calls as without a limit, then each is refused."""
    resources = chart()
    random.Random(seed).shuffle(resources)
    whole = replay(ndjson(tmp_path / "export/all.ndjson", resources).parent, rules_off=False)
    monkeypatch.setenv("TWITCH_CDS_MAX_BODY_BYTES", str(MOST))
    bounded = replay(tmp_path / "export", rules_off=False)
    before, after = whole.rows("visits"), bounded.rows("visits")
    made = [row for row in after if row["outcome"] != "refused"]

    assert 0 == bounded.status
    assert 20 == len(before) == len(after)
    assert 5 == len(made)
    assert before[: len(made)] == made
    assert {"413 too-large"} == {row["reason"] for row in after[len(made) :]}
    count = "later", "undated", "unknown_then"
    assert [[row[name] for name in count] for row in before] == [[row[name] for name in count] for row in after]
    assert whole.rows("cards")[: len(bounded.rows("cards"))] == bounded.rows("cards")


@pytest.mark.parametrize("is_reverse", [False, True])
def test_the_texts_that_wait_are_bounded(is_reverse: bool) -> None:
    """Never more than twice what a call may hold and the one that came last; each resource is still counted once."""
    gathering = ChartBuilder(Calendar(ZoneInfo("Europe/Berlin"), NOW), 1000)
    days = [str(FIRST + timedelta(days=number)) for number in range(200)]
    most, note = 0, "x" * 100
    for day in [*(reversed(days) if is_reverse else days), days[0], days[-1]]:
        text = f'{{"resourceType":"Observation","effectiveDateTime":"{day}","note":[{{"text":"{note}"}}]}}'.encode()
        gathering.add(Entry("Observation", "p1", text, None))
        most = max(most, sum(len(one.text) for one in gathering.resources))
    kept = [one for one in gathering.resources if one.text]

    assert 200 == len(gathering.resources)
    assert 2 * 1000 >= most > 1000
    assert 0 < len(kept) < 20
    assert {len(text) for text in {one.text for one in kept}} == {one.size for one in gathering.resources}
    assert set(days[: len(kept)]) == {f"{one.since:%Y-%m-%d}" for one in kept if one.since}
