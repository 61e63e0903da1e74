"""Reading a request body: counted, plain, JSON by its header, and in time."""

import asyncio
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from io import BytesIO

from starlette.types import Receive

from cds.errors import CompressedBody, SlowBody, TooLarge, WrongMediaType
from cds.web.answers import Header
from cds.web.lag import GRACE, is_late

JSON_TYPE = re.compile(r"application/(?:json|[a-z0-9!#$&^_.+-]+\+json)")
UTF_8 = re.compile(r'charset\s*=\s*"?utf-?8"?')


class ClientGone(Exception):  # noqa: N818 - no error of ours: nobody is left to be told
    """The client hung up before its body was complete."""


@lru_cache(maxsize=64)
def is_json(content_type: str) -> bool:
    """Tell whether a Content-Type header means JSON in UTF-8."""
    kind, *parameters = (part.strip() for part in content_type.lower().split(";"))
    charsets = [part for part in parameters if part.startswith("charset")]
    return JSON_TYPE.fullmatch(kind) is not None and all(UTF_8.fullmatch(part) for part in charsets)


def check_headers(headers: Iterable[Header], limit: int) -> None:
    """Refuse by the headers alone what need not be read."""
    values = dict(headers)
    if values.get(b"content-encoding", b"identity").lower() != b"identity":
        raise CompressedBody
    if values.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
        raise CompressedBody
    if not is_json(values.get(b"content-type", b"").decode("latin-1")):
        raise WrongMediaType
    length = values.get(b"content-length", b"0")
    if length.isdigit() and (len(length) > 15 or int(length) > limit):
        raise TooLarge(limit)


def uncounted(_: int) -> None:
    """Count nothing: for bodies that come one at a time."""


async def read_body(receive: Receive, limit: int, seconds: float, arrived: Callable[[int], None] = uncounted) -> bytes:
    """Read the whole body, however it is cut, within the limits of bytes and time; `arrived` is told of each piece."""
    buffer = BytesIO()
    while True:
        try:
            async with asyncio.timeout(seconds) as patience:
                return await _collected(receive, buffer, limit, arrived)
        except TimeoutError as problem:
            if not is_late(patience.when() or 0.0, asyncio.get_running_loop().time()):
                raise SlowBody from problem
            seconds = GRACE  # the loop was held up: what came meanwhile is read before anybody is called slow


async def _collected(receive: Receive, buffer: BytesIO, limit: int, arrived: Callable[[int], None]) -> bytes:
    """Put the pieces together, counting them while they come: a length that is announced proves nothing.

    A buffer hands out what it holds without a copy; joining a list of pieces would hold a body twice.
    """
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece, more = message.get("body", b""), message.get("more_body", False)
        if buffer.tell() + len(piece) > limit:
            raise TooLarge(limit)
        arrived(len(piece))
        if not more and not buffer.tell():
            return bytes(piece)
        buffer.write(piece)
    return buffer.getvalue()
