"""Feedback that was acknowledged is there, once, though every process of the service was killed meanwhile."""

from collections import Counter
from pathlib import Path

from feedback_service import Crowd, service
from service.waiting import wait_until
from store_samples import rows_of

CLIENTS = 50


def test_no_acknowledged_feedback_is_lost_when_the_service_is_killed(database_url: str, tmp_path: Path) -> None:
    """50 clients, two workers, kill -9 in full course, and a restart: nothing lost, nothing twice, nothing half."""
    with service(tmp_path / "log", database_url=database_url, data_dir=str(tmp_path)) as running:
        with Crowd(running, CLIENTS) as crowd:
            wait_until(lambda: len(crowd.acknowledged) > 2 * CLIENTS)
            running.kill()
            running.start()
            before = len(crowd.acknowledged)
            wait_until(lambda: len(crowd.acknowledged) > before + CLIENTS)
        counts = Counter(str(row["card"]) for row in rows_of(database_url, "feedback"))

    assert len(set(crowd.acknowledged)) == len(crowd.acknowledged)
    assert set() == set(crowd.acknowledged) - set(counts)
    assert {2} == set(counts.values())
    assert set() == crowd.refused
