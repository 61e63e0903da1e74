"""The end of a log: its last good line, and what lies behind it and is none."""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from cds.audit.chain import LONGEST, Seal, Tip

WINDOWS = (LONGEST // 4, 16 * LONGEST)
CHUNK = 2**20
CLOSER = b" torn\n"
SHORT = 32
Read = Callable[[int, int], bytes]


class Tail(NamedTuple):
    """The last line that the key proves, if there is one, and the place in the file where it ends."""

    tip: Tip | None
    end: int


def tail(read: Read, size: int, seal: Seal) -> Tail:
    """Look backwards from the end: a little first, then the last few megabytes, and no further."""
    for window in WINDOWS:
        start = max(0, size - window)
        last = _last(read(size - start, start), seal)
        if last.tip:
            return Tail(last.tip, start + last.end)
    return Tail(None, 0)


def _last(text: bytes, seal: Seal) -> Tail:
    end = text.rfind(b"\n") + 1
    while end:
        begin = text.rfind(b"\n", 0, end - 1) + 1
        link = seal.link(text[begin:end])
        if link is not None and link.is_ours:
            return Tail(link.tip, end)
        end = begin
    return Tail(None, 0)


def digest(read: Read, start: int, end: int) -> str:
    """The hash of what a torn line left, with the words by which it is closed."""
    hasher = hashlib.sha256()
    for place in range(start, end, CHUNK):
        hasher.update(read(min(CHUNK, end - place), place))
    hasher.update(CLOSER)
    return hasher.hexdigest()[:SHORT]
