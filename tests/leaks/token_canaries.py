"""Tokens with a word of its own in every place, right ones and refused ones, and what the audit may quote of them."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from canaries import Canaries
from joserfc.jws import JWSRegistry

from cds.trust.mint import Signer, new_key, signer_of
from cds.trust.strict import encode_base64url

PUBLIC = "https://cds.example.org"
ISSUER, HOSPITALS = "https://ehr.example.org/fhir", "https://many.example.org"
ALGORITHM = "ES384"
CLIENTS = f"""
[[client]]
name = "ehr"
issuer = "{ISSUER}"
jwks_file = "keys.json"

[[client]]
name = "hospitals"
issuer = "{HOSPITALS}"
jwks_file = "keys.json"
tenants = ["north"]
"""


@dataclass(frozen=True)
class Refused:
    """A request that is refused, by the kind of its defect; `quotes` are the places that the audit may repeat."""

    name: str
    kind: str
    authorization: tuple[str, ...]
    quotes: tuple[str, ...] = ()


class Mint:
    """Makes tokens of a registered client, for this moment."""

    def __init__(self, word: Canaries) -> None:
        self.word = word
        self.signer = signer_of(new_key(ALGORITHM))
        self._stranger = Signer(new_key(ALGORITHM), self.signer.kid, ALGORITHM)
        self._now = int(time.time())

    def right(self, name: str, path: str, **changes: Any) -> str:
        """The header of a call that is accepted; every claim that the service does not need is a canary."""
        return "Bearer " + self.token(name, {}, {"aud": PUBLIC + path, **changes})

    def token(
        self, name: str, header: Mapping[str, Any], claims: Mapping[str, Any], signer: Signer | None = None
    ) -> str:
        """A token with a true signature and changes to its parts; None takes a member away."""
        by = signer or self.signer
        head = _with(self._header(name), header)
        message = ".".join(
            encode_base64url(json.dumps(part).encode()) for part in (head, _with(self._claims(name), claims))
        )
        signature = JWSRegistry(algorithms=[ALGORITHM]).get_alg(ALGORITHM).sign(message.encode(), by.key)
        whole = f"{message}.{encode_base64url(signature)}"
        self.word.words |= {f"{name} part {number}": part for number, part in enumerate(whole.split("."))}
        return whole

    def refused(self, path: str) -> Iterator[Refused]:
        """One request for every way to be refused; canaries wherever the caller may write what it likes."""
        yield from self._headers()
        yield from self._forms()
        yield from self._named(PUBLIC + path)
        yield from self._claimed(PUBLIC + path)

    def _header(self, name: str) -> dict[str, Any]:
        word, key = self.word, self.signer
        strange = {word(f"{name} header member"): word(f"{name} header value"), "cty": word(f"{name} cty")}
        brought = {"jwk": {"kty": word(f"{name} jwk")}, "x5c": [word(f"{name} x5c")], "x5t": word(f"{name} x5t")}
        return {"alg": ALGORITHM, "typ": "JWT", "kid": key.kid, **strange, **brought, "x5u": word(f"{name} x5u")}

    def _claims(self, name: str) -> dict[str, Any]:
        word = self.word
        times = {"iat": self._now, "exp": self._now + 300, "nbf": self._now - 300}
        people = {"sub": word(f"{name} sub"), "name": word(f"{name} name"), "fhirUser": word(f"{name} user")}
        strange = {word(f"{name} claim"): {word(f"{name} inner"): [word(f"{name} claim value")]}}
        return {"iss": ISSUER, "aud": PUBLIC, "jti": word(f"{name} jti"), **times, **people, **strange}

    def _headers(self) -> Iterator[Refused]:
        """What is no `Authorization: Bearer` with one token."""
        word = self.word
        one, two = self.token("first of two", {}, {}), self.token("second of two", {}, {})
        yield Refused("no header", "header", ())
        yield Refused("basic", "header", (f"Basic {encode_base64url(word('basic').encode())}",))
        yield Refused("digest", "header", (f'Digest username="{word("digest")}", nonce="{word("nonce")}"',))
        yield Refused("scheme", "header", (f"{word('scheme')} {word('credentials')}",))
        yield Refused("two tokens", "header", (f"Bearer {one}, {two}",))
        yield Refused("two headers", "header", (f"Bearer {one}", f"Bearer {two}"))
        yield Refused("long", "header", (f"Bearer {word('long') * 700}",))

    def _forms(self) -> Iterator[Refused]:
        """What is no signed token."""
        word = self.word
        twice = f'{{"{word("twice")}":1,"{word("twice")}":2}}'.encode()
        broken = f'{{"{word("broken")}":NaN,"{word("broken too")}'.encode()
        rest = f"{word('rest')}.{word('end')}"
        yield Refused("typ", "form", self._bearer("typ", {"typ": word("typ")}), ("typ",))
        yield Refused("one part", "form", (f"Bearer {word('one part')}",))
        yield Refused("no base64", "form", (f"Bearer {word('stars')}**.{rest}",))
        yield Refused("stray bits", "form", (f"Bearer {word('stray')}B.{rest}",))
        yield Refused("five parts", "form", (f"Bearer {word('five')}.a.b.{rest}",))
        yield Refused("names twice", "form", (f"Bearer {encode_base64url(twice)}.{rest}",))
        yield Refused("no JSON", "form", (f"Bearer {encode_base64url(broken)}.{rest}",))
        yield Refused("crit", "form", self._bearer("crit", {"crit": [word("crit")]}))

    def _named(self, audience: str) -> Iterator[Refused]:
        """Names that are not registered."""
        word = self.word
        right = {"aud": audience}
        keys = {"kid": word("kid")}
        yield Refused("alg", "algorithm", self._bearer("alg", {"alg": word("alg")}, right), ("alg",))
        yield Refused("iss", "issuer", self._bearer("iss", {}, {"iss": f"https://{word('iss')}"}), ("iss",))
        yield Refused("iss list", "issuer", self._bearer("iss list", {}, {"iss": [word("listed iss")]}))
        yield Refused("jku", "jku", self._bearer("jku", {"jku": f"https://{word('jku')}/"}, right), ("jku",))
        yield Refused("kid", "key", self._bearer("kid", keys, right), ("kid",))
        yield Refused("tenant", "tenant", self._bearer("tenant", {}, self._of_many("tenant", audience)), ("tenant",))
        yield Refused("stranger", "signature", (f"Bearer {self.token('stranger', {}, right, self._stranger)}",))

    def _claimed(self, audience: str) -> Iterator[Refused]:
        """Claims that do not hold."""
        word = self.word
        four = [f"https://{word(f'aud {number}')}" for number in range(4)]
        name = {"aud": audience, "jti": "j" * 300 + word("end of jti")}
        yield Refused("aud", "audience", self._bearer("aud", {}, {"aud": word("aud")}), ("aud",))
        yield Refused("auds", "audience", self._bearer("auds", {}, {"aud": four}), ("aud 0", "aud 1", "aud 2"))
        yield Refused("exp", "time", self._bearer("exp", {}, {"aud": audience, "exp": word("exp")}), ("exp",))
        yield Refused("expired", "time", self._bearer("expired", {}, {"aud": audience, "exp": self._now - 200}))
        yield Refused("long jti", "replay", self._bearer("long jti", {}, name))

    def _of_many(self, name: str, audience: str) -> dict[str, Any]:
        return {"iss": HOSPITALS, "aud": audience, "tenant": self.word(name)}

    def _bearer(self, name: str, header: Mapping[str, Any], claims: Mapping[str, Any] | None = None) -> tuple[str, ...]:
        return (f"Bearer {self.token(name, header, claims or {})}",)


def _with(whole: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}
