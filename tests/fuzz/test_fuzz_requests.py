"""Requests that are nearly right: one node changed, members added, bytes flipped. Always a documented answer.

FUZZ_EXAMPLES=20000 python -m pytest tests/fuzz/test_fuzz_requests.py
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from chart_requests import contexts, requests
from fuzz_targets import CORPUS, engine, one_body, one_chart, service_ids
from hypothesis import example, given, settings
from hypothesis import strategies as some
from mutations import STRANGE, is_plain
from nodes import Way, node_at, places, replaced

BODIES = sorted((CORPUS / "bodies").iterdir())
CHARTS = sorted((CORPUS / "charts").iterdir())
REQUESTS = {path.name: path.read_bytes() for path in BODIES}
PARSED: dict[str, Any] = {name: json.loads(body[1:]) for name, body in REQUESTS.items()}
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "300"))
CASUAL = settings(max_examples=EXAMPLES)


WAYS = {name: list(places(value)) for name, value in PARSED.items()}
NODES = some.sampled_from([(name, way) for name, ways in WAYS.items() for way in ways])


def sent(name: str, value: Any) -> bytes:
    """A request to the service that the corpus file of this name is for."""
    return REQUESTS[name][:1] + json.dumps(value).encode()


def service_of(name: str) -> str:
    """The service to which the first byte of a corpus file leads."""
    return service_ids()[REQUESTS[name][0] % len(service_ids())]


def answer(name: str, value: Any) -> tuple[int, Any]:
    """Status and body, the ids that are made anew each time taken out."""
    status, said = engine().answer(service_of(name), sent(name, value)[1:])
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


def test_every_service_has_a_request_in_the_corpus() -> None:
    """The first byte leads each request to the service of its hook, and no service is without one."""
    hooks = {engine().services[service_of(name)].hook: value["hook"] for name, value in PARSED.items()}

    assert {service.hook: service.hook for service in engine().services.values()} == hooks


@pytest.mark.parametrize("path", CHARTS, ids=lambda path: path.name)
def test_every_chart_of_the_corpus_is_judged(path: Path) -> None:
    """Cards, or a question that stays open."""
    assert one_chart(path.read_bytes()) >= (path.name != "outcome")


@CASUAL
@given(NODES, STRANGE)
def test_one_node_changed_is_answered(node: tuple[str, Way], strange: Any) -> None:
    """Whatever stands in the place of whatever."""
    name, way = node

    one_body(sent(name, replaced(PARSED[name], way, strange)))


@CASUAL
@given(NODES, STRANGE.filter(is_plain), some.text(min_size=1, max_size=8))
def test_unknown_members_change_nothing(node: tuple[str, Way], strange: Any, member: str) -> None:
    """An object with one more member, whose name means nothing, is the same object (conformance D 38)."""
    name, way = node
    target = node_at(PARSED[name], way)
    if not isinstance(target, dict):
        return
    more = {**target, f"_twitch-{member}": strange}

    assert answer(name, PARSED[name]) == answer(name, replaced(PARSED[name], way, more))


@CASUAL
@given(NODES, some.randoms(use_true_random=False))
def test_the_order_of_members_changes_nothing(node: tuple[str, Way], dice: Any) -> None:
    """JSON objects have none (RFC 8259)."""
    name, way = node
    target = node_at(PARSED[name], way)
    if not isinstance(target, dict):
        return
    mixed = list(target.items())
    dice.shuffle(mixed)

    assert answer(name, PARSED[name]) == answer(name, replaced(PARSED[name], way, dict(mixed)))


HOOKS = sorted(service.hook for service in engine().services.values())


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_contexts(hook: str) -> None:
    """Of the golden cases, so that charts can be sent to every service."""
    assert contexts(hook)


@CASUAL
@given(some.sampled_from(HOOKS).flatmap(requests))
def test_whatever_a_chart_holds_the_call_is_answered(request: dict[str, Any]) -> None:
    """A chart changed inside is never refused: there are cards, or the question stays open."""
    status, _ = engine().answer(f"muscle-twitch-{request['hook']}", json.dumps(request).encode())

    assert status in (200, 412)


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
