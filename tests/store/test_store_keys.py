"""The key for hashes: given, or made once, whoever comes first."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cds.errors import StoreError
from cds.settings import Settings, load
from cds.store.keys import has_key, hash_key


def settings(folder: Path, **more: str) -> Settings:
    """Settings with that data folder."""
    return load(
        {"TWITCH_CDS_DATA_DIR": str(folder)} | {f"TWITCH_CDS_{name.upper()}": word for name, word in more.items()}
    )


def test_the_key_of_the_settings_comes_first(tmp_path: Path) -> None:
    """Then nothing is written."""
    key = hash_key(settings(tmp_path / "var", hash_key="kl" * 20))

    assert "kl" * 20 == key.reveal()
    assert not (tmp_path / "var").exists()


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """32 bytes for the owner alone, the same at the next start; no draft is left."""
    first, second = hash_key(settings(tmp_path / "var")), hash_key(settings(tmp_path / "var"))

    (path,) = (tmp_path / "var").iterdir()
    assert first.reveal() == second.reveal() == path.read_text().strip()
    assert 32 == len(bytes.fromhex(first.reveal()))
    assert (0o700, 0o600) == (path.parent.stat().st_mode & 0o777, path.stat().st_mode & 0o777)


def test_who_only_reads_can_look_whether_there_is_a_key(tmp_path: Path) -> None:
    """In the settings or in the folder; looking makes none."""
    before = has_key(settings(tmp_path))
    hash_key(settings(tmp_path))

    assert (False, True) == (before, has_key(settings(tmp_path)))
    assert has_key(settings(tmp_path / "other", hash_key="kl" * 20))


def test_several_who_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    """Each reads what the first one linked into place."""
    with ThreadPoolExecutor(8) as threads:
        keys = {key.reveal() for key in threads.map(lambda _: hash_key(settings(tmp_path)), range(32))}

    assert 1 == len(keys)
    assert ["hash.key"] == [path.name for path in tmp_path.iterdir()]


def test_who_comes_second_takes_the_key_of_the_first(tmp_path: Path) -> None:
    """Even if the file came between the look for it and the making of it."""

    def late() -> str:
        (tmp_path / "hash.key").write_text("fe" * 32)
        return "st" * 32

    assert "fe" * 32 == hash_key(settings(tmp_path), new=late).reveal()


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"short\n", "32 bytes"), (b"", "32 bytes"), (b"0" * 64, "one character repeated"), (b"\xff" * 64, "Unicode")],
)
def test_a_key_that_is_damaged_stops_the_start(tmp_path: Path, content: bytes, problem: str) -> None:
    """Another key would make other hashes: the operator has to know."""
    (tmp_path / "hash.key").write_bytes(content)

    with pytest.raises(StoreError, match=problem):
        hash_key(settings(tmp_path))


def test_a_folder_that_cannot_be_used_stops_the_start() -> None:
    """With the reason in the words of the system."""
    with pytest.raises(StoreError, match="Not a directory"):
        hash_key(settings(Path("/dev/null/var")))
