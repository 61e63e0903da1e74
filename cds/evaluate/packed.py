"""The files in what is packed with gzip or zip. Its own module: what it imports is loaded for packed files only."""

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from io import BufferedReader
from typing import Any

from cds.errors import UsageError
from cds.evaluate.places import GZIP

BROKEN = (zipfile.BadZipFile, EOFError, zlib.error, gzip.BadGzipFile, NotImplementedError, RuntimeError)


def lines(stream: "BufferedReader[Any]", is_wanted: Callable[[str], bool], wanted: str) -> Iterator[Iterator[bytes]]:
    """The lines of each file; raises UsageError if it cannot be unpacked, or holds no file that is `wanted`."""
    try:
        with ExitStack() as open_files:
            for member in _members(stream, open_files, is_wanted, wanted):
                yield _read(member)
    except BROKEN as problem:
        raise _unusable(problem) from problem


def _members(
    stream: "BufferedReader[Any]", open_files: ExitStack, is_wanted: Callable[[str], bool], wanted: str
) -> Iterator[Iterable[bytes]]:
    if stream.peek(len(GZIP)).startswith(GZIP):
        with gzip.GzipFile(fileobj=stream) as unpacked:
            yield unpacked
        return
    archive = open_files.enter_context(zipfile.ZipFile(stream))
    names = sorted(name for name in archive.namelist() if is_wanted(name))
    if not names:
        raise UsageError(f"the archive contains no {wanted} or .gz file")
    for name in names:
        member = open_files.enter_context(archive.open(name))
        yield gzip.GzipFile(fileobj=member) if name.lower().endswith(".gz") else member


def _read(member: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from member
    except BROKEN as problem:
        raise _unusable(problem) from problem


def _unusable(problem: Exception) -> UsageError:
    return UsageError(f"cannot be unpacked: {str(problem) or 'it is cut off'}")
