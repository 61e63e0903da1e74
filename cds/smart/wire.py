"""Requests of the app to one EHR: its hosts only, in time, in bounds, nothing followed, nothing logged."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from cds.http import httpx, silence
from cds.prefetch.backend import CheckedBackend, Resolve, resolve
from cds.prefetch.client import open_http, trust
from cds.prefetch.transport import Transport
from cds.trust.fetching import FetchFailed
from cds.trust.smart_entry import SmartClient
from cds.urls import origin_of, problem_of_keys

SECONDS = 8.0
MOST_BYTES = 512 * 1024
CONNECTIONS = 8
Json = dict[str, Any]


class Unreached(Exception):  # noqa: N818 - says what happened
    """No answer that could be read: whether the request was carried out is not known."""


class Answer(Struct, frozen=True):
    """Status, the JSON object if the body is one, and where a new resource is."""

    status: int
    body: Json
    location: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the request did what it should."""
        return 200 <= self.status < 300


class Wire:
    """The way to the servers of one registration: its issuer, and the origins that are listed beside it."""

    def __init__(
        self,
        smart: SmartClient,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        resolver: Resolve = resolve,
        seconds: float = SECONDS,
    ) -> None:
        silence()
        self._origins = {origin_of(smart.issuer), *smart.servers}
        hosts = {urlsplit(origin).hostname or "" for origin in self._origins}
        self._http = open_http(transport or Transport(CheckedBackend(hosts, resolver), trust(), CONNECTIONS))
        self._seconds = seconds

    def allows(self, address: object) -> bool:
        """Whether an address is one of these servers', and safe on its way."""
        return isinstance(address, str) and not problem_of_keys(address) and origin_of(address) in self._origins

    async def get(self, address: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Read a document."""
        return await self._answer("GET", address, headers or {"accept": "application/json"}, None)

    async def fetch(self, address: str) -> bytes:
        """The bytes of a key set; raises FetchFailed."""
        try:
            answer = await self.get(address)
        except Unreached as problem:
            raise FetchFailed("no complete response") from problem
        if not answer.is_good:
            raise FetchFailed(f"the response has the status {answer.status}")
        return msgspec.json.encode(answer.body)

    async def post_form(self, address: str, form: str, headers: Mapping[str, str]) -> Answer:
        """Send a form, as the token endpoint wants it."""
        kind = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        return await self._answer("POST", address, {**kind, **headers}, form.encode())

    async def post_resource(self, address: str, resource: Json, headers: Mapping[str, str]) -> Answer:
        """Send a resource to be stored."""
        kind = {"content-type": "application/fhir+json", "accept": "application/fhir+json"}
        return await self._answer("POST", address, {**kind, **headers}, msgspec.json.encode(resource))

    @property
    def is_closed(self) -> bool:
        """Whether all connections are closed."""
        return self._http.is_closed

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _answer(self, method: str, address: str, headers: Mapping[str, str], content: bytes | None) -> Answer:
        if not self.allows(address):
            raise Unreached
        request = self._http.build_request(method, address, headers=headers, content=content)
        try:
            async with asyncio.timeout(self._seconds):
                response = await self._http.send(request, stream=True)
                try:
                    return Answer(
                        response.status_code, _object(await _body(response)), response.headers.get("location", "")
                    )
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.HTTPError, httpx.StreamError, httpx.InvalidURL):
            raise Unreached from None  # the cause quotes the address, which may hold an id


async def _body(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Unreached  # a small answer could unpack to a huge one
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise Unreached
    return bytes(body)


def _object(body: bytes) -> Json:
    """The JSON object of a body; of anything else nothing is needed."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
