"""Who may call: everybody in demo mode, nobody otherwise until a client can be registered."""

from starlette.types import ASGIApp, Receive, Scope, Send

from cds.errors import NotSignedIn
from cds.web.answers import send_error

GUARDED = "/cds-services"


class Gate:
    """Stands before discovery, calls and whatever else is below `/cds-services`: first who, then what."""

    def __init__(self, app: ASGIApp, *, is_open: bool) -> None:
        self._app = app
        self._is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_open or scope["type"] != "http" or not self._guards(scope["path"]):
            await self._app(scope, receive, send)
        else:
            await send_error(send, NotSignedIn())

    @staticmethod
    def _guards(path: str) -> bool:
        return path == GUARDED or path.startswith(GUARDED + "/")
