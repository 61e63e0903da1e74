"""What a process does after its start, when nobody waits for it."""

import asyncio
import threading

import pytest

from cds.fhir import units
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
