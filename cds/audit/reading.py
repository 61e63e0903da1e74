"""From paths to lines: plain files and gzip, in the order of the numbers in them, and the heads beside them."""

import fcntl
import gzip
import io
import os
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cds.audit.chain import HEAD_SIZE, LONGEST, Link, Seal
from cds.audit.pair import wait
from cds.audit.place import head_of
from cds.errors import UsageError

PIECE = 2 * LONGEST
FIRST_LINES = 100
GZIP = b"\x1f\x8b"
PATIENCE = 2.0
UNREADABLE = (EOFError, zlib.error, OSError)


class Source(NamedTuple):
    """A file to read, so many bytes of it; a log that is still written to may have grown since."""

    path: Path
    size: int


class Snapshot(NamedTuple):
    """A log's head, and the log's size at the same moment; None for what is not there."""

    head: bytes | None
    size: int | None


def snapshot(
    log: Path, seconds: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Snapshot:
    """Look at both files while nobody writes; a writer that holds them longer is not waited for."""
    try:
        number = os.open(head_of(log), os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return Snapshot(None, _size(log) if log.exists() else None)
    try:
        with suppress(BlockingIOError):
            wait(number, fcntl.LOCK_SH, PATIENCE, seconds, sleep)
        return Snapshot(os.pread(number, HEAD_SIZE + 1, 0), _size(log) if log.exists() else None)
    finally:
        os.close(number)


def sources(paths: Iterable[Path], sizes: dict[Path, int], seal: Seal) -> list[Source]:
    """The files, each once, sorted by chain and number; chains by the time of their first line."""
    unique = {path.resolve(): path for path in paths}
    found = [(Source(path, sizes.get(path, _size(path))), path) for path in unique.values()]
    links = {source: _first(source, seal) for source, _ in found}
    starts: dict[str, str] = {}
    for link in links.values():
        if link is not None:
            starts[link.tip.log] = min(link.at, starts.get(link.tip.log, link.at))

    def place(source: Source) -> tuple[bool, str, str, int, str]:
        link = links[source]
        if link is None:
            return (True, "", "", 0, str(source.path))
        return (False, starts[link.tip.log], link.tip.log, link.tip.seq, str(source.path))

    return sorted(links, key=place)


def pieces(source: Source) -> Iterator[bytes]:
    """The lines of a file with their breaks; a very long one in pieces."""
    with source.path.open("rb") as raw:
        packed = raw.peek(2)[:2] == GZIP
        stream: BinaryIO = io.BufferedReader(gzip.GzipFile(fileobj=raw), PIECE) if packed else raw
        left = PIECE if packed else source.size
        while left > 0 and (piece := stream.readline(min(left, PIECE))):
            left -= 0 if packed else len(piece)
            yield piece


def _first(source: Source, seal: Seal) -> Link | None:
    """The first line that has the form of one, be it proved or not."""
    with suppress(*UNREADABLE):
        return next(filter(None, map(seal.link, islice(pieces(source), FIRST_LINES))), None)
    return None


def _size(path: Path) -> int:
    try:
        with path.open("rb") as stream:
            return os.fstat(stream.fileno()).st_size
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {problem.strerror}") from problem
