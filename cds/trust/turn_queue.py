"""One signature in each turn of the event loop: a flood of forged tokens leaves the loop to everybody else between.

Nobody is refused here. Tokens that name one client keep their order; those of several clients are taken in rotation, so
that a flood in the name of one does not hold up the others.
"""

import asyncio
from collections import deque

Place = asyncio.Future[None]


class TurnQueue:
    """Lets one pass in each turn of the loop. It holds no more places than there are requests under way."""

    def __init__(self) -> None:
        self._is_taken = False
        self._waiting: dict[str, deque[Place]] = {}

    async def turn(self, client: str) -> None:
        """Wait for a turn; there is no wait as long as nobody else has passed in the same one."""
        loop = asyncio.get_running_loop()
        if self._is_taken:
            await self._called(client, loop.create_future())
        self._is_taken = True
        loop.call_soon(self._call_next)

    async def _called(self, client: str, place: Place) -> None:
        self._waiting.setdefault(client, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # called in the very moment of leaving
                self._call_next()
            raise

    def _call_next(self) -> None:
        """Call whoever is next, and is still there."""
        while self._waiting:
            client = next(iter(self._waiting))
            places = self._waiting.pop(client)
            place = places.popleft()
            if places:
                self._waiting[client] = places
            if not place.done():
                place.set_result(None)
                return
        self._is_taken = False
