"""The nodes of a JSON value: where they are, and the same value with another one in the place of one."""

from collections.abc import Iterator
from typing import Any

Way = tuple[Any, ...]


def places(value: Any, way: Way = ()) -> Iterator[Way]:
    """The way to every node."""
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*way, key))


def node_at(value: Any, way: Way) -> Any:
    """The node at the end of a way."""
    for key in way:
        value = value[key]
    return value


def replaced(value: Any, way: Way, node: Any) -> Any:
    """The value with another node at the end of a way."""
    if not way:
        return node
    made = dict(value) if isinstance(value, dict) else list(value)
    made[way[0]] = replaced(value[way[0]], way[1:], node)
    return made
