"""A replay in a store: whole files and folders, as on a disk."""

import sys
from pathlib import Path

import pytest
from population import export, population
from replay_kit import Replay

from cds.errors import UsageError
from cds.evaluate.places import at
from cds.replay import keep


def test_a_store_gives_what_a_disk_gives(replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Export and work in a store: the same rows; at the end nothing is left of the work."""
    monkeypatch.setattr("cds.replay.run.PATIENTS", 2)
    folder = export(tmp_path / "export", [one for chart in population(60) for one in chart])
    for path in folder.iterdir():
        at(f"memory://hospital/export/Patient/{path.name}").write_bytes(path.read_bytes())
    on_disk, stored = replay(folder), replay("memory://hospital/export", work="memory://hospital/work")

    for name in ("cards", "visits", "unread"):
        assert on_disk.rows(name) == stored.rows(name)
    assert on_disk.manifest["counts"] == stored.manifest["counts"]
    assert ["export"] == [path.name for path in at("memory://hospital").iterdir()]
    assert 1 < on_disk.manifest["shards"]


def test_two_that_write_one_folder_leave_it_whole(tmp_path: Path) -> None:
    """The second finds it there, and takes its own away; what no folder is in the way of is an error."""
    for _ in range(2):
        with keep.whole_folder(tmp_path / "00001") as draft:
            keep.add(draft / "a", b"1")
    (tmp_path / "00001.x.draft").mkdir()
    (tmp_path / "00001.x.draft" / "a").write_bytes(b"half")

    assert [tmp_path / "00001" / "a"] == keep.inside(tmp_path, "a")
    assert {"00001", "00001.x.draft"} == {path.name for path in tmp_path.iterdir()}
    assert keep.is_whole(tmp_path / "00001")
    with pytest.raises(OSError, match="gone"):
        keep.settle(tmp_path / "00001" / "a", tmp_path / "gone" / "a")


def test_what_was_never_finished_is_taken_away(replay: Replay, tmp_path: Path) -> None:
    """A replay that ended before its manifest was in place begins again in its folder."""
    out = keep.folder(tmp_path / "out")
    (out / "manifest.json.x.draft").write_bytes(b"{")
    done = replay(export(tmp_path / "export", [one for chart in population(2) for one in chart]), out)

    assert done.manifest["done"]
    assert not list(out.glob("*.draft"))


def test_a_store_that_cannot_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replay: Replay) -> None:
    """A scheme that nobody knows, an export that cannot be listed, and the extra that is not installed."""
    with pytest.raises(UsageError, match=r"other://a: .*'twitch-cds\[cluster\]'"):
        replay("other://a")
    at("memory://made/a.ndjson").write_bytes(b"{}\n")
    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.listdir", closed)
    with pytest.raises(UsageError, match="memory://made: cannot be read: closed"):
        replay(at("memory://made"))
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(UsageError, match="S3-compatible stores: pip install"):
        at("s3://charts")


def closed(*_: object, **__: object) -> None:
    """A folder that may not be listed."""
    raise PermissionError(13, "closed", "memory://made")
