"""Files of a replay: whole or not there, for their owner alone, on disk before they count."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

OWNER_ONLY, FOLDER = 0o600, 0o700
DRAFT = ".draft"
T = TypeVar("T")


def folder(path: Path) -> Path:
    """A folder that only its owner can look into."""
    path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    return path


def put(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file beside its place, bring it to disk, then put it into its place."""
    draft = path.with_name(f"{path.name}{DRAFT}")
    with open(draft, "wb", opener=_for_its_owner) as file:
        file.writelines(chunks)
        file.flush()
        os.fsync(file.fileno())
    settle(draft, path)


def settle(draft: Path, path: Path) -> None:
    """Give what was written its name: from here on it counts."""
    draft.chmod(FOLDER if draft.is_dir() else OWNER_ONLY)
    draft.replace(path)


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
    if path.exists():
        shutil.rmtree(path)


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_ONLY)
