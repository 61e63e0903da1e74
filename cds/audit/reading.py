"""From paths to lines: plain files and gzip, in the order of the numbers in them, and the heads beside them."""

import fcntl
import gzip
import io
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
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
    """What a log's head says, None if there is no head, and the log's size at the same moment."""

    head: bytes | None
    size: int


def snapshot(
    log: Path, seconds: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Snapshot:
    """Look at both files while nobody writes; a writer that holds them longer is not waited for."""
    try:
        number = os.open(head_of(log), os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return Snapshot(None, _size(log))
    try:
        with suppress(BlockingIOError):
            wait(number, fcntl.LOCK_SH, PATIENCE, seconds, sleep)
        return Snapshot(os.pread(number, HEAD_SIZE + 1, 0), _size(log))
    finally:
        os.close(number)


def size_of(path: Path) -> int:
    """The size of a file that can be read."""
    try:
        with path.open("rb") as stream:
            return os.fstat(stream.fileno()).st_size
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {problem.strerror}") from problem


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def sources(sizes: Mapping[Path, int], seal: Seal) -> list[Source]:
    """The files, each once, sorted by chain and number; chains by the time of their first line."""
    unique = {path.resolve(): Source(path, size) for path, size in sizes.items()}
    links = {source: _first(source, seal) for source in unique.values()}
    starts: dict[str, str] = {}
    for link in filter(None, links.values()):
        starts[link.tip.log] = min(link.at, starts.get(link.tip.log, link.at))
    return sorted(links, key=lambda source: (_place(links[source], starts), str(source.path)))


def _place(link: Link | None, starts: Mapping[str, str]) -> tuple[bool, str, str, int]:
    """Where a file stands among the others; one without a line comes last."""
    return (False, starts[link.tip.log], link.tip.log, link.tip.seq) if link else (True, "", "", 0)


def pieces(source: Source) -> Iterator[bytes]:
    """The lines of a file with their breaks; a very long one in pieces."""
    with source.path.open("rb") as raw:
        packed = raw.peek(2)[:2] == GZIP
        stream: BinaryIO = io.BufferedReader(gzip.GzipFile(fileobj=raw), PIECE) if packed else raw
        remaining = PIECE if packed else source.size
        while remaining > 0 and (piece := stream.readline(min(remaining, PIECE))):
            remaining -= 0 if packed else len(piece)
            yield piece


def _first(source: Source, seal: Seal) -> Link | None:
    """The first line that has the form of one, be it proved or not."""
    with suppress(*UNREADABLE):
        return next(filter(None, map(seal.link, islice(pieces(source), FIRST_LINES))), None)
    return None
