"""The version of what a clinician reads: a digest of the content of data, wording, orders and rules, not of layout."""

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

try:  # the same function as hashlib's, which maps OpenSSL: 3.5 MB that `evaluate` needs for nothing else
    from _blake2 import blake2b
except ImportError:  # pragma: no cover - a Python that was built without it
    from hashlib import blake2b

LENGTH = 12
_ENCODER = msgspec.json.Encoder()
_BESIDE = re.compile(r" ?([()\[\]{},]) ?")
_TRAILING = re.compile(r",(?=[)\]}])")
_COMMENT = re.compile(r"(?m)(^|\s)\s*# .*$")


def digest(*contents: object) -> str:
    """A short digest of values; the order of tables counts, for it is the order of tags and notes."""
    hasher = blake2b()
    for content in contents:
        hasher.update(_ENCODER.encode(content) + b"\0")
    return hasher.hexdigest()[:LENGTH]


def of_code(folders: Iterable[Path]) -> str:
    """A digest of the modules of some packages, without comments, white space and the commas that a formatter adds."""
    modules = sorted(path for folder in folders for path in folder.glob("*.py"))
    return digest([digest(path.stem, _plain(path.read_text("utf-8"))) for path in modules])  # never all of it at once


def _plain(source: str) -> str:
    """The source as its content goes: one word after the other, brackets where a line ends or not."""
    bare = _BESIDE.sub(r"\1", " ".join(_COMMENT.sub("", source).split()))
    return _TRAILING.sub("", bare)
