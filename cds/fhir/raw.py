"""Lenient reading: elements that stay unread until they are needed, and may then be of any shape."""

from typing import TypeVar

import msgspec
from msgspec import Raw

T = TypeVar("T")


def read_raw(decoder: "msgspec.json.Decoder[T]", raw: Raw | bytes) -> T | None:
    """What an element holds; None if it is absent or of another shape."""
    try:
        return decoder.decode(raw) if memoryview(raw) else None
    except (msgspec.DecodeError, RecursionError):
        return None
