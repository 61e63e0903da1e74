"""The last good key set of each address, on disk: for a start while the key server is away. Public parts only.

Whoever can write these files can sign in as any client: they lie in the data folder, for the owner alone, and a file
that others could have written is not read. A set that was fetched later always replaces one that was fetched earlier,
whichever process writes first, so that a withdrawn key does not come back.
"""

import fcntl
import logging
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from msgspec import Struct, json

from cds.trust.jwks import BadKeySet, KeySet, PublicKey, read_keys
from cds.trust.strict import NotStrict, read_object

log = logging.getLogger("twitch-cds")

FOLDER = "keys"
LOCK = "lock"
LONGEST_AGE = timedelta(hours=24)
AHEAD = timedelta(seconds=60)  # a copy from further in the future has no age that could be trusted
MOST_BYTES = 1024 * 1024
OWNER_ONLY_FOLDER, OWNER_ONLY_FILE = 0o700, 0o600
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class Kept(Struct, frozen=True):
    """A key set and when it was fetched."""

    keys: KeySet
    fetched: datetime


class KeyFiles:
    """One file for each address, named after its hash. Methods block; they are called in a thread."""

    def __init__(self, folder: Path, now: Callable[[], datetime], *, demo: bool = False) -> None:
        self._folder = folder
        self._now = now
        self._demo = demo

    def age_of(self, fetched: datetime) -> float:
        """How many seconds ago a set was fetched."""
        return max(0.0, (self._now() - fetched).total_seconds())

    def now(self) -> datetime:
        """The present moment."""
        return self._now()

    def write(self, url: str, keys: KeySet, fetched: datetime) -> None:
        """Keep a set that was just fetched; where that fails, the older copy goes too. Never raises for the disk."""
        document = json.encode({"url": url, "fetched": fetched, "keys": [_public(key) for key in keys.keys.values()]})
        try:
            with self._locked():
                copy = self._read(url)
                if copy is None or not fetched < copy.fetched <= self._now():
                    self._replace(url, document)
        except OSError as problem:
            self._drop(url, type(problem).__name__)

    def read(self, url: str) -> Kept | None:
        """The copy, if there is a usable one that is not too old; one that is too old is deleted."""
        try:
            copy = self._read(url)
        except OSError as problem:
            log.warning("kept keys not read", extra={"fields": {"keys": url, "reason": type(problem).__name__}})
            return None
        if copy is None or copy.fetched > self._now() + AHEAD:
            return None
        if self._now() - copy.fetched >= LONGEST_AGE:
            with suppress(OSError):
                self._path(url).unlink(missing_ok=True)
            return None
        return copy

    def _path(self, url: str) -> Path:
        return self._folder / f"{sha256(url.encode()).hexdigest()}.json"

    def _read(self, url: str) -> Kept | None:
        try:
            handle = os.open(self._path(url), os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if status.st_uid != os.geteuid() or status.st_mode & OTHERS_MAY_WRITE:
                log.error("kept keys are not used: others could have written them", extra={"fields": {"keys": url}})
                return None
            return _understood(file.read(MOST_BYTES + 1), url, demo=self._demo)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, over all workers."""
        self._folder.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        handle = os.open(self._folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, OWNER_ONLY_FILE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _replace(self, url: str, document: bytes) -> None:
        """Write beside the file and rename: whoever reads finds the old copy or the new one, whole."""
        draft = self._folder / f"{token_hex(8)}.draft"
        try:
            handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY_FILE)
            with os.fdopen(handle, "wb") as file:
                file.write(document)
                file.flush()
                os.fsync(handle)
            draft.replace(self._path(url))
        finally:
            draft.unlink(missing_ok=True)

    def _drop(self, url: str, reason: str) -> None:
        """A copy that is not replaced could hold a key that was withdrawn."""
        fields = {"keys": url, "reason": reason}
        try:
            self._path(url).unlink(missing_ok=True)
        except OSError:
            log.error("keys not kept, and the older copy not deleted", extra={"fields": fields})
        else:
            log.warning("keys not kept: a restart needs the key server", extra={"fields": fields})


def _understood(document: bytes, url: str, *, demo: bool) -> Kept | None:
    """What a file says; nothing if it is not whole, or of another address."""
    try:
        members = read_object(document)
        fetched = datetime.fromisoformat(str(members.get("fetched")))
        keys = read_keys(document, demo=demo)
    except (NotStrict, BadKeySet, ValueError):
        log.warning("kept keys not read", extra={"fields": {"keys": url, "reason": "damaged"}})
        return None
    return Kept(keys, fetched) if members.get("url") == url and fetched.tzinfo is not None else None


def _public(key: PublicKey) -> dict[str, object]:
    """A key as it is kept: its public numbers, its name, and its algorithm if it is made for one only."""
    numbers: Mapping[str, object] = key.key.as_dict(private=False)
    members = ("kty", "crv", "x", "y", "n", "e")
    narrowed: dict[str, object] = {"alg": next(iter(key.algorithms))} if len(key.algorithms) == 1 else {}
    return {name: numbers[name] for name in members if name in numbers} | narrowed | {"kid": key.kid}
