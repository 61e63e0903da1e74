"""Replay against `twitch-cds serve --workers 2`: real processes, real connections, one database between them."""

import http.client
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from service.process import STARVED

from cds.trust.mint import Signer, TokenRequest, new_key, publish, signer_of

ISSUER = "https://tester.example.org"
PUBLIC = "https://cds.example.org"
DISCOVERY = "/cds-services"
SERVICE = "/cds-services/muscle-twitch-patient-view"
REQUEST = Path(__file__).parents[2] / "fhir_fixtures/requests/patient-view.json"
USES, TOKENS = 8, 12


class Running:
    """A service of two workers with one registered client; each request is a connection of its own."""

    def __init__(self, address: str, folder: Path, signer: Signer) -> None:
        self.place = urlsplit(address).netloc
        self.folder = folder
        self.signer = signer

    def token(self, path: str, name: str) -> str:
        """A right token for a path."""
        order = TokenRequest(audience=PUBLIC + path, issuer=ISSUER)
        return self.signer.token(order, datetime.now(UTC), name)

    def status(self, method: str, path: str, token: str, body: bytes | None = None) -> int:
        """The status of one request."""
        connection = http.client.HTTPConnection(self.place, timeout=600)
        try:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Connection": "close"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """The lines of one kind in the audit."""
        lines = [json.loads(line) for path in self.folder.glob("*.jsonl") for line in path.read_text().splitlines()]
        return [line for line in lines if line.get("kind") == kind]


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Two worker processes around one folder of data."""
    signer = signer_of(new_key("ES384"))
    publish(signer, folder / "tester.json")
    clients = folder / "clients.toml"
    clients.write_text(f'[[client]]\nname = "tester"\nissuer = "{ISSUER}"\njwks_file = "tester.json"\n', "utf-8")
    clean = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
    more = {
        "CLIENTS": str(clients),
        "DATA_DIR": str(folder),
        "PUBLIC_URL": PUBLIC,
        "STORE_TIMEOUT_MS": "10000",
        "DRAIN_SECONDS": "0",
        "WORKER_TIMEOUT_SECONDS": STARVED,
    }
    command = [sys.executable, "-W", "error", "-m", "cds", "serve", "--port", "0", "--workers", "2"]
    with (folder / "log").open("w", encoding="utf-8") as log:
        environment = clean | {f"TWITCH_CDS_{name}": value for name, value in more.items()}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment) as process:
            try:
                assert process.stdout
                yield Running(process.stdout.readline().split()[3], folder, signer)
            finally:
                process.terminate()
                process.wait(600)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for the whole file."""
    with running(tmp_path_factory.mktemp("replay")) as ready:
        yield ready


def test_a_token_works_once_whichever_worker_gets_it(tmp_path: Path) -> None:
    """Twelve tokens, each sent eight times at once: each is accepted once, and the audit says why not again.

    The first refusals of each worker are told in words, the others in number when the workers end: none is lost.
    """
    with running(tmp_path) as service, ThreadPoolExecutor(USES) as pool:
        tokens = [service.token(DISCOVERY, f"raced-{number}") for number in range(TOKENS)]
        found = [
            Counter(pool.map(lambda _, text=text: service.status("GET", DISCOVERY, text), range(USES)))
            for text in tokens
        ]
    told, sums = service.lines("refused"), service.lines("refusals")

    assert [{200: 1, 401: USES - 1}] * TOKENS == found
    assert all("was used before" in line["reason"] for line in told)
    assert 10 >= len(told)
    assert {("replay", "tester")} == {(line["check"], line["client"]) for line in (*told, *sums)}
    assert TOKENS * (USES - 1) == len(told) + sum(line["count"] for line in sums)


def test_a_hook_call_is_not_repeated_either(service: Running) -> None:
    """The first is answered with cards, all later ones are 401; a fresh token works again."""
    body = REQUEST.read_bytes()
    token = service.token(SERVICE, "call")

    found = [service.status("POST", SERVICE, token, body) for _ in range(6)]
    found.append(service.status("POST", SERVICE, service.token(SERVICE, "fresh"), body))

    assert [200, 401, 401, 401, 401, 401, 200] == found


def test_a_token_is_for_one_address(service: Running) -> None:
    """One for discovery does not call a service; the audit has both addresses."""
    status = service.status("POST", SERVICE, service.token(DISCOVERY, "elsewhere"), b"{}")

    assert 401 == status
    assert f'Expected "{PUBLIC}{SERVICE}". Received "{PUBLIC}{DISCOVERY}".' in service.lines("refused")[-1]["reason"]
