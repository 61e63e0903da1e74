"""What the web stands in front of: the engine, and those who attend, verify, keep and record."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from fastapi import FastAPI

from cards.words import Words
from cds.errors import StartError
from cds.web.admission import Verifying
from cds.web.metrics import Metrics
from cds.web.ports import Answering, Handling, Keeping, Recording, Shadowing
from cds.web.record import Recorder

StartupHook = Callable[[], Awaitable[None]]


class Pages(Protocol):
    """Pages for people, such as the playground."""

    def add_to(self, app: FastAPI, recorder: Recorder) -> None:
        """Add the paths; calls that they make are recorded like all others."""


class DemoEhr(Protocol):
    """The EHR of demo mode (`cds.demo.ehr.Demo`)."""

    def add_to(self, app: FastAPI) -> None:
        """Add its FHIR server and its sign-in."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """All parts of one process. `start` is run before the first call, `close` after the last, in their order.

    `ended_by`: what made the process end by itself, if anything did. `words`: those of the engine, if it has any.
    `shadow`: a candidate that is asked the same. `demo`: the charts of demo mode and their EHR.
    """

    engine: Answering
    hook_handler: Handling
    verifier: Verifying
    keeper: Keeping | None = None
    journal: Recording | None = None
    metrics: Metrics | None = None
    shadow: Shadowing | None = None
    pages: Sequence[Pages] = ()
    start: Sequence[StartupHook] = ()
    close: Sequence[StartupHook] = ()
    ended_by: Sequence[StartError] = ()
    words: Words | None = None
    demo: DemoEhr | None = None
