"""The keys of all clients: each place is asked through one cache, whoever shares it."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from cds.trust.fetching import Fetch
from cds.trust.kept import KeyFiles
from cds.trust.keys import FileKeys, Keys, RemoteKeys
from cds.trust.registry import Client, Registry


class Keyring:
    """Finds the keys of a client; a registry that is read anew keeps the caches of the places it still names."""

    def __init__(
        self,
        fetch: Fetch,
        *,
        demo: bool = False,
        seconds: Callable[[], float] = time.monotonic,
        files: KeyFiles | None = None,
    ) -> None:
        self._fetch = fetch
        self._files = files
        self._demo = demo
        self._seconds = seconds
        self._places: dict[str | Path, Keys] = {}

    def of(self, client: Client) -> Keys:
        """The keys of one client."""
        place = client.jwks_url or client.jwks_file or ""
        if place not in self._places:
            self._places[place] = self._made(place)
        return self._places[place]

    def problems(self, registry: Registry) -> list[str]:
        """The clients whose keys could not be read the last time."""
        problems = ((client, self.of(client).problem) for client in registry.clients)
        return [f"keys of {client.name}: {problem}" for client, problem in problems if problem]

    def ages(self, registry: Registry) -> list[float | None]:
        """How many seconds old the keys of each client are; nothing for a client without usable keys."""
        return [self.of(client).age for client in registry.clients]

    async def warm(self, registry: Registry) -> None:
        """Have all keys at hand."""
        await asyncio.gather(*(self.of(client).warm() for client in registry.clients))

    async def close(self) -> None:
        """End all fetches that are under way."""
        await asyncio.gather(*(keys.close() for keys in self._places.values()))

    def _made(self, place: str | Path) -> Keys:
        if isinstance(place, Path):
            return FileKeys(place, demo=self._demo, seconds=self._seconds)
        return RemoteKeys(place, self._fetch, demo=self._demo, seconds=self._seconds, files=self._files)
