"""What others rely on keeps its name: on the wire, in metrics, logs, audit, database, settings, options and files."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from public_names import RECORDED, public_names

KEPT = json.loads(RECORDED.read_text("utf-8"))


@pytest.fixture(scope="module")
def now() -> dict[str, Any]:
    """The names of this version."""
    return public_names()


def _names(recorded: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Each name with the way to it."""
    if isinstance(recorded, dict):
        for key, value in recorded.items():
            yield (*path, key)
            yield from _names(value, (*path, key))
    elif isinstance(recorded, list):
        yield from ((*path, name) for name in recorded)
    else:
        yield (*path, str(recorded))


@pytest.mark.parametrize("kind", sorted(KEPT))
def test_no_name_that_others_rely_on_is_lost(kind: str, now: dict[str, Any]) -> None:
    """More may come; one that goes or changes breaks whoever reads it: a client, a dashboard, a script, a database."""
    recorded = set(_names(KEPT[kind]))

    assert recorded
    assert set() == recorded - set(_names(now[kind]))
