"""Whether the process lives, whether it can answer calls, and what of it is down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cds.errors import NotReady
from cds.web.metrics import Metrics
from cds.web.parts import Parts

EVERY = 5.0


class Health:
    """What a load balancer asks, and an operator reads."""

    def __init__(self, parts: Parts, metrics: Metrics, *, is_open: bool = False, every: float = EVERY) -> None:
        """`every`: seconds between two looks at the parts for the numbers; `is_open`: callers are not verified."""
        self._is_open = is_open
        self._parts = parts
        self._metrics = metrics
        self._every = every
        self._leaving = False

    def leave(self) -> None:
        """Be not ready from now on: the process is about to end."""
        self._leaving = True

    async def live(self) -> dict[str, str]:
        """Say that the process answers at all."""
        return {"status": "alive"}

    async def ready(self) -> dict[str, object]:
        """Say that calls can be answered, and with which knowledge; a store or an audit that is down stops no card.

        Not ready is a process of which every call would fail; `decidedBy` names the parts that can make it so.
        """
        parts, key_state = self._parts, self._parts.verifier.standing
        if self._leaving or not parts.engine.service_ids:
            raise NotReady
        if key_state.stopped_by and not self._is_open:
            raise NotReady(f"No call can be answered now: {key_state.why}. See the log of the service.")
        states = {name: "up" if is_up else "down" for name, is_up in self.part_states().items()}
        off = {"switchedOff": ",".join(parts.engine.switched_off)} if parts.engine.switched_off else {}
        callers = {} if self._is_open else {"keys": key_state.keys, "decidedBy": key_state.decided_by}
        modes = {} if self._is_open or not parts.verifier.modes else {"modes": parts.verifier.modes}
        return {
            "status": "ready",
            "knowledgeVersion": parts.engine.knowledge_version,
            **states,
            **off,
            **modes,
            **callers,
        }

    def part_states(self) -> dict[str, bool]:
        """Which parts there are, and whether each works."""
        parts = self._parts
        part_states = {
            "store": parts.keeper,
            "audit": parts.journal,
            "trust": parts.verifier,
            "shadow": parts.shadow,
        }
        return {name: part.is_up for name, part in part_states.items() if part is not None}

    def tell(self) -> None:
        """Have the numbers say what works now."""
        self._metrics.part_states(self.part_states())
        self._metrics.keys(self._parts.verifier.standing.oldest or 0.0)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Tell it every few seconds: of several workers, any one may be asked for the numbers of all."""
        watch = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watch.cancel()
            await asyncio.wait([watch])

    async def _watch(self) -> None:
        while True:
            self.tell()
            await asyncio.sleep(self._every)
