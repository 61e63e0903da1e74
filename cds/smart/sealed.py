"""What a browser keeps for us: encrypted, bound to its use and to an end (JWE, RFC 7516, `dir` with A256GCM)."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

import msgspec
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from cds.keyed import Keyed
from cds.secrecy import Secret

HEADER = {"alg": "dir", "enc": "A256GCM"}
ALGORITHMS = ["dir", "A256GCM"]
T = TypeVar("T")


class _Envelope(msgspec.Struct):
    use: str
    until: int
    value: msgspec.Raw


class Sealer:
    """Seals and opens under a key that all workers and machines share: it is made from that of the hashes."""

    def __init__(self, key: Secret, now: Callable[[], datetime]) -> None:
        secret = bytes.fromhex(Keyed(key.reveal().encode()).of(b"smart app: sealed cookies"))
        self._key = OctKey.import_key(secret)
        self._now = now

    def seal(self, use: str, value: object, until: int) -> str:
        """A text that only `open` with the same use reads, until that moment (seconds since 1970)."""
        envelope = _Envelope(use, until, msgspec.Raw(msgspec.json.encode(value)))
        return jwe.encrypt_compact(HEADER, msgspec.json.encode(envelope), self._key, algorithms=ALGORITHMS)

    def open(self, use: str, text: str, kind: type[T], *, late: bool = False) -> T | None:
        """What was sealed for this use; None if it was not, was changed, or is over (`late`: even then)."""
        try:
            plain = jwe.decrypt_compact(text, self._key, algorithms=ALGORITHMS).plaintext or b""
            envelope = msgspec.json.decode(plain, type=_Envelope)
        except (JoseError, ValueError):
            return None
        if envelope.use != use or (not late and self._now().timestamp() >= envelope.until):
            return None
        return msgspec.json.decode(envelope.value, type=kind)


def word_of(*parts: str) -> str:
    """A name that the same parts always have, and from which they cannot be found if one of them is secret."""
    return sha256("\n".join(parts).encode()).hexdigest()[:32]
