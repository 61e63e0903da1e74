"""One write for one answer: uvicorn writes head and body apart, and each write is a packet and a call of the system."""

from asyncio import AbstractEventLoop, Transport
from typing import Any


class BatchedTransport:
    """A transport that gathers what is written within one turn of the event loop; all else it passes on."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write by the end of this turn at the latest."""
        if not self._pieces:
            self._loop.call_soon(self.flush)
        self._pieces.append(data)

    def flush(self) -> None:
        """Write now what was gathered."""
        pieces, self._pieces = self._pieces, []
        if pieces:
            self._transport.writelines(pieces)

    def close(self) -> None:
        """Close after all of it is written."""
        self.flush()
        self._transport.close()
