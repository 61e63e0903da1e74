"""The way out: one pool of HTTP/1.1 and HTTP/2 connections behind httpx, over checked addresses only."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import httpcore
from h2.exceptions import H2Error

from cds.http import httpx

IDLE_SECONDS = 4.0  # shorter than servers keep idle connections, so that none is reused while it is being closed
MOST_ABANDONED = 50  # exchanges that ended early, after which connections are replaced
_FAILURES = (
    *(httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol),
    *(httpcore.ConnectionNotAvailable, H2Error),
)


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Say every failure of the network in httpx's word, and nothing of the request."""
    try:
        yield
    except _FAILURES as problem:
        raise httpx.TransportError(type(problem).__name__) from None


class _CountedPool:
    """One pool and how many exchanges it carries."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self.pool = pool
        self.busy = 0
        self.abandoned = 0


class _Body(httpx.AsyncByteStream):
    """The body of an answer; `leave` is called once with whether it was read to its end."""

    def __init__(self, inner: httpcore.Response, leave: Callable[[bool], Awaitable[None]]) -> None:
        self._inner = inner
        self._leave = leave
        self._is_read = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for chunk in self._inner.aiter_stream():
                yield chunk
        self._is_read = True

    async def aclose(self) -> None:
        """Give the connection back, or close it if the answer was not read to its end."""
        try:
            with _as_httpx():
                await self._inner.aclose()
        finally:
            await self._leave(self._is_read)


class Transport(httpx.AsyncBaseTransport):
    """httpcore's pool for httpx.

    httpcore does not reset an HTTP/2 stream that is given up, so each takes a little of its connection's window away.
    After a number of them the connections are therefore replaced, once nobody uses them any more.
    """

    def __init__(self, backend: httpcore.AsyncNetworkBackend, tls: ssl.SSLContext, most_idle: int) -> None:
        self._backend, self._tls, self._most_idle = backend, tls, most_idle
        self._counted = self._new_pool()
        self._retired: set[_CountedPool] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and hand out the answer, body unread."""
        counted = self._counted
        counted.busy += 1
        answer: httpcore.Response | None = None
        try:
            with _as_httpx():
                answer = await counted.pool.handle_async_request(_as_httpcore(request))
        finally:
            if answer is None:
                await self._leave(counted, was_read=False)

        async def leave(was_read: bool) -> None:
            await self._leave(counted, was_read=was_read)

        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer, leave))

    async def aclose(self) -> None:
        """Close all connections."""
        for counted in (self._counted, *self._retired):
            await counted.pool.aclose()

    def _new_pool(self) -> _CountedPool:
        return _CountedPool(
            httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                max_connections=None,
                max_keepalive_connections=self._most_idle,
                keepalive_expiry=IDLE_SECONDS,
                http2=True,
                network_backend=self._backend,
            )
        )

    async def _leave(self, counted: _CountedPool, *, was_read: bool) -> None:
        counted.busy -= 1
        counted.abandoned += not was_read
        if counted is self._counted and counted.abandoned >= MOST_ABANDONED:
            self._counted = self._new_pool()
            self._retired.add(counted)
        if counted in self._retired and not counted.busy:
            self._retired.discard(counted)
            await counted.pool.aclose()


def _as_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )
