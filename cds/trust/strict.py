"""Strict readers of base64url and JSON: what two readers could read differently is refused."""

import json
import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable

ALPHABET = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
LONGEST_NUMBER = 32


class NotStrict(ValueError):  # noqa: N818 - says what the text is
    """The text is not what it should be; the words say why and quote nothing of it."""


def decode_base64url(text: str) -> bytes:
    """Decode base64url without padding (RFC 7515 section 2), in its only spelling."""
    if not ALPHABET.fullmatch(text):
        raise NotStrict("is not base64url without padding")
    if len(text) % 4 == 1:
        raise NotStrict("is cut off: no base64url text has this length")
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode_base64url(data) != text:
        raise NotStrict("is not canonical base64url: its last character has stray bits")
    return data


def encode_base64url(data: bytes) -> str:
    """Encode as base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def read_object(data: bytes) -> dict[str, object]:
    """Read one JSON object: UTF-8, no name twice, no number that is not finite or absurdly long."""
    try:
        value = _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as problem:
        raise NotStrict("is not UTF-8") from problem
    except RecursionError as problem:
        raise NotStrict("is nested too deeply") from problem
    except json.JSONDecodeError as problem:
        raise NotStrict("is not JSON") from problem
    if not isinstance(value, dict):
        raise NotStrict("is not a JSON object")
    return value


def _unique(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise NotStrict("holds the same name twice")
        members[name] = value
    return members


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise NotStrict("holds a number with too many digits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if len(digits) > LONGEST_NUMBER or not math.isfinite(number):
        raise NotStrict("holds a number that is too large or has too many digits")
    return number


def _no_number(_: str) -> float:
    raise NotStrict("holds NaN or Infinity")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_whole, parse_float=_finite, parse_constant=_no_number)
