"""Which browser pages may call (CORS): exact origins, never with credentials."""

from collections.abc import Collection

from starlette.types import Scope

from cds.settings import Settings
from cds.urls import LOOPBACK_ORIGIN
from cds.web.answers import Header

VARY: Header = (b"vary", b"Origin")
PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Accept"),
    (b"access-control-max-age", b"600"),
    (b"vary", b"Access-Control-Request-Private-Network"),
)


class Cors:
    """Decides for each request what a browser may be told."""

    def __init__(self, origins: Collection[str], *, loopback: bool) -> None:
        self._origins = frozenset(origins)
        self._loopback = loopback

    @classmethod
    def of(cls, settings: Settings) -> "Cors":
        """The policy of this installation: in demo mode any port of this machine may call too."""
        return cls(settings.allowed_origins, loopback=settings.demo)

    def allows(self, origin: str) -> bool:
        """Tell whether a page of this origin may read our answers."""
        return origin in self._origins or (self._loopback and LOOPBACK_ORIGIN.fullmatch(origin) is not None)

    def headers(self, origin: bytes | None) -> tuple[Header, ...]:
        """The headers for any answer, errors included: else the browser says "CORS" in place of the error."""
        if origin is None or not self.allows(origin.decode("latin-1")):
            return (VARY,)
        return (VARY, (b"access-control-allow-origin", origin))

    def preflight(self, scope: Scope) -> list[Header] | None:
        """Answer a preflight, on every path and before any sign-in; None when the request is none."""
        if scope["method"] != "OPTIONS":
            return None
        headers = dict(scope["headers"])
        if not {b"origin", b"access-control-request-method"} <= headers.keys():
            return None
        if not self.allows(headers[b"origin"].decode("latin-1")):
            return []
        if headers.get(b"access-control-request-private-network") == b"true":
            return [*PREFLIGHT, (b"access-control-allow-private-network", b"true")]
        return list(PREFLIGHT)
