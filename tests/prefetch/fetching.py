"""Runs a completion in its own loop against a double, and says what it came to."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol, Self, TypeVar

import loop_clock
from fhir_double import NAME, PATIENT

from cds.access import Authorization, Source
from cds.account import NOBODY, Caller
from cds.deadline import Deadline
from cds.prefetch.completion import Completion
from cds.prefetch.supply import Supply
from cds.secrecy import Secret
from cds.settings import Settings

T = TypeVar("T")
TOKEN = "canary-token-7f3a"
MS = 1000
PLENTY = 5000  # milliseconds
TEMPLATES = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}&_count=500",
    "observations": "Observation?patient={{context.patientId}}&code=http://loinc.org|10202-0,http://loinc.org|1&_sort=-date",
    "encounters": "Encounter?patient={{context.patientId}}&status=planned,arrived",
    "labs": "Observation?patient={{context.patientId}}&category=laboratory",
    "medicationRequests": "MedicationRequest?patient={{context.patientId}}&_include=MedicationRequest:medication",
    "medicationStatements": "MedicationStatement?patient={{context.patientId}}",
    "familyHistory": "FamilyMemberHistory?patient={{context.patientId}}",
}


def run(made: Awaitable[T]) -> T:
    """Run one test's coroutine in a loop whose time goes on only while nothing happens; it must end in time."""

    async def bounded() -> T:
        async with asyncio.timeout(600):
            return await made

    return loop_clock.run(bounded())


def granted(scope: str = "patient/*.read", expires_in: int = 300, patient: str | None = PATIENT) -> Authorization:
    """A token that is easily found wherever it should not be."""
    return Authorization(token=Secret(TOKEN), expires_in=expires_in, scope=scope, subject="app", patient=patient)


def source_of(server: str | None, authorization: Authorization | None = None) -> Source:
    """Where the chart of the patient may be asked for."""
    return Source(server=server, authorization=authorization, context={"context.patientId": PATIENT})


class Based(Protocol):
    """Whatever has a base address."""

    base: str


def at_loop_time(settings: Settings) -> Completion:
    """A completion that measures waits by the time of the loop, as the calls do."""
    return Completion(settings, seconds=loop_clock.seconds)


class Client:
    """A completion for one double, closed with it."""

    def __init__(self, double: Based, make: Callable[[Settings], Completion] = at_loop_time, **settings: int) -> None:
        self.double = double
        self.settings = Settings(fhir_servers=(double.base,), **{"deadline_ms": PLENTY, **settings})  # type: ignore[arg-type]
        self.completion = make(self.settings)
        self.took = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.completion.aclose()

    async def fetch(
        self,
        *wanted: str,
        source: Source | None = None,
        held: Mapping[str, Supply] | None = None,
        caller: Caller = NOBODY,
        templates: Mapping[str, str] = TEMPLATES,
    ) -> dict[str, Supply]:
        """Fetch some keys with the deadline of the settings."""
        deadline = Deadline.after(self.settings.deadline_ms / MS, loop_clock.seconds)
        began = loop_clock.seconds()
        try:
            return await self.completion.fetch(
                wanted, source or source_of(self.double.base, granted()), templates, held or {}, caller, deadline
            )
        finally:
            self.took = loop_clock.seconds() - began


def ids(found: Supply) -> list[str | None]:
    """The ids of what arrived."""
    return [one.id for one in found.feed.resources]


def reasons(found: Mapping[str, Supply]) -> dict[str, str]:
    """Why each key that is not whole is not."""
    return {key: item.reason for key, one in found.items() for item in one.not_checked()}


def still_running(before: Collection[asyncio.Task[object]]) -> list[asyncio.Task[object]]:
    """Tasks that a fetch has left behind."""
    return [task for task in asyncio.all_tasks() if task not in before and task.get_name() != NAME]
