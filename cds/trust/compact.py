"""From the `Authorization` header to the parts of a signed token (JWS compact serialization, RFC 7515 section 7.1)."""

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from cds.trust.refusal import refused
from cds.trust.strict import NotStrict, decode_base64url, read_object

LONGEST = 8192
SCHEME = "bearer"
MOST_VALUES = 500  # within a header or a payload: thousands cost as much to read as a signature to check


class Token(Struct, frozen=True):
    """A token as it was sent: nothing in it is proven. `signed` is what the signature covers."""

    header: Mapping[str, object]
    claims: dict[str, object]
    signed: bytes
    signature: bytes


def credentials(authorization: str | None) -> str:
    """The token in a header `Authorization: Bearer <token>` (RFC 6750 section 2.1)."""
    if not authorization:
        raise refused("header", "The request has no Authorization header.")
    if len(authorization) > LONGEST:
        raise refused("header", f"The Authorization header is longer than {LONGEST} characters.")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != SCHEME:
        raise refused("header", "The Authorization header is not of the form `Bearer <token>`.")
    if "," in token:
        raise refused("header", "The Authorization header was sent twice, or contains more than one token.")
    if not (token := token.strip(" ")):
        raise refused("header", "The Authorization header says Bearer, but contains no token.")
    return token


def read(text: str) -> Token:
    """Take a token apart, strictly."""
    parts = text.split(".")
    if len(parts) == 5:
        raise refused("form", "The token is encrypted (five parts): a signed one has three, separated by dots.")
    if len(parts) != 3:
        raise refused("form", f"The token has {len(parts)} part(s): a signed one has three, separated by dots.")
    header, claims, signature = parts
    return Token(
        _header(header),
        _object("payload", claims),
        f"{header}.{claims}".encode("utf-8", "replace"),
        _bytes("signature", signature),
    )


@lru_cache(maxsize=64)
def _header(text: str) -> Mapping[str, object]:
    """A header, read once: a client sends the same one with every token."""
    return _object("header", text)


def _object(part: str, text: str) -> dict[str, object]:
    data = _bytes(part, text)
    if sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise refused("form", f"The token's {part} contains more than {MOST_VALUES} values.")
    try:
        return read_object(data)
    except NotStrict as problem:
        raise refused("form", f"The token's {part} {problem}.") from problem


def _bytes(part: str, text: str) -> bytes:
    try:
        return decode_base64url(text)
    except NotStrict as problem:
        raise refused("form", f"The token's {part} {problem}.") from problem
