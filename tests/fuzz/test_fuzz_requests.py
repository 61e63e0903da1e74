"""Requests that are nearly right: one node changed, members added, bytes flipped. Always a documented answer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fuzz_targets import CORPUS, engine, one_body, one_chart, service_ids
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

BODIES = sorted((CORPUS / "bodies").iterdir())
CHARTS = sorted((CORPUS / "charts").iterdir())
REQUESTS = {path.name: path.read_bytes() for path in BODIES}
PARSED: dict[str, Any] = {name: json.loads(body[1:]) for name, body in REQUESTS.items()}
STRANGE: some.SearchStrategy[Any] = some.sampled_from(
    [
        *(None, True, 0, -1, 1.5, 1e308, -0.0, 2**63, 10**40, "", "x", "\x00", "9" * 400, "2026-02-30", "é" * 50),
        *([], {}, [[]], {"": {}}, {"resourceType": "Bundle"}, {"coding": [None]}, [{"resource": None}]),
        *("Patient/q", "0000-00-00"),
    ]
) | some.recursive(some.none() | some.floats() | some.text(max_size=6), some.lists, max_leaves=4)
CASUAL = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every node."""
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*way, key))


WAYS = {name: list(places(value)) for name, value in PARSED.items()}
NODES = some.sampled_from([(name, way) for name, ways in WAYS.items() for way in ways])


def replaced(value: Any, way: tuple[Any, ...], node: Any) -> Any:
    """The value with another node at the end of a way."""
    if not way:
        return node
    made = dict(value) if isinstance(value, dict) else list(value)
    made[way[0]] = replaced(value[way[0]], way[1:], node)
    return made


def sent(name: str, value: Any) -> bytes:
    """A request to the service that the corpus file of this name is for."""
    return REQUESTS[name][:1] + json.dumps(value).encode()


def answer(name: str, value: Any) -> tuple[int, Any]:
    """Status and body, the ids that are made anew each time taken out."""
    body = sent(name, value)
    status, said = engine().answer(service_ids()[body[0] % len(service_ids())], body[1:])
    return status, anonymous(json.loads(said))


def anonymous(value: Any) -> Any:
    """Without random ids."""
    if isinstance(value, dict):
        return {key: anonymous(one) for key, one in value.items() if key != "uuid"}
    return [anonymous(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.name)
def test_every_request_of_the_corpus_is_answered(path: Path) -> None:
    """They are valid: 200, or 412 for those that lack a chart."""
    assert one_body(path.read_bytes()) in (200, 412)


@pytest.mark.parametrize("path", CHARTS, ids=lambda path: path.name)
def test_every_chart_of_the_corpus_is_judged(path: Path) -> None:
    """Cards, or a question that stays open."""
    assert one_chart(path.read_bytes()) >= (path.name != "outcome")


@CASUAL
@given(NODES, STRANGE)
def test_one_node_changed_is_answered(node: tuple[str, tuple[Any, ...]], strange: Any) -> None:
    """Whatever stands in the place of whatever."""
    name, way = node

    one_body(sent(name, replaced(PARSED[name], way, strange)))


def is_plain(value: Any) -> bool:
    """Whether every JSON reader can hold the value: numbers that none can are refused wherever they stand."""
    if isinstance(value, list | dict):
        return all(map(is_plain, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int | float) or abs(value) < 2**53


@CASUAL
@given(NODES, STRANGE.filter(is_plain), some.text(min_size=1, max_size=8))
def test_unknown_members_change_nothing(node: tuple[str, tuple[Any, ...]], strange: Any, member: str) -> None:
    """An object with one more member, whose name means nothing, is the same object (conformance D 38)."""
    name, way = node
    target = PARSED[name]
    for key in way:
        target = target[key]
    if not isinstance(target, dict):
        return
    more = {**target, f"_twitch-{member}": strange}

    assert answer(name, PARSED[name]) == answer(name, replaced(PARSED[name], way, more))


@CASUAL
@given(NODES, some.randoms(use_true_random=False))
def test_the_order_of_members_changes_nothing(node: tuple[str, tuple[Any, ...]], dice: Any) -> None:
    """JSON objects have none (RFC 8259)."""
    name, way = node
    target = PARSED[name]
    for key in way:
        target = target[key]
    if not isinstance(target, dict):
        return
    mixed = list(target.items())
    dice.shuffle(mixed)

    assert answer(name, PARSED[name]) == answer(name, replaced(PARSED[name], way, dict(mixed)))


@CASUAL
@given(some.sampled_from(BODIES), some.data())
def test_bytes_changed_are_answered(path: Path, data: Any) -> None:
    """Cut, doubled, and overwritten anywhere."""
    body = path.read_bytes()
    start = data.draw(some.integers(0, len(body)))
    end = data.draw(some.integers(start, len(body)))

    one_body(body[:start] + data.draw(some.binary(max_size=8) | some.just(body[start:end] * 2)) + body[end:])


@CASUAL
@given(some.sampled_from(CHARTS), some.data())
def test_bytes_of_charts_changed_are_read(path: Path, data: Any) -> None:
    """As they may come from a FHIR server."""
    body = path.read_bytes()
    start = data.draw(some.integers(0, len(body)))

    one_chart(body[:start] + data.draw(some.binary(max_size=8)) + body[start + data.draw(some.integers(0, 8)) :])


@CASUAL
@given(some.binary(max_size=200))
@example(b"")
@example(b"\x80")
def test_any_bytes_are_answered(body: bytes) -> None:
    """Most are no JSON."""
    one_body(body)
    one_chart(body)
