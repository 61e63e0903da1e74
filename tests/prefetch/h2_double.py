"""A FHIR server that speaks HTTP/2 over TLS."""

import asyncio
import ssl
from types import TracebackType
from typing import Any, Self

from fhir_double import dumps
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

HEADERS = [(":status", "200"), ("content-type", "application/fhir+json")]
NONSENSE = b"\x00\x00\x00\x00\x00\x00\x00\x00\x00"  # a DATA frame for the whole connection


class H2Double:
    """Answers with bodies by path; what it does not know is 404."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        tls.set_alpn_protocols(["h2"])
        self._tls = tls
        self.bodies: dict[str, Any] = {}
        self.nonsense = False
        self.base = ""
        self.connections = 0
        self.requests = 0
        self.closed = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.base = f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/fhir"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        state = H2Connection(H2Configuration(client_side=False))
        state.initiate_connection()
        writer.write(state.data_to_send())
        try:
            while data := await reader.read(65_536):
                self._take(state, data)
                writer.write(state.data_to_send() + (NONSENSE if self.nonsense and self.requests else b""))
        except (ConnectionError, ProtocolError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            self.closed.set()
            writer.close()

    def _take(self, state: H2Connection, data: bytes) -> None:
        paths: dict[int, str] = {}
        for event in state.receive_data(data):
            if isinstance(event, RequestReceived):
                paths[event.stream_id] = next(
                    str(value) for name, value in event.headers if name in (":path", b":path")
                )
            elif isinstance(event, StreamEnded):
                self._answer(state, event.stream_id, paths[event.stream_id])

    def _answer(self, state: H2Connection, stream: int, path: str) -> None:
        self.requests += 1
        body = next((body for name, body in self.bodies.items() if f"/fhir/{name}" in path), None)
        if self.nonsense:
            state.send_headers(stream, HEADERS)
        elif body is None:
            state.send_headers(stream, [(":status", "404")], end_stream=True)
        else:
            state.send_headers(stream, HEADERS)
            state.send_data(stream, dumps(body), end_stream=True)
