"""Whether the process lives, whether it can answer calls, and what of it is down."""

from cds.errors import NotReady
from cds.web.parts import Parts


class Health:
    """What a load balancer asks, and an operator reads."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._leaving = False

    def leave(self) -> None:
        """Be not ready from now on: the process is about to end."""
        self._leaving = True

    async def live(self) -> dict[str, str]:
        """Say that the process answers at all."""
        return {"status": "alive"}

    async def ready(self) -> dict[str, str]:
        """Say that calls can be answered, and with which knowledge; a store or an audit that is down stops no card."""
        parts = self._parts
        if self._leaving or not parts.engine.service_ids:
            raise NotReady
        lamps = {"store": parts.keeper, "audit": parts.journal, "trust": parts.verifier}
        told = {name: "up" if part.is_up else "down" for name, part in lamps.items() if part is not None}
        return {"status": "ready", "knowledgeVersion": parts.engine.knowledge_version, **told}
