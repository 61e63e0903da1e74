"""Who may see the governance page: everybody in demo mode, otherwise those who know its own credential."""

import base64
import binascii
import hmac

from cds.errors import NotAdmitted, UnknownPath


class Door:
    """Compares in constant time; without a credential of its own there is no page at all."""

    def __init__(self, token: str, *, is_open: bool) -> None:
        self._token = token.encode()
        self._is_open = is_open

    def admit(self, authorization: str | None) -> None:
        """Let a request pass, or raise UnknownPath (no such page here) or NotAdmitted."""
        if self._is_open:
            return
        if not self._token:
            raise UnknownPath
        if not hmac.compare_digest(_given(authorization or ""), self._token):
            raise NotAdmitted


def _given(authorization: str) -> bytes:
    """The credential: a bearer token, or the password of any name."""
    kind, _, value = authorization.partition(" ")
    if kind.lower() == "bearer":
        return value.strip().encode()
    if kind.lower() != "basic":
        return b""
    try:
        return base64.b64decode(value.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""
