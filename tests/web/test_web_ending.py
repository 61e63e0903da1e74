"""SIGTERM while fifty calls a second come: readiness says so, calls go on until the drain is over, and none is lost."""

import asyncio
import signal
from pathlib import Path

import pytest
from service.callers import Callers
from service.process import Running, running

DRAIN = 300  # seconds; a second signal ends it, so that the test waits for what it needs and no longer


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_no_call_is_lost_when_the_service_ends(workers: int, tmp_path: Path) -> None:
    """Nobody is refused before the drain is over, who has a connection gets an answer, and the status is 0."""

    async def scene(service: Running) -> tuple[Callers, int]:
        callers = Callers(service.place)
        while workers > 1 and '"event":"ready"' not in service.written():
            await asyncio.sleep(0.01)
        async with callers.calling():
            await callers.until_right(50)
            service.process.send_signal(signal.SIGTERM)
            while await asyncio.to_thread(_readiness, service) == 200:
                pass
            await callers.until_right(20)  # while it is not ready
            ended = len(callers.calls)
            service.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(service.process.wait)
            while not callers.outcomes["refused"]:
                await asyncio.sleep(0.01)
        return callers, ended

    limits = {"deadline_ms": "60000", "drain_seconds": str(DRAIN)}
    with running(tmp_path, "--workers", str(workers), **limits) as service:
        callers, ended = asyncio.run(scene(service))

    outcomes = callers.outcomes
    assert (0, 0, 0) == (outcomes["lost"], outcomes["wrong"], outcomes["shed"]), outcomes
    assert 70 <= outcomes["right"]
    assert "refused" not in callers.calls[:ended], "before the drain was over"
    assert 0 == service.process.returncode
    assert [] == [line for line in service.written().splitlines() if '"level":"error"' in line]


def _readiness(service: Running) -> int:
    return service.fetch("GET", "/health/ready").status
