"""A database with showings and feedback behind the governance page."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Table, create_engine, insert
from web_fakes import Client, FakeEngine, Strangers

from cards.proofreading import load_words
from cds.settings import Settings, load
from cds.store.schema import feedback, showings, suppressions
from cds.store.store import Store
from cds.web.app import create_app
from cds.web.governance.routes import Governance
from cds.web.parts import Parts

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SERVICES = ("muscle-twitch-patient-view", "muscle-twitch-order-sign")
WORDS = load_words()


def settings(folder: Path, **more: str) -> Settings:
    """Demo mode over a folder, with changes."""
    given = {"demo": "true", "data_dir": str(folder), **more}
    return load({f"TWITCH_CDS_{name.upper()}": value for name, value in given.items() if value})


class Journal:
    """Keeps the lines of the audit."""

    is_up = True

    def __init__(self) -> None:
        self.lines: list[Mapping[str, Any]] = []

    def write(self, line: Mapping[str, object]) -> None:
        self.lines.append(line)


def client(
    chosen: Settings,
    engine: FakeEngine | None = None,
    *,
    sleep: Callable[[float], Awaitable[None]] | None = None,
    journal: Journal | None = None,
) -> Client:
    """The application with the governance page."""
    engine = engine or FakeEngine()
    page = Governance(chosen, WORDS, SERVICES, lambda: NOW, sleep or asyncio.sleep, patience=600.0)
    parts = Parts(engine=engine, hook_handler=engine, verifier=Strangers(), pages=[page], journal=journal)
    return Client(create_app(parts, chosen))


class Writer:
    """Writes what was shown and answered, so many days ago."""

    def __init__(self, folder: Path) -> None:
        store = Store.open("", str(folder))
        store.prepare()
        store.close()
        self._engine = create_engine(f"sqlite:///{folder}/twitch-cds.db")

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def shown(
        self, topic: str, days: int = 0, service: str = SERVICES[0], tags: str = "", software: str = "1.0.0"
    ) -> str:
        """One card; its uuid."""
        card = str(uuid4())
        said = {"card": card, "indicator": "info", "suggestions": "", "shown_at": NOW - timedelta(days=days)}
        self._add(showings, _common(topic, service, tags) | said | {"software_version": software})
        return card

    def suppressed(self, topic: str) -> None:
        """One card that was not shown again."""
        self._add(suppressions, _common(topic, SERVICES[0], "") | {"suppressed_at": NOW})

    def answered(self, card: str, outcome: str, reason: tuple[str, str] | None = None) -> None:
        """What was done with a card."""
        code, system = reason or (None, None)
        said = {"card": card, "outcome": outcome, "outcome_at": NOW, "received_at": NOW, "key": uuid4().hex}
        why = {"suggestions": "", "reason_code": code, "reason_system": system}
        self._add(feedback, said | why | {"service": SERVICES[0], "client": "ehr"})

    def _add(self, table: Table, row: dict[str, Any]) -> None:
        with self._engine.begin() as connection:
            connection.execute(insert(table), row)


def _common(topic: str, service: str, tags: str) -> dict[str, Any]:
    """What showings and suppressions have in common."""
    ids = {"hook_instance": "i", "hook": "h", "client": "ehr", "patient": "p", "user": "u", "fingerprint": "f"}
    versions = {"knowledge_version": "k", "software_version": "1.0.0"}
    return {"topic": topic, "service": service, "tags": tags, "flags": "", **ids, **versions}
