"""What is counted, in one process and over several."""

from pathlib import Path

import pytest
from web_fakes import ONE_CARD, SERVICE, started

from cds.web.metrics import Metrics, outcome_of


def test_calls_and_cards_are_counted() -> None:
    """By service, status and outcome; by topic and indicator; with the time each took."""
    client, engine = started()
    for reply in ((200, ONE_CARD), (200, b'{"cards":[]}'), (412, b"{}"), (200, b'{"cards": [ ]}'), (200, b"{broken")):
        engine.reply = lambda _, reply=reply: reply  # type: ignore[misc]
        client.call()
    client.call(path="/cds-services/nobody")

    answer = client("GET", "/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = answer.text.splitlines()
    assert f'twitch_cds_calls_total{{outcome="cards",service="{SERVICE}",status="200"}} 1.0' in lines
    assert f'twitch_cds_calls_total{{outcome="silent",service="{SERVICE}",status="200"}} 3.0' in lines
    assert f'twitch_cds_calls_total{{outcome="412",service="{SERVICE}",status="412"}} 1.0' in lines
    assert 'twitch_cds_calls_total{outcome="4xx",service="unknown",status="404"} 1.0' in lines
    assert 'twitch_cds_cards_total{indicator="info",topic="lab-order"} 1.0' in lines
    assert f'twitch_cds_call_seconds_count{{service="{SERVICE}"}} 5.0' in lines
    assert 'twitch_cds_knowledge{version="2026.11"} 1.0' in lines


@pytest.mark.parametrize(
    ("outcome", "status", "cards"),
    [("cards", 200, 1), ("silent", 200, 0), ("412", 412, 0), ("4xx", 404, 0), ("5xx", 503, 0)],
)
def test_outcomes(outcome: str, status: int, cards: int) -> None:
    """Silence and 412 are told apart from cards and from errors."""
    assert outcome == outcome_of(status, cards)


def test_workers_that_share_a_folder_are_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a shared folder the page is made from the folder, not from this process."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))

    assert b"" == Metrics("1").text().strip()
