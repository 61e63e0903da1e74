"""What a real FHIR server exports (FHIR Bulk Data, `$export`) is replayed: patients get the cards of a hook call."""

import json
import time
from datetime import UTC, datetime
from datetime import time as time_of_day
from pathlib import Path

import httpx
import pytest
from charts.dates import TODAY
from hapi_charts import Found, OnServer, seen
from hapi_client import Fhir
from hapi_expected import FILES, expected
from hapi_service import Served

from cds.account import Caller
from cds.hook_handler import HookHandler, Reply
from cds.replay import command
from cds.replay.command import Options

pytestmark = pytest.mark.hapi

NOW = datetime.combine(TODAY, time_of_day(12), UTC)
ASYNCHRONOUS = {"Prefer": "respond-async", "Accept": "application/fhir+json"}
SERVICE = "muscle-twitch-patient-view"
LATER = (  # what they hold is dated ahead, which a replay as of that day does not know
    *("fresh/tomorrow", "counts/future", "onset-forms/future-instant"),
    *("date-ahead/", "medicine-or-request-ahead/"),
)
PAUSE = 0.5
LARGEST_WAIT = 3600  # the server takes what it takes; a test that waits for ever says nothing
CHARTS = [
    chart
    for charts in FILES.values()
    for chart in charts
    if chart.service == SERVICE and set(chart.context) <= {"userId", "patientId"}
]


def exported(fhir: Fhir, folder: Path) -> Path:
    """A system export: begun, waited for, and each file of its manifest fetched under its type."""
    begun = fhir.http.get(f"{fhir.base}/$export", headers=ASYNCHRONOUS)
    assert 202 == begun.status_code, begun.text[:2000]
    folder.mkdir()
    for number, output in enumerate(_finished(fhir.http, begun.headers["content-location"])["output"]):
        binary = fhir.http.get(output["url"], headers={"Accept": "application/fhir+ndjson"})
        assert 200 == binary.status_code, binary.text[:2000]
        (folder / f"{output['type']}.{number}.ndjson").write_bytes(binary.content)
    return folder


def _finished(http: httpx.Client, status: str) -> dict[str, list[dict[str, str]]]:
    """The manifest of an export, as soon as the server has it."""
    for _ in range(int(LARGEST_WAIT / PAUSE)):
        answer = http.get(status)
        if answer.status_code != 202:
            assert 200 == answer.status_code, answer.text[:2000]
            manifest: dict[str, list[dict[str, str]]] = answer.json()
            return manifest
        time.sleep(PAUSE)
    raise AssertionError("the server has not finished its export")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Reply]:
    """What the engine of the replay answers, by patient."""
    answer = HookHandler.answer
    replies: dict[str, Reply] = {}

    async def listened(this: HookHandler, service_id: str, body: bytes, caller: Caller) -> Reply:
        reply = await answer(this, service_id, body, caller)
        replies[json.loads(body)["context"]["patientId"]] = reply
        return reply

    monkeypatch.setattr(HookHandler, "answer", listened)
    return replies


def test_an_export_of_a_real_server_is_replayed_as_its_hook_calls_are_answered(
    fhir: Fhir, frozen: Served, tmp_path: Path, answers: dict[str, Reply]
) -> None:
    """Each chart gets the cards of a hook call; nothing is lost but what names no Patient that is there."""
    folder = exported(fhir, tmp_path / "export")
    status = command.run(
        Options(export=str(folder), out=str(tmp_path / "out"), as_of=TODAY, rules_off=False), lambda: NOW
    )
    lost = json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))["lost"]["counts"]
    cards = {chart.name: _cards(answers, chart) for chart in CHARTS}

    assert lost.keys() <= {"patient-resource-missing", "about-no-patient"}
    assert status == (4 if lost else 0)
    assert {} == {
        name: (cards[name], want)
        for name, want in expected(CHARTS).items()
        if cards[name] != want and not name.partition("/")[2].startswith(LATER)
    }


def _cards(answers: dict[str, Reply], chart: OnServer) -> tuple[Found, ...]:
    reply = answers.get(chart.context["patientId"])
    return seen(json.loads(reply.body)) if reply else ()
