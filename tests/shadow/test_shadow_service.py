"""The whole service with a candidate beside it: nothing that becomes of the candidate is felt by a caller."""

import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from service.candidates import FAULTS, knowledge, python
from service.candidates import running as processes
from service.process import TWITCHING, Running, running
from service.waiting import wait_until

UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PATIENT = "600000"  # milliseconds
CALLS = 4
WORST = (
    "ends at once",
    "fails at the start",
    "fails on a call",
    "hangs on a call",
    "eats memory",
    "writes garbage",
    "writes gigabytes",
)


def event(service: Running, name: str) -> float:
    """How often something has happened, as the metrics have it."""
    return service.metric(f'twitch_cds_shadow_events_total{{event="{name}"}}')


def cards(service: Running) -> bytes:
    """An answer without its ids."""
    answer = service.call()
    assert answer.status == 200
    return UUID.sub(b"-", answer.body)


def kept(service: Running) -> list[tuple[Any, ...]]:
    """What the database has: the counts of cards."""
    with closing(sqlite3.connect(service.folder / "data/twitch-cds.db")) as connection:
        asked = "SELECT client, topic, reason, change, number FROM shadow_counts WHERE topic <> '' ORDER BY 2, 3, 4"
        return connection.execute(asked).fetchall()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    """The answer of a service without a candidate."""
    with running(tmp_path_factory.mktemp("alone")) as service:
        assert b"shadow" not in service.fetch("GET", "/health/ready").body
        yield cards(service)


@pytest.mark.parametrize("fault", WORST)
def test_whatever_a_candidate_does_the_answers_are_the_same(tmp_path: Path, alone: bytes, fault: str) -> None:
    """Byte by byte but for ids; what became of the candidate is counted, and no process is left."""
    code, cause = FAULTS[fault]
    path = python(tmp_path / "next", code)
    patience = "200" if cause == "late" else PATIENT
    with running(tmp_path, shadow=str(path), shadow_timeout_ms=patience, shadow_memory_mb="512") as service:
        assert {alone} == {cards(service) for _ in range(CALLS)}
        wait_until(lambda: event(service, cause) >= 1)
        assert {alone} == {cards(service) for _ in range(CALLS)}
        assert service.fetch("GET", "/health/ready").status == 200

    wait_until(lambda: not processes(path))
    assert [] == kept(service)


def test_the_same_version_differs_in_nothing(tmp_path: Path) -> None:
    """Its own knowledge in another folder: each call is compared, and no difference is kept."""
    with running(tmp_path, shadow=str(knowledge(tmp_path / "k")), shadow_timeout_ms=PATIENT) as service:
        assert service.fetch("GET", "/health/ready").json["shadow"] == "up"
        for _ in range(CALLS):
            cards(service)
        wait_until(lambda: event(service, "same") == CALLS)

    assert [] == kept(service)
    assert [] == processes(tmp_path / "k")


def test_another_folder_of_knowledge_is_compared_and_its_differences_are_kept(tmp_path: Path) -> None:
    """Counted by client, card, flag and change, in metrics and database: here muscle atrophy is no sign any more."""
    other = knowledge(tmp_path / "k", "codes/red_flags.csv", ",88092000,", ",88092009,")
    with running(tmp_path, shadow=str(other), shadow_timeout_ms=PATIENT) as service:
        cards(service)
        wait_until(lambda: event(service, "different") == 1)
        changed = service.metric('twitch_cds_shadow_cards_total{change="reworded",topic="neurology-urgent"}')

    assert 1 == changed
    assert [
        ("demo", "neurology-urgent", "", "reworded", 1),
        ("demo", "neurology-urgent", "U2", "gone", 1),
    ] == kept(service)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_when_the_service_ends(tmp_path: Path, how: signal.Signals) -> None:
    """Also while the candidate hangs, with two workers, and after kill -9 of a service with one."""
    path = python(tmp_path / "next", FAULTS["hangs on a call"][0])
    workers = "2" if how == signal.SIGTERM else "1"
    with running(tmp_path, shadow=str(path), shadow_timeout_ms=PATIENT, workers=workers) as service:
        cards(service)
        wait_until(lambda: len(processes(path)) > int(workers))  # a keeper for each, and at least one candidate
        service.process.send_signal(how)
        service.process.wait()

    wait_until(lambda: not processes(path))


def test_charts_that_nobody_takes_are_dropped_and_counted(tmp_path: Path, alone: bytes) -> None:
    """A candidate that hangs for long, and a queue for hardly more than one chart."""
    path = python(tmp_path / "next", FAULTS["hangs on a call"][0])
    with running(tmp_path, shadow=str(path), shadow_timeout_ms=PATIENT, shadow_queue_bytes="1024") as service:
        body = TWITCHING.read_bytes() + b" " * 300_000
        for _ in range(20):  # more than sockets and queue hold
            assert alone == UUID.sub(b"-", service.call(body).body)
        assert event(service, "dropped") >= 1


def test_a_setting_that_names_no_candidate_stops_the_start(tmp_path: Path) -> None:
    """With the setting in the message: nobody is to believe that a candidate is compared."""
    with (
        pytest.raises(AssertionError, match="TWITCH_CDS_SHADOW: names neither"),
        running(tmp_path, shadow=str(tmp_path)),
    ):
        pass
