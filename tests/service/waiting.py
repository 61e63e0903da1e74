"""Waiting for what another process or thread does."""

import time
from collections.abc import Callable

from service.process import Running

PAUSE = 0.05  # seconds
TRIES = 12_000  # ten minutes of pauses: only what never comes is given up


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; how long that takes is not judged."""
    for _ in range(TRIES):
        if holds():
            return
        time.sleep(PAUSE)
    raise AssertionError("what was waited for did not come")


def wait_until_ready(service: Running) -> None:
    """Wait until a balancer would send calls again, without sending one."""
    wait_until(lambda: service.fetch("GET", "/health/ready").status == 200)
