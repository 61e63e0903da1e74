"""How much one request may hold, judged on its bytes: nesting, resources, values. Costs next to nothing for a chart."""

import re
from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

import msgspec
from msgspec import Raw, Struct

from cds.errors import TooDeep, TooManyEntries

SMALL = 8 * 1024  # bytes up to which a whole request is searched for nesting
LEAST = 41  # bytes of the shortest resource in the shortest entry, with the comma after it
PIECE = 64 * 1024
MANY_VALUES = 100  # of a request for each resource that it may hold; real ones have twenty to forty
WINDOWS, WIDTH = 16, 16 * 1024  # where a long request is sampled
MARGIN = 1.5
BRACKETS = b"{}[]"
_TYPE = b'"resourceType"'
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_OTHERS = bytes(byte for byte in range(256) if byte not in BRACKETS)
_STEPS = bytes.maketrans(BRACKETS, bytes((1, 255, 1, 255)))


class Limits(Struct, frozen=True, kw_only=True):
    """What `max_depth` and `max_entries` say."""

    depth: int = 64
    entries: int = 20_000

    def check_bytes(self, body: bytes) -> None:
        """Refuse millions of tiny values before they are decoded: each would become an object."""
        most = self.entries * MANY_VALUES
        if len(body) > 2 * most and body.count(b",") > most:
            raise TooManyEntries(self.entries)

    def check(self, body: bytes, members: dict[str, Any]) -> None:
        """Refuse what is nested too deeply or holds too many resources, once the outermost members are told apart.

        The nesting of a small request is measured as a whole. Of a large one everything but `prefetch` is: what is not
        read there is passed over by the JSON reader, which has a guard of its own (see docs/security.md).
        """
        if len(body) <= SMALL:
            self._check_depth(body)
        else:
            for part in _parts(value for name, value in members.items() if name != "prefetch"):
                self._check_depth(part, above=2)
        if len(body) > LEAST * self.entries and self._may_be_many(body):
            self._check_entries(_parts(members.values()))

    def _check_depth(self, part: bytes | Raw, above: int = 0) -> None:
        """A part of n bytes is nested n/2 deep at most, and no deeper than it has brackets."""
        most = self.depth - above
        if len(memoryview(part)) <= 2 * most:
            return
        text = bytes(part)
        if text.count(b"{") + text.count(b"[") > most and depth_of(text, most) > most:
            raise TooDeep

    def _may_be_many(self, body: bytes) -> bool:
        """Estimated first: to count all of a long request would cost a fifth of its answer.

        Whoever hides resources from the samples gains nothing: what is read is counted then (`cds.fhir.bundle`).
        """
        step = max(1, len(body) // WINDOWS)
        seen = sum(body.count(_TYPE, start, start + WIDTH) for start in range(0, len(body), step))
        share = min(1.0, WINDOWS * WIDTH / len(body))
        return seen * MARGIN > self.entries * share and body.count(_TYPE) > self.entries

    def _check_entries(self, parts: Iterable[bytes | Raw]) -> None:
        if sum(map(_entries, parts)) > self.entries:
            raise TooManyEntries(self.entries)


USUAL = Limits()


def depth_of(text: bytes, most: int) -> int:
    """How deeply valid JSON is nested; counting stops beyond `most`."""
    brackets = _STRING.sub(b"", text).translate(_STEPS, _OTHERS)
    depth = deepest = 0
    for start in range(0, len(brackets), PIECE):
        levels = list(accumulate(array("b", brackets[start : start + PIECE]), initial=depth))
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


class _Counted(Struct, gc=False):
    """A Bundle of which only the number of entries is of interest."""

    entry: list[Raw] = []


_COUNTED = msgspec.json.Decoder(_Counted)


def _entries(part: bytes | Raw) -> int:
    """The resources of a value: a Bundle's entries, else one."""
    try:
        return len(_COUNTED.decode(part).entry) or 1
    except msgspec.DecodeError:
        return 1
