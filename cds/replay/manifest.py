"""`manifest.json`: what is replayed, and how far it has come. A replay goes on only with what it began with."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct, field

from cds.errors import UsageError
from cds.evaluate.places import at
from cds.replay import keep
from cds.replay.losses import Lost
from cds.replay.parts import Part, relative

NAME = "manifest.json"
FORMAT = 2  # 2: the words of each card, as a hash


class Inputs(Struct, frozen=True):
    """The files of the export; `digest` is of their names, sizes and times of change."""

    files: int
    bytes: int
    digest: str


class Manifest(Struct, kw_only=True):
    """One replay."""

    format: int = FORMAT
    software: str
    knowledge: str
    hash_key: str
    began: str
    options: dict[str, str | int | bool | None]
    export: str = ""
    inputs: Inputs
    parts: int
    shards: int | None = None
    done: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)
    lost: Lost = field(default_factory=Lost)

    @property
    def name(self) -> str:
        """A word that no other replay has."""
        identity = (self.began, self.format, self.knowledge, self.hash_key, self.options, self.inputs)
        return hashlib.sha256(msgspec.json.encode(identity)).hexdigest()[:16]

    def is_of(self, other: "Manifest") -> bool:
        """Whether it is the same replay, whatever its progress and its time."""
        return (self.format, self.knowledge, self.hash_key, self.options, self.inputs) == (
            *(other.format, other.knowledge, other.hash_key),
            *(other.options, other.inputs),
        )


def inputs(export: str, export_parts: Sequence[Part]) -> Inputs:
    """What an export holds."""
    root = export if at(export).is_dir() else str(at(export).parent)
    names = {
        name: piece.path for part in export_parts for name, piece in zip(relative(part, root), part.pieces, strict=True)
    }
    stats = {name: at(path).stat() for name, path in sorted(names.items())}
    sizes = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats.items()]
    return Inputs(
        len(sizes), sum(stat.st_size for stat in stats.values()), hashlib.sha256(msgspec.json.encode(sizes)).hexdigest()
    )


def taken_up(new: Manifest, out: Path) -> Manifest:
    """The manifest of a folder, where it is of this replay; a new one in an empty folder. Raises UsageError."""
    path = out / NAME
    if not path.exists():
        if out.exists() and any(path.name != LOCK and path.suffix != keep.DRAFT for path in out.iterdir()):
            raise UsageError(f"--out {out}: it contains something else. Give a new folder")
        keep.folder(out)
        keep.put_json(path, new)
        return new
    try:
        existing = keep.read(path, Manifest)
    except msgspec.DecodeError as problem:
        raise UsageError(f"--out {out}: its {NAME} cannot be read. Give a new folder") from problem
    if not existing.is_of(new):
        raise UsageError(
            f"--out {out}: it contains a different replay (different files, options, key or version). Give a new folder"
        )
    return existing


LOCK = ".lock"
