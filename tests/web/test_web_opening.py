"""What a process does after its start, when nobody waits for it."""

import asyncio
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cds.fhir import units
from cds.knowledge.load import DATA
from cds.settings import load
from cds.shadow.wire import Question
from cds.web import opening


def test_the_parser_of_units_is_loaded_in_a_thread_after_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start does not wait for it, and no call has to."""
    done = threading.Event()
    where: list[threading.Thread] = []

    def prepare() -> None:
        where.append(threading.current_thread())
        done.set()

    async def start() -> list[threading.Thread]:
        opening._prepare_later()
        at_once = where[:]
        await asyncio.to_thread(done.wait)
        return at_once

    monkeypatch.setattr(opening, "LATER", 0.0)
    monkeypatch.setattr(units, "prepare", prepare)

    assert [] == asyncio.run(start())
    assert threading.main_thread() not in where
    assert 1 == len(where)


def test_a_candidate_that_the_settings_name_is_a_part(tmp_path: Path) -> None:
    """Started before all others and closed before them; without a candidate there is no such part."""
    given = {"TWITCH_CDS_DEMO": "true", "TWITCH_CDS_DATA_DIR": str(tmp_path)}
    alone = opening.open_parts(load(given))
    parts = opening.open_parts(load(given | {"TWITCH_CDS_SHADOW": str(DATA)}))
    shadow, metrics = parts.shadow, parts.metrics
    assert shadow is not None
    assert metrics is not None
    shadow.offer("ehr", Question(service="s", body=b"", at=datetime(2026, 11, 22, tzinfo=UTC)), b"")

    assert alone.shadow is None
    assert (1, 1, 2, 2) == (len(alone.start), len(alone.close), len(parts.start), len(parts.close))
    assert b'twitch_cds_shadow_events_total{event="skipped"} 1.0' in metrics.text()
