"""Getting a key set over the network: one address from the registry, bounded in time and size, no redirects."""

import asyncio
import ssl
from functools import cache

import certifi

from cds.http import httpx, silence
from cds.trust.fetching import FetchFailed

SECONDS = 2.0
MOST_BYTES = 256 * 1024


def authorities() -> ssl.SSLContext:
    """The machine's certificate authorities (`SSL_CERT_FILE` counts), and those that the HTTP library brings."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


_usual = cache(authorities)


async def fetch(url: str, context: ssl.SSLContext | None = None, seconds: float = SECONDS) -> bytes:
    """The bytes behind an address, or FetchFailed."""
    silence()
    trusted = context or _usual()  # read before the time begins: on a slow machine the first reading takes long
    try:
        async with asyncio.timeout(seconds):
            return await _get(url, trusted, seconds)
    except TimeoutError as problem:
        raise FetchFailed(f"no complete response within {seconds:g} s") from problem
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        raise FetchFailed(f"no connection: {_words(problem)}") from problem


async def _get(url: str, context: ssl.SSLContext, seconds: float) -> bytes:
    headers = {"accept": "application/jwk-set+json, application/json", "accept-encoding": "identity"}
    async with (
        httpx.AsyncClient(verify=context, headers=headers, follow_redirects=False, timeout=seconds) as client,
        client.stream("GET", url) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise FetchFailed(f"the response has the status {answer.status_code}, not 200 (redirects are not followed)")
        if "content-encoding" in answer.headers:
            raise FetchFailed("the response is compressed, although that was not requested")
        return await _read(answer)


async def _read(answer: httpx.Response) -> bytes:
    """The body, as far as it is allowed to go."""
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > MOST_BYTES:
            raise FetchFailed(f"the response is longer than {MOST_BYTES} bytes")
    return bytes(body)


def _words(problem: Exception) -> str:
    return f"{type(problem).__name__} {problem}".strip()
