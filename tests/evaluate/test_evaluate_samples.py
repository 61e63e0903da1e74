"""Real sample charts, where they lie beside the repository: silent as they are, sensible with a twitch grafted on."""

import json
from pathlib import Path

import pytest
from charts.people import twitch
from charts.runs import Evaluate, Write

from cards.topics import Topic

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "sample-data"
CHARTS = sorted(SAMPLES.glob("*.json"))
pytestmark = pytest.mark.skipif(not CHARTS, reason="no sample charts beside the repository (../shared/sample-data)")


@pytest.mark.parametrize("path", CHARTS, ids=[path.stem[:30] for path in CHARTS])
def test_a_sample_chart_is_silent(path: Path, evaluate: Evaluate) -> None:
    """Nobody there twitches: no card, no error."""
    run = evaluate(path, "--json")

    assert (0, "") == (run.status, run.err)
    assert [[]] == run.topics


WHOLE = [path for path in CHARTS if json.loads(path.read_bytes())["resourceType"] == "Bundle"]


@pytest.mark.parametrize("path", WHOLE, ids=[path.stem[:30] for path in WHOLE])
def test_a_sample_chart_with_a_twitch_gets_sensible_cards(path: Path, evaluate: Evaluate, write: Write) -> None:
    """One to three cards of known topics, short, and the first names the twitch among its facts."""
    chart = json.loads(path.read_bytes())
    person = next(one["fullUrl"] for one in chart["entry"] if one["resource"]["resourceType"] == "Patient")
    chart["entry"].append({"resource": twitch(person, "grafted", recordedDate="2026-11-19")})

    run = evaluate(write("chart.json", chart), "--json")
    cards = run.answers[0]["cards"]

    assert 0 == run.status
    assert 1 <= len(cards) <= 3
    assert all(len(card["summary"]) < 140 for card in cards)
    assert {topic for topics in run.topics for topic in topics} <= {topic.value for topic in Topic}
    facts = cards[0]["extension"]["org.twitch-cds.basis"]["facts"]
    assert "Condition/grafted" in [fact["resource"] for fact in facts]
