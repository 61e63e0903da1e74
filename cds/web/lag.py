"""How late the event loop is: after a pause (a starved machine, a snapshot) it runs its timers before it reads.

So no timer decides by the clock alone that nothing was sent: if the loop was held up, what arrived is read first.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

LATE = 0.25  # seconds by which a timer may be late; beyond that the loop was held up, and nothing could be read
GRACE = 1.0  # seconds more for whoever may have sent in the meantime
EVERY = 0.5


def is_late(due: float, now: float) -> bool:
    """Whether a timer that was due then shows that the loop was held up."""
    return now - due > LATE


@asynccontextmanager
async def observed(observe: Callable[[float], None], every: float = EVERY) -> AsyncIterator[None]:
    """Tell twice a second by how many seconds the loop was late."""
    watch = asyncio.create_task(_watch(observe, every))
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.wait([watch])


async def _watch(observe: Callable[[float], None], every: float) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every
        await asyncio.sleep(every)
        observe(max(0.0, loop.time() - due))
