"""The reverse proxy that we ship, before the service as a hospital runs it: TLS, signed calls, limits, refusals."""

import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from nginx import HOST, NGINX, Proxy, free_port
from service.process import PATIENT_VIEW, TWITCHING, Answer, Running, running

from cds.trust.mint import Signer, TokenRequest, new_key, publish, signer_of, write_key

ISSUER = "https://tester.example.org"
ORIGIN = "https://ehr.example.org"
CANARY = "canary-5b1f7a"
MEGABYTE = 2**20
JSON = {"Content-Type": "application/json"}
pytestmark = pytest.mark.skipif(NGINX is None or sys.platform != "linux", reason="no nginx here, or not Linux")


@dataclass(frozen=True)
class Site:
    """A hospital's installation, and one client that may call it."""

    proxy: Proxy
    service: Running
    signer: Signer

    def fetch(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = JSON, origin: str = HOST
    ) -> Answer:
        """One request over TLS on a connection of its own, from a loopback address."""
        connection = http.client.HTTPSConnection(
            HOST, self.proxy.secure, context=self.proxy.context, timeout=600, source_address=(origin, 0)
        )
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def connection(self) -> ssl.SSLSocket:
        """A connection on which nothing was said yet."""
        plain = socket.create_connection((HOST, self.proxy.secure), timeout=600)
        return self.proxy.context.wrap_socket(plain, server_hostname=HOST)

    def call(self, body: bytes, path: str = PATIENT_VIEW) -> Answer:
        """A signed hook call."""
        order = TokenRequest(audience=self.proxy.url + path, issuer=ISSUER)
        token = self.signer.token(order, datetime.now(UTC), str(uuid4()))
        return self.fetch("POST", path, body, {**JSON, "Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """nginx in front of the service, outside demo mode."""
    folder = tmp_path_factory.mktemp("proxy")
    proxy, signer = Proxy(folder), signer_of(new_key("ES384"))
    publish(signer, folder / "tester.json")
    write_key(signer.key, folder / "tester.pem")
    clients = folder / "clients.toml"
    clients.write_text(f'[[client]]\nname = "tester"\nissuer = "{ISSUER}"\njwks_file = "tester.json"\n', "utf-8")
    settings = {"demo": "false", "public_url": proxy.url, "clients": str(clients), "time_zone": "Europe/Berlin"}
    with running(folder / "service", **settings, allowed_origins=ORIGIN) as service:
        host, port = service.place
        with proxy.running(f"{host}:{port}"):
            yield Site(proxy, service, signer)


def padded(size: int) -> bytes:
    """A call that twitches, made as long as that by white space, with a name to look for."""
    call = json.loads(TWITCHING.read_bytes())
    call["prefetch"]["patient"]["name"] = [{"family": CANARY}]
    return json.dumps(call).encode().ljust(size)


def issue(answer: Answer) -> tuple[int, str]:
    """The status, and the code of the one issue of an OperationOutcome."""
    assert answer.headers["content-type"].startswith("application/json")
    (found,) = answer.json["issue"]
    assert found["details"]["text"]
    return answer.status, found["code"]


def test_a_signed_call_gets_its_cards(site: Site) -> None:
    """Signed for the public address, whatever the service itself listens on; the answer has its security headers."""
    answer = site.call(padded(0))

    assert 200 == answer.status
    assert [] != answer.json["cards"]
    assert "max-age=31536000" == answer.headers["strict-transport-security"]
    assert "nginx" == answer.headers.get("server", "nginx")


def test_a_token_for_the_address_behind_the_proxy_is_refused(site: Site) -> None:
    """The audience is the public URL."""
    order = TokenRequest(audience=site.service.address + PATIENT_VIEW, issuer=ISSUER)
    token = site.signer.token(order, datetime.now(UTC), str(uuid4()))

    assert 401 == site.fetch("POST", PATIENT_VIEW, b"{}", {**JSON, "Authorization": f"Bearer {token}"}).status


def test_selfcheck_finds_nothing_wrong(site: Site) -> None:
    """All that hospital IT is told to run, through the proxy."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TWITCH_CDS")}
    folder = site.proxy.folder
    given = {"PUBLIC_URL": site.proxy.url, "CLIENTS": str(folder / "clients.toml"), "TIME_ZONE": "Europe/Berlin"}
    options = ["--ca", folder / "ca.pem", "--key", folder / "tester.pem", "--issuer", ISSUER, "--origin", ORIGIN]
    ran = subprocess.run(
        [sys.executable, "-m", "cds", "selfcheck", site.proxy.url, "--json", *map(str, options)],
        env=clean | {f"TWITCH_CDS_{name}": value for name, value in given.items()},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    lines = {line["what"]: line["result"] for line in json.loads(ran.stdout)}
    assert (0, "") == (ran.returncode, ran.stderr)
    assert {"service", "clock", "certificate", "public address"} <= {
        what for what, told in lines.items() if told == "pass"
    }
    assert "fail" not in lines.values()


def test_plain_http_is_led_to_tls(site: Site) -> None:
    """With the method and body kept (308)."""
    connection = http.client.HTTPConnection(HOST, site.proxy.plain, timeout=600)
    connection.request("POST", PATIENT_VIEW, b"{}")
    answer = connection.getresponse()
    connection.close()

    assert (308, f"{site.proxy.url}{PATIENT_VIEW}") == (answer.status, answer.headers["location"])


def test_the_preflight_of_a_browser_passes(site: Site) -> None:
    """The service answers it, not the proxy."""
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = site.fetch("OPTIONS", PATIENT_VIEW, headers=asked)

    assert (ORIGIN, True) == (answer.headers["access-control-allow-origin"], answer.status < 300)


def test_what_is_too_large_is_told_by_the_service_and_beyond_by_the_proxy(site: Site) -> None:
    """Both as an OperationOutcome; the service names its limit."""
    ours, theirs = site.call(padded(16 * MEGABYTE + 1)), site.call(padded(17 * MEGABYTE + 1))

    assert [(413, "too-long")] * 2 == [issue(ours), issue(theirs)]
    assert [True, False] == ["16777216" in answer.body.decode() for answer in (ours, theirs)]


def test_what_the_proxy_refuses_is_refused_in_json(site: Site) -> None:
    """A head that is too long, and numbers that are asked for from elsewhere."""
    long = site.fetch("GET", "/cds-services", headers={"Authorization": "x" * 20_000})
    odd = site.fetch("GET", "/metrics", origin="127.0.0.2")

    assert [(400, "processing"), (403, "processing")] == [issue(long), issue(odd)]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"GET foo HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 400),
        (b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ],
    ids=lambda given: given[:30].decode() if isinstance(given, bytes) else str(given),
)
def test_what_is_no_request_is_refused_in_json(site: Site, said: bytes, status: int) -> None:
    """With its own status and one OperationOutcome, and the connection ends: nothing is left for a second reader."""
    with site.connection() as one:
        one.sendall(said)
        answer = http.client.HTTPResponse(one)
        answer.begin()
        body = answer.read()

        assert (status, "OperationOutcome", b"") == (answer.status, json.loads(body)["resourceType"], one.recv(1))


def test_plain_http_at_the_tls_port_is_refused_in_json(site: Site) -> None:
    """The mistake of whoever sets up a client."""
    with socket.create_connection((HOST, site.proxy.secure), timeout=600) as one:
        one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head, _, body = b"".join(iter(lambda: one.recv(65_536), b"")).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 ")
    assert "OperationOutcome" == json.loads(body)["resourceType"]


def test_a_token_of_the_longest_length_passes_the_proxy(site: Site) -> None:
    """The service is the one to judge it."""
    answer = site.fetch("GET", "/cds-services", headers={"Authorization": "Bearer " + "x" * 8_180})

    assert 401 == answer.status


def test_the_numbers_are_not_on_the_way_of_clients(site: Site) -> None:
    """Not even for this host: they would be those of whichever replica answers."""
    assert [403, 403] == [site.fetch("GET", "/metrics", origin=origin).status for origin in (HOST, "127.0.0.2")]


def test_the_id_of_a_request_goes_through_the_proxy(site: Site) -> None:
    """The one that the client gave, and back; what follows it from the EHR to the audit."""
    answer = site.fetch("GET", "/health/ready", headers={"X-Request-ID": "ehr-4711"})

    assert "ehr-4711" == answer.headers["x-request-id"]


def test_slow_heads_are_given_up_and_block_nobody(site: Site) -> None:
    """Whoever sends a letter at a time is cut off, while others are answered."""
    slow = [_begun(site) for _ in range(50)]
    beside = site.call(padded(0)).status
    ended = [_is_over(one) for one in slow]

    assert (200, [True] * len(slow)) == (beside, ended)


def _begun(site: Site) -> ssl.SSLSocket:
    one = site.connection()
    one.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    return one


def _is_over(one: ssl.SSLSocket) -> bool:
    with one:
        return b"" == one.recv(1)


def test_chart_data_never_lies_in_a_file_of_the_proxy(site: Site) -> None:
    """Whatever its length; a body that is not wanted passes through as well, to be refused by the service."""
    sizes = (300_000, 3 * MEGABYTE, 16 * MEGABYTE, 16 * MEGABYTE + 1)

    assert [200, 200, 200, 413] == [site.call(padded(size)).status for size in sizes]
    assert 401 == site.fetch("POST", PATIENT_VIEW, padded(5 * MEGABYTE)).status
    assert "temporary file" not in site.proxy.told()
    assert [] == [path for path in (site.proxy.folder / "bodies").glob("**/*") if path.is_file()]


def test_nobody_is_named_in_what_the_proxy_writes(site: Site) -> None:
    """Nor any token, though the site's own format would write both: there is no access log, on either port."""
    test_plain_http_is_led_to_tls(site)
    answers = [site.call(padded(size)).status for size in (0, 17 * MEGABYTE + 1)]
    files = [path for path in site.proxy.folder.glob("**/*") if path.is_file() and "service" not in path.parts]
    written = b"".join(path.read_bytes() for path in files)

    assert [200, 413] == answers
    assert b"" == (site.proxy.folder / "access.log").read_bytes()
    assert b"too large body" in written
    assert CANARY.encode() not in written
    assert b"Bearer" not in written


def test_a_flood_from_one_address_is_shed_as_json(site: Site) -> None:
    """429 with the time to come back; afterwards the address is answered again."""
    connection = http.client.HTTPSConnection(HOST, site.proxy.secure, context=site.proxy.context, timeout=600)
    seen: list[Answer] = []
    while len(seen) < 3_000 and (not seen or seen[-1].status == 200):
        connection.request("GET", "/health/live")
        answer = connection.getresponse()
        seen.append(Answer(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()))
    connection.close()
    time.sleep(1.1)

    assert ((429, "throttled"), "1") == (issue(seen[-1]), seen[-1].headers["retry-after"])
    assert 200 == site.fetch("GET", "/health/live").status


def test_a_service_that_is_away_is_told_as_json(tmp_path: Path) -> None:
    """502 with the time to come back, and the headers of security."""
    proxy = Proxy(tmp_path)
    with proxy.running(f"{HOST}:{free_port()}"):
        connection = http.client.HTTPSConnection(HOST, proxy.secure, context=proxy.context, timeout=600)
        connection.request("POST", PATIENT_VIEW, b"{}")
        got = connection.getresponse()
        answer = Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        connection.close()

    assert ((502, "transient"), "1") == (issue(answer), answer.headers["retry-after"])
    assert "max-age=31536000" == answer.headers["strict-transport-security"]
