"""The way out of every request: the headers that all answers carry, and what was sent."""

from collections.abc import Iterable

from starlette.types import Message, Send

from cds.web.answers import Header

SECURITY: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Outgoing:
    """Wraps `send`: an answer that brings a security header of its own keeps it."""

    __slots__ = ("_bodiless", "_headers", "_send", "status")

    def __init__(self, send: Send, headers: Iterable[Header], *, bodiless: bool) -> None:
        self._send = send
        self._headers = headers
        self._bodiless = bodiless
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message.get("headers", [])
            names = {name.lower() for name, _ in headers}
            defaults = [header for header in SECURITY if header[0] not in names]
            message = {**message, "headers": [*headers, *defaults, *self._headers]}
        elif self._bodiless:
            message = {**message, "body": b""}
        await self._send(message)
