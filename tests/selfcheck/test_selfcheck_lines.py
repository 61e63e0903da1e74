"""`twitch-cds selfcheck`: each check against services that are sound and services that are not."""

import asyncio
import json
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from charts.options import options
from joserfc.jwk import ECKey

from cds.errors import UsageError
from cds.selfcheck import command
from cds.selfcheck.certificate import check_certificate
from cds.selfcheck.discovery import check_address, check_discovery, check_preflight
from cds.selfcheck.health import check_health
from cds.selfcheck.line import Line
from cds.selfcheck.nodes import check_nodes
from cds.selfcheck.subject import Credential, Subject, base_of
from cds.selfcheck.surroundings import check_clients, check_fhir_servers, check_time_zone
from cds.settings import load
from cds.trust.fetching import FetchFailed
from cds.trust.mint import new_key, publish, signer_of, write_key
from cds.trust.once import UsedOnce
from cds.trust.refusal import Refused
from cds.trust.verifier import Verifier, build_verifier

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
URL = "https://cds.example.org"
ISSUER = "https://tester.example.org"
SERVICES = {"services": [{"id": "muscle-twitch-patient-view"}]}
READY = {"status": "ready", "knowledgeVersion": "2026.11", "store": "up", "audit": "up"}
SIGNER = signer_of(new_key("ES384"))

Answer = Callable[[httpx.Request], httpx.Response]


def told(status: int, content: object, **headers: str) -> Answer:
    """A service that always says the same."""
    named = {"date": format_datetime(NOW, usegmt=True)} | {
        key.replace("_", "-"): value for key, value in headers.items()
    }
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda _: httpx.Response(status, headers=named, content=body)


def down(request: httpx.Request) -> httpx.Response:
    """A service that is not there."""
    raise httpx.ConnectError("refused", request=request)


@contextmanager
def subject(answer: Answer, **changes: Any) -> Iterator[Subject]:
    """A check of this service."""
    names = iter(str(number) for number in range(100))
    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        whole: dict[str, Any] = {
            "url": URL,
            "settings": load({"TWITCH_CDS_PUBLIC_URL": URL}),
            "http": http,
            "fhir": http,
            "context": ssl.create_default_context(),
            "now": lambda: NOW,
            "new_name": lambda: next(names),
        }
        yield Subject(**whole | changes)


def short(lines: Iterator[Line]) -> list[tuple[str, str]]:
    """What was checked, and with which result."""
    return [(line.what, line.result) for line in lines]


def test_a_line_says_what_why_and_what_to_do() -> None:
    """The advice only where there is some."""
    assert ["pass  a: b", "fail  a: b  -> c"] == [str(Line("pass", "a", "b")), str(Line("fail", "a", "b", "c"))]


@pytest.mark.parametrize("url", [URL, f"{URL}/", f"{URL}/cds-services", f"{URL}/cds-services/"])
def test_the_address_may_be_given_with_or_without_its_end(url: str) -> None:
    """As people copy it."""
    assert URL == base_of(url)


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        (
            told(200, READY),
            (
                "pass service: it is ready / pass knowledge version: 2026.11 / pass store writable: up / "
                "pass audit writable: up / pass clock: within 10 s of the clock here"
            ),
        ),
        (
            told(200, READY | {"store": "down"}),
            (
                "pass service: it is ready / pass knowledge version: 2026.11 / fail store writable: down / "
                "pass audit writable: up / pass clock: within 10 s of the clock here"
            ),
        ),
        (
            told(503, {"resourceType": "OperationOutcome"}),
            (
                "fail service: it says that it is not ready (status 503) / "
                "skip store writable: /health/ready does not say / skip audit writable: /health/ready does not say / "
                "pass clock: within 10 s of the clock here"
            ),
        ),
        (
            told(503, {"issue": [{"details": {"text": "No keys."}}]}),
            (
                "fail service: it says that it is not ready (status 503): No keys. / "
                "skip store writable: /health/ready does not say / skip audit writable: /health/ready does not say / "
                "pass clock: within 10 s of the clock here"
            ),
        ),
        (
            told(502, {"issue": "none"}),
            (
                "fail service: it says that it is not ready (status 502) / "
                "skip store writable: /health/ready does not say / skip audit writable: /health/ready does not say / "
                "pass clock: within 10 s of the clock here"
            ),
        ),
        (
            told(404, b"", date="nonsense"),
            (
                "skip service: /health/ready is not passed on by the proxy (status 404) / "
                "skip clock: the answer has no usable Date header"
            ),
        ),
        (
            told(200, b"<html>", date=format_datetime(NOW - timedelta(seconds=75), usegmt=True)),
            (
                "fail service: what answers at /health/ready is not this service / "
                "skip store writable: /health/ready does not say / skip audit writable: /health/ready does not say / "
                "fail clock: it is 75 s off the clock here"
            ),
        ),
        (
            told(200, [1]),
            (
                "fail service: what answers at /health/ready is not this service / "
                "skip store writable: /health/ready does not say / skip audit writable: /health/ready does not say / "
                "pass clock: within 10 s of the clock here"
            ),
        ),
        (down, f"fail service: no answer from {URL}: ConnectError refused"),
    ],
)
def test_what_the_service_says_of_itself(answer: Answer, lines: str) -> None:
    """Up or not, and what is wrong with it."""
    with subject(answer) as of:
        found = list(check_health(of))

    assert lines == " / ".join(f"{line.result} {line.what}: {line.why}" for line in found)
    assert all(line.advice for line in found if line.result == "fail")


class Service:
    """Discovery with a real verifier; `trusts` is what the service believes to be its own address."""

    def __init__(
        self,
        folder: Path,
        trusts: str = URL,
        signer: object = SIGNER,
        status: int = 200,
        used: UsedOnce | None = None,
    ) -> None:
        publish(SIGNER if signer is SIGNER else signer_of(new_key("ES384"), kid=SIGNER.kid), folder / "keys.json")
        path = folder / "clients.toml"
        path.write_text(f'[[client]]\nname = "t"\nissuer = "{ISSUER}"\njwks_file = "keys.json"\n', "utf-8")
        self.verifier: Verifier = build_verifier(
            load({"TWITCH_CDS_CLIENTS": str(path), "TWITCH_CDS_DATA_DIR": str(folder)}), used, now=lambda: NOW
        )
        self.trusts = trusts
        self.content: object = SERVICES
        self.status = status

    def __call__(self, request: httpx.Request) -> httpx.Response:
        try:
            header = request.headers.get("authorization")
            asyncio.run(self.verifier.verify(header, self.trusts + request.url.path))
        except Refused:
            return httpx.Response(401)
        return httpx.Response(self.status, json=self.content)


CREDENTIAL = Credential(SIGNER, ISSUER)


def test_a_sound_service_lets_its_client_in_and_nobody_else(tmp_path: Path) -> None:
    """Closed, the audience is right, services are listed, a token works once."""
    with subject(Service(tmp_path), credential=CREDENTIAL) as of:
        found = list(check_discovery(of))

    assert [
        "pass  closed to strangers: without a token the answer is 401",
        f"pass  audience: a token for {URL}/cds-services is accepted",
        "pass  discovery: 1 services: muscle-twitch-patient-view",
        "pass  replay: the same token is refused the second time",
    ] == [str(line) for line in found]


def test_a_wrong_public_address_is_found_out(tmp_path: Path) -> None:
    """The service is set to another address, which is the one of the settings here."""
    inner = load({"TWITCH_CDS_PUBLIC_URL": "http://10.0.0.1:8000"})
    with subject(Service(tmp_path, "http://10.0.0.1:8000"), credential=CREDENTIAL, settings=inner) as of:
        *_, found = check_discovery(of)
        (address,) = check_address(of)

    assert "the service takes tokens for http://10.0.0.1:8000/cds-services, not for" in found.why
    assert ("fail", "fail") == (found.result, address.result)
    assert "TWITCH_CDS_PUBLIC_URL is http://10.0.0.1:8000 here" in address.why


@pytest.mark.parametrize("public", [URL, "https://other.example.org"])
def test_a_refused_key_is_said(tmp_path: Path, public: str) -> None:
    """And where the reason stands."""
    elsewhere = load({"TWITCH_CDS_PUBLIC_URL": public})
    with subject(Service(tmp_path, signer=None), credential=CREDENTIAL, settings=elsewhere) as of:
        *_, found = check_discovery(of)

    assert ("fail", "audience") == (found.result, found.what)
    assert "the service's audit has the reason" in found.advice


@pytest.mark.parametrize(
    ("content", "status", "why"),
    [
        ({"services": []}, 200, "the list of services is empty"),
        ({}, 200, "no list of services (status 200)"),
        ([], 200, "no list of services (status 200)"),
        ({"services": [1]}, 206, "no list of services (status 206)"),
    ],
)
def test_a_discovery_that_lists_nothing_is_said(tmp_path: Path, content: object, status: int, why: str) -> None:
    """With the status."""
    service = Service(tmp_path, status=status)
    service.content = content
    with subject(service, credential=CREDENTIAL) as of:
        found = {line.what: line for line in check_discovery(of)}

    assert ("fail", why) == (found["discovery"].result, found["discovery"].why)


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        (told(200, SERVICES), [("closed to strangers", "fail"), ("discovery", "skip"), ("audience", "skip")]),
        (told(502, b""), [("closed to strangers", "fail"), ("discovery", "skip"), ("audience", "skip")]),
        (told(401, b""), [("closed to strangers", "pass"), ("discovery", "skip"), ("audience", "skip")]),
        (down, [("discovery", "fail")]),
    ],
)
def test_without_a_key_the_door_is_tried_only(answer: Answer, lines: list[tuple[str, str]]) -> None:
    """What could not be tried is said."""
    with subject(answer) as of:
        assert lines == short(check_discovery(of))


def test_a_service_that_takes_a_token_twice_is_said() -> None:
    """Its list of used tokens does not work."""
    with subject(told(200, SERVICES), credential=CREDENTIAL) as of:
        *_, replay = check_discovery(of)

    assert ("fail", "the same token is accepted again") == (replay.result, replay.why)


@pytest.mark.parametrize(
    ("status", "advice"), [(504, "the proxy has no answer"), (502, "the proxy has no answer"), (503, "see the log")]
)
def test_an_answer_that_is_no_success_proves_no_audience(tmp_path: Path, status: int, advice: str) -> None:
    """A gateway's 504 is neither an accepted token nor a list of services; the line says who to ask."""
    with subject(Service(tmp_path, status=status), credential=CREDENTIAL) as of:
        found = list(check_discovery(of))

    assert [("closed to strangers", "pass"), ("audience", "fail")] == short(iter(found))
    assert (f"a call with a token is answered {status}", True) == (found[-1].why, found[-1].advice.startswith(advice))


def test_a_second_answer_that_is_no_refusal_proves_no_single_use(tmp_path: Path) -> None:
    """The service went away between the two."""
    service, calls = Service(tmp_path), iter((401, 200, 504))

    def answer(request: httpx.Request) -> httpx.Response:
        status = next(calls)
        return service(request) if status == 200 else httpx.Response(status)

    with subject(answer, credential=CREDENTIAL) as of:
        *_, replay = check_discovery(of)

    assert ("fail", "no proof: the second answer is 504, not 401") == (replay.result, replay.why)


OTHER = "http://10.0.0.2:8000"


class Shared:
    """A list of used tokens that several nodes share."""

    is_telling = True

    def __init__(self) -> None:
        self.keys: set[str] = set()

    async def use_once(self, key: str, expires: datetime) -> bool:
        is_first = key not in self.keys
        self.keys.add(key)
        return is_first


def nodes(first: Answer, second: Answer) -> Answer:
    """Two nodes, told apart by their address."""
    return lambda request: (first if str(request.url).startswith(URL) else second)(request)


def one_line(answer: Answer, **changes: Any) -> Line:
    """What is said about the second node."""
    with subject(answer, **{"credential": CREDENTIAL} | changes) as of:
        (line,) = check_nodes(of, [OTHER])
    return line


def test_nodes_with_one_database_refuse_each_others_tokens(tmp_path: Path) -> None:
    """The token that the first node accepted is refused at the second."""
    shared = Shared()
    first, second = (Service(tmp_path, used=shared) for _ in range(2))
    found = one_line(nodes(first, second))

    assert f"pass  single use at {OTHER}: a token used at {URL} is refused there" == str(found)


def test_nodes_with_a_database_each_are_told(tmp_path: Path) -> None:
    """Each accepts the same token: the line says what they must share."""
    found = one_line(nodes(Service(tmp_path), Service(tmp_path)))

    assert ("fail", f"a token used at {URL} is accepted there again") == (found.result, found.why)
    assert "PostgreSQL TWITCH_CDS_DATABASE_URL" in found.advice


def test_nodes_are_called_with_the_audience_that_the_first_one_takes(tmp_path: Path) -> None:
    """The first address given may be that of a node as well: then the settings' public address counts."""
    shared, public = Shared(), "https://public.example.org"
    first, second = (Service(tmp_path, trusts=public, used=shared) for _ in range(2))
    found = one_line(nodes(first, second), settings=load({"TWITCH_CDS_PUBLIC_URL": public}))

    assert "pass" == found.result


def test_a_node_that_accepts_no_token_proves_nothing(tmp_path: Path) -> None:
    """A refusal for another reason is not single use; neither is a node that is away."""
    stranger = Service(tmp_path, trusts="https://other.example.org")
    refusing, away = (one_line(nodes(Service(tmp_path), second)) for second in (stranger, down))
    none = one_line(nodes(stranger, Service(tmp_path)))

    audience = f"a fresh token for {URL}/cds-services is not accepted there"
    assert [f"{audience} (401)", f"{audience} (no answer: ConnectError refused)", f"{URL} accepts no token"] == [
        line.why for line in (refusing, away, none)
    ]
    assert {"fail"} == {line.result for line in (refusing, away, none)}


def test_a_first_node_that_falters_proves_nothing(tmp_path: Path) -> None:
    """The token was not used there, so its fate at the second says nothing."""
    service, calls = Service(tmp_path), iter((200, 504))

    def first(request: httpx.Request) -> httpx.Response:
        return service(request) if next(calls) == 200 else httpx.Response(504)

    found = one_line(nodes(first, Service(tmp_path)))

    assert ("fail", f"no proof: {URL} says 504, {OTHER} says 200") == (found.result, found.why)


def test_without_a_key_nodes_are_skipped_and_without_nodes_nothing_is_said() -> None:
    """The line says how to have it tried."""
    with subject(down, credential=None) as of:
        assert [(f"single use at {OTHER}", "skip")] == short(check_nodes(of, [OTHER]))
        assert [] == list(check_nodes(of, []))


ORIGIN = "https://ehr.example.org"
ALLOW = {"access_control_allow_origin": ORIGIN, "access_control_allow_headers": "Authorization, Content-Type"}


@pytest.mark.parametrize(
    ("answer", "result", "why"),
    [
        (told(204, b"", **ALLOW), "pass", f"{ORIGIN} may call"),
        (told(204, b"", **ALLOW | {"access_control_allow_origin": "*"}), "pass", f"{ORIGIN} may call"),
        (told(401, b"", **ALLOW), "fail", "status 401"),
        (told(204, b""), "fail", f"{ORIGIN} is not allowed"),
        (
            told(204, b"", **ALLOW | {"access_control_allow_headers": "*"}),
            "fail",
            "Authorization and Content-Type are not allowed",
        ),
        (down, "fail", "no answer: ConnectError refused"),
    ],
)
def test_the_preflight_of_a_browser(answer: Answer, result: str, why: str) -> None:
    """Asked as a browser asks."""
    with subject(answer, origin=ORIGIN) as of:
        (found,) = check_preflight(of)

    assert (result, why) == (found.result, found.why)


def test_without_an_origin_there_is_no_preflight() -> None:
    """Not every client is a browser."""
    with subject(down) as of:
        assert [("preflight", "skip")] == short(check_preflight(of))


def test_the_public_address_of_the_settings_is_the_one_that_is_checked() -> None:
    """The usual case."""
    with subject(down) as of:
        assert [("public address", "pass")] == short(check_address(of))


class Quiet(BaseHTTPRequestHandler):
    """Answers as the service would."""

    def do_GET(self) -> None:
        body = json.dumps(READY).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """A test's output stays its own."""


class Server(ThreadingHTTPServer):
    """A server over TLS whose clients may hang up."""

    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


@contextmanager
def over_tls(authority: trustme.CA, **options: Any) -> Iterator[str]:
    """A real server with a certificate of this authority."""
    with Server(("127.0.0.1", 0), Quiet) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", **options).configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def certificate(url: str, *trusted: trustme.CA, now: datetime | None = None) -> Line:
    """The line about a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for authority in trusted:
        authority.configure_trust(context)
    moment = now or datetime.now(UTC)
    with subject(down, url=url, context=context, now=lambda: moment) as of:
        (line,) = check_certificate(of)
    return line


def test_a_certificate_is_judged_by_chain_and_days() -> None:
    """Trusted with days to go, too few days, a foreign authority."""
    authority, end = trustme.CA(), datetime.now(UTC) + timedelta(days=100)
    with over_tls(authority, not_after=end) as url:
        good = certificate(url, authority)
        late = certificate(url, authority, now=end - timedelta(days=13.9))
        foreign = certificate(url, trustme.CA())

    assert ("pass", "trusted, 100 days left, TLSv1.3") == (good.result, good.why)
    assert ("fail", "trusted, 14 days left, TLSv1.3", "renew it now") == (late.result, late.why, late.advice)
    assert ("fail", True) == (foreign.result, foreign.why.startswith("it is not trusted: "))


@pytest.mark.parametrize(
    ("url", "result", "why"),
    [
        ("http://127.0.0.1:8000", "skip", "plain http on this machine"),
        ("http://cds.example.org", "fail", "the address is plain http"),
        ("https://127.0.0.1:1", "fail", "no TLS connection: ConnectionRefusedError"),
    ],
)
def test_an_address_without_a_certificate(url: str, result: str, why: str) -> None:
    """Right on this machine only."""
    found = certificate(url)

    assert result == found.result
    assert found.why.startswith(why)


CLIENT = f'[[client]]\nname = "t"\nissuer = "{ISSUER}"\njwks_url = "https://tester.example.org/jwks.json"\n'


@pytest.mark.parametrize(
    ("text", "keys", "lines"),
    [
        (None, b"", [("clients", "skip")]),
        ("[client", b"", [("clients", "fail")]),
        (CLIENT, b'{"keys":[]}', [("clients", "pass"), ("keys of t", "fail")]),
        (CLIENT, b"<html>", [("clients", "pass"), ("keys of t", "fail")]),
        (CLIENT, None, [("clients", "pass"), ("keys of t", "fail")]),
        (CLIENT, json.dumps({"keys": [SIGNER.public()]}).encode(), [("clients", "pass"), ("keys of t", "pass")]),
    ],
)
def test_clients_and_their_keys(
    tmp_path: Path, text: str | None, keys: bytes | None, lines: list[tuple[str, str]]
) -> None:
    """The file of the settings, and the key set of each client."""

    async def get(url: str) -> bytes:
        if keys is None:
            raise FetchFailed("down")
        return keys

    given = {}
    if text is not None:
        (tmp_path / "clients.toml").write_text(text, "utf-8")
        given = {"TWITCH_CDS_CLIENTS": str(tmp_path / "clients.toml")}
    with subject(down, settings=load(given)) as of:
        assert lines == short(check_clients(of, get))


@pytest.mark.parametrize(
    ("answer", "result", "why"),
    [
        (told(200, {"fhirVersion": "4.0.1"}), "pass", "speaks FHIR 4.0.1"),
        (told(200, {"fhirVersion": "3.0.2"}), "fail", "speaks FHIR 3.0.2"),
        (told(200, {"fhirVersion": 4}), "fail", "is not a CapabilityStatement (status 200)"),
        (told(200, []), "fail", "is not a CapabilityStatement (status 200)"),
        (told(200, b"<html>"), "fail", "JSONDecodeError"),
        (told(401, b""), "fail", "is not a CapabilityStatement (status 401)"),
        (down, "fail", "ConnectError refused"),
    ],
)
def test_fhir_servers(answer: Answer, result: str, why: str) -> None:
    """Each must answer with its capabilities in R4."""
    given = load({"TWITCH_CDS_FHIR_SERVERS": "https://fhir.example.org/r4"})
    with subject(answer, settings=given) as of:
        (found,) = check_fhir_servers(of)

    assert result == found.result
    assert why in found.why


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"TIME_ZONE": "America/Chicago"}, ("pass", "days are counted in America/Chicago")),
        ({"DEMO": "true"}, ("pass", "days are counted in UTC")),
        ({}, ("skip", "TWITCH_CDS_TIME_ZONE is not set here")),
        ({"CLIENTS": "clients.toml"}, ("fail", "TWITCH_CDS_TIME_ZONE is not set: days are counted in UTC")),
    ],
)
def test_the_time_zone_of_the_site(given: dict[str, str], expected: tuple[str, str]) -> None:
    """A service with clients has to be told; elsewhere nothing can be said."""
    with subject(down, settings=load({f"TWITCH_CDS_{name}": value for name, value in given.items()})) as of:
        line = check_time_zone(of)

    assert ("time zone", *expected) == (line.what, line.result, line.why)


def test_without_fhir_servers_nothing_is_asked() -> None:
    """Which is right for many."""
    with subject(down) as of:
        assert [("FHIR server", "skip")] == short(check_fhir_servers(of))


def run(*arguments: object) -> int:
    """Run the command."""
    return command.run(command.Options(**options("selfcheck", *arguments)))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a key, and no setting of the machine."""
    monkeypatch.setattr(os, "environ", {n: v for n, v in os.environ.items() if not n.startswith("TWITCH_CDS")})
    write_key(SIGNER.key, tmp_path / "key.pem")
    return tmp_path


def test_the_command_checks_a_real_server(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Over TLS with an own authority: lines, then the same as JSON; something failed, so the status is 1."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(files / "ca.pem")
    (files / "clients.toml").write_text(CLIENT.replace("tester.example.org/jwks", "127.0.0.1:1/jwks"), "utf-8")
    os.environ["TWITCH_CDS_CLIENTS"] = str(files / "clients.toml")
    with over_tls(authority) as url:
        options = [f"{url}/cds-services", "--ca", files / "ca.pem", "--key", files / "key.pem", "--issuer", ISSUER]
        status = run(*options)
        lines = capsys.readouterr().out.splitlines()
        again = run(*options, "--json")

    assert (1, 1) == (status, again)
    assert "pass  service: it is ready" == lines[0]
    assert "fail  keys of t: https://127.0.0.1:1/jwks.json: no connection: ConnectError" in "\n".join(lines)
    found = json.loads(capsys.readouterr().out)
    assert {"result": "pass", "what": "knowledge version", "why": "2026.11", "advice": ""} == found[1]
    assert len(lines) == len(found)


def test_fhir_servers_are_reached_as_the_service_reaches_them(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the proxy that leads to key sets: what passes here is not stopped by a firewall later."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(files / "ca.pem")
    with over_tls(authority) as url:
        os.environ.update({"TWITCH_CDS_FHIR_SERVERS": url, "HTTPS_PROXY": "http://127.0.0.1:1"})
        run(url, "--ca", files / "ca.pem")

    lines = capsys.readouterr().out.splitlines()
    assert "fail  service: no answer" in lines[0]
    assert f"FHIR server: {url}/metadata is not a CapabilityStatement" in lines[-1]


def test_the_status_is_0_when_nothing_failed(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was skipped does not count."""
    monkeypatch.setattr(command, "lines", lambda _: iter([Line("pass", "a", "b"), Line("skip", "c", "d")]))

    assert 0 == run("http://127.0.0.1:1")
    assert "pass  a: b\nskip  c: d\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ftp://x"], "is not an absolute address"),
        ([URL, "node2"], "node2: is not an absolute address"),
        ([URL, "--issuer", ISSUER], "--key and --issuer go together"),
        ([URL, "--ca", "missing.pem"], "contains no readable certificates"),
    ],
)
def test_unusable_options_are_said(files: Path, arguments: list[str], words: str) -> None:
    """Before anything is asked."""
    with pytest.raises(UsageError, match=words):
        run(*arguments)

    assert isinstance(SIGNER.key, ECKey)
