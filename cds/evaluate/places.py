"""Where files are: on this machine, or under a URL in a store that fsspec opens (the extra `cluster`)."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from io import BufferedReader
from pathlib import Path, PurePath
from typing import IO, cast

from cds.errors import UsageError

SCHEME = "://"
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"  # how a packed file begins


def is_url(place: str) -> bool:
    """Whether a place is the URL of a store."""
    return SCHEME in place


def is_here(path: object) -> bool:
    """Whether a path is one of this machine."""
    return isinstance(path, PurePath)


def at(place: str) -> Path:
    """The path of a place. That of a store answers as a path does. Raises UsageError if nothing here opens it."""
    if not is_url(place):
        return Path(place)
    try:
        from upath import UPath

        stored = UPath(place, use_listings_cache=False)
        _ = stored.fs
    except (ImportError, ValueError) as problem:
        raise UsageError(f"{place}: {problem}. S3-compatible stores: pip install 'twitch-cds[cluster]'") from problem
    return cast("Path", stored)


def store_errors() -> tuple[type[Exception], ...]:
    """What an S3-compatible store raises beside OSError: it does not answer or refuses, or credentials are missing."""
    raised = sys.modules.get("botocore.exceptions")  # who has not loaded it has met none of them
    return (raised.BotoCoreError, raised.ClientError) if raised else ()


def of_store(problem: Exception) -> str:
    """The same in one line."""
    return f"the store: {' '.join(str(problem).split())}"


def whole_name(place: str) -> str:
    """A place by the name that it has from everywhere."""
    return str(at(place)).rstrip("/") if is_url(place) else str(Path(place).absolute())


def opened(path: str) -> IO[bytes]:
    """A file to read."""
    file = at(path).open("rb")
    return file if isinstance(file, BufferedReader) else BufferedReader(file)


def walk(folder: str, onerror: Callable[[OSError], object]) -> Iterable[tuple[str, list[str], list[str]]]:
    """A folder and those below it, with what they hold; the order of the inner ones is the caller's."""
    return _walked(folder, onerror) if is_url(folder) else os.walk(folder, onerror=onerror)


def _walked(folder: str, onerror: Callable[[OSError], object]) -> Iterator[tuple[str, list[str], list[str]]]:
    def told(problem: OSError) -> None:
        onerror(OSError(problem.errno, problem.strerror or "the store does not list it", folder))

    for path, inner, names in at(folder).walk(on_error=told):  # type: ignore[attr-defined] # before Python 3.12
        yield str(path).rstrip("/"), inner, names
