"""From the paths of the command line to documents: whole files, the lines of NDJSON, or the items of a list."""

import codecs
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from io import BufferedReader
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Raw

from cds.evaluate.places import GZIP, ZIP, at, opened, walk

STDIN = "-"
ENDINGS = (".json", ".ndjson", ".jsonl")
PACKED = (*ENDINGS, *(f"{ending}.gz" for ending in ENDINGS), ".zip")
DELETED = "deleted"  # the folder of what an export says was deleted (FHIR Bulk Data)
# A folder that is called after a resource type holds a part of the export above it.
PARTS = frozenset(Path(__file__).with_name("resource_types.txt").read_text("utf-8").split()) | {DELETED}


class Document(NamedTuple):
    """One JSON text; `number` says which `unit` of its file it is: a line of NDJSON, or an item of a list."""

    text: bytes
    number: int | None = None
    unit: str = "line"


class Problem(NamedTuple):
    """An input, or a part of it, that could not be answered."""

    input: str
    text: str


class Remark(NamedTuple):
    """What must be known of an input that was answered."""

    input: str
    text: str


class Batch(NamedTuple):
    """Files whose plain resources belong together: one file, or those of one folder."""

    name: str
    paths: tuple[str, ...]


def batches(argument: str) -> Iterator[Batch | Problem]:
    """What an argument means: itself, or the folders below it that hold files to read, sorted."""
    if argument == STDIN or not at(argument).is_dir():
        yield Batch(shown(argument), (argument,))
        return
    failed: list[OSError] = []
    by_folder: dict[str, list[str]] = {}
    skipped: Counter[str] = Counter()
    for folder, inner, names in walk(argument, failed.append):
        inner.sort()
        matching = sorted(str(at(folder) / name) for name in names if is_wanted(name))
        skipped.update(Path(name).suffix.lower() for name in names if not is_wanted(name))
        if matching:
            by_folder.setdefault(_export(folder, argument), []).extend(matching)
    yield from (Batch(shown(folder), tuple(paths)) for folder, paths in by_folder.items())
    yield from (Problem(shown(problem.filename), reason(problem)) for problem in failed)
    if not by_folder and not failed:
        yield Problem(shown(argument), f"the folder holds no {', '.join(ENDINGS)}, .gz or .zip file{_listed(skipped)}")


def is_wanted(name: str) -> bool:
    """Whether a file in a folder is one to read."""
    return name.lower().endswith(PACKED)


def _listed(skipped: Counter[str]) -> str:
    kinds = ", ".join(f"{count} {ending or 'without an ending'}" for ending, count in sorted(skipped.items()))
    return f" (it holds {kinds})" if kinds else ""


def _export(folder: str, argument: str) -> str:
    """The folder of the export that a folder is part of."""
    while folder != argument and at(folder).name in PARTS:
        folder = str(at(folder).parent)
    return folder


def documents(path: str) -> Iterator[Document]:
    """The documents of a file or of standard input, whatever it is packed in; raises UsageError if it is broken."""
    with ExitStack() as open_files:
        opened_file = sys.stdin.buffer if path == STDIN else open_files.enter_context(opened(path))
        stream = opened_file if isinstance(opened_file, BufferedReader) else BufferedReader(opened_file)  # type: ignore[type-var]
        if not stream.peek(len(ZIP)).startswith((GZIP, ZIP)):
            yield from split(stream)
            return
        from cds.evaluate import packed

        for lines in packed.lines(stream, is_wanted, ", ".join(ENDINGS)):
            yield from split(lines)


def split(stream: Iterable[bytes]) -> Iterator[Document]:
    """One document over all lines, or one a line if the first, or the second, is a document of its own; or a list."""
    lines = enumerate(stream, 1)
    start = list(islice(_filled(lines), 2))
    if len(start) == 2 and not _is_list(start[0][1]) and (is_whole(start[0][1]) or _is_record(start[1][1])):
        yield from (Document(line, number) for number, line in start)
        for number, line in lines:
            if not line.isspace():
                yield Document(line, number)
        return
    text = b"".join(chain((line for _, line in start), (line for _, line in lines)))
    items = _items(text) if _is_list(text) else None
    if items:
        yield from (Document(bytes(item), number, "item") for number, item in enumerate(items, 1))
    else:
        yield Document(text)


def _filled(lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank; the first line of a file without its byte order mark."""
    for number, line in lines:
        bare = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        if bare.strip():
            yield number, bare


def _is_list(text: bytes) -> bool:
    return text.lstrip().startswith(b"[")


def _items(text: bytes) -> list[Raw] | None:
    """The items of a JSON list; None if it is broken."""
    try:
        return msgspec.json.decode(text, type=list[Raw])
    except (msgspec.DecodeError, RecursionError):
        return None


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
    """A path as it can be printed and sent: control characters and bytes that are not text made visible."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def reason(problem: OSError) -> str:
    """Why a file cannot be read."""
    return f"cannot be read: {problem.strerror or 'input error'}"
