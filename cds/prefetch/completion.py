"""Completion of what a client did not send, from its FHIR server, within one deadline (CDS Hooks 2.0, prefetch)."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from cds.access import Authorization, Source
from cds.account import Caller
from cds.clock import utc_now
from cds.deadline import Deadline
from cds.errors import SettingsError
from cds.fhir.allowance import Allowance
from cds.fhir.bundle import Feed
from cds.http import httpx, silence
from cds.prefetch import medications
from cds.prefetch.allowed import AllowList, Base
from cds.prefetch.backend import CheckedBackend, Resolve, resolve
from cds.prefetch.breaker import Breaker
from cds.prefetch.client import Client, Server, open_http, trust
from cds.prefetch.reading import Reading
from cds.prefetch.scopes import Grants
from cds.prefetch.supply import MEDICATED, State, Supply, loose_ends
from cds.prefetch.tally import Tally
from cds.prefetch.templates import Ask, fill
from cds.prefetch.transport import Transport
from cds.prefetch.visit import Visit
from cds.settings import PREFIX, Settings

TIMED_OUT, EXPIRED, FORBIDDEN, UNAUTHORIZED = "timed-out", "expired", "forbidden", "unauthorized"
NOT_ALLOWED = "not-allowed"
FAIR_SECONDS = 0.05  # a request that had less time than this says nothing about its server
PATIENT = "context.patientId"
_TOKEN = re.compile(r"[!-~]+", re.ASCII)  # what can stand in a header (RFC 6750)


class Plan(Struct, frozen=True):
    """The keys of one fetch: those to be read with their requests, all that take part, and what there is to it."""

    asks: tuple[tuple[Reading, Ask], ...]
    readings: dict[str, Reading]
    settled: dict[str, Supply]


class Completion:
    """Fetches missing keys for one call at a time; one for each process. Raises nothing for what a server does."""

    def __init__(
        self,
        settings: Settings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        resolver: Resolve = resolve,
        seconds: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        tally: Tally | None = None,
    ) -> None:
        """Take the allow-list and the limits from the settings; raises SettingsError for an unusable address."""
        silence()
        self.tally = tally or Tally()
        self._settings = settings
        self._allowed = _allow_list(settings.fhir_servers)
        self._servers = {base: Server(Breaker(seconds), settings.fhir_concurrency) for base in self._allowed.bases}
        backend = CheckedBackend({base.host for base in self._allowed.bases}, resolver)
        http = open_http(transport or Transport(backend, trust(), settings.fhir_concurrency))
        self._client = Client(http, settings.fhir_max_page_bytes, self.tally, seconds, now)

    async def fetch(
        self,
        missing: Sequence[str],
        source: Source,
        templates: Mapping[str, str],
        supplies: Mapping[str, Supply],
        caller: Caller,
        deadline: Deadline,
    ) -> dict[str, Supply]:
        """All wanted keys, as far as they could be had by the deadline; each says itself what it lacks, and why."""
        before = {key: supplies.get(key) or Supply(key, State.ABSENT, Feed()) for key in missing}
        match = self._allowed.find(source.server, caller.fhir_servers)
        if not before or source.server is None:
            return before
        if match is None:
            self.tally.kept_back[NOT_ALLOWED] += 1
            return before
        entry, base = match
        server = self._servers[entry]
        if reason := self._refusal(source, deadline) or server.breaker.enter():
            self.tally.kept_back[reason] += 1
            return _named({key: _without(supply, reason) for key, supply in before.items()}, supplies, reason)
        try:
            return await self._visited(self._visit(server, base, source), before, source, templates, supplies, deadline)
        finally:
            server.breaker.leave()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def _refusal(self, source: Source, deadline: Deadline) -> str:
        """Why this call's token and server are not to be used at all; nothing if they may be."""
        if deadline.is_over:
            return TIMED_OUT
        authorization = source.authorization
        if authorization is None:
            return ""
        if authorization.patient and authorization.patient != source.context.get(PATIENT):
            return FORBIDDEN
        if not _TOKEN.fullmatch(authorization.token.reveal()):
            return UNAUTHORIZED
        return EXPIRED if self._token_left(authorization, deadline) <= 0 else ""

    def _token_left(self, authorization: Authorization, deadline: Deadline) -> float:
        """The seconds for which the token may be used. It was given when the call began."""
        return deadline.at - self._settings.deadline_ms / 1000 + authorization.expires_in - deadline.clock()

    def _visit(self, server: Server, base: Base, source: Source) -> Visit:
        grants = Grants(source.authorization.scope if source.authorization else "")
        allowance = Allowance(self._settings.max_entries)
        pages = self._settings.fhir_max_pages
        keeps = bool(self._settings.shadow)
        return Visit(self._client, server, base, source.authorization, grants, pages, allowance, keeps=keeps)

    async def _visited(
        self,
        visit: Visit,
        before: Mapping[str, Supply],
        source: Source,
        templates: Mapping[str, str],
        supplies: Mapping[str, Supply],
        deadline: Deadline,
    ) -> dict[str, Supply]:
        """Ask for all keys at once; when the time is over, stop, and take what there is."""
        plan = _plan(before, templates, source.context)
        remaining, cut = deadline.left, TIMED_OUT
        if visit.authorization and (token_left := self._token_left(visit.authorization, deadline)) < remaining:
            remaining, cut = token_left, EXPIRED
        try:
            async with asyncio.timeout(remaining):
                await _run(visit, plan, supplies)
            cut = State.ABSENT.value
        except TimeoutError:
            self._note_cut(visit, cut)
        for reading, _ in plan.asks:
            if reading.is_cut_short:
                reading.stop(cut)
        return _named(plan.settled | {key: reading.supply() for key, reading in plan.readings.items()}, supplies, cut)

    def _note_cut(self, visit: Visit, cut: str) -> None:
        for _ in visit.cut:
            self.tally.ended(cut)
        for seconds in visit.cut if cut == TIMED_OUT else ():
            if seconds >= FAIR_SECONDS:
                visit.server.breaker.note(cut)


def _allow_list(servers: Sequence[str]) -> AllowList:
    try:
        return AllowList(servers)
    except ValueError as problem:
        raise SettingsError(
            f"{PREFIX}FHIR_SERVERS", "must be plain base addresses: no user, dot segments or encoded separators"
        ) from problem


def _plan(before: Mapping[str, Supply], templates: Mapping[str, str], context: Mapping[str, str]) -> Plan:
    """What to ask for each key: nothing if only Medications are missing, or if its template cannot be filled."""
    asks: list[tuple[Reading, Ask]] = []
    readings: dict[str, Reading] = {}
    settled: dict[str, Supply] = {}
    for key, supply in before.items():
        if not supply.is_lost and not supply.feed.truncated:
            readings[key] = Reading(supply)
        elif key not in templates:
            settled[key] = supply
        elif (ask := fill(templates[key], context)) is None:
            settled[key] = Supply(key, State.NOT_APPLICABLE, Feed())
        else:
            readings[key] = Reading(supply)
            asks.append((readings[key], ask))
    return Plan(tuple(asks), readings, settled)


async def _run(visit: Visit, plan: Plan, supplies: Mapping[str, Supply]) -> None:
    """Everything at once, except that Medications are known to be missing only when the medicines are there."""
    medicines = [reading for key, reading in plan.readings.items() if key in MEDICATED]
    async with asyncio.TaskGroup() as group:
        tasks = {reading.earlier.key: group.create_task(reading.run(visit, ask)) for reading, ask in plan.asks}
        if medicines:
            first = [task for key, task in tasks.items() if key in MEDICATED]
            group.create_task(_medications(visit, medicines, first, supplies))


async def _medications(
    visit: Visit, readings: Sequence[Reading], first: Sequence[asyncio.Task[None]], supplies: Mapping[str, Supply]
) -> None:
    await asyncio.gather(*first)
    await medications.resolve(visit, readings, supplies)


def _without(supply: Supply, reason: str) -> Supply:
    """A key for which nothing could be asked."""
    reason = reason if supply.is_lost or supply.feed.truncated else ""
    return Supply(supply.key, supply.state, supply.feed, reason, dict(supply.unread))


def _named(fetched: dict[str, Supply], supplies: Mapping[str, Supply], cut: str) -> dict[str, Supply]:
    """Say for each Medication that is still missing why it is."""
    for key, targets in loose_ends({**supplies, **fetched}).items():
        for target in targets if key in fetched else ():
            fetched[key].unread.setdefault(target, cut)
    return fetched
