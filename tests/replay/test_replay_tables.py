"""The tables of a replay are written in bounded memory, however many patients there are."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from replay_kit import NOW, Replayed

from cds.replay import keep, results
from cds.replay.rows import EventRow, OwnerRow, PersonRow
from cds.replay.tables import tables
from cds.replay.worker import GATE, Plan, Setup

PATIENTS, VISITS, EACH = 20_000, 5, 12  # patients, visits of each, and one in so many passed the gate
LITTLE = "110MB"  # what 200,000 patients have, for a tenth of them, and what DuckDB needs in any case


def word(text: str) -> str:
    """A hash as a replay has it."""
    return sha256(text.encode()).hexdigest()[:32]


def events() -> Iterator[EventRow]:
    """The visits of everybody."""
    for number in range(PATIENTS):
        owner = f"p{number}"
        for visit in range(VISITS):
            day = f"2026-01-0{visit + 1}"
            yield EventRow(
                owner=owner,
                patient=word(owner),
                visit=word(f"{owner} {visit}"),
                source=f"Encounter/{owner}-{visit}",
                hook="patient-view",
                day=day,
                moment=f"{day}T10:00:00+00:00",
                clinician=word(f"d{visit}"),
                clinic="North",
            )


def test_many_silent_visits_fit_into_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each visit of those whom the gate did not let pass is a row, once."""
    monkeypatch.setattr("cds.replay.tables.MEMORY", LITTLE)
    setup = Setup(export="", out=str(tmp_path), now=NOW.isoformat())
    gate = keep.folder(setup.work / GATE)
    owners = [f"p{number}" for number in range(PATIENTS)]
    keep.put_lines(gate / "00000.events.ndjson", events())
    keep.put_lines(gate / "00000.owners.ndjson", (OwnerRow(owner=one, patient=word(one)) for one in owners))
    keep.put_lines(gate / "00000.persons.ndjson", (PersonRow(owner=one, born="1960-01-01") for one in owners))
    with tables(setup.spill) as found:
        results.write(found, setup, Plan(1, dict.fromkeys(owners[::EACH], False), []))
    rows = Replayed(0, tmp_path).rows("visits")

    assert VISITS * (PATIENTS - len(owners[::EACH])) == len(rows) == len({row["visit"] for row in rows})
    assert {("gate", 66)} == {(row["outcome"], row["age"]) for row in rows}
