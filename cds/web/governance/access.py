"""Who may see the governance page: everybody in demo mode, otherwise those who know its own credential."""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable

from cds.errors import NotAdmitted, TooManyGuesses, UnknownPath
from cds.trust.refusal import GOVERNANCE, Refusal

WRONG = "The credential for the governance page is wrong."
SECONDS = 1.0  # between the answers to two wrong credentials
MOST_WAITING = (
    8  # wrong credentials whose answers are waited for; beyond that none is looked at, not even the right one
)


class GovernanceAccess:
    """Compares in constant time; without a credential of its own there is no page at all.

    Who tries has one answer a second from each worker, however many connections: so that nothing can be guessed, and
    an operator who watches has time. The right credential is never delayed, but is not looked at in a flood.
    """

    def __init__(
        self,
        token: str,
        *,
        is_open: bool,
        refused: Callable[[Refusal], None],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """`refused` is told of each credential that was wrong."""
        self._token = token.encode()
        self._is_open = is_open
        self._refused = refused
        self._sleep = sleep
        self._waiting = 0
        self._next = asyncio.Lock()

    async def admit(self, authorization: str | None) -> None:
        """Let a request pass, or raise UnknownPath (no such page here), NotAdmitted or TooManyGuesses."""
        if self._is_open:
            return
        if not self._token:
            raise UnknownPath
        if not authorization:  # a browser asks without first: that is no attempt
            raise NotAdmitted
        if self._waiting >= MOST_WAITING:
            raise TooManyGuesses
        if not hmac.compare_digest(_given(authorization), self._token):
            self._refused(Refusal(GOVERNANCE, WRONG))
            await self._slow_down()
            raise NotAdmitted

    async def _slow_down(self) -> None:
        """Wait behind those who were wrong before."""
        self._waiting += 1
        try:
            async with self._next:
                await self._sleep(SECONDS)
        finally:
            self._waiting -= 1


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
