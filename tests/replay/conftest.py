"""Replays in the tests' own process: no setting of this machine, one engine for all."""

import os
from pathlib import Path

import pytest
from charts.dates import TODAY
from charts.seam import engine
from replay_kit import Replay, Replayed, replayed

from cds.replay import command, worker
from cds.replay.review import command as review


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A key that is always the same, and a data folder of its own."""
    for name in [name for name in os.environ if "TWITCH_CDS" in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TWITCH_CDS_HASH_KEY", "0123456789abcdef" * 4)
    monkeypatch.setenv("TWITCH_CDS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(command, "build_engine", lambda *_, **__: engine(TODAY))
    monkeypatch.setattr(worker, "build_engine", lambda *_, **__: engine(TODAY))
    monkeypatch.setattr(review, "build_engine", lambda *_, **__: engine(TODAY))


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    """Run a replay into a new folder."""
    made: list[Path] = []

    def run(export: Path, out: Path | None = None, **options: object) -> Replayed:
        made.append(out or tmp_path / f"out-{len(made)}")
        return replayed(export, made[-1], **options)

    return run
