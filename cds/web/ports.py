"""What the web needs from the engine: the shape only, so that a test can hand in a fake."""

from collections.abc import Sequence
from typing import Protocol

from cds.knowledge.basis import Row


class Answering(Protocol):
    """One hook call from bytes to bytes, and what it was built from (`cds.call.Engine`)."""

    @property
    def knowledge_version(self) -> str:
        """The version of the clinical facts."""

    @property
    def service_ids(self) -> frozenset[str]:
        """The ids that discovery lists."""

    def answer(self, service_id: str, body: bytes) -> tuple[int, bytes]:
        """Status and JSON; never raises for input."""

    def basis(self, topic: str) -> Sequence[Row]:
        """The limits and windows behind one card."""

    def discovery(self) -> bytes:
        """The JSON of `GET /cds-services`."""
