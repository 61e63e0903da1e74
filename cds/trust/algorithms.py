"""The signature algorithms that can be allowed (RFC 7518 section 3.1): asymmetric ones only."""

from collections.abc import Iterable

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from cds.trust.names import ALLOWED

_MODELS = {name: JWSRegistry(algorithms=[name]).get_alg(name) for name in ALLOWED}

Key = ECKey | RSAKey


def fitting(key: Key) -> frozenset[str]:
    """The algorithms for which a key is made: by its type, its curve, and its own `use` and `alg`."""
    return frozenset(name for name in ALLOWED if _fits(name, key))


def is_signed_by(key: Key, algorithm: str, message: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's over this message; never for an algorithm that the key is not made for."""
    return _fits(algorithm, key) and _MODELS[algorithm].verify(message, signature, key)


def unusable(names: Iterable[str]) -> list[str]:
    """Those of the names that can never be allowed."""
    return [name for name in names if name not in ALLOWED]


def _fits(name: str, key: Key) -> bool:
    try:
        _MODELS[name].check_key(key)
    except JoseError:
        return False
    return True
