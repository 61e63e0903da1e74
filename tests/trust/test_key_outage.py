"""Real restarts while the key server of the only client is away."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

from service.process import Running, running
from service.waiting import wait_until_ready
from trust_fakes import jwks, reply

from cds.trust.mint import Signer, TokenRequest, new_key, signer_of

ISSUER, PUBLIC, DISCOVERY = "https://tester.example.org", "https://cds.example.org", "/cds-services"
SIGNER = signer_of(new_key("ES384"))


class Keys(BaseHTTPRequestHandler):
    """Publishes the key of the client."""

    def do_GET(self) -> None:
        reply(self, 200, jwks(SIGNER))

    def log_message(self, *args: Any) -> None:
        """A test's output stays its own."""


@contextmanager
def key_server(port: int = 0) -> Iterator[int]:
    """A key server that is there; its port."""
    with ThreadingHTTPServer(("127.0.0.1", port), Keys) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def started(folder: Path, port: int) -> Iterator[Running]:
    """The service with that client."""
    folder.mkdir(exist_ok=True)
    clients = folder / "clients.toml"
    clients.write_text(
        f'[[client]]\nname = "t"\nissuer = "{ISSUER}"\njwks_url = "http://127.0.0.1:{port}/jwks.json"\n', "utf-8"
    )
    with running(folder, demo="", clients=str(clients), public_url=PUBLIC, time_zone="UTC") as service:
        yield service


def outcome(service: Running, signer: Signer = SIGNER) -> tuple[int, int]:
    """The status of readiness, and of a call with a right token."""
    token = signer.token(TokenRequest(audience=PUBLIC + DISCOVERY, issuer=ISSUER), datetime.now(UTC), str(uuid4()))
    ready = service.fetch("GET", "/health/ready").status
    return ready, service.fetch("GET", DISCOVERY, headers={"Authorization": f"Bearer {token}"}).status


def test_a_restart_while_the_key_server_is_away_changes_nothing(tmp_path: Path) -> None:
    """The last good keys are used, and their age is told; without them nobody is known, and readiness says so."""
    folder = tmp_path / "service"
    with key_server() as port, started(folder, port) as service:
        wait_until_ready(service)  # a machine may be too slow for the first fetch
        first = outcome(service)
    with started(folder, port) as service:
        again = outcome(service)
        told = service.fetch("GET", "/health/ready").json
    shutil.rmtree(folder / "data" / "keys")
    with started(folder, port) as service:
        without = outcome(service)
        why = service.fetch("GET", "/health/ready").json["issue"][0]["details"]["text"]
        with key_server(port):
            wait_until_ready(service)
            back = outcome(service)

    assert [(200, 200), (200, 200), (503, 401), (200, 200)] == [first, again, without, back]
    assert (1, 0, "down") == (told["keys"]["clients"], told["keys"]["withoutKeys"], told["trust"])
    assert told["keys"]["oldestSeconds"] >= 0
    assert "the keys of no client can be had" in why
