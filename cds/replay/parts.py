"""The parts into which an export is cut: what one worker reads at a time, and what makes a shard of it."""

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from cds.evaluate.files import Batch, Document, Problem, batches, documents, is_whole
from cds.evaluate.places import GZIP, ZIP, at, opened

SIZE = 64 * 1024 * 1024
LINES = (".ndjson", ".jsonl")
PEEKED = 1024 * 1024


class Piece(Struct, frozen=True):
    """The lines of a file that begin within some bytes; with `end` 0 the whole file, of whatever form."""

    path: str
    start: int = 0
    end: int = 0

    def documents(self) -> Iterator[tuple[str, Document]]:
        """What a whole file holds, each with the place to name; raises OSError and UsageError."""
        name = Path(self.path).name
        for document in documents(self.path):
            yield f"{name}:{document.number}" if document.number else name, document

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines of a piece with an `end`, each with its number, or with its first byte if other lines come before.

        Raises OSError.
        """
        with opened(self.path) as file:
            begin = self.start
            if begin:
                file.seek(begin - 1)
                begin += len(file.readline()) - 1
            for number, line in enumerate(file, 1):
                if begin >= self.end:
                    return
                yield begin if self.start else number, line
                begin += len(line)

    def place(self, position: int) -> str:
        """What a line is called by its number or first byte."""
        name = Path(self.path).name
        return f"{name} at byte {position}" if self.start else f"{name}:{position}"


class Part(Struct, frozen=True):
    """Pieces that are read together."""

    number: int
    pieces: tuple[Piece, ...]
    size: int


def parts(export: str, size: int = SIZE) -> tuple[list[Part], list[Problem]]:
    """All parts of an export, the same each time, and what of it cannot be read."""
    inputs = list(batches(export))
    problems = [item for item in inputs if isinstance(item, Problem)]
    pieces: list[tuple[Piece, int]] = []
    for path in (path for batch in inputs if isinstance(batch, Batch) for path in batch.paths):
        try:
            pieces += _pieces(path, size)
        except OSError as problem:
            problems.append(Problem(path, f"cannot be read: {problem.strerror or 'input error'}"))
    return list(_joined(pieces, size)), problems


def _pieces(path: str, size: int) -> Iterator[tuple[Piece, int]]:
    """A file of lines in pieces that are not too long, any other in one."""
    length = at(path).stat().st_size
    if not _is_lines(path):
        yield Piece(path), length
        return
    for start in range(0, length, size):
        end = min(start + size, length)
        yield Piece(path, start, end), end - start


def _is_lines(path: str) -> bool:
    """Whether each line is a document of its own, as its name and its first line say."""
    if not path.lower().endswith(LINES):
        return False
    with opened(path) as file:
        first = file.readline(PEEKED)
    return not first.startswith((GZIP, ZIP)) and is_whole(first)


def _joined(pieces: list[tuple[Piece, int]], size: int) -> Iterator[Part]:
    """Small files together, so that a folder of Bundles is not a thousand parts."""
    gathered: list[Piece] = []
    weight = number = 0
    for piece, length in pieces:
        if gathered and weight + length > size:
            yield Part(number, tuple(gathered), weight)
            gathered, weight, number = [], 0, number + 1
        gathered.append(piece)
        weight += length
    if gathered:
        yield Part(number, tuple(gathered), weight)


def relative(part: Part, export: str) -> list[str]:
    """The files of a part, as they are named below the export."""
    return [os.path.relpath(piece.path, export) for piece in part.pieces]
