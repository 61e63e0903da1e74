"""Every defect of a token: one and the same answer for the caller, its own words for the operator."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from trust_fakes import (
    AUDIENCE,
    ISSUER,
    JKU,
    NOW,
    PUBLIC,
    bearer,
    claims,
    ec,
    es384,
    header,
    rs384,
    rsa,
    signed,
    token,
    verifier,
)

from cds.errors import NotSignedIn, render
from cds.trust.refusal import KINDS, Refusal, quoted
from cds.trust.strict import encode_base64url
from cds.web.admission import CALLER, Admission
from cds.web.answers import send_answer

PATH = AUDIENCE.removeprefix(PUBLIC)
SECOND = int(NOW.timestamp())
HEADERS = {
    "content-type": "application/json",
    "content-length": str(len(render(NotSignedIn()))),
    "www-authenticate": "Bearer",
}
Make = Callable[[], str | None]


def raw(head: object, body: object, signature: bytes = b"x" * 96) -> str:
    """Three parts of anything."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (head, body)]
    return ".".join(encode_base64url(part) for part in (*parts, signature))


def made(**changes: Any) -> Make:
    """A token with changed claims."""
    return lambda: bearer(token(**changes))


def headed(**changes: Any) -> Make:
    """A token with a changed header."""
    return lambda: bearer(token(head=changes))


def text(value: str) -> Make:
    """A header of this text."""
    return lambda: value


def unsigned(algorithm: str) -> Make:
    """A token that says to need no signature."""
    return lambda: bearer(raw(header(es384(), alg=algorithm), claims(), b""))


def confused(digest: str, secret: Callable[[], bytes]) -> Make:
    """A token signed with HMAC, with the public key as the secret."""

    def make() -> str:
        message = raw(header(es384(), alg=f"HS{digest}"), claims()).rpartition(".")[0]
        code = hmac.new(secret(), message.encode(), f"sha{digest}").digest()
        return bearer(f"{message}.{encode_base64url(code)}")

    return make


def embedded() -> str:
    """A token of a stranger that brings its own key along, under the name of a known one."""
    stranger = es384(name="stranger")
    return bearer(token(stranger, head={"jwk": stranger.public()}))


def broken_signature() -> str:
    """A token whose signature has one changed byte."""
    message, _, signature = token().rpartition(".")
    data = bytearray(base64.urlsafe_b64decode(signature))
    data[10] ^= 1
    return bearer(f"{message}.{encode_base64url(bytes(data))}")


def other_claims() -> str:
    """A true signature under other claims."""
    head, _, signature = token().split(".")
    return bearer(f"{head}.{encode_base64url(json.dumps(claims(jti='other')).encode())}.{signature}")


def der_signature() -> str:
    """An ECDSA signature in the encoding of certificates."""
    message = raw(header(es384()), claims()).rpartition(".")[0]
    return bearer(f"{message}.{encode_base64url(b'0' + bytes(101))}")


DEFECTS: dict[str, tuple[Make, str, str]] = {
    "no header": (lambda: None, "header", "no Authorization header"),
    "empty header": (text(""), "header", "no Authorization header"),
    "basic": (text("Basic dTpw"), "header", "not of the form `Bearer <token>`"),
    "no scheme": (token, "header", "not of the form `Bearer <token>`"),
    "bearer alone": (text("Bearer"), "header", "contains no token"),
    "bearer and space": (text("Bearer  "), "header", "contains no token"),
    "two tokens": (lambda: f"{bearer(token())}, {bearer(token())}", "header", "sent twice"),
    "nine thousand characters": (lambda: bearer("a" * 9000), "header", "longer than 8192 characters"),
    "one part": (text("Bearer abc"), "form", "has 1 part(s)"),
    "two parts": (text("Bearer abc.def"), "form", "has 2 part(s)"),
    "four parts": (text("Bearer a.b.c.d"), "form", "has 4 part(s)"),
    "encrypted": (text("Bearer a.b.c.d.e"), "form", "is encrypted (five parts)"),
    "JSON serialization": (text('Bearer {"payload":"a"}'), "form", "has 1 part(s)"),
    "header not base64url": (text("Bearer a+/=.e30.AAAA"), "form", "header is not base64url"),
    "header padded": (lambda: bearer("e30=." + token().partition(".")[2]), "form", "header is not base64url"),
    "header cut": (text("Bearer eyJhb.e30.AAAA"), "form", "header is cut off"),
    "stray bits": (text("Bearer e31.e30.AAAA"), "form", "header is not canonical base64url"),
    "signature not base64url": (lambda: bearer(token()[:-4] + "a b!"), "form", "signature is not base64url"),
    "not ASCII": (lambda: bearer("ü" + token()), "form", "header is not base64url"),
    "header no JSON": (lambda: bearer(raw(b"{alg", claims())), "form", "header is not JSON"),
    "header an array": (lambda: bearer(raw([], claims())), "form", "header is not a JSON object"),
    "header not UTF-8": (lambda: bearer(raw(b'{"alg":"\xff"}', claims())), "form", "header is not UTF-8"),
    "header with a BOM": (lambda: bearer(raw(b"\xef\xbb\xbf{}", claims())), "form", "header is not JSON"),
    "header name twice": (
        lambda: bearer(raw(b'{"alg":"ES384","alg":"none"}', claims())),
        "form",
        "header holds the same name twice",
    ),
    "claims no JSON": (lambda: bearer(raw(header(es384()), b"iss=x")), "form", "payload is not JSON"),
    "claim name twice": (
        lambda: bearer(signed(header(es384()), b'{"iss":"a","iss":"b"}', ec(), "ES384")),
        "form",
        "payload holds the same name twice",
    ),
    "claims nested deeply": (
        lambda: bearer(raw(header(es384()), b'{"a":' + b"[" * 5000)),
        "form",
        "payload contains more than 500 values",
    ),
    "claims of 500 values and one": (
        lambda: bearer(raw(header(es384()), b'{"a":[' + b"1," * 499 + b"1]}")),
        "form",
        "payload contains more than 500 values",
    ),
    "header of many values": (
        lambda: bearer(raw(b'{"a":[' + b"{}," * 300 + b"1]}", claims())),
        "form",
        "header contains more than 500 values",
    ),
    "claims NaN": (lambda: bearer(raw(header(es384()), b'{"exp":NaN}')), "form", "payload holds NaN or Infinity"),
    "claims too large a float": (lambda: bearer(raw(header(es384()), b'{"exp":1e999}')), "form", "too large"),
    "claims with 1,000 digits": (
        lambda: bearer(raw(header(es384()), b'{"exp":' + b"9" * 1000 + b"}")),
        "form",
        "too many digits",
    ),
    "no typ": (headed(typ=None), "form", "typ must be JWT; received none"),
    "other typ": (headed(typ="JOSE"), "form", 'typ must be JWT; received "JOSE"'),
    "typ no text": (headed(typ=1), "form", "typ must be JWT; received a JSON number"),
    "crit": (headed(crit=["b64"]), "form", "has crit"),
    "b64": (headed(b64=False), "form", "has b64"),
    "no alg": (
        lambda: bearer(raw(header(es384(), alg=None), claims())),
        "algorithm",
        "alg must be a string; received none",
    ),
    "alg no text": (
        lambda: bearer(raw(header(es384(), alg=["ES384"]), claims())),
        "algorithm",
        "received a JSON array",
    ),
    "alg none": (unsigned("none"), "algorithm", "alg is none"),
    "alg None": (unsigned("None"), "algorithm", "alg is none"),
    "alg NONE": (unsigned("NONE"), "algorithm", "alg is none"),
    "alg nOnE": (unsigned("nOnE"), "algorithm", "alg is none"),
    "alg none with a space": (unsigned("none "), "algorithm", "alg is none"),
    "alg empty": (unsigned(""), "algorithm", "alg is none"),
    "HS384 with the public key in PEM": (confused("384", lambda: ec().as_pem()), "algorithm", "a symmetric one"),
    "HS256 with the RSA key in PEM": (confused("256", lambda: rsa().as_pem()), "algorithm", "a symmetric one"),
    "HS512 with the key set": (confused("512", lambda: b'{"keys":[]}'), "algorithm", "a symmetric one"),
    "alg in small letters": (
        lambda: bearer(raw(header(es384(), alg="es384"), claims())),
        "algorithm",
        'alg is "es384"; this client may use ES384, RS384',
    ),
    "alg not allowed here": (
        lambda: bearer(signed(header(rs384(), alg="RS256"), claims(), rsa(), "RS256")),
        "algorithm",
        'alg is "RS256"; this client may use ES384, RS384',
    ),
    "alg ES384 with the RSA key": (
        lambda: bearer(signed(header(rs384(), alg="ES384"), claims(), ec(), "ES384")),
        "algorithm",
        "made for RS384, not for ES384",
    ),
    "alg RS384 with the EC key": (
        lambda: bearer(signed(header(es384(), alg="RS384"), claims(), rsa(), "RS384")),
        "algorithm",
        "made for ES384, not for RS384",
    ),
    "no kid": (headed(kid=None), "key", "kid must be a string of 1 to 255 characters; received none"),
    "empty kid": (headed(kid=""), "key", 'kid must be a string of 1 to 255 characters; received ""'),
    "kid no text": (headed(kid=7), "key", "received a JSON number"),
    "unknown kid": (headed(kid="key-9"), "key", 'no key "key-9" in'),
    "kid a path": (headed(kid="../../../etc/passwd"), "key", 'no key "../../../etc/passwd" in'),
    "kid of SQL and control characters": (headed(kid="' OR 1=1--\r\n\x00"), "key", r"' OR 1=1--\r\n\u0000"),
    "jku of a stranger": (headed(jku="https://evil.example/jwks.json"), "jku", f"Allowed: {JKU}. Received"),
    "jku a file": (headed(jku="file:///etc/passwd"), "jku", "not on this client's list"),
    "jku no text": (headed(jku={}), "jku", "jku must be a string; received a JSON object"),
    "jku null": (
        lambda: bearer(signed(header(es384()) | {"jku": None}, claims(), ec(), "ES384")),
        "jku",
        "received a JSON null",
    ),
    "no iss": (made(iss=None), "issuer", "has no iss"),
    "iss no text": (made(iss=[ISSUER]), "issuer", "iss must be a string; received a JSON array"),
    "unknown iss": (made(iss="https://stranger.example"), "issuer", 'iss "https://stranger.example" is not registered'),
    "iss with a slash more": (made(iss=ISSUER + "/"), "issuer", "is not registered"),
    "iss of the public sandbox": (made(iss="https://sandbox.cds-hooks.org"), "issuer", "private key is public"),
    "no aud": (made(aud=None), "audience", "has no aud"),
    "aud of another service": (
        made(aud=f"{PUBLIC}/cds-services/other"),
        "audience",
        f'Expected "{AUDIENCE}". Received "{PUBLIC}/cds-services/other".',
    ),
    "aud with a slash at the end": (made(aud=AUDIENCE + "/"), "audience", f'Received "{AUDIENCE}/"'),
    "aud with a double slash": (
        made(aud=f"{PUBLIC}/cds-services//muscle-twitch-patient-view"),
        "audience",
        "cds-services//muscle",
    ),
    "aud by http": (made(aud=AUDIENCE.replace("https", "http")), "audience", 'Received "http://'),
    "aud in other letters": (made(aud=AUDIENCE.upper()), "audience", "Received"),
    "aud the base only": (made(aud=PUBLIC), "audience", f'Received "{PUBLIC}"'),
    "aud an empty list": (made(aud=[]), "audience", "Received an empty list"),
    "aud a list of others": (
        made(aud=["a", "b", "c", "d"]),
        "audience",
        'Received "a", "b", "c" and more.',
    ),
    "aud a list with a number": (made(aud=[AUDIENCE, 1]), "audience", "must be a string or a list of strings"),
    "aud an object": (made(aud={"a": AUDIENCE}), "audience", "must be a string or a list of strings"),
    "aud a long list": (made(aud=["a"] * 101), "audience", "more than 100"),
    "aud a long text": (made(aud="a" * 300), "audience", "and 140 more"),
    "aud with a line break": (made(aud="x\nlevel=info"), "audience", r"x\nlevel=info"),
    "no exp": (made(exp=None), "time", "has no exp"),
    "no iat": (made(iat=None), "time", "has no iat"),
    "exp a text": (made(exp=str(SECOND + 300)), "time", "exp must be a number of seconds"),
    "exp a boolean": (made(exp=True), "time", "received a JSON boolean"),
    "exp null": (
        lambda: bearer(signed(header(es384()), claims() | {"exp": None}, ec(), "ES384")),
        "time",
        "received a JSON null",
    ),
    "exp in milliseconds": (made(exp=(SECOND + 300) * 1000), "time", "are these milliseconds?"),
    "exp negative": (made(exp=-1), "time", "not a time between 1970 and 9999"),
    "exp an array": (made(exp=[SECOND]), "time", "received a JSON array"),
    "expired": (
        made(iat=SECOND - 360, exp=SECOND - 60),
        "time",
        "expired at 2026-11-23T08:59:00Z; it is 2026-11-23T09:00:00Z here (clocks may differ by 60 s)",
    ),
    "iat in the future": (
        made(iat=SECOND + 61, exp=SECOND + 300),
        "time",
        "iat is 2026-11-23T09:01:01Z, in the future",
    ),
    "iat a text": (made(iat="now"), "time", "iat must be a number of seconds"),
    "nbf in the future": (made(nbf=SECOND + 61), "time", "not valid before 2026-11-23T09:01:01Z (nbf)"),
    "nbf a text": (made(nbf="0"), "time", "nbf must be a number"),
    "lives too long": (made(exp=SECOND + 901), "time", "valid for 901 s (exp - iat); at most 900 s"),
    "ends before it begins": (made(iat=SECOND + 50, exp=SECOND + 50), "time", "exp is not after its iat"),
    "tenant no text": (made(tenant=["a"]), "tenant", "tenant must be a string"),
    "tenant with a control character": (made(tenant="a\u0085b"), "tenant", r"a\u0085b"),
    "tenant half a character": (made(tenant="\ud800"), "tenant", r"\ud800"),
    "key of a stranger": (lambda: bearer(token(es384(name="stranger"))), "signature", 'not that of the key "key-1"'),
    "RSA key of a stranger": (lambda: bearer(token(rs384(name="stranger"))), "signature", "not that of the key"),
    "key in the header": (embedded, "signature", "not that of the key"),
    "signature changed": (broken_signature, "signature", "not that of the key"),
    "signature empty": (lambda: bearer(raw(header(es384()), claims(), b"")), "signature", "not that of the key"),
    "signature of zeros": (
        lambda: bearer(raw(header(es384()), claims(), bytes(96))),
        "signature",
        "not that of the key",
    ),
    "signature in DER": (der_signature, "signature", "not that of the key"),
    "signature too long": (
        lambda: bearer(raw(header(rs384()), claims(), bytes(500))),
        "signature",
        "not that of the key",
    ),
    "claims changed": (other_claims, "signature", "not that of the key"),
    "no jti": (made(jti=None), "replay", "has no jti"),
    "jti empty": (made(jti=""), "replay", "jti must be a string of 1 to 255"),
    "jti a number": (made(jti=7), "replay", "received a JSON number"),
    "jti of 256 characters": (made(jti="j" * 256), "replay", "and 96 more"),
}


class House:
    """The gate before an application that answers 200, and what the operator is told."""

    def __init__(self, folder: Path) -> None:
        self.told: list[tuple[Refusal, str]] = []
        self.callers: list[object] = []
        self.gate = Admission(
            self.answer,
            verifier=verifier(folder),
            public_url=PUBLIC,
            is_open=False,
            refused=lambda refusal, path: self.told.append((refusal, path)),
            limited=lambda _: None,
        )

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.callers.append(scope.get(CALLER))
        await send_answer(send, 200, b"{}")

    def call(self, authorization: str | None, path: str = PATH) -> httpx.Response:
        """One call with this header."""
        headers = [] if authorization is None else [(b"authorization", authorization.encode("utf-8"))]

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.gate)
            async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
                return await client.post(path, headers=headers)

        return asyncio.run(send())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """One service for the whole table: no defect may leave a trace."""
    return House(tmp_path_factory.mktemp("house"))


def test_the_token_without_defects_is_accepted(tmp_path: Path) -> None:
    """What the table changes is right before it is changed."""
    fresh = House(tmp_path)

    answer = fresh.call(bearer(token()))

    assert (200, []) == (answer.status_code, fresh.told)


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_401_for_the_caller_and_words_for_the_operator(house: House, name: str) -> None:
    """Status, body and headers never change; the reason is of its kind and in words; the service is not called."""
    make, kind, words = DEFECTS[name]
    house.told.clear()
    house.callers.clear()

    answer = house.call(make())

    ((refusal, path),) = house.told
    assert (401, render(NotSignedIn()), []) == (answer.status_code, answer.content, house.callers)
    assert HEADERS == dict(answer.headers)
    assert (kind, PATH) == (refusal.kind, path)
    assert words in refusal.reason
    assert re.fullmatch(r"[ -~]{10,900}", refusal.reason)


def test_every_kind_of_refusal_has_its_defects() -> None:
    """At least one for each kind, and more than forty in all."""
    assert set(KINDS) == {kind for _, kind, _ in DEFECTS.values()}
    assert len(DEFECTS) >= 100


def test_the_operator_learns_which_client_the_token_named(house: House) -> None:
    """As soon as the issuer is known; before that there is no name."""
    house.told.clear()
    house.call(bearer(token(aud="x")))
    house.call(bearer(token(iss="https://stranger.example")))

    assert ["ehr", None] == [refusal.client for refusal, _ in house.told]


def test_a_refusal_never_quotes_the_token(house: House) -> None:
    """Neither the token nor its signature stands in the reason."""
    house.told.clear()
    text = token(es384(name="stranger"))
    house.call(bearer(text))

    ((refusal, _),) = house.told
    assert not any(part in refusal.reason for part in text.split("."))


def test_replay_is_refused_after_the_first_use(tmp_path: Path) -> None:
    """The same token twice: 200, then 401 with the reason."""
    fresh = House(tmp_path)
    name = str(uuid.uuid4())
    text = bearer(token(jti=name))

    statuses = [fresh.call(text).status_code, fresh.call(text).status_code]

    assert [200, 401] == statuses
    assert ("replay", f'The token with jti "{name}" was used before: each call needs a new one.') == (
        fresh.told[0][0].kind,
        fresh.told[0][0].reason,
    )


def test_the_digest_helper_of_this_table_signs_as_an_attacker_would() -> None:
    """HMAC over the first two parts, so that a library that mixed key types up would accept it."""
    text = (confused("384", lambda: b"secret")() or "").removeprefix("Bearer ")
    message, _, signature = text.rpartition(".")

    assert hmac.digest(b"secret", message.encode(), hashlib.sha384) == base64.urlsafe_b64decode(signature)


@pytest.mark.parametrize("letter", ["a", "ä", "\U0001f600", "\x00", '"', "\\"])
@pytest.mark.parametrize("length", [160, 161, 5_000])
def test_what_is_quoted_is_short_in_whatever_letters(letter: str, length: int) -> None:
    """Escapes count, so that no caller makes long lines; what is left out is told in number."""
    told = quoted(letter * length)
    shown, _, more = told.partition(" and ")

    assert len(shown) <= 400
    assert length == len(json.loads(shown)) + int(more.removesuffix(" more") or "0")
