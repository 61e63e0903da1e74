"""Single use across real processes that share a PostgreSQL database: warm connections, and what closed mode does."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from cut_wire import Wire
from service.process import Running, running
from service.waiting import wait_until_ready
from sqlalchemy import make_url

from cds.trust.mint import Signer, TokenRequest, new_key, publish, signer_of

ISSUER, PUBLIC, DISCOVERY = "https://tester.example.org", "https://cds.example.org", "/cds-services"
WORKERS, USES, TOKENS = 4, 16, 6
PATIENCE_MS = "10000"


@pytest.fixture
def wire(postgres_url: str) -> Iterator[tuple[Wire, str]]:
    """A wire to a new database, and the address of its near end."""
    url = make_url(postgres_url)
    with Wire(url.host or "127.0.0.1", url.port or 5432) as made:
        yield made, url.set(port=made.port).render_as_string(hide_password=False)


class Nodes:
    """One or several services with the same client and the same database."""

    def __init__(self, folder: Path, database_url: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._database_url = database_url
        self._signer: Signer = signer_of(new_key("ES384"))
        publish(self._signer, folder / "tester.json")
        (folder / "clients.toml").write_text(
            f'[[client]]\nname = "tester"\nissuer = "{ISSUER}"\njwks_file = "tester.json"\n', "utf-8"
        )

    @contextmanager
    def node(self, name: str, workers: int = 1, **more: str) -> Iterator[Running]:
        """A service that answers with as many workers."""
        settings = {
            "demo": "",
            "clients": str(self._folder / "clients.toml"),
            "public_url": PUBLIC,
            "database_url": self._database_url,
            "store_timeout_ms": PATIENCE_MS,
            "hash_key": "ab" * 32,
            "time_zone": "UTC",
        }
        with running(self._folder / name, "--workers", str(workers), **settings | more) as service:
            yield service

    def token(self) -> str:
        """A token that was never used."""
        return self._signer.token(
            TokenRequest(audience=PUBLIC + DISCOVERY, issuer=ISSUER), datetime.now(UTC), str(uuid4())
        )


def status(service: Running, token: str) -> int:
    """The answer to discovery, over a connection of its own."""
    return service.fetch("GET", DISCOVERY, headers={"Authorization": f"Bearer {token}", "Connection": "close"}).status


def raced(nodes: Nodes, services: list[Running]) -> list[Counter[int]]:
    """Fresh tokens, each sent to all services many times at once."""
    with ThreadPoolExecutor(USES) as pool:
        sent = [services[number % len(services)] for number in range(USES)]
        tokens = [nodes.token() for _ in range(TOKENS)]
        return [Counter(pool.map(lambda one, text=token: status(one, text), sent)) for token in tokens]


def test_a_token_works_once_although_no_new_connection_can_be_opened(wire: tuple[Wire, str], tmp_path: Path) -> None:
    """Connections are open before a service is ready: its first check of a token does not wait for one.

    Four nodes of one process each; from their readiness on nobody gets another connection to the database.
    """
    through, url = wire
    nodes = Nodes(tmp_path, url)
    with nodes.node("a") as a, nodes.node("b") as b, nodes.node("c") as c, nodes.node("d") as d:
        services = [a, b, c, d]
        ready = [service.fetch("GET", "/health/ready").status for service in services]
        through.takes_new = False
        found = raced(nodes, services)
        unchecked = [service.metric('twitch_cds_store_events_total{event="tokens_unchecked"}') for service in services]

    assert [200] * 4 == ready
    assert [Counter({200: 1, 401: USES - 1})] * TOKENS == found
    assert [0.0] * 4 == unchecked


def test_closed_no_call_is_answered_while_uses_cannot_be_told(wire: tuple[Wire, str], tmp_path: Path) -> None:
    """Two nodes without their database: 503 with Retry-After, not ready; when it is back, each token counts once."""
    through, url = wire
    nodes = Nodes(tmp_path, url)
    with nodes.node("a", token_reuse="closed") as a, nodes.node("b", token_reuse="closed") as b:
        services = [a, b]
        before = raced(nodes, services)
        through.is_cut = True
        answers = [
            service.fetch("GET", DISCOVERY, headers={"Authorization": f"Bearer {nodes.token()}"})
            for service in services * 3
        ]
        away = [service.fetch("GET", "/health/ready") for service in services]
        through.is_cut = False
        for service in services:
            wait_until_ready(service)
        after = raced(nodes, services)

    once = [Counter({200: 1, 401: USES - 1})] * TOKENS
    assert (once, once) == (before, after)
    assert [(503, "5")] * 6 == [(answer.status, answer.headers["retry-after"]) for answer in answers]
    assert [503, 503] == [answer.status for answer in away]
    assert all("cannot tell which tokens were used" in answer.json["issue"][0]["details"]["text"] for answer in away)
