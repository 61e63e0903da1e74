"""The header of a token (RFC 7515 section 4): which key it names, and what it must not ask for."""

from collections.abc import Mapping

from msgspec import Struct

from cds.trust.jwks import LONGEST_KID
from cds.trust.names import SYMMETRIC
from cds.trust.refusal import quoted, refused
from cds.trust.registry import Client

# Members that bring a key along or say where one is (jwk, x5c, x5t, x5u) are never read.


class Header(Struct, frozen=True):
    """What the header says, after it was checked for itself."""

    algorithm: str
    kid: str
    jku: str | None


def read_header(header: Mapping[str, object]) -> Header:
    """Check what needs no knowledge of the client."""
    kind, algorithm, kid, jku = (header.get(name) for name in ("typ", "alg", "kid", "jku"))
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise refused("form", f"The header's typ must be JWT; received {_received(header, 'typ')}.")
    if "crit" in header:
        raise refused("form", "The header has crit: it requires extensions that are not supported.")
    if "b64" in header:
        raise refused("form", "The header has b64: the payload must be encoded as base64url.")
    _check_algorithm(header, algorithm)
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID:
        raise refused(
            "key",
            f"The header's kid must be a string of 1 to {LONGEST_KID} characters; received {_received(header, 'kid')}.",
        )
    if not isinstance(jku, str | None) or ("jku" in header and jku is None):
        raise refused("jku", f"The header's jku must be a string; received {_received(header, 'jku')}.")
    return Header(str(algorithm), kid, jku)


def _check_algorithm(header: Mapping[str, object], algorithm: object) -> None:
    if not isinstance(algorithm, str):
        raise refused("algorithm", f"The header's alg must be a string; received {_received(header, 'alg')}.")
    if algorithm.strip().lower() in ("none", ""):
        raise refused("algorithm", "The header's alg is none: the token is not signed.")
    if algorithm.upper() in SYMMETRIC:
        raise refused(
            "algorithm", f"The header's alg is {quoted(algorithm)}, a symmetric one: those are never allowed."
        )


def check_header(header: Header, client: Client) -> None:
    """Check what the registry says of this client."""
    if header.algorithm not in client.algorithms:
        allowed = ", ".join(client.algorithms)
        raise refused("algorithm", f"The header's alg is {quoted(header.algorithm)}; this client may use {allowed}.")
    if header.jku is not None and header.jku not in client.jku:
        allowed = ", ".join(sorted(client.jku)) or "none: the client file has no jku and no jwks_url"
        raise refused(
            "jku", f"The header's jku is not on this client's list. Allowed: {allowed}. Received {quoted(header.jku)}."
        )


def _received(header: Mapping[str, object], name: str) -> str:
    return quoted(header[name]) if name in header else "none"
