"""Keyed hashes: the words that stand for people, and the seals of the audit."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from cds.secrecy import Secret


class Keyed:
    """HMAC-SHA-256 (RFC 2104) under one key, made ready once: several are needed for each call."""

    __slots__ = ("_ready",)

    def __init__(self, key: bytes) -> None:
        self._ready = HMAC(key, SHA256())

    def of(self, text: bytes) -> str:
        """The hash of a text, as 64 hexadecimal digits."""
        copy = self._ready.copy()
        copy.update(text)
        return copy.finalize().hex()


class Pseudonyms:
    """Keyed hashes cut to 32 hexadecimal digits: the same person, the same word, nobody's name."""

    def __init__(self, key: Secret) -> None:
        self._keyed = Keyed(key.reveal().encode())

    def of(self, kind: str, realm: str, name: str) -> str:
        """The word for a patient or user of one realm (client and tenant)."""
        return self._keyed.of("\x1f".join((kind, realm, name)).encode())[:32]


def fingerprint(key: Secret) -> str:
    """A word by which a key is known again, and from which it cannot be found."""
    return Pseudonyms(key).of("fingerprint", "", "hash key")
