"""Candidates of every kind as small programs, a keeper that asks them, and charts that are offered to it."""

import json
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from itertools import count
from typing import Any, NamedTuple

import msgspec
from charts.dates import TODAY
from charts.notation import request
from charts.seam import engine

from cds.shadow.keeping import Keeper, Options
from cds.shadow.process import Budget
from cds.shadow.wire import Frames, Offer, Question, Report, framed

VIEW = "muscle-twitch-patient-view"
NOON = datetime.combine(TODAY, time(12), UTC)
ADULT = {"age": "40 y", "sex": "F"}
PATIENT_ENOUGH = 1e6  # seconds, where nothing hangs
EVER = 10**6
POTASSIUM = "# 2a Potassium"  # before its limits


def question(resources: list[dict[str, Any]] | None = None, *, padding: int = 0, **more: Any) -> Question:
    """A call about a chart with a twitch; `padding`: bytes that make it longer."""
    chart = {"patient": ADULT, "resources": [{"twitch": "5 w"}, *(resources or [])]}
    body = json.dumps(request(chart) | {"x": " " * padding}).encode()
    return Question(service=VIEW, body=body, at=NOON, **more)


def live(asked: Question) -> bytes:
    """What this version answers."""
    return engine(TODAY).call(VIEW, asked.body).encoded()


def offer(asked: Question | None = None, answer: bytes | None = None, client: str = "ehr") -> Offer:
    """A call with its live answer."""
    asked = asked or question()
    return Offer(client=client, service=VIEW, question=asked, live=live(asked) if answer is None else answer)


class Clock:
    """Goes on by a step each time it is read: what hangs is late after so many looks, on whatever machine."""

    def __init__(self, step: float = 0.0) -> None:
        self._ticks, self._step = count(), step

    def __call__(self) -> float:
        return next(self._ticks) * self._step


class Kept(NamedTuple):
    """What a keeper reported in the end."""

    reports: list[Report]

    @property
    def events(self) -> dict[str, int]:
        """How often what happened to calls and to the candidate."""
        found: Counter[str] = Counter()
        for report in self.reports:
            for one in report.counts:
                found[one.change] += one.number if not one.topic else 0
        return {name: number for name, number in found.items() if number}

    @property
    def cards(self) -> dict[tuple[str, str, str], int]:
        """How often what became of which card, and of its flags and tags."""
        found: Counter[tuple[str, str, str]] = Counter()
        for report in self.reports:
            for one in report.counts:
                if one.topic:
                    found[one.topic, one.reason, one.change] += one.number
        return dict(found)


def kept(
    command: tuple[str, ...],
    *offers: Offer,
    seconds: Callable[[], float] | None = None,
    budget: Budget | None = None,
    **options: Any,
) -> Kept:
    """Offer some calls to a keeper, and end it when it has asked about them all."""
    ours, theirs = socket.socketpair()
    budget = budget or Budget(seconds=PATIENT_ENOUGH, start_seconds=PATIENT_ENOUGH)
    given = {"report_seconds": PATIENT_ENOUGH, "first_pause": 0.0, "most_deaths": EVER, **options}
    with ours, theirs, control() as end:
        for one in offers:
            ours.sendall(framed(one))
        ours.shutdown(socket.SHUT_WR)
        made = Options(command=command, socket=theirs.fileno(), budget=budget, **given)
        Keeper(made, theirs, seconds or Clock(), end).run()
        theirs.shutdown(socket.SHUT_WR)
        return Kept(read_reports(ours))


def read_reports(ours: socket.socket) -> list[Report]:
    """All reports, up to the end."""
    frames, found = Frames(2**20), []
    while piece := ours.recv(65_536):
        found += [msgspec.msgpack.decode(one, type=Report) for one in frames.take(piece)]
    return found


@contextmanager
def control() -> Iterator[int]:
    """The descriptor of a control that does not end."""
    reads, writes = os.pipe()
    try:
        yield reads
    finally:
        os.close(reads)
        os.close(writes)
