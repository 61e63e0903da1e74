"""A whole service in this process: a real file of clients, tokens, charts, store and pages; time is moved by hand."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from charts.dates import TODAY
from charts.notation import request
from charts.seam import engine
from msgspec.structs import replace

from cds.audit.journal import Journal as Audit
from cds.audit.place import log_of
from cds.hook_handler import HookHandler
from cds.keyed import Pseudonyms
from cds.settings import Settings, load
from cds.store.keys import hash_key
from cds.store.memory import Manner, Memory
from cds.store.store import Store
from cds.store.writer import Pace
from cds.trust.mint import Signer, TokenRequest, new_key, publish, signer_of
from cds.trust.verifier import build_verifier
from cds.web.app import create_app
from cds.web.governance.routes import Governance
from cds.web.governance.standing import standings
from cds.web.metrics import Metrics
from cds.web.parts import Parts
from cds.web.ports import Shadowing

Json = dict[str, Any]
NOON = datetime.combine(TODAY, time(12), UTC)
ISSUER = "https://ehr.example.org/fhir"
PUBLIC = "https://cds.example.org"
VIEW, SIGN = "muscle-twitch-patient-view", "muscle-twitch-order-sign"
KEY = "a hash key of more than 32 characters"
LISTED = 'silent_emergencies = "listed"\n'
USER = "Practitioner/example"
EMERGENCY = {"lab": "K", "value": "2.3 mmol/L", "at": "today"}
ADVICE: Json = {"patient": {"age": "40 y", "sex": "F"}, "resources": [{"twitch": "5 w"}]}
URGENT: Json = {"patient": {"age": "40 y", "sex": "F"}, "resources": [{"twitch": "5 w"}, EMERGENCY]}
QUIET: Json = {"patient": {"age": "40 y", "sex": "F"}, "resources": []}


def client_file(text: str) -> str:
    """The file of clients: one, with these keys more."""
    return f'[[client]]\nname = "ehr"\nissuer = "{ISSUER}"\njwks_file = "tester.json"\n{text}'


@cache
def signer() -> Signer:
    """Signs all tokens."""
    return signer_of(new_key("ES384"))


class Journal:
    """Keeps the lines of the audit, beside the audit itself."""

    is_up = True

    def __init__(self, behind: Audit) -> None:
        self.lines: list[Mapping[str, Any]] = []
        self.behind = behind

    def write(self, line: Mapping[str, object]) -> None:
        self.lines.append(json.loads(json.dumps(line)))
        self.behind.write(line)

    @property
    def calls(self) -> list[Mapping[str, Any]]:
        """The lines of hook calls."""
        return [line for line in self.lines if line["kind"] == "call"]


class Site:
    """The service; `write` changes its file of clients."""

    def __init__(self, folder: Path, clients: str, shadow: Shadowing | None = None, **more: str) -> None:
        self.folder, self.now, self.seconds = folder, NOON, 0.0
        self._ids = count()
        folder.mkdir(exist_ok=True)
        publish(signer(), folder / "tester.json")
        self.write(clients)
        given = {"clients": f"{folder}/clients.toml", "data_dir": str(folder), "public_url": PUBLIC, "hash_key": KEY}
        self.settings: Settings = load({f"TWITCH_CDS_{name.upper()}": value for name, value in (given | more).items()})
        made = replace(engine(TODAY), now=lambda: self.now)
        manner = Manner(patience=30.0, pace=Pace(linger=0.0))
        self.memory = Memory(Store.open("", str(folder)), manner, now=lambda: self.now)
        self.memory.start()
        key = hash_key(self.settings)
        self.pseudonyms = Pseudonyms(key)
        audit = Audit.open(log_of(self.settings), key, lambda: self.now, seconds=lambda: 0.0)
        self.journal, self.metrics = Journal(audit), Metrics("k")
        verifier = build_verifier(
            self.settings, None, made.service_ids, now=lambda: self.now, seconds=lambda: self.seconds
        )
        page = Governance(
            self.settings,
            made.words,
            made.service_ids,
            lambda: self.now,
            standing=lambda: standings(verifier.clients, made.service_ids),
        )
        parts = Parts(
            engine=made,
            hook_handler=HookHandler(
                made,
                memory=self.memory,
                pseudonyms=self.pseudonyms,
                seconds_allowed=600.0,
                keeps_questions=shadow is not None,
            ),
            shadow=shadow,
            verifier=verifier,
            keeper=self.memory,
            journal=self.journal,
            metrics=self.metrics,
            pages=[page],
            words=made.words,
        )
        self.app = create_app(parts, self.settings)

    def write(self, clients: str) -> None:
        """Write the file of clients, whole."""
        (self.folder / "clients.toml").write_text(client_file(clients), "utf-8")

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds

    def fetch(
        self, method: str, path: str, body: bytes | None = None, *, tenant: str | None = None, credential: str = ""
    ) -> httpx.Response:
        """Make one request with a token for its address, or with a credential."""
        order = TokenRequest(audience=f"{PUBLIC}{path}", issuer=ISSUER, tenant=tenant)
        token = credential or signer().token(order, self.now, f"t{next(self._ids)}")
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, content=body, headers=headers)

        return asyncio.run(send())

    def call(
        self, chart: Json = ADVICE, user: str = USER, service: str = VIEW, tenant: str | None = None, **more: Any
    ) -> httpx.Response:
        """Make a hook call about a chart."""
        made = request(chart) | more
        made["context"]["userId"] = user
        return self.fetch("POST", f"/cds-services/{service}", json.dumps(made).encode(), tenant=tenant)

    def topics(self, chart: Json = ADVICE, user: str = USER) -> list[str]:
        """The cards of a call that succeeds; what it came to is on disk."""
        answer = self.call(chart, user)
        assert answer.status_code == 200, answer.text
        assert self.memory.flush(600)
        return [card["source"]["topic"]["code"] for card in answer.json()["cards"]]

    def metric(self, line: str) -> float:
        """One number, by the beginning of its line; 0 if there is none."""
        lines = self.metrics.text().decode().splitlines()
        return next((float(one.rpartition(" ")[2]) for one in lines if one.startswith(line)), 0.0)


@contextmanager
def opened(folder: Path, clients: str, shadow: Shadowing | None = None, **more: str) -> Iterator[Site]:
    """The service, closed in the end."""
    site = Site(folder, clients, shadow, **more)
    try:
        yield site
    finally:
        site.memory.close()
        site.journal.behind.close()
