"""How much a request may hold: exact at the limit, whatever the shape, and before it costs anything."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cds.errors import BadEnvelope, TooDeep, TooManyEntries
from cds.hooks import feedback, limits, members
from cds.hooks.limits import Limits, depth_of
from cds.hooks.members import members as read

LONG = "x" * limits.SMALL
JSON = some.recursive(
    some.none() | some.integers() | some.text(some.sampled_from('a"\\[]{}')),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(some.sampled_from('b"\\[{')), inner),
    max_leaves=40,
)


def true_depth(value: Any) -> int:
    """How deeply a value is nested, without any trick."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(true_depth, inner), default=0)


@given(JSON)
def test_the_depth_of_any_json_is_told(value: Any) -> None:
    """Brackets within texts are no brackets, escaped quotation marks end no text."""
    assert true_depth(value) == depth_of(json.dumps(value).encode(), 1_000)


def test_the_depth_of_long_json_is_told_piece_by_piece() -> None:
    """The pieces are longer than the brackets of any real request."""
    assert 65 == depth_of(b"[" + b"[]," * 100_000 + b"[" * 64 + b"]" * 65, 64)
    assert 3 == depth_of(b"[" + b"[[]]," * 100_000 + b"0]", 64)


def test_counting_stops_beyond_the_limit() -> None:
    """A hundred thousand levels are as quickly refused as a hundred."""
    assert limits.PIECE == depth_of(b"[" * 100_000 + b"]" * 100_000, 64)


@pytest.mark.parametrize("padding", ["", LONG], ids=["small", "large"])
@pytest.mark.parametrize(
    "nest",
    [
        lambda levels: "[" * levels + "]" * levels,
        lambda levels: '{"a":' * levels + "1" + "}" * levels,
        lambda levels: '{"a":[],"b":{"a":' * (levels // 2) + '"]"' + '},"c":[]}' * (levels // 2),
        lambda levels: "\n [ 1 ,\n" * levels + "2" + "\n ]" * levels,
    ],
    ids=["arrays", "objects", "between others", "spaced"],
)
def test_nesting_is_held_exactly_outside_the_chart(nest: Any, padding: str) -> None:
    """62 levels within the body and its member are the last that are taken."""
    body = '{"pad":"%s","extension":{"x":%s}}'

    read((body % (padding, nest(62))).encode())

    with pytest.raises(TooDeep):
        read((body % (padding, nest(64))).encode())


def test_nesting_of_a_small_chart_is_held_exactly() -> None:
    """The prefetch too."""
    body = '{"prefetch":{"labs":{"note":%s}}}'

    read((body % ("[" * 61 + "]" * 61)).encode())

    with pytest.raises(TooDeep):
        read((body % ("[" * 62 + "]" * 62)).encode())


@pytest.mark.parametrize("levels", [5_000, 100_000])
def test_no_depth_harms_a_large_chart(levels: int) -> None:
    """There the JSON reader's own guard refuses."""
    deep = '{"a":' * levels + "1" + "}" * levels

    with pytest.raises(TooDeep):
        read(f'{{"prefetch":{{"labs":{deep}}},"pad":"{LONG}"}}'.encode() * (levels >= 100_000) or deep.encode())


def test_a_scalar_beside_the_members_is_no_part() -> None:
    """Texts and numbers are not nested, however long."""
    assert {"a": LONG, "b": [], "c": 1} == read(json.dumps({"a": LONG, "b": [], "c": 1}).encode())


def test_millions_of_tiny_values_are_refused_unread() -> None:
    """Each would become an object in memory."""
    with pytest.raises(TooManyEntries):
        read(b'{"prefetch":{"labs":{"entry":[%s1]}}}' % (b"1," * 30_000), Limits(entries=100))


def test_a_long_request_with_very_many_names_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each name is made by us: they are counted while they come."""
    monkeypatch.setattr(members, "LONG", 100)
    body = json.dumps({"prefetch": dict.fromkeys(map(str, range(members.MOST_NAMES)), 1)}).encode()

    with pytest.raises(BadEnvelope) as refused:
        read(body)

    assert "too many members" in refused.value.text
    assert ["a", "b"] == list(read(b'{"a":1,"b":"' + b"x" * 100 + b'"}'))


def test_an_item_of_feedback_with_very_many_names_is_refused() -> None:
    """It is an object like any other."""
    item = json.dumps(dict.fromkeys(map(str, range(members.MOST_NAMES + 1)), "x" * 100))

    with pytest.raises(BadEnvelope):
        feedback.read(f'{{"feedback":[{item}]}}'.encode())
