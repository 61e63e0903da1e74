"""Runs a replay on a day that stands still, and reads what came out."""

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from charts.dates import TODAY

from cds.replay import command
from cds.replay.command import Options

Json = dict[str, Any]
Row = dict[str, Any]
NOW = datetime.combine(TODAY, time(12), UTC)
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Replayed(NamedTuple):
    """One replay: its status, its folder, and what it said."""

    status: int
    out: Path

    def rows(self, name: str, where: str = "true") -> list[Row]:
        """The rows of one of its files."""
        found = duckdb.execute(f"SELECT * FROM '{self.out / name}.parquet' WHERE {where}")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    @property
    def manifest(self) -> Json:
        """What `manifest.json` says."""
        found: Json = json.loads((self.out / "manifest.json").read_text("utf-8"))
        return found

    @property
    def lost(self) -> dict[str, int]:
        """What was lost or counted, by reason."""
        found: dict[str, int] = self.manifest["lost"]["counts"]
        return found

    @property
    def page(self) -> str:
        """The page."""
        return (self.out / "report.html").read_text("utf-8")

    def outcomes(self) -> list[tuple[str, str]]:
        """Hook and outcome of each call, in order."""
        return [(row["hook"], row["outcome"]) for row in self.rows("visits")]


Replay = Callable[..., Replayed]


def replayed(export: Path, out: Path, now: datetime = NOW, **options: Any) -> Replayed:
    """One run."""
    return Replayed(command.run(Options(export=str(export), out=str(out), **options), lambda: now), out)


def ndjson(path: Path, resources: Iterable[Json]) -> Path:
    """A file with one resource a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in resources), "utf-8")
    return path


def without_ids(body: bytes) -> bytes:
    """An answer whose ids are counted through: they are new in each answer."""
    found: dict[bytes, bytes] = {}
    return UUID.sub(lambda match: found.setdefault(match[0], b"id-%d" % len(found)), body)


def visit(ident: str, start: str | None, patient: str = "p1", **more: Any) -> Json:
    """A finished visit."""
    period = {"period": {"start": start}} if start else {}
    subject = {"reference": f"Patient/{patient}"}
    return {"resourceType": "Encounter", "id": ident, "status": "finished", "subject": subject, **period, **more}


def order(ident: str, at: str | None, code: str = "8640", patient: str = "p1", **more: Any) -> Json:
    """A medicine ordered: a systemic corticosteroid, if no other is named."""
    coding = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": code}
    return {
        "resourceType": "MedicationRequest",
        "id": ident,
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
        "medicationCodeableConcept": {"coding": [coding]},
        **({"authoredOn": at} if at else {}),
        **more,
    }
