"""A FHIR server over real sockets that does whatever it is told, also what a healthy server never does."""

import asyncio
import json
import ssl
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

Json = dict[str, Any]
FHIR = {"Content-Type": "application/fhir+json;charset=utf-8"}
PATIENT = "p1"
NAME = "fhir-double"  # of the server's own tasks
ME = {"reference": f"Patient/{PATIENT}"}


class Seen(NamedTuple):
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: str


class Wire(NamedTuple):
    """The way back to the client: raw bytes, or none."""

    request: Seen
    out: asyncio.StreamWriter

    async def send(self, raw: bytes) -> None:
        """Write bytes as they are."""
        self.out.write(raw)
        await self.out.drain()

    async def answer(self, body: bytes, status: int = 200, headers: Mapping[str, str] = FHIR) -> None:
        """Write a whole answer."""
        await self.send(head(status, {"Content-Length": str(len(body)), **headers}) + body)


Handler = Callable[[Wire], Coroutine[None, None, None]]


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """A status line with headers."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


class Double:
    """The server: handlers by path (below the base, or whole), tried in the order in which they were given."""

    def __init__(self, handlers: Mapping[str, Handler] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.handlers = dict(handlers or {})
        self.seen: list[Seen] = []
        self.connections = 0
        self.base = ""
        self._tls = tls
        self._open: set[asyncio.Task[None]] = set()
        self._gone = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        port = self._server.sockets[0].getsockname()[1]
        self.base = f"http{'s' if self._tls else ''}://127.0.0.1:{port}/fhir"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    @property
    def targets(self) -> list[str]:
        """The paths that were asked for below the base, in order."""
        return [seen.target.removeprefix("/fhir/") for seen in self.seen]

    async def deserted(self) -> None:
        """Wait until no connection is open any more."""
        async with asyncio.timeout(600), self._gone:
            await self._gone.wait_for(lambda: not self._open)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.set_name(NAME)
        self._open.add(task)
        self.connections += 1
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._open.discard(task)
            async with self._gone:
                self._gone.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            seen = await _read(reader)
            self.seen.append(seen)
            serving = asyncio.create_task(self._handler(seen)(Wire(seen, writer)), name=NAME)
            gone = asyncio.create_task(reader.read(1), name=NAME)
            try:
                await asyncio.wait({serving, gone}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in (serving, gone):
                    one.cancel()
                done = await asyncio.gather(serving, gone, return_exceptions=True)
            if not isinstance(done[1], asyncio.CancelledError):
                return  # the client closed the connection

    def _handler(self, seen: Seen) -> Handler:
        path = seen.target.removeprefix("/fhir/")
        return next((handler for name, handler in self.handlers.items() if path.startswith(name)), missing)


async def _read(reader: asyncio.StreamReader) -> Seen:
    text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = text.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(method, target, headers, body.decode())


async def missing(wire: Wire) -> None:
    """What is not there."""
    await wire.answer(dumps({"resourceType": "OperationOutcome"}), 404)


def dumps(value: object) -> bytes:
    """JSON bytes."""
    return json.dumps(value).encode()


def resource(kind: str, name: str, **more: object) -> Json:
    """A resource of the patient."""
    return {"resourceType": kind, "id": name, **({} if kind in ("Patient", "Medication") else {"subject": ME}), **more}


def searchset(*resources: Json, following: str | None = None) -> Json:
    """A page of a search, and where the next is."""
    link = [{"relation": "self", "url": "x"}, {"relation": "next", "url": following}]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": link[: 2 if following else 1],
        "entry": [{"resource": one} for one in resources],
    }


def outcome(code: str, severity: str = "error") -> Json:
    """A failure told in FHIR."""
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def saying(value: object, status: int = 200, headers: Mapping[str, str] = FHIR) -> Handler:
    """Answer with a value as JSON, or with bytes as they are."""
    body = value if isinstance(value, bytes) else dumps(value)

    async def handler(wire: Wire) -> None:
        await wire.answer(body, status, headers)

    return handler


def in_turn(*handlers: Handler) -> Handler:
    """Answer each request with the next handler, and stay with the last."""
    rest = list(handlers)

    async def handler(wire: Wire) -> None:
        await (rest.pop(0) if len(rest) > 1 else rest[0])(wire)

    return handler


async def forever(wire: Wire) -> None:
    """Say nothing at all."""
    await asyncio.Event().wait()
