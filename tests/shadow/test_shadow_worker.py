"""The worker's end: what is offered and when it is not, what is kept, and the end of its processes."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from service.candidates import program
from shadow_kit import NOON, PATIENT_ENOUGH, VIEW, question

from cds.errors import SettingsError
from cds.settings import load
from cds.shadow import shadow as module
from cds.shadow.choice import ANSWERING, command, environment_of
from cds.shadow.keeping import Options
from cds.shadow.process import Budget
from cds.shadow.shadow import Shadow, open_shadow
from cds.shadow.wire import Count, Report, framed
from cds.store.rows import Tallied

EMPTY = b'{"cards":[]}'
SILENT = "hello('lifestyle')\nwhile True: heard(); answer()"


class Site:
    """A shadow, what was counted by it, and what it gave to the database; time is moved by hand."""

    def __init__(self, code: str = SILENT, **more: Any) -> None:
        self.counted: list[Count] = []
        self.kept: list[Sequence[Tallied]] = []
        self.now = NOON
        self.heard = asyncio.Event()
        budget = Budget(seconds=PATIENT_ENOUGH, start_seconds=PATIENT_ENOUGH)
        given: dict[str, Any] = {"report_seconds": 0.0, "budget": budget, "command": program(code), "socket": -1}
        most = more.pop("most_waiting", 2**20)
        self.shadow = Shadow(
            Options(**given | more),
            {},
            most_waiting=most,
            listen=self.counted.append,
            keeping=self,
            now=lambda: self.now,
            run="run",
            knowledge_version="live",
        )

    def shadowed(self, counts: Sequence[Tallied]) -> None:
        """What the database would have."""
        self.kept.append(counts)
        self.heard.set()

    def number(self, change: str) -> int:
        """How often something was counted."""
        return sum(one.number for one in self.counted if one.change == change)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for reports until something holds."""
        while not holds():
            self.heard.clear()
            await self.heard.wait()

    def offer(self) -> None:
        """Hand over one call that was answered with silence."""
        self.shadow.offer("ehr", question(), EMPTY)


def test_each_call_is_compared_and_its_numbers_are_those_of_the_day_so_far() -> None:
    """Written again, a number takes the place of the one before: nothing is counted twice."""

    async def go() -> Site:
        site = Site()
        await site.shadow.start()
        assert site.shadow.is_up
        for number in (1, 2):
            site.offer()
            await site.until(lambda: site.number("same") == number)  # noqa: B023 - waited for within the round
        await site.shadow.close()
        return site

    site = asyncio.run(go())
    told = {one.change: one for one in site.kept[-1]}
    assert (1, 2) == (told["started"].number, told["same"].number)
    assert ("2026-11-22", "ehr", VIEW, "", "", "live", "k") == (
        *(told["same"].day, told["same"].client, told["same"].service, told["same"].topic, told["same"].reason),
        *(told["same"].knowledge_version, told["same"].candidate_knowledge),
    )
    assert not site.shadow.is_up


def test_a_new_day_begins_at_nothing() -> None:
    """The numbers of the day before are written once more, and then left."""

    async def go() -> Site:
        site = Site()
        await site.shadow.start()
        site.offer()
        await site.until(lambda: site.number("same") == 1)
        site.now += timedelta(days=1)
        site.offer()
        await site.until(lambda: site.number("same") == 2)
        await site.shadow.close()
        return site

    site = asyncio.run(go())
    assert {("2026-11-23", "same", 1)} == {(one.day, one.change, one.number) for one in site.kept[-1]}


def test_without_its_process_calls_are_counted_as_not_asked() -> None:
    """Before the start, and for good when a candidate was given up, which the log says once."""

    async def go() -> Site:
        site = Site("raise SystemExit(1)", most_deaths=1)
        site.offer()
        await site.shadow.start()
        site.offer()
        await site.until(lambda: not site.shadow.is_up)
        site.offer()
        site.shadow.data_received(bytes(framed(Report(is_given_up=True))))
        await site.shadow.close()
        return site

    records: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    module.log.addHandler(handler)
    site = asyncio.run(go())
    module.log.removeHandler(handler)

    assert (3, 1, 1) == (site.number("skipped"), site.number("crashed"), site.number("given-up"))
    assert 1 == sum("failed too often" in one for one in records)


def test_what_has_no_room_is_dropped() -> None:
    """Too many bytes wait, or one call is larger than is taken at all."""

    async def go(**more: Any) -> Site:
        site = Site(**more)
        await site.shadow.start()
        site.offer()
        await site.shadow.close()
        return site

    assert 1 == asyncio.run(go(most_waiting=-1)).number("dropped")
    assert 1 == asyncio.run(go(offer_bytes=100)).number("dropped")


def test_the_loss_of_its_process_is_counted_and_told() -> None:
    """Nothing more is compared; calls go on."""

    async def go() -> Site:
        site = Site()
        await site.shadow.start()
        os.kill(process_of(site), signal.SIGKILL)
        while site.shadow.is_up:
            await asyncio.sleep(0)
        site.offer()
        await site.shadow.close()
        return site

    site = asyncio.run(go())
    assert (1, 1) == (site.number("lost"), site.number("skipped"))


def process_of(site: Site) -> int:
    """The process that keeps the candidate."""
    process = site.shadow._process
    assert process is not None
    return process.pid


def test_a_process_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here one that stands still."""
    monkeypatch.setattr(module, "FAREWELL", 0.0)

    async def go() -> int:
        site = Site()
        await site.shadow.start()
        pid = process_of(site)
        os.kill(pid, signal.SIGSTOP)
        await site.shadow.close()
        return pid

    with pytest.raises(ProcessLookupError):
        os.kill(asyncio.run(go()), 0)


def test_one_that_was_never_started_is_closed_at_once() -> None:
    """As when a start fails before it."""

    async def go() -> Site:
        site = Site()
        await site.shadow.close()
        return site

    assert [] == asyncio.run(go()).kept


def test_the_settings_name_the_candidate(tmp_path: Path) -> None:
    """A folder of knowledge for this version, an installation, its Python, or nothing."""
    python = tmp_path / "venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\n")
    knowledge = tmp_path / "knowledge"
    knowledge.mkdir()
    (knowledge / "rules.toml").write_text("")

    def named(path: Path) -> tuple[str, ...]:
        return command(load({"TWITCH_CDS_SHADOW": str(path)}))

    assert (sys.executable, *ANSWERING, str(knowledge)) == named(knowledge)
    for wrong in (python, tmp_path / "venv", tmp_path / "nothing"):  # not to be executed yet
        with pytest.raises(SettingsError, match="TWITCH_CDS_SHADOW: names neither"):
            named(wrong)
    python.chmod(0o755)
    assert (str(python), *ANSWERING) == named(python) == named(tmp_path / "venv")


def test_a_candidate_is_told_no_secret() -> None:
    """Only what decides on cards."""
    given = {
        "TWITCH_CDS_HASH_KEY": "k" * 40,
        "TWITCH_CDS_DATABASE_URL": "postgresql://u:p@h/d",
        "TWITCH_CDS_TIME_ZONE": "Europe/Berlin",
        "PATH": "/bin",
        "SECRET": "s",
    }
    told = environment_of(given, load({}))

    assert {"TWITCH_CDS_TIME_ZONE": "Europe/Berlin", "PATH": "/bin"}.items() <= told.items()
    assert not {"TWITCH_CDS_HASH_KEY", "TWITCH_CDS_DATABASE_URL", "SECRET"} & told.keys()


def test_a_service_without_a_candidate_has_no_shadow(tmp_path: Path) -> None:
    """With one, its budget is that of the settings."""
    site = Site()
    parts: dict[str, Any] = {
        "listen": site.counted.append,
        "keeping": site,
        "now": lambda: NOON,
        "run": "run",
        "knowledge_version": "live",
    }
    (tmp_path / "rules.toml").write_text("")
    named = {"SHADOW": str(tmp_path), "SHADOW_TIMEOUT_MS": "70", "SHADOW_MEMORY_MB": "300"}
    shadow = open_shadow(load({f"TWITCH_CDS_{name}": value for name, value in named.items()}), {}, **parts)

    assert open_shadow(load({}), {}, **parts) is None
    assert shadow is not None
    options: Options = msgspec.structs.replace(shadow._options)
    assert (0.07, 300) == (options.budget.seconds, options.budget.megabytes)
