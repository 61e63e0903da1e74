"""Sending one whole answer over ASGI."""

from collections.abc import Iterable

from starlette.types import Send

from cds.errors import CdsError, render

Header = tuple[bytes, bytes]
JSON: Header = (b"content-type", b"application/json")


async def send_answer(send: Send, status: int, body: bytes, headers: Iterable[Header] = ()) -> None:
    """Send a JSON body at once, with its length."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [JSON, length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def send_error(send: Send, error: CdsError) -> None:
    """Send any error as its OperationOutcome."""
    await send_answer(send, error.status, render(error), headers_of(error))


def headers_of(error: CdsError) -> tuple[Header, ...]:
    """The headers that an error wants beside its status."""
    return tuple((name.lower().encode(), value.encode()) for name, value in error.headers.items())
