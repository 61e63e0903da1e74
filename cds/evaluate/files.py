"""From the paths of the command line to documents: whole files, or the lines of NDJSON one by one."""

import codecs
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec
from msgspec import Raw

STDIN = "-"
ENDINGS = frozenset({".json", ".ndjson"})


class Document(NamedTuple):
    """One JSON text; `line` is its number if the file is NDJSON."""

    text: bytes
    line: int | None = None


class Problem(NamedTuple):
    """An input, or a part of it, that could not be answered."""

    input: str
    text: str


class Batch(NamedTuple):
    """Files whose plain resources belong together: one file, or those of one folder."""

    name: str
    paths: tuple[str, ...]


def batches(argument: str) -> Iterator[Batch | Problem]:
    """What an argument stands for: itself, or the folders below it that hold files to read, sorted."""
    if argument == STDIN or not Path(argument).is_dir():
        yield Batch(shown(argument), (argument,))
        return
    failed: list[OSError] = []
    found = 0
    for folder, inner, files in os.walk(argument, onerror=failed.append):
        inner.sort()
        wanted = tuple(sorted(str(Path(folder, file)) for file in files if Path(file).suffix.lower() in ENDINGS))
        found += len(wanted)
        if wanted:
            yield Batch(shown(folder), wanted)
    yield from (Problem(shown(problem.filename), reason(problem)) for problem in failed)
    if not found and not failed:
        yield Problem(shown(argument), "the folder holds no .json or .ndjson file")


def documents(path: str) -> Iterator[Document]:
    """The documents of a file or of standard input."""
    if path == STDIN:
        yield from split(sys.stdin.buffer)
        return
    with Path(path).open("rb") as stream:
        yield from split(stream)


def split(stream: BinaryIO | Iterable[bytes]) -> Iterator[Document]:
    """One document over all lines, or one a line if the first, or the second, is a document of its own."""
    lines = ((number, line) for number, line in enumerate(_bare(stream), 1) if line.strip())
    start = [line for line in (next(lines, None), next(lines, None)) if line is not None]
    if len(start) == 2 and (is_whole(start[0][1]) or _is_record(start[1][1])):
        yield from (Document(line, number) for number, line in chain(start, lines))
    else:
        yield Document(b"".join(line for _, line in chain(start, lines)))


def _bare(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines without a byte order mark before the first."""
    for number, line in enumerate(lines):
        yield line if number else line.removeprefix(codecs.BOM_UTF8)


def is_whole(text: bytes) -> bool:
    """Whether a text is JSON from its first to its last character."""
    try:
        msgspec.json.decode(text, type=Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


class _Record(msgspec.Struct):
    """What a line of NDJSON has, and a line inside a document has not."""

    resourceType: str  # noqa: N815 - FHIR's name


def _is_record(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=_Record)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def shown(path: str) -> str:
    """A path as it can be printed and sent: control characters and bytes that are no text made visible."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def reason(problem: OSError) -> str:
    """Why a file cannot be read."""
    return f"cannot be read: {problem.strerror or 'input error'}"
