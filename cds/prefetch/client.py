"""One request to a FHIR server: its bytes, or the reason why there are none. Nothing of it is logged."""

import asyncio
import re
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy

from msgspec import Struct

from cds.http import httpx
from cds.prefetch.breaker import BUSY_SECONDS, Breaker
from cds.prefetch.tally import READ, Tally

ACCEPT = "application/fhir+json"
JSON_TYPES = frozenset({ACCEPT, "application/json", "application/json+fhir", "text/json"})
TOO_LARGE = "too-large"
SPARE_BYTES = 65_536  # an error's body up to here is read and thrown away, so that its connection can be used again
SPARE_SECONDS = 0.05
_REASONS = {401: "unauthorized", 403: "forbidden", 404: "not-found", 410: "not-found", 429: "busy", 501: "unsupported"}
_REFUSED_SEARCH = frozenset({400, 414})
_NO_SEARCH = frozenset({404, 405, 410, 501})
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


class Answer(Struct, frozen=True):
    """What came of a request: bytes, or a reason. `is_refused_search`: the server refused how it was asked."""

    reason: str = ""
    body: bytes = b""
    is_refused_search: bool = False


class Server:
    """One listed FHIR server: its breaker, and the places for requests under way."""

    def __init__(self, breaker: Breaker, places: int) -> None:
        self.breaker = breaker
        self.places = asyncio.Semaphore(places)


class Client:
    """Sends requests and takes nothing that is not plain FHIR JSON of a bearable size."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        most_bytes: int,
        tally: Tally,
        seconds: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._http, self._most_bytes, self._tally = http, most_bytes, tally
        self._seconds, self._now = seconds, now

    def request(self, method: str, url: str, headers: Mapping[str, str], content: str | None = None) -> httpx.Request:
        """A request with what all of them carry."""
        return self._http.build_request(method, url, headers=headers, content=content)

    async def send(
        self, server: Server, request: httpx.Request, cut: list[float], *, is_search: bool = False
    ) -> Answer:
        """Wait for a place, then ask. A request that is cancelled leaves in `cut` how many seconds it was under way."""
        async with server.places:
            began = self._seconds()
            try:
                answer = await self._exchange(server, request, is_search=is_search)
            except asyncio.CancelledError:
                cut.append(self._seconds() - began)
                raise
        self._tally.ended(answer.reason or READ)
        server.breaker.note(answer.reason)
        return answer

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _exchange(self, server: Server, request: httpx.Request, *, is_search: bool) -> Answer:
        try:
            response = await self._http.send(request, stream=True)
            try:
                return await self._read(server, response, is_search=is_search)
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.StreamError):
            return Answer("unreachable")

    async def _read(self, server: Server, response: httpx.Response, *, is_search: bool) -> Answer:
        if reason := refusal(response.status_code, is_search=is_search):
            if reason == "busy" or "retry-after" in response.headers:
                server.breaker.pause(self._wait(response.headers.get("retry-after", "")))
            await _drain(response)
            return Answer(reason, is_refused_search=is_search and response.status_code in _REFUSED_SEARCH)
        if not _is_plain_json(response.headers):
            return Answer("unreadable")
        body = await _body(response, self._most_bytes)
        return Answer(TOO_LARGE) if body is None else Answer(body=body) if _is_utf8(body) else Answer("unreadable")

    def _wait(self, header: str) -> float:
        """The seconds that a busy server asks for, said in seconds or as a date (HTTP, Retry-After)."""
        if _SECONDS.fullmatch(header):
            return float(header)
        try:
            return (parsedate_to_datetime(header) - self._now()).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return BUSY_SECONDS


def refusal(status: int, *, is_search: bool) -> str:
    """Why an answer of this status holds nothing to read; nothing if it does."""
    if status == httpx.codes.OK:
        return ""
    if is_search and status in _NO_SEARCH:
        return "unsupported"
    if status in _REASONS:
        return _REASONS[status]
    return {2: "unreadable", 3: "redirected", 5: "server-error"}.get(status // 100, "failed")


def _is_plain_json(headers: httpx.Headers) -> bool:
    """FHIR's JSON, and not compressed: a small answer could unpack to a huge one."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in JSON_TYPES and headers.get("content-encoding", "identity").strip().lower() == "identity"


def _is_utf8(body: bytes) -> bool:
    try:
        return body.isascii() or bool(body.decode("utf-8"))
    except UnicodeDecodeError:
        return False


async def _body(response: httpx.Response, most: int) -> bytes | None:
    """The bytes of an answer, counted as they come; None if they are too many."""
    length = response.headers.get("content-length", "0")
    if _SECONDS.fullmatch(length) and int(length) > most:
        return None
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


async def _drain(response: httpx.Response) -> None:
    """Read a small error to its end; the reason is already known, so it may fail or be slow."""
    try:
        async with asyncio.timeout(SPARE_SECONDS):
            await _body(response, SPARE_BYTES)
    except (TimeoutError, httpx.HTTPError):
        return


def open_http(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    """A client that keeps no cookies, follows nothing, knows no proxy, and has no other timeout than the call's."""
    return httpx.AsyncClient(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        timeout=None,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={
            "Accept": ACCEPT,
            "Accept-Encoding": "identity",
            "Cache-Control": "no-cache",  # what was saved a moment ago must be seen
            "User-Agent": "twitch-cds",
        },
    )


def trust() -> ssl.SSLContext:
    """The certificate authorities of this machine, with the protocols that HTTP needs."""
    return ssl.create_default_context()
