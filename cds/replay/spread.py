"""The shuffle: the resources of those whom the gate let pass, written to the shard of their patient."""

import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from zlib import crc32

from cds.evaluate.places import opened
from cds.replay import keep
from cds.replay.entries import PATIENT, SHARED, Entry, Reading, one_line
from cds.replay.parts import Part

MOST_UNWRITTEN = 32 * 1024 * 1024  # bytes that wait in memory before they are written
REFERRING = frozenset({"MedicationRequest", "MedicationStatement", "MedicationAdministration", "QuestionnaireResponse"})
SHARED_FILE = "shared"


def shard_of(owner: str, shards: int) -> int:
    """The shard of a patient, the same on every machine."""
    return crc32(owner.encode()) % shards


class Spread:
    """The shards of one part, while they are written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unwritten: dict[str, bytearray] = {}
        self._size = 0

    def add(self, shard: str, entry: Entry) -> None:
        """One entry on its line."""
        line = b"\t".join((entry.owner.encode(), entry.kind.encode(), one_line(entry.text)))
        self._unwritten.setdefault(shard, bytearray()).extend(line + b"\n")
        self._size += len(line)
        if self._size > MOST_UNWRITTEN:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        for shard, lines in self._unwritten.items():
            keep.add(self._folder / f"{shard}.tsv", lines)
        self._unwritten.clear()
        self._size = 0


def spread(part: Part, selected: Collection[str], deleted: Collection[str], shards: int, into: Path) -> None:
    """Read one part once more, and write what belongs to those who passed."""
    with keep.whole_folder(into / f"{part.number:05}") as draft:
        writing = Spread(draft)
        for entry in Reading().part(part):
            if entry.kind in SHARED:
                for name in entry.head.shared_as if entry.head is not None else ():
                    writing.add(SHARED_FILE, Entry(entry.kind, name, entry.text, None))
            elif entry.owner in selected and not is_deleted(entry, deleted):
                writing.add(f"{shard_of(entry.owner, shards):05}", entry)
        writing.flush()


def is_deleted(entry: Entry, deleted: Collection[str]) -> bool:
    """Whether the export says that a resource, or its patient, was deleted."""
    ident = entry.head.id if entry.head is not None else None
    return bool(deleted) and (f"{entry.kind}/{ident}" in deleted or f"{PATIENT}/{entry.owner}" in deleted)


def of_shard(shard: int, spreads: Path) -> Iterator[Entry]:
    """All that was spread to a shard, its patients mixed."""
    for path in keep.inside(spreads, f"{shard:05}.tsv"):
        yield from entries(path)


def entries(path: Path) -> Iterator[Entry]:
    """The entries of a file of a shard."""
    with opened(str(path)) as file:
        for line in file:
            owner, kind, text = line.rstrip(b"\n").split(b"\t", 2)
            yield Entry(sys.intern(kind.decode()), owner.decode(), text, None)


def shared_texts(needed: Collection[str], spreads: Path) -> dict[str, bytes]:
    """The Medications and Questionnaires that entries refer to, by what they refer to."""
    paths = keep.inside(spreads, f"{SHARED_FILE}.tsv") if needed else []
    return {entry.owner: entry.text for path in paths for entry in entries(path) if entry.owner in needed}
