"""Which requests are hook calls and feedback: they go to their routes at once, past the framework's router."""

from starlette.types import ASGIApp, Receive, Scope, Send

from cds.web.feedback_route import END
from cds.web.hook_route import BASE


class Paths:
    """Tells the two hot routes from everything else by the path alone."""

    def __init__(self, hooks: ASGIApp, feedback: ASGIApp | None, fallback: ASGIApp) -> None:
        """Without a keeper of feedback, its address is that of a service which does not exist."""
        self._hooks = hooks
        self._feedback = feedback or hooks
        self._fallback = fallback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if not path.startswith(BASE):
            await self._fallback(scope, receive, send)
        elif path.endswith(END, len(BASE)):
            await self._feedback(scope, receive, send)
        else:
            await self._hooks(scope, receive, send)
