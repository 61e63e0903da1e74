"""A worker's memory is bounded, whatever is sent at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hospital import memory
from service.process import running
from worst_bodies import BODIES, WORST

AT_ONCE = 20
MOST = 512  # MB of one worker


def test_twenty_of_the_worst_bodies_at_once_stay_within_the_memory(tmp_path: Path) -> None:
    """Those for whom there is no room are shed; the others get their answers, and so does who comes after."""
    body = BODIES[WORST]()
    with running(tmp_path) as service:
        with ThreadPoolExecutor(AT_ONCE) as callers:
            answers = list(callers.map(service.call, [body] * AT_ONCE))
        after = service.call()
        held = memory(service)

    statuses = Counter(one.status for one in answers)
    assert {413, 503} == set(statuses)
    assert all(one.headers["retry-after"] == "1" for one in answers if one.status == 503)
    assert (200, True) == (after.status, bool(after.json["cards"]))
    assert held.peak < MOST
