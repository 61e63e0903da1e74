"""The gate lets everybody pass whom the rules' own gate would let pass: nothing is lost before the engine."""

import json
from pathlib import Path

import pytest
from charts.dates import TODAY
from charts.golden import cases, service_of, twins
from charts.notation import request, resources
from charts.people import person, twitch
from charts.seam import engine
from hypothesis import given, settings
from hypothesis import strategies as st
from population import Person, population
from replay_kit import Json, Replay, ndjson, visit

from cds.errors import CallError
from cds.outcome import Silence
from cds.replay import gate
from cds.replay.entries import Reading
from cds.replay.gate import TwitchGate
from cds.replay.parts import Part, Piece

GATE = TwitchGate(engine(TODAY).namer)
ALL = (*cases(), *twins())
FIELDS = ("code", "reasonCode", "valueCodeableConcept", "valueString", "component", "reason", "clinicalStatus")
WORDS = (
    "Muscle twitching",
    "muscle fasciculations of the calf",
    "eyelid twitching",
    "no twitching",
    "back pain",
    "",
    7,
)


def passes(chart: list[Json], folder: Path) -> bool:
    """Whether the gate lets a chart pass."""
    file = ndjson(folder / "chart.ndjson", chart)
    entries = Reading().part(Part(0, (Piece(str(file)),), 1))
    return any(GATE.may_twitch(entry) for entry in list(entries))


def opens(body: Json, service_id: str) -> bool:
    """Whether the rules' gate opens, or a call cannot tell."""
    try:
        outcome = engine(TODAY).call(service_id, json.dumps(body).encode())
    except CallError:
        return True
    return outcome.evaluation is not None or outcome.silence is Silence.DECEASED


def test_no_golden_chart_is_lost(tmp_path: Path) -> None:
    """All that open the rules' gate, of every hook, and their twins without a twitch."""
    lost = [
        case.id
        for case in ALL
        if not case.chart.get("missing")
        and "problems" not in case.chart
        and opens(request(case.chart), service_of(case))
        and not passes(resources(case.chart), tmp_path)
    ]

    assert [] == lost


def test_a_code_of_any_length_and_number_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found of a code is remembered for short ones only, and for so many; the others are judged each time."""
    monkeypatch.setattr(gate, "REMEMBERED", 1)
    texts = ("Back pain", "Muscle twitching", "Back pain", "Back pain, muscle twitching" + " " * gate.LONGEST, "Asthma")
    chart = [twitch(code={"text": text}) for text in texts]
    entries = Reading().part(Part(0, (Piece(str(ndjson(tmp_path / "a.ndjson", chart))),), 1))
    found = gate.TwitchGate(engine(TODAY).namer)

    assert [False, True, False, True, False] == [found.may_twitch(entry) for entry in entries]


def test_what_a_code_alone_does_not_say_is_read_each_time(tmp_path: Path) -> None:
    """A site in words and what is contained may say a twitch beside a code that was harmless before."""
    harmless: Json = {"code": {"text": "Fluttering"}}
    eyelid: Json = {"bodySite": [{"text": "left eyelid twitching"}]}
    chart = [twitch(**harmless), twitch(**harmless, **eyelid), twitch(**harmless, contained=[twitch()])]
    entries = Reading().part(Part(0, (Piece(str(ndjson(tmp_path / "a.ndjson", chart))),), 1))
    found = gate.TwitchGate(engine(TODAY).namer)

    assert [False, True, True] == [found.may_twitch(entry) for entry in entries]


def test_it_stops_charts_without_a_twitch(tmp_path: Path) -> None:
    """Otherwise it would be no gate: of a made-up population only those with a twitch pass."""
    found = [Person(number, 1).twitches for number in range(60)]

    assert found == [passes(chart, tmp_path) for chart in population(60)]


@settings(max_examples=150)
@given(
    start=st.integers(0, len(ALL) - 1),
    changes=st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(WORDS), st.integers(0, 30)), max_size=4),
)
def test_no_odd_chart_is_lost(start: int, changes: list[tuple[str, object, int]], tmp_path_factory: object) -> None:
    """Golden charts with elements of another shape or with other words."""
    case = ALL[start]
    body = request(case.chart)
    chart = resources(case.chart)
    for field, value, place in changes:
        odd = chart[1 + place % (len(chart) - 1)] if len(chart) > 1 else chart[0]
        odd[field] = {"text": value} if field in ("code", "valueCodeableConcept") and value else value
    if case.chart.get("missing") or "problems" in case.chart:
        return
    keys = {"Condition": "conditions", "Observation": "observations", "Encounter": "encounters", "Flag": "flags"}
    for kind, key in (keys | {"ServiceRequest": "serviceRequests"}).items():
        entries = [{"resource": one} for one in chart if one["resourceType"] == kind]
        body["prefetch"][key] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    folder = tmp_path_factory.mktemp("odd")  # type: ignore[attr-defined]

    assert not opens(body, service_of(case)) or passes(chart, folder)


@pytest.mark.parametrize("odd", [{"code": "Muscle twitching"}, {"code": {"text": 5}}, {"code": [1]}])
def test_what_cannot_be_read_passes(odd: Json, replay: Replay, tmp_path: Path) -> None:
    """It is the engine that judges it: here the call is refused, and counted as such."""
    chart = [person(), twitch(**odd), visit("e1", "2026-11-20T09:00:00Z")]
    done = replay(ndjson(tmp_path / "a.ndjson", chart))

    assert [("refused", "412")] == [(row["outcome"], row["reason"]) for row in done.rows("visits")]


def test_a_chart_that_a_call_would_refuse_passes(
    replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too large for a call: silence would say that there is no twitch."""
    monkeypatch.setenv("TWITCH_CDS_MAX_BODY_BYTES", "2000")
    problem = {"resourceType": "Condition", "subject": {"reference": "Patient/p1"}, "recordedDate": "2026-01-01"}
    many = [{**problem, "id": f"c{number}", "code": {"text": "Back pain"}} for number in range(40)]
    done = replay(ndjson(tmp_path / "a.ndjson", [person(), *many, visit("e1", "2026-11-20T09:00:00Z")]))

    assert [("refused", "413 too-large")] == [(row["outcome"], row["reason"]) for row in done.rows("visits")]


def test_an_id_that_a_call_refuses_passes(replay: Replay, tmp_path: Path) -> None:
    """Its visits are refused, not silent."""
    chart = [person("a_b"), visit("e1", "2026-11-20T09:00:00Z", patient="a_b")]
    done = replay(ndjson(tmp_path / "a.ndjson", chart))

    assert [("refused", "400")] == [(row["outcome"], row["reason"]) for row in done.rows("visits")]
