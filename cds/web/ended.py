"""How many workers have ended without being asked: their parent writes it into the shared folder."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import json

CAUSES = ("exit", "signal", "silent")  # it ended itself; a signal ended it; it gave no sign of life and was ended
FILE = "ended.json"


def write(folder: Path, counts: Mapping[str, int]) -> None:
    """Keep the numbers; a reader sees the old ones or the new ones."""
    new = folder / f"{FILE}.new"
    new.write_bytes(json.encode(counts))
    new.replace(folder / FILE)


def read(folder: Path | None) -> Counter[str]:
    """The numbers, by cause: 0 before the first, and where there is no folder."""
    counts: dict[str, int] = {}
    if folder is not None:
        with suppress(FileNotFoundError):
            counts = json.decode((folder / FILE).read_bytes(), type=dict[str, int])
    return Counter(dict.fromkeys(CAUSES, 0) | counts)
