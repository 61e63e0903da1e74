"""A fake engine and a small client: the web is tested without a chart being read."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from cards.topics import Topic
from cds.account import Account, Caller, Shown
from cds.hook_handler import Reply
from cds.knowledge.basis import Row
from cds.knowledge.load import load as load_knowledge
from cds.modes import Modes
from cds.settings import Settings, load
from cds.trust.refusal import Refusal, Refused
from cds.trust.standing import Standing
from cds.web.app import create_app
from cds.web.parts import Parts

FIXTURES = Path(__file__).parent / "demo" / "fixtures"
KNOWLEDGE = load_knowledge()
SERVICE = "muscle-twitch-patient-view"
CALL = f"/cds-services/{SERVICE}"
ONE_CARD = b'{"cards":[{"summary":"s","indicator":"info","source":{"label":"l","topic":{"code":"lab-order"}}}]}'


ACCOUNT = Account(
    hook="patient-view",
    hook_instance="i",
    patient="p",
    user="u",
    cards=(Shown(uuid="c", topic="lab-order", indicator="info", fingerprint="f"),),
)


class FakeEngine:
    """Answers what it is told to, and remembers what it was asked."""

    knowledge = KNOWLEDGE
    knowledge_version = "2026.11"
    switched_off: tuple[Topic, ...] = ()
    service_ids = frozenset({SERVICE})

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.reply: Callable[[bytes], tuple[int, bytes]] = lambda _: (200, b'{"cards":[]}')

    async def answer(self, service_id: str, body: bytes, caller: Caller) -> Reply:
        self.asked.append((service_id, body))
        status, text = self.reply(body)
        return Reply(status, text, ACCOUNT if text == ONE_CARD else None)

    def discovery(self, modes: Modes) -> bytes:
        return b'{"services":[]}'

    def basis(self, topic: str) -> list[Row]:
        return [Row("potassium", "< 3.5 mmol/L", "info", "rcem")]


def demo(**settings: str) -> Settings:
    """The settings of demo mode, with changes."""
    return load({"TWITCH_CDS_DEMO": "true"} | {f"TWITCH_CDS_{name.upper()}": value for name, value in settings.items()})


class Strangers:
    """Knows nobody."""

    is_up = True
    standing = Standing()

    @property
    def modes(self) -> Mapping[str, Mapping[str, str]]:
        return {}

    async def verify(self, authorization: str | None, audience: str) -> Caller:
        raise Refused(Refusal("header", "There is no Authorization header."))


def parts(engine: FakeEngine) -> Parts:
    """The engine, and nobody who may call."""
    return Parts(engine=engine, hook_handler=engine, verifier=Strangers())


def around(engine: FakeEngine, settings: Settings) -> FastAPI:
    """The application with one small demo chart."""
    return create_app(parts(engine), settings, fixtures=FIXTURES, today=lambda: date(2026, 11, 22))


class Client:
    """Sends one request to an application in this process."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **options)

        return asyncio.run(send())

    def call(self, body: bytes = b"{}", path: str = CALL, **headers: str) -> httpx.Response:
        """Make a hook call with JSON, or with the headers given."""
        given = {"content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self("POST", path, content=body, headers=given)


def started(**settings: str) -> tuple[Client, FakeEngine]:
    """The application in demo mode around a fresh fake."""
    engine = FakeEngine()
    return Client(around(engine, demo(**settings))), engine
