"""Key sets on disk: a start while the key server is away, and what must never come back."""

import asyncio
import json
import logging
import os
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from trust_fakes import NOW, Hands, Source, ec, es384, jwks, rs384

from cds.trust.jwks import KeySet, read_keys
from cds.trust.kept import LOCK, KeyFiles
from cds.trust.keys import NoKey, RemoteKeys
from cds.trust.mint import Signer

URL = "https://ehr.example.org/jwks.json"
HOUR = 3600.0


def keys(*signers: Signer) -> KeySet:
    """A key set as it is fetched."""
    return read_keys(jwks(*signers))


class Disk:
    """The folder of one machine, over several runs of the service."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "keys"
        self.hands = Hands()
        self.source = Source(jwks(es384(), rs384()))
        self.files = KeyFiles(self.folder, self.hands.now)

    def start(self) -> RemoteKeys:
        """The keys of a process that has just begun."""
        return RemoteKeys(URL, self.source, seconds=self.hands.seconds, files=self.files)

    @property
    def copies(self) -> list[Path]:
        """The copies on disk."""
        return [path for path in self.folder.iterdir() if path.name != LOCK]

    def run(self, story: Callable[[RemoteKeys], Coroutine[Any, Any, object]]) -> Any:
        """One run of the service."""

        async def life() -> object:
            process = self.start()
            try:
                return await story(process)
            finally:
                await process.close()

        return asyncio.run(life())

    def has(self, kid: str = "key-1") -> bool:
        """Whether a process that starts now knows a key."""
        return bool(self.run(lambda process: knows(process, kid)))


async def knows(process: RemoteKeys, kid: str) -> bool:
    """Whether a key is known, and no more than that."""
    try:
        return (await process.find(kid)).kid == kid
    except NoKey:
        return False


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """A machine that has fetched the keys once."""
    made = Disk(tmp_path)
    assert made.has()
    return made


def test_a_start_while_the_key_server_is_away_uses_the_last_good_keys(disk: Disk, caplog: Any) -> None:
    """For 24 hours from their fetch, however often the service starts; their age is told."""
    disk.source.answer = "no connection"
    found, ages = [], []

    async def look(process: RemoteKeys) -> None:
        found.append(await knows(process, "key-1"))
        ages.append(process.age)

    for hours in (0, 1, 22.99, 0.02):
        disk.hands.move(hours * HOUR)
        disk.run(look)

    assert [True, True, True, False] == found
    assert [0.0, HOUR, 23.99 * HOUR, None] == [age if age is None else pytest.approx(age) for age in ages]
    assert [0, 3600, 86364] == [record.fields["age"] for record in caplog.records if record.msg == "kept keys are used"]


def test_a_copy_that_is_too_old_is_deleted(disk: Disk) -> None:
    """Nobody can use it any more."""
    disk.hands.move(24 * HOUR)
    disk.source.answer = "no connection"

    assert not disk.has()
    assert [] == disk.copies


def test_a_withdrawn_key_never_comes_back_after_a_fetch(disk: Disk) -> None:
    """Neither from memory nor from disk, whatever the key server does later."""
    disk.source.answer = jwks(es384("key-2", "second"))
    later = disk.has("key-1"), disk.has("key-2")
    disk.source.answer = "no connection"

    assert (False, True) == later
    assert (False, True) == (disk.has("key-1"), disk.has("key-2"))


def test_a_server_that_withdraws_all_keys_is_obeyed(disk: Disk) -> None:
    """An empty set is an answer, an outage is none."""
    disk.source.answer = b'{"keys": []}'
    disk.has()
    disk.source.answer = "no connection"

    assert not disk.has()


def test_a_process_that_cannot_fetch_takes_what_another_has_fetched(disk: Disk) -> None:
    """Its own older set could hold a key that was withdrawn meanwhile."""

    async def story(process: RemoteKeys) -> tuple[bool, bool, bool]:
        before = await knows(process, "key-1")
        disk.hands.move(9 * 60)
        disk.files.write(URL, keys(es384("key-2", "second")), disk.hands.now())
        disk.hands.move(60)
        disk.source.answer = "no connection"
        return before, await knows(process, "key-1"), await knows(process, "key-2")

    assert (True, False, True) == disk.run(story)


def test_an_earlier_fetch_does_not_replace_a_later_one(disk: Disk) -> None:
    """Two workers may write in the other order."""
    later, earlier = disk.hands.now() + timedelta(seconds=10), disk.hands.now() + timedelta(seconds=5)
    disk.hands.move(20)
    disk.files.write(URL, keys(es384("key-2", "second")), later)
    disk.files.write(URL, keys(es384()), earlier)
    kept = disk.files.read(URL)

    assert kept
    assert (["key-2"], later) == (list(kept.keys.keys), kept.fetched)


def test_a_copy_from_the_future_is_neither_used_nor_kept(disk: Disk) -> None:
    """The clock was wrong: the age of that copy cannot be told, and the next fetch replaces it."""
    disk.files.write(URL, keys(es384("key-2", "second")), disk.hands.now() + timedelta(days=300))
    before = disk.files.read(URL)
    disk.files.write(URL, keys(es384()), disk.hands.now())
    after = disk.files.read(URL)

    assert before is None
    assert after
    assert ["key-1"] == list(after.keys.keys)


def test_only_public_parts_are_kept(tmp_path: Path) -> None:
    """A set that gives its private key away is not copied; what is used again is the same as before."""
    disk = Disk(tmp_path)
    private = ec().as_dict(private=True) | {"kid": "leaked"}
    document = json.loads(jwks(es384("key-2", "second"), rs384()))
    document["keys"] += [private, {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"}]
    fetched = read_keys(json.dumps(document).encode())
    disk.files.write(URL, fetched, NOW)
    (copy,) = disk.copies
    written = json.loads(copy.read_text())

    assert {"kty", "crv", "x", "y", "n", "e", "alg", "kid"} >= {name for key in written["keys"] for name in key}
    assert ["key-2", "key-rsa"] == [key["kid"] for key in written["keys"]]
    assert str(private["d"]) not in copy.read_text()
    kept = disk.files.read(URL)
    assert kept
    assert {kid: key.algorithms for kid, key in fetched.keys.items()} == {
        kid: key.algorithms for kid, key in kept.keys.keys.items()
    }


def test_copies_are_the_owners_alone(disk: Disk) -> None:
    """And whole: no draft is left beside them."""
    paths = [disk.folder, *disk.folder.iterdir()]

    assert [0o700, 0o600, 0o600] == [path.stat().st_mode & 0o777 for path in paths]
    assert 1 == len(disk.copies)


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_copy_that_others_could_have_written_is_not_used(disk: Disk, mode: int, caplog: Any) -> None:
    """Whoever writes it could sign in as any client."""
    disk.copies[0].chmod(mode)
    disk.source.answer = "no connection"

    assert not disk.has()
    assert "kept keys are not used: others could have written them" in caplog.text


def test_a_link_in_the_place_of_a_copy_is_not_followed(disk: Disk, tmp_path: Path, caplog: Any) -> None:
    """It could lead to anybody's file."""
    (copy,) = disk.copies
    copy.rename(tmp_path / "elsewhere")
    copy.symlink_to(tmp_path / "elsewhere")
    disk.source.answer = "no connection"

    assert not disk.has()
    assert "kept keys not read" in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-9],
        lambda text: text.replace(URL, "https://other.example.org/jwks.json"),
        lambda text: text.replace("2026-", "twenty-"),
        lambda text: text.replace("Z", "").replace("+00:00", ""),
        lambda text: text.replace('"keys"', '"locks"'),
    ],
    ids=["cut", "other address", "no moment", "no zone", "no keys"],
)
def test_a_damaged_copy_is_not_used(disk: Disk, change: Callable[[str], str]) -> None:
    """And the next fetch replaces it."""
    (copy,) = disk.copies
    text = copy.read_text()
    assert text != change(text)
    copy.write_text(change(text))
    disk.source.answer = "no connection"
    damaged = disk.has()
    disk.hands.move(60)
    disk.source.answer = jwks(es384())
    mended = disk.has()
    disk.source.answer = "no connection"

    assert (False, True, True) == (damaged, mended, disk.has())


def test_a_disk_that_takes_no_new_copy_gives_up_the_old_one(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """The old one could hold a key that was withdrawn; the keys in hand are used all the same."""

    def full(_: int) -> None:
        raise OSError(28, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        disk.source.answer = jwks(es384("key-2", "second"))
        new = disk.has("key-2")

    assert new
    assert [] == disk.copies
    assert "keys not kept: a restart needs the key server" in caplog.text


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Calls are answered; only a restart would need the key server."""
    disk = Disk(tmp_path)
    disk.folder.write_bytes(b"no folder")

    with caplog.at_level(logging.WARNING, "twitch-cds"):
        found = disk.has()

    assert found
    assert "keys not kept, and the older copy not deleted" in caplog.text


def test_without_a_folder_nothing_is_kept() -> None:
    """As in a test, or a check by hand."""
    hands, source = Hands(), Source("no connection")

    async def story() -> bool:
        return await knows(RemoteKeys(URL, source, seconds=hands.seconds), "key-1")

    assert not asyncio.run(story())


def test_an_older_copy_is_no_reason_to_change(disk: Disk) -> None:
    """What is in hand is newer."""

    async def story(process: RemoteKeys) -> tuple[bool, bool]:
        await process.find("key-1")
        copy = disk.copies[0]
        text = copy.read_text()
        moment = json.loads(text)["fetched"]
        assert isinstance(datetime.fromisoformat(moment), datetime)
        copy.write_text(text.replace(moment, (disk.hands.now() - timedelta(hours=2)).isoformat()))
        disk.hands.move(11 * 60)
        disk.source.answer = "no connection"
        found = await knows(process, "key-1")
        return found, process.age == 11 * 60

    assert (True, True) == disk.run(story)
