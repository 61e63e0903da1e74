"""When keys are fetched, by a clock that is moved by hand: cache, rotation, outage, single flight."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from trust_fakes import Hands, Source, es384, jwks, rs384

from cds.trust.keyring import Keyring
from cds.trust.keys import FileKeys, NoKey, RemoteKeys
from cds.trust.registry import load_registry

URL = "https://ehr.example.org/jwks.json"
MINUTE, HOUR = 60.0, 3600.0


class Place:
    """The keys behind one address, and the hands that move time."""

    def __init__(self, answer: bytes | str) -> None:
        self.hands = Hands()
        self.source = Source(answer)
        self.keys = RemoteKeys(URL, self.source, seconds=self.hands.seconds)

    @property
    def fetches(self) -> int:
        return len(self.source.asked)

    async def has(self, kid: str) -> bool:
        """Whether the key is known now; what goes on in the background is waited for."""
        try:
            found = await self.keys.find(kid) is not None
        except NoKey:
            found = False
        await self.settle()
        return found

    async def settle(self) -> None:
        """Let the background come to rest."""
        for _ in range(5):
            await asyncio.sleep(0)

    async def why_not(self, kid: str) -> str:
        """Why the key is not known."""
        with pytest.raises(NoKey) as caught:
            await self.keys.find(kid)
        return str(caught.value)


def lived(life: Callable[[Place], Awaitable[object]], answer: bytes | str | None = None) -> Place:
    """Run one story in one event loop."""
    place = Place(jwks(es384()) if answer is None else answer)

    async def story() -> None:
        await life(place)
        await place.keys.close()

    asyncio.run(story())
    return place


def test_keys_are_fetched_once_and_kept() -> None:
    """For eight minutes no call causes another fetch."""
    found = []

    async def life(place: Place) -> None:
        for _ in range(5):
            found.append(await place.has("key-1"))
            place.hands.move(95)

    assert 1 == lived(life).fetches
    assert [True] * 5 == found


def test_keys_are_refreshed_beside_a_call_before_they_are_old() -> None:
    """At nine minutes the call is answered from the old set, the next from the new one."""
    found = []

    async def life(place: Place) -> None:
        await place.has("key-1")
        place.hands.move(9 * MINUTE)
        place.source.answer = jwks(es384("key-2"))
        found.append(await place.has("key-1"))
        found.append(await place.has("key-1"))

    lived(life)
    assert [True, False] == found


def test_a_removed_key_works_no_longer_than_ten_minutes() -> None:
    """With calls all the time, and with none in between."""
    found = []

    async def life(place: Place) -> None:
        await place.has("key-1")
        place.source.answer = jwks(es384("key-2"))
        place.hands.move(10 * MINUTE - 121)
        found.append(await place.has("key-1"))
        place.hands.move(121)
        found.append(await place.has("key-1"))
        found.append(await place.has("key-2"))

    lived(life)
    assert [True, False, True] == found


def test_the_age_counts_from_the_moment_of_asking() -> None:
    """A slow answer does not lengthen the life of a removed key."""

    async def life(place: Place) -> None:
        place.source.gate = asyncio.Event()
        first = asyncio.create_task(place.has("key-1"))
        await place.settle()
        place.hands.move(MINUTE)
        place.source.gate.set()
        await first
        place.hands.move(9 * MINUTE)
        place.source.answer = jwks()
        assert not await place.has("key-1")

    assert 2 == lived(life).fetches


def test_a_new_key_works_at_once_but_looking_is_limited() -> None:
    """An unknown kid has the set fetched anew, once a minute at most."""
    counts = []

    async def life(place: Place) -> None:
        await place.has("key-1")
        place.source.answer = jwks(es384(), es384("key-2"))
        for name, seconds in (("key-2", 0), ("key-3", 0), ("key-4", 0), ("key-3", 0), ("key-3", 59), ("key-3", 1)):
            place.hands.move(seconds)
            counts.append((await place.has(name), place.fetches))

    lived(life)
    assert [(True, 2), (False, 2), (False, 2), (False, 2), (False, 2), (False, 3)] == counts


def test_the_first_fetch_is_not_made_twice_for_an_unknown_key() -> None:
    """What was fetched for this very call is new enough."""

    async def life(place: Place) -> None:
        await place.has("key-9")

    assert 1 == lived(life).fetches


def test_all_who_wait_share_one_fetch() -> None:
    """Fifty calls at once, with known and unknown keys: one fetch at the start, one for the unknown."""
    found = []

    async def life(place: Place) -> None:
        place.source.gate = asyncio.Event()
        calls = [asyncio.create_task(place.has("key-1")) for _ in range(50)]
        await place.settle()
        place.source.gate.set()
        found.extend(await asyncio.gather(*calls))
        place.source.gate = asyncio.Event()
        calls = [asyncio.create_task(place.has("key-9")) for _ in range(50)]
        await place.settle()
        place.source.answer = jwks(es384(), es384("key-9"))
        place.source.gate.set()
        found.extend(await asyncio.gather(*calls))

    assert 2 == lived(life).fetches
    assert [True] * 100 == found


def test_a_caller_that_hangs_up_does_not_end_the_fetch() -> None:
    """The others who wait for it are served."""

    async def life(place: Place) -> None:
        place.source.gate = asyncio.Event()
        gone, waits = (asyncio.create_task(place.has("key-1")) for _ in range(2))
        await place.settle()
        gone.cancel()
        await place.settle()
        place.source.gate.set()
        assert await waits
        assert gone.cancelled()

    assert 1 == lived(life).fetches


def test_old_keys_are_used_in_an_outage_for_a_day() -> None:
    """Calls are answered at once from the old set; each minute one fetch is tried beside them."""
    found = []

    async def life(place: Place) -> None:
        await place.has("key-1")
        place.source.answer = "no complete response within 2 s"
        for _ in range(23):
            place.hands.move(HOUR)
            found.append(await place.has("key-1"))
        tries = place.fetches
        for _ in range(10):
            place.hands.move(6.1)
            await place.has("key-1")
        found.append(place.fetches == tries + 1)
        place.hands.move(HOUR)
        why = await place.why_not("key-1")
        found.append(f"the keys at {URL} could not be fetched: no complete response within 2 s" == why)
        place.source.answer = jwks(es384())
        place.hands.move(5)
        found.append(await place.has("key-1"))

    place = lived(life)
    assert [True] * 26 == found
    assert place.keys.problem is None


def test_an_unknown_key_in_an_outage_is_not_looked_for() -> None:
    """The fetch that failed a moment ago is not repeated for it."""

    async def life(place: Place) -> None:
        await place.has("key-1")
        place.source.answer = "down"
        place.hands.move(9 * MINUTE)
        await place.has("key-1")
        assert 2 == place.fetches
        assert f'no key "key-9" in {URL}, which has "key-1"' == await place.why_not("key-9")

    assert 2 == lived(life).fetches


def test_without_any_keys_a_fetch_is_tried_every_five_seconds() -> None:
    """So that a service that was started first recovers soon."""
    counts = []

    async def life(place: Place) -> None:
        for seconds in (0, 4, 1):
            place.hands.move(seconds)
            assert "could not be fetched: down" in await place.why_not("key-1")
            counts.append(place.fetches)
        place.source.answer = jwks(es384())
        place.hands.move(5)
        assert await place.has("key-1")

    lived(life, "down")
    assert [1, 1, 2] == counts


def test_a_document_that_is_no_key_set_counts_as_an_outage() -> None:
    """The old keys stay."""

    async def life(place: Place) -> None:
        await place.has("key-1")
        place.source.answer = b"<html>maintenance</html>"
        place.hands.move(10 * MINUTE)
        assert await place.has("key-1")
        assert "the key set is not JSON" == place.keys.problem

    assert 2 == lived(life).fetches


def test_an_empty_set_takes_all_keys_back() -> None:
    """It is no outage: the client says so."""

    async def life(place: Place) -> None:
        await place.has("key-1")
        place.source.answer = jwks()
        place.hands.move(10 * MINUTE)
        assert f'no key "key-1" in {URL}, which has no usable key' == await place.why_not("key-1")

    lived(life)


def test_closing_ends_a_fetch_that_is_under_way() -> None:
    """Whoever waits for it is told that it ends."""

    async def story() -> bool:
        place = Place(jwks(es384()))
        place.source.gate = asyncio.Event()
        waits = asyncio.create_task(place.keys.warm())
        await place.settle()
        await place.keys.close()
        await asyncio.wait([waits])
        return waits.cancelled()

    assert asyncio.run(story())


def test_reasons_name_the_keys_that_there_are() -> None:
    """Five of them; and of a key that cannot be used, why."""
    many = jwks(*(es384(f"key-{number}") for number in range(7)))
    weak = jwks(es384()).replace(b'"sig"', b'"enc"')

    async def life(place: Place) -> None:
        assert (await place.why_not("x")).endswith('which has "key-0", "key-1", "key-2", "key-3", "key-4" and 2 more')
        place.source.answer = weak
        place.hands.move(10 * MINUTE)
        assert f'the key "key-1" of {URL} cannot be used: its use is not sig' == await place.why_not("key-1")

    lived(life, many)


def test_a_private_key_in_public_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With the address, so that the client can be told."""
    leaking = jwks(es384()).replace(b'"kty"', b'"d": "x", "kty"')

    async def life(place: Place) -> None:
        await place.has("key-1")

    with caplog.at_level(logging.ERROR, "twitch-cds"):
        lived(life, leaking)

    assert [("a key set holds private keys", {"keys": URL})] == [
        (record.message, getattr(record, "fields", None)) for record in caplog.records
    ]


def test_a_file_of_keys_is_read_anew_when_it_changes(tmp_path: Path) -> None:
    """Two seconds after the last look at the latest; a broken or missing file keeps the old keys."""
    hands = Hands()
    path = tmp_path / "keys.json"
    path.write_bytes(jwks(es384()))
    keys = FileKeys(path, seconds=hands.seconds)
    found = []

    def known(kid: str) -> str:
        try:
            return asyncio.run(keys.find(kid)).kid
        except NoKey as problem:
            return str(problem).replace(str(path), "FILE")

    path.write_bytes(jwks(es384("key-2"), rs384()))
    found.append(known("key-1"))
    hands.move(2)
    found += [known("key-1"), known("key-2")]
    path.write_bytes(b"{")
    hands.move(2)
    found += [known("key-2"), known("key-1"), str(keys.problem)]
    path.unlink()
    hands.move(2)
    found += [known("key-2"), known("key-1")]
    path.write_bytes(jwks(es384()))
    hands.move(2)
    found += [known("key-1"), str(keys.problem)]

    assert [
        "key-1",
        'no key "key-1" in FILE, which has "key-2", "key-rsa"',
        "key-2",
        "key-2",
        "FILE: the key set is not JSON",
        "the key set is not JSON",
        "key-2",
        "FILE: the file cannot be read: No such file or directory",
        "key-1",
        "None",
    ] == found


def test_one_address_has_one_cache_however_many_clients_use_it(tmp_path: Path) -> None:
    """And a registry that is read anew keeps it."""
    client = '[[client]]\nname = "{0}"\nissuer = "https://{0}.example.org"\njwks_url = "' + URL + '"\n'
    file = '[[client]]\nname = "f"\nissuer = "https://f.example.org"\njwks_file = "missing.json"\n'
    path = tmp_path / "clients.toml"
    path.write_text(client.format("a") + client.format("b") + file, "utf-8")
    source = Source("down")
    ring = Keyring(source, seconds=Hands().seconds)
    registry = load_registry(path)

    async def story() -> None:
        await ring.warm(registry)
        await ring.warm(load_registry(path))
        await ring.close()

    asyncio.run(story())

    assert [URL] == source.asked
    assert [
        "keys of a: down",
        "keys of b: down",
        "keys of f: the file cannot be read: No such file or directory",
    ] == ring.problems(registry)
