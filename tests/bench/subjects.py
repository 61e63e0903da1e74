"""What is measured and what it is measured against; each runs a number of times on the same bytes."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, time
from logging.config import dictConfig
from os import devnull

import msgspec
import orjson
import uvloop
from msgspec import Struct
from payloads import SERVICE, TODAY
from starlette.types import ASGIApp, Message, Scope

from cds.call import Engine, build_engine
from cds.fhir import dates
from cds.fhir.bundle import Bundle
from cds.fhir.resources import Any
from cds.hook_handler import HookHandler
from cds.settings import Settings, load
from cds.trust.verifier import build_verifier
from cds.web.app import create_app
from cds.web.logs import log_config
from cds.web.parts import Parts

Run = Callable[[int], None]
PIECE = 64 * 1024  # what a server hands over at once
PATH = f"/cds-services/{SERVICE}"


class Context(Struct, gc=False):
    """The context of patient-view."""

    userId: str  # noqa: N815 - the protocol's name
    patientId: str  # noqa: N815 - the protocol's name


class Envelope(Struct, gc=False):
    """A whole call, decoded strictly in one pass: the least that reading a chart can cost."""

    hook: str
    hookInstance: str  # noqa: N815 - the protocol's name
    context: Context
    prefetch: dict[str, Bundle | Any | None]


TYPED = msgspec.json.Decoder(Envelope)


def settings() -> Settings:
    """The demo's: everybody may call, as often as they like."""
    return load({"TWITCH_CDS_DEMO": "true", "TWITCH_CDS_RATE_PER_SECOND": "100000"})


def engine() -> Engine:
    """An engine whose clock stands still."""
    return build_engine(settings(), now=lambda: datetime.combine(TODAY, time(12), UTC))


def forget() -> None:
    """Drop what may be remembered of dates: the next call is about another patient."""
    clear = getattr(dates._parse, "cache_clear", None)
    if clear is not None:
        clear()


def core(made: Engine, body: bytes) -> Run:
    """Bytes to card bytes, without any web."""

    def once() -> None:
        forget()
        made.answer(SERVICE, body)

    return _repeated(once)


def typed(body: bytes) -> Run:
    """Only decoding, into the same structures."""
    return _repeated(lambda: TYPED.decode(body))


def generic(body: bytes) -> Run:
    """Only parsing, into dictionaries and lists, with the fastest general parser."""
    return _repeated(lambda: orjson.loads(body))


def _repeated(once: Callable[[], object]) -> Run:
    def run(times: int) -> None:
        for _ in range(times):
            once()

    return run


def application(made: Engine) -> ASGIApp:
    """The service as it runs: it logs each call, here to nowhere."""
    config = log_config("info")
    config["handlers"]["stderr"] = {"class": "logging.FileHandler", "formatter": "json", "filename": devnull}
    dictConfig(config)
    return create_app(
        Parts(engine=made, hook_handler=HookHandler(made), verifier=build_verifier(settings(), None)), settings()
    )


class Server:
    """Hands requests to an application as a server does, without sockets, on the loop that the service uses."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.sent: list[Message] = []

    def calls(self, app: ASGIApp, body: bytes) -> Run:
        """Call an application again and again."""
        pieces = _pieces(body)
        headers = [
            (b"host", b"127.0.0.1:8000"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]

        async def some(times: int) -> None:
            for _ in range(times):
                self.sent.clear()
                forget()
                await app(_scope(headers), _Body(pieces), self._send)

        return lambda times: self._runner.run(some(times))

    async def _send(self, message: Message) -> None:
        self.sent.append(message)

    def close(self) -> None:
        """End the loop."""
        self._runner.close()


class _Body:
    """`receive` of one request."""

    __slots__ = ("_left",)

    def __init__(self, pieces: list[Message]) -> None:
        self._left = iter(pieces)

    async def __call__(self) -> Message:
        return next(self._left)


def _pieces(body: bytes) -> list[Message]:
    starts = range(0, len(body), PIECE)
    return [
        {"type": "http.request", "body": body[at : at + PIECE], "more_body": at + PIECE < len(body)} for at in starts
    ]


def _scope(headers: list[tuple[bytes, bytes]]) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
