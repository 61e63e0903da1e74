"""How much one request may hold, judged on its bytes: nesting and values. Costs next to nothing for a chart."""

import re
from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

from msgspec import Raw, Struct

from cds.errors import TooDeep, TooManyEntries

SMALL = 8 * 1024  # bytes up to which a whole request is searched for nesting
PIECE = 64 * 1024
MANY_VALUES = 50  # of a request for each resource that it may hold; real ones have twenty to forty
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_QUOTED = re.compile(rb'"[^"]*"')
_STEPS = bytes.maketrans(b"{}[]", bytes((1, 255, 1, 255)))
_OTHERS = bytes(set(range(256)) - set(b'{}[]"'))


class Limits(Struct, frozen=True, kw_only=True):
    """What `max_depth` and `max_entries` say."""

    depth: int = 64
    entries: int = 20_000

    def check_values(self, body: bytes) -> None:
        """Refuse millions of tiny values before they are decoded: each would become an object."""
        most = self.entries * MANY_VALUES
        if len(body) > 2 * most and body.count(b",") > most:
            raise TooManyEntries(self.entries)

    def check_depth(self, body: bytes, members: dict[str, Any]) -> None:
        """Refuse what is nested too deeply, once the outermost members are told apart.

        The nesting of a small request is measured as a whole. Of a large one everything but `prefetch` is: what is not
        read there is passed over by the JSON reader, which has a guard of its own (see docs/security.md).
        """
        if len(body) <= SMALL:
            self._check(body)
        else:
            for part in _parts(value for name, value in members.items() if name != "prefetch"):
                self._check(part, above=2)

    def _check(self, part: bytes | Raw, above: int = 0) -> None:
        """A part of n bytes is nested n/2 deep at most, and no deeper than it has brackets."""
        most = self.depth - above
        if len(memoryview(part)) <= 2 * most:
            return
        text = bytes(part)
        if text.count(b"{") + text.count(b"[") > most and depth_of(text, most) > most:
            raise TooDeep


USUAL = Limits()


def depth_of(text: bytes, most: int) -> int:
    """How deeply valid JSON is nested; counting stops beyond `most`."""
    marks = _ESCAPED.sub(b"", text).translate(_STEPS, _OTHERS).replace(b'""', b"")
    steps = _QUOTED.sub(b"", marks)
    depth = deepest = 0
    for start in range(0, len(steps), PIECE):
        levels = list(accumulate(array("b", steps[start : start + PIECE]), initial=depth))
        depth, deepest = levels[-1], max(deepest, *levels)
        if deepest > most:
            break
    return deepest


def _parts(values: Iterable[Any]) -> Iterator[Raw]:
    """The unread values one level below the outermost members."""
    for value in values:
        if isinstance(value, dict):
            yield from value.values()
        elif isinstance(value, list):
            yield from value
