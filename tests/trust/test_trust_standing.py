"""Whether any caller can be verified: what readiness goes by."""

import asyncio
from pathlib import Path

import pytest
from trust_fakes import CLIENTS, ISSUER, Hands, Source, es384, jwks, verifier

from cds.trust.standing import Standing, standing_of

REMOTE = f"""
[[client]]
name = "remote"
issuer = "{ISSUER}"
jwks_url = "https://ehr.example.org/jwks.json"
"""


class Store:
    """A shared list of used tokens that can tell, or not."""

    is_telling = False

    async def use_once(self, key: str, expires: object) -> bool:
        raise AssertionError(key, expires)


@pytest.mark.parametrize(
    ("ages", "is_closed", "is_down", "stopped_by"),
    [
        ([], False, False, ()),
        ([5.0, 70.0], False, False, ()),
        ([5.0, None], False, False, ()),
        ([None, None], False, False, ("keys",)),
        ([5.0], False, True, ()),
        ([5.0], True, False, ()),
        ([5.0], True, True, ("tokens",)),
        ([None], True, True, ("keys", "tokens")),
    ],
)
def test_what_stops_every_call(
    ages: list[float | None], is_closed: bool, is_down: bool, stopped_by: tuple[str, ...]
) -> None:
    """No keys of any client, or in closed mode a database that cannot tell; one client's keys alone never do."""
    found = standing_of(ages, is_closed=is_closed, is_down=is_down)

    assert stopped_by == found.stopped_by
    assert (("keys", "tokens") if is_closed else ("keys",)) == found.decided_by


def test_keys_are_told_in_numbers() -> None:
    """Anybody may read readiness: no client is named."""
    found = standing_of([5.4, None, 70.6], is_closed=False, is_down=False)

    assert {"clients": 3, "withoutKeys": 1, "oldestSeconds": 71} == found.keys
    assert {"clients": 0, "withoutKeys": 0} == Standing().keys


def test_the_reasons_are_words() -> None:
    """For whoever reads why a machine gets no calls."""
    found = standing_of([None], is_closed=True, is_down=True)

    assert "the keys of no client can be had and the database cannot tell which tokens were used before" == found.why


def test_a_verifier_tells_how_it_stands(tmp_path: Path) -> None:
    """Keys in a file have no age; a store that cannot tell stops calls in closed mode only."""
    found = [verifier(tmp_path, used=Store(), token_reuse=mode).standing for mode in ("open", "closed")]
    (tmp_path / "ehr.json").unlink()
    gone = verifier(tmp_path, CLIENTS, keys=b'{"keys": []}').standing

    assert [(), ("tokens",)] == [standing.stopped_by for standing in found]
    assert {"clients": 1, "withoutKeys": 0, "oldestSeconds": 0} == found[0].keys
    assert ("keys",) == gone.stopped_by


def test_keys_are_fetched_again_without_a_call(tmp_path: Path) -> None:
    """A machine without keys gets no calls from its balancer: it has to find out by itself that the server is back."""
    hands, source = Hands(), Source("no connection")
    by = verifier(tmp_path, REMOTE, hands=hands, get=source)

    async def story() -> list[tuple[str, ...]]:
        await by.warm()
        found = [by.standing.stopped_by]
        source.answer = jwks(es384())
        hands.move(5)
        by.tend(every=0.0)
        while by.standing.stopped_by:
            await asyncio.sleep(0)
        found.append(by.standing.stopped_by)
        await by.close()
        return found

    assert [("keys",), ()] == asyncio.run(asyncio.wait_for(story(), 60))
