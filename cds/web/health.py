"""Whether the process lives, and whether it can answer calls."""

from cds.errors import NotReady
from cds.web.ports import Answering


class Health:
    """What a load balancer asks."""

    def __init__(self, engine: Answering) -> None:
        self._engine = engine
        self._leaving = False

    def leave(self) -> None:
        """Be not ready from now on: the process is about to end."""
        self._leaving = True

    async def live(self) -> dict[str, str]:
        """Say that the process answers at all."""
        return {"status": "alive"}

    async def ready(self) -> dict[str, str]:
        """Say that calls can be answered, and with which knowledge."""
        if self._leaving or not self._engine.service_ids:
            raise NotReady
        return {"status": "ready", "knowledgeVersion": self._engine.knowledge_version}
