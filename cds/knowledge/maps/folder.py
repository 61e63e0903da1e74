"""The files of a folder of concept maps: bounded in number and size, none from outside the folder, each read once."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cds.errors import MapError, reason_of

MOST_BYTES = 64 * 2**20
MOST_FILES = 1000
READ = (".csv", ".json")
PASSED_OVER = (".md", ".txt")  # a note for people


class Source(NamedTuple):
    """One file."""

    name: str
    content: bytes


def sources(folder: Path, most_bytes: int = MOST_BYTES) -> Iterator[Source]:
    """The files in the order of their names; raises MapError for what is not to be there."""
    remaining = most_bytes
    for path in _listed(folder):
        _check(path, folder)
        content = _read(path, remaining)
        remaining -= len(content)
        if remaining < 0:
            raise MapError(f"the files are larger than {most_bytes // 2**20} MiB together")
        yield Source(path.name, content)


def _listed(folder: Path) -> list[Path]:
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except (OSError, ValueError) as problem:
        raise MapError(f"the folder cannot be read: {reason_of(problem)}") from problem
    read_paths = [path for path in paths if path.suffix.lower() not in PASSED_OVER]
    if len(read_paths) > MOST_FILES:
        raise MapError(f"the folder holds more than {MOST_FILES} files")
    if not read_paths:
        raise MapError("the folder holds no .json or .csv file")
    return read_paths


def _check(path: Path, folder: Path) -> None:
    """A file of the folder, also by a link within it, as Kubernetes mounts a ConfigMap."""
    try:
        target = path.resolve(strict=True)
        is_inside = target.is_relative_to(folder.resolve(strict=True))
    except (OSError, RuntimeError) as problem:
        raise MapError(f"{shown(path.name)}: cannot be read: {reason_of(problem)}") from problem
    if not is_inside:
        raise MapError(f"{shown(path.name)}: is a link that leads out of the folder")
    if not target.is_file():
        raise MapError(f"{shown(path.name)}: is not a file; put all files into the folder itself")
    if path.suffix.lower() not in READ:
        raise MapError(f"{shown(path.name)}: only .json (a ConceptMap), .csv, and .md or .txt for people may be here")


def _read(path: Path, remaining: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(remaining + 1)
    except OSError as problem:
        raise MapError(f"{shown(path.name)}: cannot be read: {reason_of(problem)}") from problem


def shown(name: str) -> str:
    """A name of a file as it can be printed."""
    return "".join(
        character if character.isprintable() else "?" for character in name.encode("utf-8", "replace").decode()
    )
