"""The same outside demo mode: tokens are required, and neither right nor refused ones are anywhere afterwards."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from canaries import FEEDBACK, PATIENT_VIEW, Canaries, Sent, everything, feedback, headers, request, wire
from prometheus_client.parser import text_string_to_metric_families
from service.process import Answer, Running, running
from token_canaries import CLIENTS, ISSUER, PUBLIC, Mint, Refused

from cds.trust.mint import publish

SECRETS = {"hash_key": "zqHashKeyCanary7x" * 3, "governance_token": "zqGovernanceCanary7x" * 2}
GOVERNANCE = "/governance"
LONGEST_REASON = 2_500


@dataclass(frozen=True)
class Visit:
    """Everything was sent to one service that requires tokens; what it answered, and what it left behind."""

    word: Canaries
    served: dict[str, tuple[Sent, Answer]]
    refused: dict[str, tuple[Refused, int, bytes]]
    left: dict[str, bytes]
    process: bytes

    @cached_property
    def audit(self) -> list[dict[str, Any]]:
        """The lines of the audit."""
        return [json.loads(line) for line in self.left["data/audit.jsonl"].splitlines()]

    def found(self, but: str = "") -> dict[str, list[str]]:
        """The places whose words were left behind, by where they were found."""
        return {name: self.word.found_in(text) for name, text in self.left.items() if name != but}


@contextmanager
def strict(folder: Path, mint: Mint, **more: str) -> Iterator[Running]:
    """A service outside demo mode that logs all it can; its secrets come as files."""
    publish(mint.signer, folder / "keys.json")
    (folder / "clients.toml").write_text(CLIENTS, "utf-8")
    for name, secret in SECRETS.items():
        (folder / name).write_text(secret, "utf-8")
    files = {f"{name}_file": str(folder / name) for name in SECRETS}
    given = {"demo": "false", "clients": str(folder / "clients.toml"), "public_url": PUBLIC, "log_level": "debug"}
    with running(folder, **files, **given, **more) as service:
        yield service


def left_in(folder: Path, **more: bytes) -> dict[str, bytes]:
    """All that a service has written; what it was given is not its own."""
    own = {*SECRETS, "keys.json", "clients.toml"}
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name not in own]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths} | more


def seen_of(service: Running) -> bytes:
    """What `ps` and the environment show of a process."""
    place = Path(f"/proc/{service.process.pid}")
    return b"".join((place / name).read_bytes() for name in ("cmdline", "environ")) if place.is_dir() else b""


def serve(service: Running, mint: Mint, sent: Sent) -> Answer:
    """Send what demo mode answers too, with a right token."""
    token = mint.right(sent.name, sent.path.partition("?")[0])
    given = {name: value for name, value in sent.headers.items() if name != "Authorization"}
    return service.fetch(sent.method, sent.path, sent.body, {**given, "Authorization": token})


def refuse(service: Running, sent: Refused, word: Canaries) -> tuple[Refused, int, bytes]:
    """Send it, by bytes because a header may be there twice; the status and the whole answer."""
    body = wire(request(word))
    given = {name: value for name, value in headers(word).items() if name != "Authorization"}
    lines = [f"POST {PATIENT_VIEW}?patient={word('refused query')} HTTP/1.1", "Host: cds.example.org"]
    lines += [f"{name}: {value}" for name, value in {**given, "Content-Length": str(len(body))}.items()]
    lines += [f"Authorization: {value}" for value in sent.authorization]
    answer = service.raw("\r\n".join((*lines, "", "")).encode() + body)
    return sent, int(answer.split()[1]), answer


def others(word: Canaries) -> Iterator[Sent]:
    """Paths without a client's token, and one of a service that does not exist."""
    head = headers(word)
    query = f"?since={word('since')}&service={word('filter')}"
    for name, path, status in (
        ("governance", GOVERNANCE, 401),
        ("governance sheet", GOVERNANCE + ".csv", 401),
        ("ready", "/health/ready", 200),
        ("live", "/health/live", 200),
        ("numbers", "/metrics", 200),
        ("no demo", f"/demo/fhir/Patient/{word('no demo')}", 404),
        ("evidence", f"/evidence/{word('page')}", 404),
    ):
        yield Sent(name, status, b"", path + query, head, "GET")
    known = head | {"Authorization": f"Bearer {SECRETS['governance_token']}"}
    yield Sent("governance known", 200, b"", GOVERNANCE + query, known, "GET")


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """One process; a token of its own for each request."""
    folder, word = tmp_path_factory.mktemp("required"), Canaries()
    mint = Mint(word)
    shared = [sent for sent in everything(word) if not sent.path.startswith("/demo")]
    with strict(folder, mint, max_body_bytes="1000000", max_entries="2000") as service:
        served = {sent.name: (sent, serve(service, mint, sent)) for sent in shared}
        for sent in others(word):
            served[sent.name] = sent, service.fetch(sent.method, sent.path, None, sent.headers)
        refused = {sent.name: refuse(service, sent, word) for sent in mint.refused(PATIENT_VIEW)}
        again = Refused("again", "replay", (mint.right("again", PATIENT_VIEW),), ("again jti",))
        refuse(service, again, word)
        refused["again"] = refuse(service, again, word)
        elsewhere = f"/cds-services/{word('foreign path')}/{word('deeper path')}"
        service.fetch("GET", elsewhere, None, {"Authorization": mint.right("elsewhere", "/cds-services")})
        numbers, ready = (service.fetch("GET", path).body for path in ("/metrics", "/health/ready"))
        process = seen_of(service)
    return Visit(word, served, refused, left_in(folder, metrics=numbers, ready=ready), process)


def test_every_request_got_the_answer_that_it_was_made_for(visit: Visit) -> None:
    """Else the search below would prove nothing."""
    assert {name: sent.status for name, (sent, _) in visit.served.items()} == {
        name: answer.status for name, (_, answer) in visit.served.items()
    }
    assert {401} == {status for _, status, _ in visit.refused.values()}
    assert len(visit.refused) >= 28 <= len(visit.served)
    assert len(visit.word.words) > 600


def test_each_token_was_refused_for_its_own_defect(visit: Visit) -> None:
    """As the metrics count them, whose sum has nothing else."""
    kinds = [sent.kind for sent, _, _ in visit.refused.values()] + ["audience"]
    counted = Counter[str]()
    for family in text_string_to_metric_families(visit.left["metrics"].decode()):
        for one in family.samples:
            if one.name == "twitch_cds_refusals_total":
                counted[one.labels["reason"]] += int(one.value)

    assert {kind: kinds.count(kind) for kind in kinds} == {kind: counted[kind] for kind in kinds}


def test_all_refused_are_answered_alike(visit: Visit) -> None:
    """Byte for byte, but for the date and the id of the request; nothing of what was sent comes back."""
    answers = {without_date_and_id(answer) for _, _, answer in visit.refused.values()}

    assert 1 == len(answers)
    assert [] == visit.word.found_in(answers.pop())


def without_date_and_id(answer: bytes) -> bytes:
    """The lines of an answer that are the same each time."""
    changing = (b"date:", b"x-request-id:")
    return b"\r\n".join(line for line in answer.split(b"\r\n") if not line.lower().startswith(changing))


def test_no_error_repeats_what_was_sent(visit: Visit) -> None:
    """Nor does a page: only cards quote the chart."""
    told = {
        name: visit.word.found_in(answer.body + repr(answer.headers).encode())
        for name, (sent, answer) in visit.served.items()
        if not sent.quotes
    }

    assert {} == {name: places for name, places in told.items() if places}


def test_nothing_is_left_behind_but_what_the_audit_quotes_of_refused_tokens(visit: Visit) -> None:
    """Logs at their most talkative, every byte of the database, the metrics, and what says whether all is well."""
    assert {} == {name: places for name, places in visit.found(but="data/audit.jsonl").items() if places}
    assert {"stderr", "metrics", "ready", "data/twitch-cds.db"} <= visit.left.keys()


def test_the_audit_quotes_what_an_operator_needs_and_no_more(visit: Visit) -> None:
    """Of each defect the member that has it (docs/trust.md); of right tokens, of all headers and of paths nothing."""
    allowed = {place for sent, _, _ in visit.refused.values() for place in sent.quotes}

    assert allowed == set(visit.found()["data/audit.jsonl"])
    assert all(len(line.get("reason", "")) <= LONGEST_REASON for line in visit.audit)


def test_an_address_that_is_none_of_ours_is_not_repeated(visit: Visit) -> None:
    """It can be a patient's id; that of a service is told whole."""
    reasons = " ".join(str(line.get("reason", "")) for line in visit.audit)

    assert f'Expected "{PUBLIC}/cds-services/(unknown)/(unknown)". Received "{PUBLIC}/cds-services".' in reasons
    assert f'Expected "{PUBLIC}{PATIENT_VIEW}". Received' in reasons


def test_calls_and_feedback_did_reach_database_and_audit(visit: Visit) -> None:
    """They are found by what may be kept: ids of cards, the client's name."""
    card = visit.served["cards"][1].json["cards"][0]["uuid"].encode()
    kinds = [line["kind"] for line in visit.audit if line.get("client") == "ehr"]

    assert any(card in content for name, content in visit.left.items() if "twitch-cds.db" in name)
    assert card in visit.left["data/audit.jsonl"]
    assert kinds.count("call") > 15 < len(visit.audit) - kinds.count("call")
    assert {"call", "feedback", "refused"} <= set(kinds)


def test_secrets_that_come_as_files_are_in_no_environment(visit: Visit) -> None:
    """Nor in the list of processes, nor in anything that was written or answered."""
    told = b"".join(answer.body for _, answer in visit.served.values())

    assert b"TWITCH_CDS_HASH_KEY_FILE" in visit.process or not visit.process
    for secret in SECRETS.values():
        assert secret.encode() not in visit.process + told + b"".join(visit.left.values())


class Talker(ThreadingHTTPServer):
    """A FHIR server that is asked with the token of the call, and says it again wherever it can."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Repeating)
        self.tokens: list[str] = []

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}/fhir"


class Repeating(BaseHTTPRequestHandler):
    """Refuses, redirects or answers with garbage, in turn; always with the token and the address in it."""

    server: Talker

    def do_GET(self) -> None:
        token = self.headers["Authorization"]
        self.server.tokens.append(token)
        said = f"{token} {self.path}"
        self.send_response((500, 302, 200)[len(self.server.tokens) % 3], said)
        body = json.dumps({"resourceType": "OperationOutcome", "issue": [{"diagnostics": said}]}).encode()
        for name, value in {"Location": said, "Set-Cookie": said, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """A test's output stays its own."""


@contextmanager
def talker() -> Iterator[Talker]:
    """A running one."""
    with Talker() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def test_nothing_is_left_when_store_and_fhir_server_fail(tmp_path: Path) -> None:
    """The failures are logged by their kind: no address of the database, no token, no word of the other server."""
    word = Canaries()
    mint = Mint(word)
    address = f"postgresql://{word('role')}:{word('password')}@127.0.0.1:{closed_port()}/{word('database')}"
    (tmp_path / "address").write_text(address, "utf-8")
    with (
        talker() as server,
        strict(
            tmp_path, mint, database_url_file=str(tmp_path / "address"), fhir_servers=server.base, deadline_ms="5000"
        ) as service,
    ):
        asked = [Sent("call", 412, wire(fetching(word, server))), Sent("kept", 503, feedback(word), FEEDBACK)]
        answers = [(sent, serve(service, mint, with_type(sent))) for sent in asked]
        process = seen_of(service)
        ready = service.fetch("GET", "/health/ready").json
    (tmp_path / "address").unlink()
    left = left_in(tmp_path)
    told = b"".join(answer.body + repr(answer.headers).encode() for _, answer in answers)

    assert [sent.status for sent in asked] == [answer.status for _, answer in answers]
    assert {f"Bearer {word('access token')}"} == set(server.tokens)
    assert "down" == ready["store"]
    assert {} == {name: places for name, text in left.items() if (places := word.found_in(text))}
    assert [] == word.found_in(told + process)
    assert b"the store" in left["stderr"]


def with_type(sent: Sent) -> Sent:
    """The same as JSON."""
    return Sent(sent.name, sent.status, sent.body, sent.path, {"Content-Type": "application/json"})


def fetching(word: Canaries, server: Talker) -> Mapping[str, Any]:
    """A call without a chart, that leaves fetching to us."""
    given = request(word)["fhirAuthorization"] | {"scope": "patient/*.read"}
    return request(word, prefetch=None, fhirServer=server.base, fhirAuthorization=given)


def test_the_client_of_a_right_token_is_all_that_is_kept_of_it(tmp_path: Path) -> None:
    """And its tenant, if it is on the client's list or there is no list."""
    word = Canaries()
    mint = Mint(word)
    with strict(tmp_path, mint) as service:
        token = mint.right("call", PATIENT_VIEW, tenant=word("tenant"))
        answer = service.call(wire(request(word)), {"Authorization": token, "Content-Type": "application/json"})
    left = left_in(tmp_path)
    keepers = {name for name, text in left.items() if word.found_in(text)}

    assert 200 == answer.status
    assert {"tenant"} == {place for text in left.values() for place in word.found_in(text)}
    assert "data/audit.jsonl" in keepers <= {"data/audit.jsonl", "data/twitch-cds.db", "data/twitch-cds.db-wal"}
    assert ISSUER.encode() not in b"".join(left.values())
