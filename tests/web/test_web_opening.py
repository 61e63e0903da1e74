"""Opening the parts of a process beside a database that is not for it."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from cds.settings import Settings, load
from cds.store.facts import OtherKey, TooOld
from cds.store.store import Store
from cds.web import opening
from cds.web.app import create_app

KEY = "0123456789abcdef" * 4


def settings(folder: Path) -> Settings:
    """Demo mode with a store in a folder."""
    given = {"DEMO": "true", "DATA_DIR": str(folder), "HASH_KEY": KEY}
    return load({f"TWITCH_CDS_{name}": value for name, value in given.items()})


def test_a_worker_beside_a_database_of_other_hashes_does_not_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One line of the log says why, and the server is told that the start failed."""
    other = Store.open("", str(tmp_path), "b" * 32)
    other.prepare()
    other.close()
    parts = opening.open_parts(settings(tmp_path))
    app = create_app(parts, settings(tmp_path))

    async def start() -> None:
        async with app.router.lifespan_context(app):
            raise AssertionError("started")

    with pytest.raises(OtherKey):
        asyncio.run(start())

    assert [OtherKey.text] == [record.message for record in caplog.records if record.levelname == "CRITICAL"]


def test_a_process_that_must_not_go_on_asks_itself_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """In good order, by the signal of a stop; what ended it is kept for its status."""
    sent: list[tuple[int, int]] = []

    def refuse(_: Store) -> None:
        raise TooOld

    monkeypatch.setattr(os, "kill", lambda pid, what: sent.append((pid, what)))
    monkeypatch.setattr(Store, "check", refuse)
    parts = opening.open_parts(settings(tmp_path))

    async def work() -> None:
        for errand in parts.start:
            await errand()
        while not parts.ended_by:
            await asyncio.sleep(0.01)
        for errand in parts.close:
            await errand()

    asyncio.run(asyncio.wait_for(work(), 60))

    assert [(os.getpid(), signal.SIGTERM)] == sent
    assert [TooOld] == [type(problem) for problem in parts.ended_by]
    assert TooOld.text in caplog.text
