"""The outermost layer: CORS, headers, HEAD, the log line, and the one place where an unexpected exception ends."""

import logging
from collections.abc import Callable
from time import perf_counter
from uuid import uuid4

from starlette.types import ASGIApp, Receive, Scope, Send

from cds.errors import Unexpected
from cds.web.answers import send_error
from cds.web.cors import Cors
from cds.web.outgoing import Outgoing

NOTE = "twitch-cds.note"
log = logging.getLogger("twitch-cds")

QUIET = ("/health/", "/metrics")
ROUTES = (
    *("/cds-services", "/evidence", "/governance", "/health/live", "/health/ready", "/metrics", "/assets"),
    *("/demo/fhir", "/demo/patients", "/demo/paste", "/demo/feedback"),
)


def route_of(path: str) -> str:
    """The part of a path that may be logged: what follows can be a patient's id."""
    return next(
        (route for route in ROUTES if path == route or path.startswith(route + "/")), "/" if path == "/" else "other"
    )


def new_incident() -> str:
    """A short id by which a caller and the log speak of the same failure."""
    return uuid4().hex[:12]


class Exchange:
    """One request and its answer, whatever happens between."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        cors: Cors,
        seconds: Callable[[], float] = perf_counter,
        incident: Callable[[], str] = new_incident,
    ) -> None:
        self._app = app
        self._cors = cors
        self._seconds = seconds
        self._incident = incident

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._seconds()
        origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
        outgoing = Outgoing(send, self._cors.headers(origin), bodiless=scope["method"] == "HEAD")
        note: dict[str, object] = {}
        await self._answer({**scope, NOTE: note}, receive, outgoing)
        self._record(scope, outgoing.status, note, self._seconds() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Outgoing) -> None:
        """Answer a preflight here; read HEAD as GET; turn what nobody expected into a 500."""
        preflight = self._cors.preflight(scope)
        if preflight is not None:
            await send({"type": "http.response.start", "status": 204, "headers": preflight})
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["method"] == "HEAD":
            scope["method"] = "GET"
        try:
            await self._app(scope, receive, send)
        except Exception as problem:  # noqa: BLE001 - the request boundary, one of three places where this is allowed
            await self._fail(problem, send)

    async def _fail(self, problem: Exception, send: Outgoing) -> None:
        """Log the failure under an id, and tell the caller the id only."""
        incident = self._incident()
        log.error("unexpected", extra={"fields": {"incident": incident}}, exc_info=problem)
        if send.status == 0:
            await send_error(send, Unexpected(incident))

    def _record(self, scope: Scope, status: int, note: dict[str, object], seconds: float) -> None:
        """One line for each request: never a path's end, a query, a header or a body."""
        path: str = scope["path"]
        level = logging.DEBUG if path.startswith(QUIET) else logging.INFO
        if log.isEnabledFor(level):
            fields = {
                "method": scope["method"],
                "route": route_of(path),
                "status": status,
                "ms": round(seconds * 1000, 2),
            }
            log.log(level, "request", extra={"fields": fields | note})
