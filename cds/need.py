"""What the engine may ask of the world during a call. It reaches nothing itself; whoever drives it answers."""

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

from cds.fhir.units import frugal

R = TypeVar("R")


class Fetch(Struct, frozen=True):
    """Prefetch keys that are missing; whoever can get them puts them into the call's supplies."""

    keys: tuple[str, ...]


class Recall(Struct, frozen=True):
    """Fingerprints of cards that are about to be shown; the answer says when each was last answered, if it was."""

    fingerprints: tuple[str, ...]


class RecallShown(Struct, frozen=True):
    """Fingerprints of cards that a user is shown once; the answer says when this user was last shown each, if ever."""

    fingerprints: tuple[str, ...]


Need = Fetch | Recall | RecallShown
Answered = Mapping[str, datetime]
NOTHING: Answered = {}
Steps = Generator[Need, Answered, R]


class Done(Struct, Generic[R], frozen=True):
    """The end of the steps."""

    value: R


def advance(steps: Steps[R], answer: Answered | None) -> Need | Done[R]:
    """Go on to the next need, or to the end. None starts; a generator's end cannot pass through a thread."""
    try:
        with frugal():
            return next(steps) if answer is None else steps.send(answer)
    except StopIteration as end:
        return Done(end.value)


def settle(steps: Steps[R]) -> R:
    """Go through all steps where nothing more can be had: no network, no store."""
    step = advance(steps, None)
    while not isinstance(step, Done):
        step = advance(steps, NOTHING)
    return step.value
