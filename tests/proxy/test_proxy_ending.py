"""The reverse proxy before two replicas, one of which ends while fifty calls a second come: no client notices."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from nginx import HOST, NGINX, Proxy
from service.callers import Callers
from service.process import Running, running

pytestmark = pytest.mark.skipif(NGINX is None or sys.platform != "linux", reason="no nginx here, or not Linux")
BURST = 200  # calls a second, as shipped
DRAIN = "2"
PATIENT = "60000"  # milliseconds that a call may take on a slow machine


def address(service: Running) -> str:
    """As nginx wants it."""
    host, port = service.place
    return f"{host}:{port}"


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_no_call_is_lost_when_a_replica_ends(workers: int, tmp_path: Path) -> None:
    """Each is answered by one of the two: nothing is reset, none is 502."""
    proxy = Proxy(tmp_path)
    options = ("--workers", str(workers))

    async def scene(ending: Running) -> Callers:
        callers = Callers((HOST, proxy.secure), proxy.context)
        async with callers.calling():
            await callers.until_right(50)
            ending.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(ending.process.wait)
            await callers.until_right(50)
        return callers

    with (
        running(tmp_path / "ending", *options, drain_seconds=DRAIN, deadline_ms=PATIENT) as ending,
        running(tmp_path / "staying", deadline_ms=PATIENT) as staying,
        proxy.running(address(ending), address(staying), rate=BURST),
    ):
        while workers > 1 and '"event":"ready"' not in ending.written():
            asyncio.run(asyncio.sleep(0.05))
        outcomes = asyncio.run(scene(ending)).outcomes

    assert {"right"} == set(outcomes), outcomes  # lost 0, wrong (502) 0, refused 0, shed 0
    assert 0 == ending.process.returncode
