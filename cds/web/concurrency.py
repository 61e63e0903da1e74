"""How many calls are under way in one worker: beyond that they are refused at once, so that no queue can grow."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from cds.account import Caller
from cds.errors import Overloaded
from cds.web.admission import CALLER, GUARDED
from cds.web.answers import send_error
from cds.web.request_boundary import NOTE

CROWD = 4  # requests under way, most of them waiting to be verified, for each place behind the gate


class ConcurrencyLimit:
    """Stands behind the gate and, with `CROWD` times as many places, before it."""

    def __init__(self, app: ASGIApp, *, most: int, limited: Callable[[str, str], None]) -> None:
        """`limited` is told the reason of each refusal, and the client as far as it is known."""
        self._app = app
        self._remaining = most
        self._limited = limited

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(GUARDED):
            await self._app(scope, receive, send)
        elif self._remaining <= 0:
            await self._refuse(scope, send)
        else:
            self._remaining -= 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._remaining += 1

    async def _refuse(self, scope: Scope, send: Send) -> None:
        caller: Caller | None = scope.get(CALLER)
        self._limited(Overloaded.reason, caller.client if caller else "")
        scope[NOTE].update(outcome=Overloaded.__name__)
        await send_error(send, Overloaded())
