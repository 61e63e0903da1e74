"""Medications that prescriptions only refer to: read one by one, within the same deadline (FHIR R4, references)."""

import asyncio
import re
from collections.abc import Mapping, Sequence

from cds.fhir.references import id_of
from cds.fhir.resources import Medication
from cds.prefetch.allowed import parse
from cds.prefetch.reading import NOT_GRANTED, PAGE_LIMIT, UNREADABLE, Reading, opened
from cds.prefetch.scopes import Access
from cds.prefetch.supply import Supply, loose_ends
from cds.prefetch.templates import Ask
from cds.prefetch.visit import Visit

MOST = 50  # Medications that are read for one call
_TARGET = re.compile(
    r"(?:(?P<base>https?://.+)/)?Medication/(?P<id>[A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.ASCII
)


async def resolve(visit: Visit, readings: Sequence[Reading], supplies: Mapping[str, Supply]) -> None:
    """Read what the keys refer to and no key contains; each Medication joins the first key that needs it."""
    now = {**supplies, **{reading.earlier.key: reading.supply() for reading in readings}}
    ends = loose_ends(now)
    needed: dict[str, Reading] = {}
    for reading in readings:
        for target in ends[reading.earlier.key]:
            needed.setdefault(target, reading)
    readable = [(target, reading, ask) for target, reading in needed.items() if (ask := _ask(visit, target))]
    for target, reading, _ in readable[MOST:]:
        reading.unread[target] = PAGE_LIMIT
    async with asyncio.TaskGroup() as group:
        for target, reading, ask in readable[:MOST]:
            group.create_task(_read(visit, reading, target, ask))


def _ask(visit: Visit, target: str) -> Ask | None:
    """The read of a reference, if it leads to a Medication on the server of this call."""
    match = _TARGET.fullmatch(target)
    if match is None or not match["id"].strip("."):
        return None
    if match["base"] and parse(match["base"]) != visit.base:
        return None
    return Ask(f"Medication/{match['id']}", "")


async def _read(visit: Visit, reading: Reading, target: str, ask: Ask) -> None:
    if visit.access(ask) is Access.NONE:
        reading.unread[target] = NOT_GRANTED
        return
    answer = await visit.ask(ask)
    feed, reason = opened(answer, visit.allowance)
    medications = [resource for resource in feed.resources if isinstance(resource, Medication)]
    requested = [medication for medication in medications if medication.id == id_of(ask.path)]
    if requested:
        reading.feed.resources.append(requested[0])
        visit.keep(reading.bodies, answer.body)
    else:
        reading.unread[target] = reason or UNREADABLE
