"""JSON values that are nearly right: any node of them replaced by something strange, or left out."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as some
from nodes import Way, node_at, replaced

STRANGE: some.SearchStrategy[Any] = some.sampled_from(
    [
        *(None, True, 0, -1, 1.5, 1e308, -0.0, 2**63, 10**40, "", "x", "\x00", "9" * 400, "2026-02-30", "é" * 50),
        *([], {}, [[]], {"": {}}, {"resourceType": "Bundle"}, {"coding": [None]}, [{"resource": None}]),
        *("Patient/q", "0000-00-00"),
    ]
) | some.recursive(some.none() | some.floats() | some.text(max_size=6), some.lists, max_leaves=4)


def is_plain(value: Any) -> bool:
    """Whether every JSON reader can hold the value: numbers that none can are refused wherever they stand."""
    if isinstance(value, list | dict):
        return all(map(is_plain, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int | float) or abs(value) < 2**53


@some.composite
def changed(draw: some.DrawFn, value: Any, ways: Sequence[Way]) -> Any:
    """The value with one of these nodes replaced: by a plain strange one, or by another of them."""
    way = draw(some.sampled_from(ways))
    node = draw(STRANGE.filter(is_plain) | some.sampled_from(ways).map(lambda other: node_at(value, other)))
    return replaced(value, way, node)
