"""Where the keys of a client are looked up: a file, or an address with a cache that outlives an outage."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cds.errors import reason_of
from cds.trust.fetching import Fetch, FetchFailed
from cds.trust.jwks import NO_KEYS, BadKeySet, KeySet, PublicKey, read_keys
from cds.trust.kept import KeyFiles
from cds.trust.refusal import quoted
from cds.trust.watched import Watched

log = logging.getLogger("twitch-cds")

Seconds = Callable[[], float]

REFRESH = 8 * 60.0  # from this age on, the next call has the set fetched beside it
FRESH = 10 * 60.0  # from this age on, the next call waits for the fetch: a removed key works no longer than this
STALE = 24 * 3600.0  # in an outage, an old set is used for so long
LOOK_AGAIN = 60.0  # between two fetches for a kid that is unknown
RETRY, RETRY_WITHOUT = 60.0, 5.0  # after a failed fetch: with an old set in hand, and with none


class NoKey(LookupError):  # noqa: N818 - says what was found
    """There is no usable key of this name; the words are for the operator."""


class Keys(Protocol):
    """The keys of one client."""

    @property
    def problem(self) -> str | None:
        """Why the keys could not be read the last time; nothing when they could."""

    @property
    def age(self) -> float | None:
        """How many seconds old the set in use is; nothing if there is none that may be used."""

    async def find(self, kid: str) -> PublicKey:
        """The key of that name, or NoKey."""

    async def warm(self) -> None:
        """Have the keys at hand before they are needed; never fails."""

    async def close(self) -> None:
        """End what goes on in the background."""


def pick(keys: KeySet, kid: str, place: str) -> PublicKey:
    """The key of that name, or the reason why there is none."""
    if kid in keys.keys:
        return keys.keys[kid]
    if kid in keys.unusable:
        raise NoKey(f"the key {quoted(kid)} of {place} cannot be used: {keys.unusable[kid]}")
    raise NoKey(f"no key {quoted(kid)} in {place}, which has {_listed(keys)}")


def _listed(keys: KeySet) -> str:
    names = [quoted(kid) for kid in list(keys.keys)[:5]]
    omitted = len(keys.keys) - len(names)
    return ", ".join(names) + (f" and {omitted} more" if omitted else "") if names else "no usable key"


def warn(place: str, keys: KeySet) -> None:
    """Say loudly that a client gives its private key away."""
    if keys.is_leaking:
        log.error("a key set holds private keys", extra={"fields": {"keys": place}})


class FileKeys:
    """A key set in a file, read anew when the file changes."""

    def __init__(self, path: Path, *, demo: bool = False, seconds: Seconds = time.monotonic) -> None:
        self._place = str(path)
        self._demo = demo
        self._watched = Watched(path, seconds)
        self._keys = NO_KEYS
        self.problem: str | None = None
        self._read()

    @property
    def age(self) -> float | None:
        """A file is as old as its newest change, however long ago that was."""
        return 0.0 if self._keys.keys else None

    async def find(self, kid: str) -> PublicKey:
        """The key of that name; a broken new file keeps the old keys."""
        if self._watched.has_changed():
            self._read()
        if self.problem and kid not in self._keys.keys:
            raise NoKey(f"{self._place}: {self.problem}")
        return pick(self._keys, kid, self._place)

    async def warm(self) -> None:
        """Nothing to do: the file was read at the start."""

    async def close(self) -> None:
        """Nothing to do."""

    def _read(self) -> None:
        try:
            self._keys = read_keys(self._watched.path.read_bytes(), demo=self._demo)
        except (OSError, BadKeySet) as problem:
            is_away = isinstance(problem, OSError)
            self.problem = f"the file cannot be read: {reason_of(problem)}" if is_away else str(problem)
            log.error("key file not usable", extra={"fields": {"keys": self._place, "reason": self.problem}})
        else:
            self.problem = None
            warn(self._place, self._keys)


class RemoteKeys:
    """A key set behind an address: fetched once for all who wait, kept while it is fresh, and longer in an outage."""

    def __init__(
        self,
        url: str,
        fetch: Fetch,
        *,
        demo: bool = False,
        seconds: Seconds = time.monotonic,
        files: KeyFiles | None = None,
    ) -> None:
        """`files` keep the set beyond the end of this process."""
        self._url = url
        self._files = files
        self._fetch = fetch
        self._demo = demo
        self._seconds = seconds
        self._keys = NO_KEYS
        self._fetched: float | None = None
        self._failed: float | None = None
        self._looked: float | None = None
        self._flight: asyncio.Task[None] | None = None
        self.problem: str | None = None

    @property
    def age(self) -> float | None:
        """Counted from the moment of asking for it."""
        return self._age() if self._keys.keys and self._age() < STALE else None

    async def find(self, kid: str) -> PublicKey:
        """The key of that name; an unknown one has the set fetched anew, once a minute at most."""
        is_new = await self._ensure()
        if kid not in self._keys.keys and not is_new and self._may_look_again():
            await self._refresh()
        self._check_age()
        return pick(self._keys, kid, self._url)

    async def warm(self) -> None:
        """Fetch the keys before the first call needs them."""
        await self._ensure()

    async def close(self) -> None:
        """End a fetch that is under way."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.wait([self._flight])

    async def _ensure(self) -> bool:
        """Have a set that is fresh enough, if that is possible; True when this call fetched it."""
        age = self._age()
        if age < REFRESH or self._must_wait():
            return False
        if age < FRESH or (self.problem and age < STALE):
            self._start()
            return False
        await self._refresh()
        return True

    def _age(self) -> float:
        return float("inf") if self._fetched is None else self._seconds() - self._fetched

    def _must_wait(self) -> bool:
        """Whether the last fetch failed so lately that another would only be a burden."""
        pause = RETRY_WITHOUT if self._age() >= STALE else RETRY
        return self._failed is not None and self._seconds() - self._failed < pause

    def _may_look_again(self) -> bool:
        if self._flight is not None:
            return True
        if self._must_wait() or (self._looked is not None and self._seconds() - self._looked < LOOK_AGAIN):
            return False
        self._looked = self._seconds()
        return True

    def _check_age(self) -> None:
        if self._age() >= STALE:
            raise NoKey(f"the keys at {self._url} could not be fetched: {self.problem}")

    async def _refresh(self) -> None:
        """Wait for the fetch that is under way, or for a new one; a caller that hangs up does not end it."""
        await asyncio.shield(self._start())

    def _start(self) -> asyncio.Task[None]:
        if self._flight is None:
            self._flight = asyncio.get_running_loop().create_task(self._load())
            self._flight.add_done_callback(self._land)
        return self._flight

    def _land(self, _: asyncio.Task[None]) -> None:
        self._flight = None

    async def _load(self) -> None:
        began, moment = self._seconds(), self._files.now() if self._files else None
        try:
            keys = read_keys(await self._fetch(self._url), demo=self._demo)
        except (FetchFailed, BadKeySet) as problem:
            self.problem, self._failed = str(problem), self._seconds()
            log.warning("keys not fetched", extra={"fields": {"keys": self._url, "reason": self.problem}})
            await self._recall()
        else:
            self._keys, self._fetched = keys, began
            self.problem = self._failed = None
            warn(self._url, keys)
            if self._files and moment:
                await asyncio.to_thread(self._files.write, self._url, keys, moment)

    async def _recall(self) -> None:
        """Take the copy on disk if it is newer than what is in hand: of the last run, or of another worker."""
        if self._files is None:
            return
        copy = await asyncio.to_thread(self._files.read, self._url)
        if copy is None:
            return
        age = self._files.age_of(copy.fetched)
        if age < self._age():
            self._keys, self._fetched = copy.keys, self._seconds() - age
            log.warning("kept keys are used", extra={"fields": {"keys": self._url, "age": round(age)}})
