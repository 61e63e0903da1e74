"""Words that must not be seen, and the keyed hashes that stand for people."""

import hmac


class Secret:
    """A word that is only given to who asks for it by name: it prints as stars, and is not copied into logs."""

    __slots__ = ("_word",)

    def __init__(self, word: str) -> None:
        self._word = word

    def reveal(self) -> str:
        """The word itself, for the one place that needs it."""
        return self._word

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be copied")


class Pseudonyms:
    """HMAC-SHA-256 under one key, cut to 32 hexadecimal digits: the same person, the same word, nobody's name."""

    def __init__(self, key: Secret) -> None:
        self._keyed = hmac.new(key.reveal().encode(), digestmod="sha256")  # ready to be copied

    def of(self, kind: str, realm: str, name: str) -> str:
        """The word for a patient or user of one realm (client and tenant)."""
        message = "\x1f".join((kind, realm, name)).encode()
        keyed = self._keyed.copy()
        keyed.update(message)
        return keyed.hexdigest()[:32]


def fingerprint(key: Secret) -> str:
    """A word by which a key is known again, and from which it cannot be found."""
    return Pseudonyms(key).of("fingerprint", "", "hash key")
