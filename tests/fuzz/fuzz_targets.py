"""What is fuzzed, and what must hold whatever the bytes: a documented answer, no exception, no endless work."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from cds.call import Engine, build_engine
from cds.errors import TwitchUnknown
from cds.fhir import bundle
from cds.prefetch.supply import Supplies, Supply, supply
from cds.settings import load

CORPUS = Path(__file__).parent / "corpus"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STATUSES = frozenset({200, 400, 412, 413})
PATIENT = "p"


@cache
def engine() -> Engine:
    """One engine, whose clock stands still."""
    return build_engine(load({"TWITCH_CDS_DEMO": "true"}), now=lambda: NOON)


@cache
def service_ids() -> tuple[str, ...]:
    """All services in a fixed order."""
    return tuple(sorted(engine().service_ids))


def one_body(data: bytes) -> int:
    """A hook call: the first byte chooses the service, the rest is its body."""
    ids = service_ids()
    status, body = engine().answer(ids[data[0] % len(ids)] if data else ids[0], data[1:])
    answer = json.loads(body)
    assert status in STATUSES, status
    assert ("cards" in answer) is (status == 200), answer
    return status


def one_chart(data: bytes) -> int:
    """The FHIR of a chart: read, understood and judged without the protocol, which checks that it is UTF-8."""
    if not is_utf8(data):
        return 0
    made = engine()
    feed = bundle.read(data)
    reader = made.reader(PATIENT)
    reader.add(feed.resources)
    try:
        return len(made.judge(reader, _supplies(data)).cards)
    except TwitchUnknown:
        return 0


def is_utf8(data: bytes) -> bool:
    """Whether anybody would hand this on."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _supplies(data: bytes) -> Supplies:
    """All keys hold the same: what one rule does not read, another may."""
    made = Supplies({})
    filled: dict[str, Supply] = {}
    for key in made.keys:
        one = supply(key, _raw(data))
        filled[key] = one
    made.put(filled)
    return made


def _raw(data: bytes) -> Any:
    return msgspec.Raw(data)
