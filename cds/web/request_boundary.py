"""The outermost layer: request id, CORS, headers, HEAD, the log line, and where an unexpected exception ends."""

import logging
from collections.abc import Callable
from time import perf_counter

from starlette.types import ASGIApp, Receive, Scope, Send

from cds.errors import Unexpected
from cds.web.answers import send_error
from cds.web.cors import Cors
from cds.web.logs import log_line
from cds.web.outgoing import Outgoing
from cds.web.request_id import HEADER, TRACE_HEADER, begin, current, new_request_id, sent_id

NOTE = "twitch-cds.note"
log = logging.getLogger("twitch-cds")

QUIET = ("/health/", "/metrics")
ROUTES = (
    *("/cds-services", "/evidence", "/governance", "/health/live", "/health/ready", "/metrics", "/assets", "/smart"),
    *("/Questionnaire", "/CodeSystem"),
    *("/demo/fhir", "/demo/patients", "/demo/paste", "/demo/feedback", "/demo/launch", "/demo/auth", "/demo/reset"),
)


def route_of(path: str) -> str:
    """The part of a path that may be logged: what follows can be a patient's id."""
    for route in ROUTES:
        if path.startswith(route) and path[len(route) : len(route) + 1] in ("", "/"):
            return route
    return "/" if path == "/" else "other"


class RequestBoundary:
    """One request and its answer, whatever happens between."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        cors: Cors,
        seconds: Callable[[], float] = perf_counter,
        new_id: Callable[[], str] = new_request_id,
    ) -> None:
        self._app = app
        self._cors = cors
        self._seconds = seconds
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._seconds()
        sent = dict(reversed(scope["headers"]))  # of a header that is there twice the first counts
        request_id = sent_id(sent.get(TRACE_HEADER), sent.get(HEADER)) or self._new_id()
        begin(request_id)
        headers = (*self._cors.headers(sent.get(b"origin")), (HEADER, request_id.encode()))
        outgoing = Outgoing(send, headers, bodiless=scope["method"] == "HEAD")
        note: dict[str, object] = {"requestId": request_id}
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
        """Log the failure with the id of the request, which is all that the caller is told."""
        log.error("unexpected", extra={"fields": {"requestId": current()}}, exc_info=problem)
        if send.status == 0:
            await send_error(send, Unexpected(current()))

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
                **note,
            }
            log_line(log, level, "request", fields)
