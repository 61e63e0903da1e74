"""Key sets fetched from a real server over TLS: rotation, outages of every kind, clocks, one fetch for all."""

import asyncio
import gzip
import socket
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme
from trust_fakes import (
    AUDIENCE,
    ISSUER,
    NOW,
    Hands,
    KeyServer,
    bearer,
    es384,
    jwks,
    key_server,
    reply,
    rs384,
    serve_document,
    settings,
    token,
    trusting,
)

from cds.trust.fetch import MOST_BYTES, authorities, fetch
from cds.trust.fetching import FetchFailed
from cds.trust.refusal import Refused
from cds.trust.verifier import Verifier, build_verifier

MINUTE = 60.0
BOMB = gzip.compress(bytes(5_000_000))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """The certificate authority of these tests."""
    return trustme.CA()


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[KeyServer]:
    """A healthy server of one key set."""
    with key_server(authority) as running:
        running.document = jwks(es384(), rs384())
        yield running


class Service:
    """A verifier whose client has its keys on the server; tokens are made at the present moment of the hands."""

    def __init__(self, folder: Path, server: KeyServer, authority: trustme.CA) -> None:
        self.hands = Hands()
        clients = f'[[client]]\nname = "ehr"\nissuer = "{ISSUER}"\njwks_url = "{server.url}"\n'
        self.context = trusting(authority)
        self.patience = 30.0
        self.verifier: Verifier = build_verifier(
            settings(folder, clients), None, now=self.hands.now, seconds=self.hands.seconds, get=self.fetch
        )
        self.made = 0

    async def fetch(self, url: str) -> bytes:
        """The real fetch, with a patience that can be changed."""
        return await fetch(url, self.context, self.patience)

    async def outcome(self, kid: str = "key-1") -> str:
        """Who is calling with this key, or why not."""
        self.made += 1
        issued = int(self.hands.now().timestamp())
        text = token(es384(kid), jti=str(self.made), iat=issued, exp=issued + 300)
        try:
            return (await self.verifier.verify(bearer(text), AUDIENCE)).client
        except Refused as problem:
            return problem.refusal.reason

    async def settled(self) -> None:
        """Wait for the fetch beside the call; bounded by the fetch itself."""
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0.005)

    def live(self, story: Callable[[], Awaitable[None]]) -> None:
        """Run a story, then end what is left."""

        async def whole() -> None:
            await story()
            await self.verifier.close()

        asyncio.run(whole())


def test_keys_come_over_tls_and_are_asked_for_by_address_alone(
    tmp_path: Path, server: KeyServer, authority: trustme.CA
) -> None:
    """The kid of a token is never part of the address, whatever it says."""
    service = Service(tmp_path, server, authority)

    async def story() -> None:
        assert "ehr" == await service.outcome()
        assert 'no key "../../admin" in' in await service.outcome("../../admin")

    service.live(story)
    assert ["/jwks.json"] * 2 == server.paths


def test_rotation_without_restart(tmp_path: Path, server: KeyServer, authority: trustme.CA) -> None:
    """A new key works at once; a removed one ends within ten minutes; both by one fetch each."""
    service = Service(tmp_path, server, authority)

    async def story() -> None:
        assert "ehr" == await service.outcome()
        server.document = jwks(es384(), es384("key-2"))
        assert ["ehr", "ehr"] == [await service.outcome("key-2"), await service.outcome()]
        assert 2 == server.asked
        server.document = jwks(es384("key-2"))
        service.hands.move(9 * MINUTE)
        assert "ehr" == await service.outcome()
        await service.settled()
        assert 3 == server.asked
        service.hands.move(1 * MINUTE)
        assert 'no key "key-1"' in await service.outcome()
        assert "ehr" == await service.outcome("key-2")

    service.live(story)


def test_fifty_calls_at_once_cause_one_fetch(tmp_path: Path, server: KeyServer, authority: trustme.CA) -> None:
    """Single flight, over a real connection."""
    service = Service(tmp_path, server, authority)

    async def story() -> None:
        assert ["ehr"] * 50 == await asyncio.gather(*(service.outcome() for _ in range(50)))

    service.live(story)
    assert 1 == server.asked


def test_a_flood_of_unknown_keys_causes_one_fetch_a_minute(
    tmp_path: Path, server: KeyServer, authority: trustme.CA
) -> None:
    """A stranger cannot make us a burden for the client's server."""
    service = Service(tmp_path, server, authority)

    async def story() -> None:
        await service.outcome()
        for minute in range(3):
            await asyncio.gather(*(service.outcome(f"made-up-{number}") for number in range(20)))
            assert 2 + minute == server.asked
            service.hands.move(MINUTE)

    service.live(story)


def status_500(to: BaseHTTPRequestHandler) -> None:
    reply(to, 500, b"{}")


def redirect(to: BaseHTTPRequestHandler) -> None:
    reply(to, 302, b"", Location="https://127.0.0.1:1/jwks.json")


def garbage(to: BaseHTTPRequestHandler) -> None:
    reply(to, 200, b"\x00\xff<html>")


def no_http(to: BaseHTTPRequestHandler) -> None:
    to.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


def cut(to: BaseHTTPRequestHandler) -> None:
    to.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"keys":[')


def too_long(to: BaseHTTPRequestHandler) -> None:
    reply(to, 200, b" " * (MOST_BYTES + 1))


def compressed(to: BaseHTTPRequestHandler) -> None:
    reply(to, 200, BOMB, Content_Encoding="gzip")


def silent(to: BaseHTTPRequestHandler) -> None:
    assert isinstance(to.server, KeyServer)
    to.server.ending.wait(600)


def dripping(to: BaseHTTPRequestHandler) -> None:
    """One byte every moment: no single wait is long, the whole is."""
    assert isinstance(to.server, KeyServer)
    to.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not to.server.ending.wait(0.02):
        to.wfile.write(b" ")


OUTAGES: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], str]] = {
    "500": (status_500, "the response has the status 500, not 200"),
    "redirect": (redirect, "the response has the status 302, not 200 (redirects are not followed)"),
    "garbage": (garbage, "the key set is not UTF-8"),
    "no HTTP": (no_http, "no connection: RemoteProtocolError"),
    "cut": (cut, "no connection: RemoteProtocolError"),
    "too long": (too_long, "the response is longer than 262144 bytes"),
    "compressed": (compressed, "the response is compressed"),
    "silent": (silent, "no complete response within 0.3 s"),
    "dripping": (dripping, "no complete response within 0.3 s"),
}


@pytest.mark.parametrize("name", OUTAGES)
def test_an_outage_is_survived_with_the_old_keys(
    tmp_path: Path, server: KeyServer, authority: trustme.CA, name: str
) -> None:
    """For a day; without old keys the operator reads what happened; after it, all is well again."""
    behave, words = OUTAGES[name]
    (tmp_path / "late").mkdir()
    service, late = (Service(folder, server, authority) for folder in (tmp_path, tmp_path / "late"))

    async def story() -> None:
        assert "ehr" == await service.outcome()
        server.behave = behave
        service.patience = late.patience = 0.3 if "within" in words else 30
        service.hands.move(11 * MINUTE)
        assert "ehr" == await service.outcome()
        assert words in service.verifier.problems[0]
        assert words in await late.outcome()
        server.behave = serve_document
        service.patience = late.patience = 30
        service.hands.move(1 * MINUTE)
        late.hands.move(5)
        assert ["ehr", "ehr"] == [await service.outcome(), await late.outcome()]
        await service.settled()
        assert () == service.verifier.problems

    service.live(story)
    asyncio.run(late.verifier.close())


def test_a_server_with_a_foreign_certificate_is_not_believed(tmp_path: Path, server: KeyServer) -> None:
    """Its certificate must come from an authority that this machine trusts."""
    service = Service(tmp_path, server, trustme.CA())

    async def story() -> None:
        assert "certificate verify failed" in await service.outcome()

    service.live(story)
    assert 0 == server.asked


def test_the_usual_authorities_do_not_trust_a_made_up_one(server: KeyServer) -> None:
    """What is used when nothing else is said."""
    with pytest.raises(FetchFailed, match="certificate"):
        asyncio.run(fetch(server.url))

    assert authorities().get_ca_certs()


def test_a_closed_port_is_an_outage() -> None:
    """Nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]

    with pytest.raises(FetchFailed, match="no connection: ConnectError"):
        asyncio.run(fetch(f"https://127.0.0.1:{port}/", seconds=5))


def test_an_address_that_is_none_is_an_outage() -> None:
    """A registry does not let it through; the fetch does not break on it either."""
    with pytest.raises(FetchFailed, match="InvalidURL"):
        asyncio.run(fetch("https://" + "a" * 70_000))


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "ehr"), (60, "ehr"), (-60, "ehr"), (61, "expired at"), (-61, "in the fu")]
)
def test_clocks_that_differ(
    tmp_path: Path, server: KeyServer, authority: trustme.CA, seconds: float, words: str
) -> None:
    """Our clock ahead of the client's or behind it: a minute is borne, for tokens of the shortest life."""
    service = Service(tmp_path, server, authority)

    async def story() -> None:
        issued = int(NOW.timestamp())
        text = token(iat=issued, exp=issued + 1)
        service.hands.move(seconds)
        try:
            found = (await service.verifier.verify(bearer(text), AUDIENCE)).client
        except Refused as problem:
            found = problem.refusal.reason
        assert words in found

    service.live(story)
