"""What is counted, in one process and over several."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from web_fakes import ONE_CARD, SERVICE, FakeEngine, Strangers, parts, started

from cds.shadow.wire import Count
from cds.store.tally import COUNTED
from cds.trust.refusal import GOVERNANCE, KINDS
from cds.web.health import Health
from cds.web.metrics import Metrics, outcome_of
from cds.web.parts import Parts


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
    assert f'twitch_cds_calls_total{{client="demo",outcome="cards",service="{SERVICE}",status="200"}} 1.0' in lines
    assert f'twitch_cds_calls_total{{client="demo",outcome="silent",service="{SERVICE}",status="200"}} 3.0' in lines
    assert f'twitch_cds_calls_total{{client="demo",outcome="412",service="{SERVICE}",status="412"}} 1.0' in lines
    assert 'twitch_cds_calls_total{client="demo",outcome="4xx",service="unknown",status="404"} 1.0' in lines
    assert 'twitch_cds_cards_total{indicator="info",topic="lab-order"} 1.0' in lines
    assert f'twitch_cds_call_seconds_count{{service="{SERVICE}"}} 5.0' in lines
    assert 'twitch_cds_knowledge{version="2026.11"} 1.0' in lines


def test_clients_are_told_apart_and_are_a_bounded_number() -> None:
    """However often the file of clients changes, one process shows a hundred names; later ones share one."""
    metrics = Metrics("1")
    for number in range(102):
        metrics.record(f"ehr-{number}", SERVICE, 200, (), 0.1)
        metrics.refused("rate", f"ehr-{number}")
    metrics.refused("rate", "ehr-0")
    metrics.refused("header")

    lines = metrics.text().decode().splitlines()

    assert 101 == len([line for line in lines if line.startswith("twitch_cds_calls_total{") and "silent" in line])
    assert f'twitch_cds_calls_total{{client="(other)",outcome="silent",service="{SERVICE}",status="200"}} 2.0' in lines
    assert {
        'twitch_cds_refusals_total{client="ehr-0",reason="rate"} 2.0',
        'twitch_cds_refusals_total{client="(other)",reason="rate"} 2.0',
        'twitch_cds_refusals_total{client="",reason="header"} 1.0',
    } <= set(lines)


def test_what_alerts_count_is_there_before_it_happens() -> None:
    """Prometheus sees an increase only from one number to another: the first fault of all would not be seen."""
    metrics = Metrics("1")
    before = metrics.text().decode().splitlines()
    metrics.record("ehr", SERVICE, 200, (), 0.1)
    after = metrics.text().decode().splitlines()

    named = [f'twitch_cds_refusals_total{{client="",reason="{kind}"}} 0.0' for kind in (*KINDS, GOVERNANCE)]
    assert {*named, *(f'twitch_cds_store_events_total{{event="{event}"}} 0.0' for event in COUNTED)} <= set(before)
    assert {
        f'twitch_cds_calls_total{{client="ehr",outcome="5xx",service="{SERVICE}",status="500"}} 0.0',
        *(f'twitch_cds_refusals_total{{client="ehr",reason="{kind}"}} 0.0' for kind in KINDS),
    } <= set(after) - set(before)


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

    numbers = {line.split(b"{")[0] for line in Metrics("1").text().splitlines() if not line.startswith(b"#")}
    assert {b"twitch_cds_workers_ended_total"} == numbers


class Journal:
    """An audit that can be told to fail."""

    is_up = True

    def write(self, line: object) -> None:
        raise NotImplementedError


def test_what_is_down_can_be_seen_in_the_numbers() -> None:
    """As readiness says it, with what there is only."""
    client, _ = started()

    lines = client("GET", "/metrics").text.splitlines()

    assert ['twitch_cds_up{part="trust"} 1.0'] == [line for line in lines if line.startswith("twitch_cds_up")]


def test_what_goes_down_is_told_without_being_asked() -> None:
    """Of several workers one is asked for the numbers of all: so each looks after its parts by itself."""
    journal, metrics = Journal(), Metrics("1")
    plain = parts(FakeEngine())
    whole = Parts(engine=plain.engine, hook_handler=plain.hook_handler, verifier=Strangers(), journal=journal)
    down = b'twitch_cds_up{part="audit"} 0.0'

    async def main() -> tuple[bool, bool]:
        async with Health(whole, metrics, every=0.001).watched():
            await asyncio.sleep(0)
            before = down in metrics.text()
            journal.is_up = False
            async with asyncio.timeout(30):
                while down not in metrics.text():
                    await asyncio.sleep(0.001)
        return before, down in metrics.text()

    assert (False, True) == asyncio.run(main())


def test_lines_that_are_lost_are_counted() -> None:
    """One by one."""
    metrics = Metrics("1")
    before = b"twitch_cds_audit_lost_total 0.0" in metrics.text()
    metrics.audit_lost()

    assert before
    assert b"twitch_cds_audit_lost_total 1.0" in metrics.text()


ONE_WORKER = """
from cds.web.metrics import Metrics
metrics = Metrics("1")
metrics.part_states({"store": %s, "audit": True})
metrics.audit_lost()
print(metrics.text().decode(), flush=True)
input()
"""


def test_a_part_is_up_if_it_is_in_every_worker_that_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is down counts, until its worker ends; losses stay counted."""
    pages = []
    with worker(tmp_path, is_up=True) as first:
        pages.append(page(first))
        with worker(tmp_path, is_up=False) as second:
            pages.append(page(second))
            second.kill()
        with worker(tmp_path, is_up=True) as third:
            pages.append(page(third))
            third.kill()
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
        mine = Metrics("1").text().decode().splitlines()
        first.kill()

    assert [1.0, 0.0, 1.0] == [shown['twitch_cds_up{part="store"}'] for shown in pages]
    assert [1.0, 1.0, 1.0] == [shown['twitch_cds_up{part="audit"}'] for shown in pages]
    assert [1.0, 2.0, 3.0] == [shown["twitch_cds_audit_lost_total"] for shown in pages]
    assert {'twitch_cds_up{part="store"} 1.0', "twitch_cds_audit_lost_total 3.0"} <= set(mine)
    assert 1 == len(list(tmp_path.glob("gauge_livemin*")))


def worker(folder: Path, *, is_up: bool) -> subprocess.Popen[str]:
    """A process that says how its store is, and shows the numbers of all that share the folder."""
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    command = [sys.executable, "-c", ONE_WORKER % is_up]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def page(process: subprocess.Popen[str]) -> dict[str, float]:
    """The numbers that it shows."""
    assert process.stdout
    found: dict[str, float] = {}
    for line in iter(process.stdout.readline, "\n"):
        assert line, "it ended"
        name, _, number = line.strip().rpartition(" ")
        if not line.startswith("#"):
            found[name] = float(number)
    return found


def test_what_a_candidate_would_change_is_counted_by_card() -> None:
    """Calls by what became of them, cards by their topic; a card that this version does not have has no name here."""
    metrics = Metrics("k")
    metrics.shadowed(Count(change="same", number=2))
    metrics.shadowed(Count(change="new", number=1, topic="lifestyle"))
    metrics.shadowed(Count(change="new", number=1, topic="lifestyle", reason="caffeine"))
    metrics.shadowed(Count(change="gone", number=3, topic="next-card"))
    lines = metrics.text().decode().splitlines()

    assert {
        'twitch_cds_shadow_cards_total{change="new",topic="lifestyle"} 1.0',
        'twitch_cds_shadow_cards_total{change="gone",topic="(other)"} 3.0',
    } == {line for line in lines if line.startswith("twitch_cds_shadow_cards_total{")}
    assert 'twitch_cds_shadow_events_total{event="same"} 2.0' in lines
    assert 'twitch_cds_shadow_events_total{event="late"} 0.0' in lines
