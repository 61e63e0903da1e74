"""A client's public keys as it publishes them (JWK Set, RFC 7517): those that can be used, and why the rest cannot."""

from collections.abc import Mapping
from typing import Literal

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from msgspec import Struct

from cds.trust.algorithms import Key, fitting
from cds.trust.public_sandbox import THUMBPRINTS, WHY
from cds.trust.refusal import quoted
from cds.trust.strict import NotStrict, decode_base64url, read_object

MOST_KEYS = 100
LEAST_RSA_BITS, MOST_RSA_BITS = 2048, 8192
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
COORDINATE = {"P-256": 32, "P-384": 48, "P-521": 66}  # bytes of x and y
LONGEST_KID = 255


class BadKeySet(ValueError):  # noqa: N818 - says what the set is
    """The document is no key set at all."""


class UnusableKey(ValueError):  # noqa: N818 - says what the key is
    """One key of a set cannot be used."""


class PublicKey(Struct, frozen=True):
    """One usable key, and the algorithms it is made for."""

    kid: str
    key: Key
    algorithms: frozenset[str]


class KeySet(Struct, frozen=True):
    """The usable keys by their `kid`, and why the others are not."""

    keys: Mapping[str, PublicKey]
    unusable: Mapping[str, str]
    is_leaking: bool = False


NO_KEYS = KeySet({}, {})


def read_keys(document: bytes, *, demo: bool = False) -> KeySet:
    """Read a JWK Set; a key that cannot be used does not spoil the others."""
    entries = _entries(document)
    keys: dict[str, PublicKey] = {}
    unusable: dict[str, str] = {}
    for number, entry in enumerate(entries, 1):
        name = _name(entry, number)
        try:
            if name in keys or name in unusable:
                raise UnusableKey("this kid is there twice")
            keys[name] = _key(name, entry, demo)
        except UnusableKey as problem:
            keys.pop(name, None)
            unusable[name] = str(problem)
    return KeySet(keys, unusable, any(isinstance(entry, dict) and PRIVATE & entry.keys() for entry in entries))


def _entries(document: bytes) -> list[object]:
    try:
        entries = read_object(document).get("keys")
    except NotStrict as problem:
        raise BadKeySet(f"the key set {problem}") from problem
    if not isinstance(entries, list):
        raise BadKeySet("the key set has no array `keys`")
    if len(entries) > MOST_KEYS:
        raise BadKeySet(f"the key set has more than {MOST_KEYS} keys")
    return entries


def _name(entry: object, number: int) -> str:
    """The `kid` of a key, or its number in the set."""
    kid = entry.get("kid") if isinstance(entry, dict) else None
    return kid if isinstance(kid, str) and kid else f"(key {number}, without kid)"


def _key(kid: str, entry: object, demo: bool) -> PublicKey:
    """One usable key, or the reason why it is none."""
    if not isinstance(entry, dict):
        raise UnusableKey("it is not a JSON object")
    if PRIVATE & entry.keys():
        raise UnusableKey("it holds PRIVATE or secret parts: the client must replace this key at once")
    if kid != entry.get("kid") or len(kid) > LONGEST_KID:
        raise UnusableKey("it has no usable kid")
    _check_purpose(entry)
    key = _imported(entry)
    if key.thumbprint() in THUMBPRINTS and not demo:
        raise UnusableKey(WHY)
    return PublicKey(kid, key, _algorithms(key, entry))


def _check_purpose(entry: Mapping[str, object]) -> None:
    if entry.get("use", "sig") != "sig":
        raise UnusableKey("its use is not sig")
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise UnusableKey("its key_ops do not hold verify")


def _algorithms(key: Key, entry: Mapping[str, object]) -> frozenset[str]:
    """What the key is made for, narrowed by its own `alg`."""
    fits = fitting(key)
    algorithm = entry.get("alg")
    if algorithm is None:
        return fits
    if not isinstance(algorithm, str) or algorithm not in fits:
        raise UnusableKey(f"its alg {quoted(algorithm)} does not fit its type")
    return frozenset({algorithm})


def _imported(entry: Mapping[str, object]) -> Key:
    """The key from its public members alone; the library checks that the point is on its curve."""
    kind = entry.get("kty")
    try:
        if kind == "EC":
            return ECKey.import_key({"kty": "EC", "crv": _curve(entry), **_coordinates(entry)})
        if kind == "RSA":
            return _rsa(entry)
    except UnusableKey:
        raise
    except (JoseError, ValueError) as problem:
        raise UnusableKey("its numbers are not a key") from problem
    raise UnusableKey(f"its kty {quoted(kind)} is neither EC nor RSA")


def _curve(entry: Mapping[str, object]) -> str:
    curve = entry.get("crv")
    if not isinstance(curve, str) or curve not in COORDINATE:
        raise UnusableKey(f"its curve {quoted(curve)} is none of {', '.join(COORDINATE)}")
    return curve


def _coordinates(entry: Mapping[str, object]) -> dict[str, str]:
    size = COORDINATE[_curve(entry)]
    texts = {name: _text(entry, name) for name in ("x", "y")}
    if any(len(decode_base64url(text)) != size for text in texts.values()):
        raise UnusableKey(f"x and y must have {size} bytes each")
    return texts


def _rsa(entry: Mapping[str, object]) -> RSAKey:
    texts = {name: _text(entry, name) for name in ("n", "e")}
    bits = int.from_bytes(decode_base64url(texts["n"])).bit_length()
    if not LEAST_RSA_BITS <= bits <= MOST_RSA_BITS:
        raise UnusableKey(f"its RSA modulus has {bits} bits, not {LEAST_RSA_BITS} to {MOST_RSA_BITS}")
    return RSAKey.import_key({"kty": "RSA", **texts})


def _text(entry: Mapping[str, object], name: Literal["x", "y", "n", "e"]) -> str:
    text = entry.get(name)
    if not isinstance(text, str):
        raise UnusableKey(f"its member {name} is missing")
    return text
