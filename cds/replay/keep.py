"""Files of a replay: whole or not there, for their owner alone, on disk before they count.

Whatever two processes write into one place at once is the same, and each writes it beside the place first, under a name
of its own; so it does not matter who comes last. A store (fsspec) has a file whole or not at all.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp, mkstemp
from typing import TypeVar

import msgspec

from cds.evaluate.places import is_here

OWNER_ONLY, FOLDER = 0o600, 0o700
DRAFT = ".draft"
WHOLE = "whole"  # the last file of a folder
T = TypeVar("T")


def folder(path: Path) -> Path:
    """A folder that only its owner can look into; a store needs none."""
    if is_here(path):
        path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    return path


def put(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file beside its place, bring it to disk, then put it into its place."""
    if not is_here(path):
        path.write_bytes(b"".join(chunks))
        return
    with ExitStack() as after:
        handle, name = mkstemp(prefix=f"{path.name}.", suffix=DRAFT, dir=path.parent)
        draft = Path(name)
        after.callback(draft.unlink, missing_ok=True)
        with os.fdopen(handle, "wb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        settle(draft, path)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to write into, which gets its place when all of it is written."""
    with ExitStack() as after:
        draft = Path(mkdtemp(prefix=f"{path.name}.", suffix=DRAFT, dir=path.parent if is_here(path) else None))
        after.callback(shutil.rmtree, draft, ignore_errors=True)
        yield draft
        if is_here(path):
            put(draft / WHOLE, ())
            settle(draft, path)
            return
        for file in sorted(draft.iterdir()):
            with file.open("rb") as source, (path / file.name).open("wb") as target:
                shutil.copyfileobj(source, target)
        put(path / WHOLE, ())


def is_whole(path: Path) -> bool:
    """Whether a folder has got its place."""
    return (path / WHOLE).exists()


def inside(folders: Path, name: str) -> list[Path]:
    """The files of a name in the whole folders below one."""
    paths = (path for path in folders.glob(f"*/{name}") if path.parent.suffix != DRAFT)
    return sorted(paths, key=str)


def settle(draft: Path, path: Path) -> None:
    """Give what was written its name: from here on it counts. A folder that was there first stays: it is the same."""
    draft.chmod(FOLDER if draft.is_dir() else OWNER_ONLY)
    try:
        draft.replace(path)
    except OSError:
        if not path.is_dir():
            raise


def add(path: Path, content: bytes | bytearray) -> None:
    """Write at the end of a file of a draft."""
    with open(path, "ab", opener=_for_its_owner) as file:
        file.write(content)


def put_lines(path: Path, rows: Iterable[object]) -> None:
    """The same as NDJSON."""
    encoder = msgspec.json.Encoder()
    put(path, (encoder.encode(row) + b"\n" for row in rows))


def put_json(path: Path, value: object) -> None:
    """The same as one JSON document that a person can read."""
    put(path, [msgspec.json.format(msgspec.json.encode(value), indent=2), b"\n"])


def read(path: Path, kind: type[T]) -> T:
    """What `put_json` has written."""
    return msgspec.json.decode(path.read_bytes(), type=kind)


def remove(path: Path) -> None:
    """Take away a folder with all that is in it, if it is there."""
    if not path.exists():
        return
    if is_here(path):
        shutil.rmtree(path)
    else:
        path.rmdir(recursive=True)  # type: ignore[call-arg] # as upath has it


def remove_drafts(folder: Path) -> None:
    """Take away what was begun in a folder and never finished."""
    for draft in folder.glob(f"*{DRAFT}"):
        draft.unlink()


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_ONLY)
