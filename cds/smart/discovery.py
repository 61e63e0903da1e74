"""How an EHR wants to be signed in to: `.well-known/smart-configuration`, read and judged once in ten minutes."""

from collections.abc import Callable

from msgspec import Struct

from cds.smart.names import CODE_CHALLENGE, CONFIGURATION
from cds.smart.refusal import AppRefused
from cds.smart.wire import Answer, Json, Unreached, Wire

FRESH = 600.0


class Endpoints(Struct, frozen=True, kw_only=True):
    """Where to go; `issuer` and `keys` are those of id tokens.

    `names_itself`: the answer to a sign-in says its `iss` (RFC 9207).
    """

    authorize: str
    token: str
    issuer: str
    keys: str
    names_itself: bool = False


class Discovery:
    """The endpoints of one EHR, kept for ten minutes."""

    def __init__(self, base: str, wire: Wire, seconds: Callable[[], float]) -> None:
        self._base, self._wire, self._seconds = base, wire, seconds
        self._endpoints: Endpoints | None = None
        self._at = 0.0

    async def endpoints(self) -> Endpoints:
        """Where to sign in; raises AppRefused("no-discovery")."""
        if self._endpoints is None or self._seconds() - self._at >= FRESH:
            at = self._seconds()
            self._endpoints, self._at = _judged(await self._read(), self._wire), at
        return self._endpoints

    async def _read(self) -> Json:
        try:
            answer: Answer = await self._wire.get(self._base + CONFIGURATION)
        except Unreached as problem:
            raise AppRefused("no-discovery") from problem
        if not answer.is_good:
            raise AppRefused("no-discovery")
        return answer.body


def _judged(document: Json, wire: Wire) -> Endpoints:
    """PKCE with S256 is required, and every address is on a server of the registration."""
    methods = document.get("code_challenge_methods_supported")
    addresses = [document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    issuer = document.get("issuer")
    if not isinstance(methods, list) or CODE_CHALLENGE not in methods or not isinstance(issuer, str):
        raise AppRefused("no-discovery")
    if not all(map(wire.allows, addresses)):
        raise AppRefused("no-discovery")
    authorize, token, keys = map(str, addresses)
    names_itself = document.get("authorization_response_iss_parameter_supported") is True
    return Endpoints(authorize=authorize, token=token, issuer=issuer, keys=keys, names_itself=names_itself)
