"""The hot route, `POST /cds-services/{id}`: plain ASGI, bytes in and bytes out."""

import asyncio
from collections.abc import Callable
from time import perf_counter

from starlette.types import Receive, Scope, Send

from cds.errors import CallError, Overloaded, UnknownPath, UnknownService, WrongMethod, render
from cds.settings import Settings
from cds.web.answers import send_answer, send_error
from cds.web.body import ClientGone, check_headers, read_body
from cds.web.exchange import NOTE
from cds.web.metrics import Metrics
from cds.web.ports import Answering

BASE = "/cds-services/"
LONG_BODY = 512 * 1024


class HookRoute:
    """Everything below `/cds-services/`: one call to one service, within the limits."""

    def __init__(
        self, engine: Answering, settings: Settings, metrics: Metrics, seconds: Callable[[], float] = perf_counter
    ) -> None:
        self._engine = engine
        self._limit = settings.max_body_bytes
        self._patience = settings.body_timeout_ms / 1000
        self._room = settings.max_concurrent
        self._metrics = metrics
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = service_of(scope["path"])
        if name == "" and scope["method"] == "GET":
            await send_answer(send, 200, self._engine.discovery())
            return
        await self._call(name, scope, receive, send)

    async def _call(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and count whatever the answer was; a client that hung up gets none."""
        started = self._seconds()
        status, body = 500, b""
        try:
            status, body = await self._answer(name, scope, receive)
            await send_answer(send, status, body)
        except CallError as error:
            status, body = error.status, render(error)
            await send_error(send, error)
        except ClientGone:
            status = 499
        finally:
            service = name if name in self._engine.service_ids else "unknown"
            outcome = self._metrics.record(service, status, body, self._seconds() - started)
            scope[NOTE].update(service=service, outcome=outcome)

    async def _answer(self, name: str, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        """Refuse what need not be read, then read and ask the engine."""
        if name not in self._engine.service_ids:
            raise UnknownPath if "/" in name else UnknownService
        if scope["method"] != "POST":
            raise WrongMethod("POST")
        check_headers(scope["headers"], self._limit)
        if self._room <= 0:
            raise Overloaded
        self._room -= 1
        try:
            return await self._asked(name, await read_body(receive, self._limit, self._patience))
        finally:
            self._room += 1

    async def _asked(self, name: str, body: bytes) -> tuple[int, bytes]:
        """Ask at once; a long chart is read in a thread, so that short calls beside it go on."""
        if len(body) < LONG_BODY:
            return self._engine.answer(name, body)
        return await asyncio.to_thread(self._engine.answer, name, body)


def service_of(path: str) -> str:
    """The id in a path; the sandbox doubles the slash when the discovery address ended in one."""
    return path.removeprefix(BASE).removeprefix("/")
