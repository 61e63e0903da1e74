"""Who may call: whoever the verifier knows, and in demo mode everybody."""

from collections.abc import Callable, Mapping
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from cds.account import NOBODY, Caller
from cds.errors import NotSignedIn, UseUnknown
from cds.trust.refusal import Refusal, Refused
from cds.trust.standing import Standing
from cds.web.answers import send_error

GUARDED = "/cds-services"
CALLER = "twitch-cds.caller"


class Verifying(Protocol):
    """What tells who is calling (`cds.trust.verifier.Verifier`)."""

    @property
    def is_up(self) -> bool:
        """Whether all that verifying needs is at hand."""

    @property
    def standing(self) -> Standing:
        """Whether any caller can be verified now."""

    @property
    def modes(self) -> Mapping[str, Mapping[str, str]]:
        """The services that are not simply on, with their modes, by client: as they are now."""

    async def verify(self, authorization: str | None, audience: str) -> Caller:
        """The caller of this address, or Refused."""


class Admission:
    """Stands before discovery, calls and whatever else is below `/cds-services`: first who, then what."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        verifier: Verifying,
        public_url: str,
        is_open: bool,
        refused: Callable[[Refusal, str], None],
        limited: Callable[[str], None],
    ) -> None:
        """`refused` is told the reason and the path of each refusal, and the caller neither.

        `limited` is told that a caller could not be judged, and why.
        """
        self._app = app
        self._verifier = verifier
        self._public_url = public_url
        self._is_open = is_open
        self._refused = refused
        self._limited = limited

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._guards(scope["path"]):
            try:
                scope[CALLER] = await self._caller(scope)
            except Refused as problem:
                self._refused(problem.refusal, scope["path"])
                await send_error(send, NotSignedIn())
                return
            except UseUnknown as problem:
                self._limited(problem.reason)
                await send_error(send, problem)
                return
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Caller:
        if self._is_open:
            return NOBODY
        sent = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
        return await self._verifier.verify(", ".join(sent) or None, self._public_url + _path_as_sent(scope))

    @staticmethod
    def _guards(path: str) -> bool:
        return path == GUARDED or path.startswith(GUARDED + "/")


def _path_as_sent(scope: Scope) -> str:
    """The path before it was decoded: the token is for the address as the client wrote it."""
    raw: bytes | None = scope.get("raw_path")
    return scope["path"] if raw is None else raw.decode("latin-1")
