"""Keys, tokens, a clock that is moved by hand, and a real server of key sets over TLS."""

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from cds.account import Caller
from cds.settings import Settings, load
from cds.trust.algorithms import Key
from cds.trust.fetching import Fetch, FetchFailed
from cds.trust.mint import Signer
from cds.trust.once import UsedOnce
from cds.trust.refusal import Refusal, Refused
from cds.trust.strict import encode_base64url
from cds.trust.verifier import Verifier, build_verifier

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PUBLIC = "https://cds.example.org"
SERVICES = ("muscle-twitch-patient-view",)
AUDIENCE = f"{PUBLIC}/cds-services/{SERVICES[0]}"
ISSUER = "https://ehr.example.org/fhir"
JKU = "https://ehr.example.org/jwks.json"
KID = "key-1"
RSA_KID = "key-rsa"


def ec(name: str = "first", curve: str = "P-384") -> ECKey:
    """A key pair; the same one for the same name."""
    return _ec(name, curve)


def rsa(name: str = "first") -> RSAKey:
    """An RSA key pair; the same one for the same name."""
    return _rsa(name)


@cache
def _ec(_: str, curve: str) -> ECKey:
    return ECKey.generate_key(curve)


@cache
def _rsa(_: str) -> RSAKey:
    return RSAKey.generate_key(2048)


def es384(kid: str = KID, name: str = "first") -> Signer:
    """Signs with a P-384 key."""
    return Signer(ec(name), kid, "ES384")


def rs384(kid: str = RSA_KID, name: str = "first") -> Signer:
    """Signs with an RSA key."""
    return Signer(rsa(name), kid, "RS384")


def jwks(*signers: Signer) -> bytes:
    """The key set that publishes these."""
    return json.dumps({"keys": [signer.public() for signer in signers]}).encode()


def header(signer: Signer, **changes: Any) -> dict[str, Any]:
    """A right header with changes; None takes a member away."""
    return _with({"alg": signer.algorithm, "typ": "JWT", "kid": signer.kid}, changes)


def claims(now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """Right claims with changes; None takes a claim away."""
    issued = int(now.timestamp())
    whole = {"iss": ISSUER, "aud": AUDIENCE, "iat": issued, "exp": issued + 300, "jti": "once"}
    return _with(whole, changes)


def _with(whole: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (whole | dict(changes)).items() if value is not None}


def signed(head: Mapping[str, Any] | bytes, body: Mapping[str, Any] | bytes, key: Key, algorithm: str) -> str:
    """A token whose parts can be anything, with a true signature."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (head, body)]
    message = ".".join(encode_base64url(part) for part in parts)
    signature = JWSRegistry(algorithms=[algorithm]).get_alg(algorithm).sign(message.encode(), key)
    return f"{message}.{encode_base64url(signature)}"


def token(signer: Signer | None = None, head: Mapping[str, Any] | None = None, **changes: Any) -> str:
    """A right token of a registered client, with changes to header and claims."""
    by = signer or es384()
    return signed(header(by, **(head or {})), claims(**changes), by.key, by.algorithm)


def bearer(text: str) -> str:
    """The value of the Authorization header."""
    return f"Bearer {text}"


class Hands:
    """Two clocks that are moved by hand: the wall's and the stop watch."""

    def __init__(self) -> None:
        self.moment = NOW
        self.passed = 1000.0

    def now(self) -> datetime:
        return self.moment

    def seconds(self) -> float:
        return self.passed

    def move(self, seconds: float) -> None:
        self.passed += seconds
        self.moment += timedelta(seconds=seconds)


class Source:
    """A fake of the network: says what it is told, and counts."""

    def __init__(self, answer: bytes | str = b"") -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.gate: asyncio.Event | None = None

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        if isinstance(self.answer, str):
            raise FetchFailed(self.answer)
        return self.answer


CLIENTS = f"""
[[client]]
name = "ehr"
issuer = "{ISSUER}"
jwks_file = "ehr.json"
jku = ["{JKU}"]
"""


def settings(folder: Path, clients: str = CLIENTS, **more: str) -> Settings:
    """The settings of a service with these clients, whose file is written."""
    path = folder / "clients.toml"
    path.write_text(clients, "utf-8")
    given = {"clients": str(path), "public_url": PUBLIC, "data_dir": str(folder)} | more
    return load({f"TWITCH_CDS_{name.upper()}": value for name, value in given.items()})


def verifier(
    folder: Path,
    clients: str = CLIENTS,
    *,
    hands: Hands | None = None,
    keys: bytes | None = None,
    used: UsedOnce | None = None,
    get: Fetch | None = None,
    **more: str,
) -> Verifier:
    """A verifier of one client whose keys are in a file."""
    (folder / "ehr.json").write_bytes(jwks(es384(), rs384()) if keys is None else keys)
    clock = hands or Hands()
    return build_verifier(
        settings(folder, clients, **more),
        used,
        SERVICES,
        now=clock.now,
        seconds=clock.seconds,
        get=get or Source("no network"),
    )


def verified(by: Verifier, text: str, audience: str = AUDIENCE) -> Caller:
    """Who a token is from."""
    return asyncio.run(by.verify(bearer(text), audience))


def refusal(by: Verifier, text: str, audience: str = AUDIENCE) -> Refusal:
    """Why a token is refused; a token that is accepted is a failure."""
    try:
        caller = verified(by, text, audience)
    except Refused as problem:
        return problem.refusal
    raise AssertionError(caller)


class KeyServer(ThreadingHTTPServer):
    """Serves one key set over TLS; `behave` decides what is done instead."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, authority: trustme.CA) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.document = b'{"keys":[]}'
        self.behave: Callable[[BaseHTTPRequestHandler], None] = serve_document
        self.asked = 0
        self.paths: list[str] = []
        self.ending = threading.Event()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_port}/jwks.json"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self) -> None:
        self.server.asked += 1
        self.server.paths.append(self.path)
        self.server.behave(self)

    def log_message(self, *args: Any) -> None:
        """A test's output stays its own."""


def reply(to: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """One whole answer."""
    to.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        to.send_header(name.replace("_", "-"), value)
    to.end_headers()
    to.wfile.write(body)


def serve_document(to: BaseHTTPRequestHandler) -> None:
    """What a healthy server does."""
    assert isinstance(to.server, KeyServer)
    reply(to, 200, to.server.document)


@contextmanager
def key_server(authority: trustme.CA) -> Iterator[KeyServer]:
    """A running server of key sets."""
    with KeyServer(authority) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.ending.set()
            server.shutdown()
            thread.join()


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """A client's context that trusts one authority only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context
