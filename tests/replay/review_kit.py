"""The pages of a review as a browser on this machine asks for them."""

import asyncio
import html
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import httpx
from starlette.types import ASGIApp

from cds.replay.review.app import create_app
from cds.replay.review.command import Options, manifest_of, prepared
from cds.settings import environment, load

SECRET = "a-path-that-nobody-guesses"
ADDRESS = "http://127.0.0.1:9999"
SEED = 11


class Pages:
    """The application of one review."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def fetch(self, method: str, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> httpx.Response:
        """One request, with what a browser sends beside it; an empty header is left out."""
        usual = {"content-type": "application/x-www-form-urlencoded", "origin": ADDRESS} if fields is not None else {}
        given = {name: value for name, value in {**usual, **headers}.items() if value}
        content = urlencode(fields).encode() if fields is not None else None

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
                return await client.request(method, path, content=content, headers=given)

        return asyncio.run(send())

    def ask(self, scope: MutableMapping[str, Any]) -> list[object]:
        """What is sent to something else than a request."""
        sent: list[object] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "websocket.connect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        asyncio.run(cast(Any, self._app(scope, receive, send)))
        return sent

    def get(self, path: str = "", **headers: str) -> httpx.Response:
        """A page below the secret path."""
        return self.fetch("GET", f"/{SECRET}/{path}", None, **headers)

    def post(self, path: str = "", **fields: str) -> httpx.Response:
        """A form that is sent from a page."""
        return self.fetch("POST", f"/{SECRET}/{path}", fields)

    def text(self, path: str = "") -> str:
        """A page as it is read, its tags taken out."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return read(answer)

    def join(self, name: str) -> int:
        """Begin as somebody; the place that the page leads to."""
        answer = self.post(name=name)
        assert answer.status_code == 303, answer.text
        return int(answer.headers["location"].rstrip("/").rpartition("/")[2])

    def judge(self, place: int, item: str, verdict: str, remark: str = "") -> httpx.Response:
        """Answer one item."""
        return self.post(f"{place}/{item}", verdict=verdict, remark=remark)


def read(answer: httpx.Response) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def pages(folder: Path, **options: Any) -> Pages:
    """A review of a replay."""
    made = prepared(
        Options(folder=str(folder), **options), folder, manifest_of(folder), load(environment()), SECRET, lambda: SEED
    )
    return Pages(create_app(made, SECRET, ["127.0.0.1:9999", "localhost:9999"]))
