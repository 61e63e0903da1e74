"""Thousands of patients, each with a chart, ids and an expected answer of his own, made from a few charts."""

import random
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

import payloads

from cds.call import Engine

SIZES = (10, 15, 25, 40, 60, 80, 110, 150, 200)
LARGE = 2_000
INSTANCE = b"0b0e4c1a-3d6f-4a8e-9c55-1f2e3d4c5b6a"  # of every chart that `payloads` makes
FIRING_SHARE, LARGE_SHARE = 0.10, 0.002
IDENTITY = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
FRESH = re.compile(rb'"uuid":"[0-9a-f-]{36}"')
LEFT_OUT = b'"uuid":""'
SILENT = b'{"cards":[]}'


class Verdict(StrEnum):
    """What is to be said about one answer."""

    RIGHT = "right"
    SHED = "shed"
    WRONG = "wrong"
    FAILED = "failed"


class Visit(NamedTuple):
    """One call: what is sent, and what must come back."""

    body: bytes
    answer: bytes

    def judge(self, status: int, answer: bytes, retry_after: bytes | None) -> Verdict:
        """A good answer has every byte of the expected one, but for ids that are new each time."""
        if status == 200:
            return Verdict.RIGHT if FRESH.sub(LEFT_OUT, answer) == self.answer else Verdict.WRONG
        return Verdict.SHED if status == 503 and retry_after else Verdict.FAILED


class Stencil:
    """A text in which ids stand that each visit replaces by its own."""

    def __init__(self, text: bytes, ids: frozenset[bytes]) -> None:
        at, parts = 0, list[bytes]()
        for found in IDENTITY.finditer(text):
            if found[0] in ids:
                parts += (text[at : found.start()], found[0])
                at = found.end()
        self._parts = [*parts, text[at:]]

    def filled(self, number: int) -> bytes:
        """The text with the ids of that visit: their last eight digits are its number."""
        mark, parts = b"%08x" % number, list(self._parts)
        parts[1::2] = [one[:-8] + mark for one in parts[1::2]]
        return b"".join(parts)


class Chart:
    """One chart, and what the engine says to it."""

    def __init__(self, engine: Engine, kind: str, size: int) -> None:
        body = payloads.request(kind, size)
        answer = FRESH.sub(LEFT_OUT, engine.answer(payloads.SERVICE, body).body)
        if (answer == SILENT) != (kind == payloads.SILENT):
            raise ValueError(f"the {kind} chart of {size} resources is not {kind}")
        ids = frozenset(IDENTITY.findall(answer)) | {payloads.PATIENT.encode(), INSTANCE}
        self._body, self._answer = Stencil(body, ids), Stencil(answer, ids)

    def visit(self, number: int) -> Visit:
        """The same chart of another patient: all that his answer quotes is his."""
        return Visit(self._body.filled(number), self._answer.filled(number))


class Crowd:
    """The patients of a run, the same ones for the same seed; no two visits are of one patient."""

    def __init__(self, engine: Engine, seed: int = 1) -> None:
        self._dice = random.Random(seed)
        self._charts = {kind: [Chart(engine, kind, size) for size in SIZES] for kind in payloads.KINDS}
        self._large = [Chart(engine, kind, LARGE) for kind in payloads.KINDS]
        self._numbers = iter(range(1, 2**32))

    def visits(self) -> Iterator[Visit]:
        """Without end: nine in ten silent, a very large chart now and then."""
        while True:
            kind = payloads.FIRING if self._dice.random() < FIRING_SHARE else payloads.SILENT
            charts = self._large if self._dice.random() < LARGE_SHARE else self._charts[kind]
            yield self._dice.choice(charts).visit(next(self._numbers))
