"""The EHRs that the app may be launched from, each with its own connections: made when they are first needed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from msgspec import Struct

from cds.access import Authorization, Source
from cds.account import Caller
from cds.clock import utc_now
from cds.deadline import Deadline
from cds.errors import SettingsError
from cds.fhir.resources import Any
from cds.http import httpx
from cds.prefetch.backend import Resolve, resolve
from cds.prefetch.completion import Completion
from cds.settings import Settings
from cds.smart.asked import Person
from cds.smart.discovery import Discovery, Endpoints
from cds.smart.session import Session
from cds.smart.wire import Json, Unreached, Wire
from cds.trust.keys import RemoteKeys
from cds.trust.registry import Client
from cds.trust.registry_file import RegistryFile
from cds.trust.smart_entry import SmartClient

READ_MS = 5000  # a person waits, no hook call
OFFICIAL = ("official", "usual")


class Patient(Struct, frozen=True):
    """Whom the form is about: as the EHR names them, and what decides on the questions."""

    name: str = ""
    born: str = ""
    person: Person = Person()


class Ehr:
    """One EHR: where it is, its keys, its charts."""

    def __init__(
        self,
        client: Client,
        smart: SmartClient,
        settings: Settings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        resolver: Resolve = resolve,
        seconds: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.client, self.smart = client, smart
        self.wire = Wire(smart, transport=transport, resolver=resolver)
        self._discovery = Discovery(smart.issuer, self.wire, seconds)
        self._keys: dict[str, RemoteKeys] = {}
        self._seconds = seconds
        self._demo = settings.demo
        self.completion = Completion(
            replace(settings, fhir_servers=(smart.issuer,), deadline_ms=READ_MS),
            transport=transport,
            resolver=resolver,
            seconds=seconds,
            now=now,
        )

    async def endpoints(self) -> Endpoints:
        """Where to sign in; raises AppRefused."""
        return await self._discovery.endpoints()

    def keys(self, address: str) -> RemoteKeys:
        """The keys by which this EHR signs id tokens."""
        if address not in self._keys:
            self._keys = {address: RemoteKeys(address, self.wire.fetch, demo=self._demo, seconds=self._seconds)}
        return self._keys[address]

    async def patient(self, session: Session, today: date) -> Patient:
        """The patient of a visit; one without a name where the EHR does not give it."""
        headers = {"authorization": f"Bearer {session.token}", "accept": "application/fhir+json"}
        try:
            answer = await self.wire.get(f"{self.smart.issuer}/Patient/{session.patient}", headers)
        except Unreached:
            return Patient()
        body = answer.body
        if not answer.is_good or body.get("resourceType") != "Patient" or body.get("id") != session.patient:
            return Patient()
        return patient_of(body, today)

    async def chart(
        self, session: Session, authorization: Authorization, keys: tuple[str, ...], templates: Mapping[str, str]
    ) -> list[Any]:
        """The resources of some keys, as far as they can be had in five seconds."""
        source = Source(
            server=self.smart.issuer, authorization=authorization, context={"context.patientId": session.patient}
        )
        deadline = Deadline.after(READ_MS / 1000, self._seconds)
        caller = Caller(client=self.client.name)
        supplies = await self.completion.fetch(keys, source, templates, {}, caller, deadline)
        return [resource for supply in supplies.values() for resource in supply.feed.resources]

    async def aclose(self) -> None:
        """Close all connections."""
        await self.wire.aclose()
        await self.completion.aclose()
        for keys in self._keys.values():
            await keys.close()


class Ehrs:
    """Finds the EHR of a launch: exactly those of the file of clients, and in demo mode the demo's own."""

    def __init__(
        self,
        registry_file: RegistryFile,
        settings: Settings,
        *,
        more: tuple[Client, ...] = (),
        transport: httpx.AsyncBaseTransport | None = None,
        resolver: Resolve = resolve,
        seconds: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._registry_file, self._more = registry_file, more
        self._make = partial(Ehr, settings=settings, transport=transport, resolver=resolver, seconds=seconds, now=now)
        self._ehrs: dict[str, Ehr] = {}
        self._replaced: list[Ehr] = []

    def of(self, issuer: str) -> Ehr | None:
        """The EHR of this FHIR base; one whose registration has changed is made anew."""
        base = issuer.rstrip("/")
        client = self._registry_file.registry.launched_from(base) or next(
            (registration for registration in self._more if registration.smart and registration.smart.issuer == base),
            None,
        )
        if client is None or client.smart is None:
            return None
        ehr = self._ehrs.get(base)
        if ehr is None or ehr.client != client:
            if ehr is not None:
                self._replaced.append(ehr)
            try:
                self._ehrs[base] = self._make(client, client.smart)
            except SettingsError:  # an address that could be read in two ways
                return None
        return self._ehrs[base]

    async def aclose(self) -> None:
        """Close all connections."""
        for ehr in (*self._ehrs.values(), *self._replaced):
            await ehr.aclose()


def patient_of(resource: Json, today: date) -> Patient:
    """What a Patient says of name, birth and sex; whatever has another shape is not said."""
    born, sex = resource.get("birthDate"), resource.get("gender")
    born = born if isinstance(born, str) else ""
    return Patient(_name(resource.get("name")), born, Person(_age(born, today), sex if isinstance(sex, str) else None))


def _name(names: object) -> str:
    candidates = [entry for entry in names if isinstance(entry, dict)] if isinstance(names, list) else []
    candidates.sort(key=lambda entry: OFFICIAL.index(entry["use"]) if entry.get("use") in OFFICIAL else len(OFFICIAL))
    for human_name in candidates:
        if isinstance(human_name.get("text"), str):
            return str(human_name["text"])
        given_names = human_name.get("given")
        parts = [*(given_names if isinstance(given_names, list) else []), human_name.get("family")]
        if text := " ".join(part for part in parts if isinstance(part, str)):
            return text
    return ""


def _age(born: str, today: date) -> int | None:
    """The age in full years; None if the day of birth is not known, or lies ahead."""
    try:
        day = date.fromisoformat(born)
    except ValueError:
        return None
    years = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    return years if years >= 0 else None
