"""A service with maps of its own, and what it answers to a small chart."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from charts.dates import TODAY
from charts.people import bundle, person, twitch
from charts.resources import Json

from cds.call import Engine, build_engine
from cds.settings import load

EXAMPLE = Path(__file__).parents[2] / "docs/examples/local-codes"
LAB = "https://lab.example.org/codes"
HEAD = "system,code,target_system,target_code\n"
POTASSIUM = f"{LAB},KAL,http://loinc.org,2823-3\n"
ME = {"reference": "Patient/p1"}


def written(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A folder with these files."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def service(maps: Path | None, today: date = TODAY) -> Engine:
    """An engine with the maps of a folder, at noon of that day."""
    given = {"TWITCH_CDS_DEMO": "true"} | ({"TWITCH_CDS_CONCEPT_MAPS": str(maps)} if maps else {})
    return build_engine(load(given), now=lambda: datetime.combine(today, time(12), UTC))


def result(system: str, code: str, value: float, unit: Json | None = None, **more: Any) -> Json:
    """A final laboratory result of this week."""
    quantity = {"value": value, **(unit or {"unit": "mmol/L"})}
    return {
        "resourceType": "Observation",
        "id": "lab",
        "status": "final",
        "code": {"coding": [{"system": system, "code": code}]},
        "subject": ME,
        "effectiveDateTime": "2026-11-20",
        "valueQuantity": quantity,
        **more,
    }


def medicine(*coding: Json, **more: Any) -> Json:
    """A medicine that is taken since a month."""
    return {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "subject": ME,
        "authoredOn": "2026-10-20",
        "medicationCodeableConcept": {"coding": list(coding)},
        **more,
    }


def cards(engine: Engine, *resources: Json, prefetch: Mapping[str, Json] | None = None) -> list[Json]:
    """The cards of patient-view for a person who twitches, with these resources."""
    given = {"patient": person(), "conditions": bundle(twitch(), kind="searchset"), **empty()}
    for one in resources:
        given[KEYS[one["resourceType"]]] = bundle(one, kind="searchset")
    body = {
        "hook": "patient-view",
        "hookInstance": "0a1b2c3d-0000-4000-8000-000000000001",
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        "prefetch": given | dict(prefetch or {}),
    }
    answer = engine.answer("muscle-twitch-patient-view", json.dumps(body).encode())
    assert 200 == answer.status, answer.body
    made: list[Json] = json.loads(answer.body)["cards"]
    return made


KEYS = {"Observation": "labs", "MedicationRequest": "medicationRequests", "Condition": "conditions"}


def empty() -> dict[str, Json]:
    """All other searches, without a result."""
    names = (
        *("observations", "labs", "medicationRequests", "medicationStatements", "serviceRequests", "encounters"),
        *("procedures", "diagnosticReports", "familyHistory"),
    )
    return {name: bundle(kind="searchset") for name in names}


def topics(made: list[Json]) -> list[str]:
    """The cards by their topics and tags."""
    basis = (card["extension"]["org.twitch-cds.basis"] for card in made)
    tags = ("+".join(one.get("tags", ())) for one in basis)
    return [f"{card['source']['topic']['code']}:{tag}" for card, tag in zip(made, tags, strict=True)]
