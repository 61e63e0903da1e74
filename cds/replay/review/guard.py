"""Who may ask: a browser on this machine that was given the address. Everything else is refused before it is read."""

import hmac
from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from cds.web.assets import PATH
from cds.web.outgoing import Outgoing

POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A form says where it comes from only under this policy: under `no-referrer` browsers send `Origin: null`.
HEADERS = ((b"content-security-policy", POLICY), (b"referrer-policy", b"same-origin"))
READING = ("GET", "HEAD")


class Guard:
    """Before the pages: the Host names this machine, the path holds the secret, a form was sent from a page of ours."""

    def __init__(self, app: ASGIApp, secret: str, addresses: Collection[str]) -> None:
        """`addresses`: host and port as a browser on this machine writes them (against DNS rebinding)."""
        self._app, self._secret, self._addresses = app, secret.encode(), frozenset(addresses)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or say in one line why not."""
        if scope["type"] != "http":
            return
        outgoing = Outgoing(send, (), bodiless=scope["method"] == "HEAD")
        if (refused := self._refused(scope)) is not None:
            await _plain(outgoing, *refused)
        else:
            await self._app(scope, receive, outgoing)

    def _refused(self, scope: Scope) -> tuple[int, bytes] | None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if host not in self._addresses:
            return 421, b"This page is only served on this machine, at the address that the command printed.\n"
        if scope["path"].startswith(PATH) and scope["method"] in READING:
            return None
        secret = scope["path"].split("/")[1].encode()
        if not hmac.compare_digest(secret, self._secret):
            return 404, b"There is no such page: use the whole address that the command printed.\n"
        if scope["method"] not in READING and headers.get(b"origin", b"") != f"http://{host}".encode():
            return 403, b"This was not sent from a page of the review.\n"
        return None


async def _plain(send: Outgoing, status: int, text: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
