"""Requests to an EHR: its own servers only, in time, in bounds; connections are closed at the end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from smart_kit import BASE, CLIENT, HOST, KEY, REGISTERED, engine_of, settings_of

from cards.ask_words import AskWords, load_ask_words
from cds.errors import KnowledgeError
from cds.smart.discovery import Discovery
from cds.smart.ehr import Ehrs
from cds.smart.refusal import AppRefused
from cds.smart.wire import MOST_BYTES, Unreached, Wire
from cds.trust.fetching import FetchFailed
from cds.trust.registry_file import RegistryFile
from cds.trust.smart_entry import SmartClient
from cds.web.smart import routes

SMART = SmartClient(issuer=BASE, client_id=CLIENT)
Handler = Callable[[httpx.Request], httpx.Response]


def wire(handler: Handler, seconds: float = 8.0) -> Wire:
    """The way to an EHR that answers like this."""
    return Wire(SMART, transport=httpx.MockTransport(handler), seconds=seconds)


def _never(_: httpx.Request) -> httpx.Response:
    raise AssertionError("nothing may be asked")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example.org/fhir",
        "http://ehr.example.org/fhir",
        "https://ehr.example.org@evil.example/",
        "nonsense",
    ],
)
def test_only_its_own_servers_are_asked(address: str) -> None:
    """Whatever names another address, no request is made."""
    with pytest.raises(Unreached):
        asyncio.run(wire(_never).get(address))


class Slow(httpx.AsyncByteStream):
    """A body that never ends in time."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"x" * (MOST_BYTES + 1)),
        httpx.Response(200, headers={"content-encoding": "gzip"}, content=b""),
        httpx.Response(200, stream=Slow()),
    ],
)
def test_what_is_too_long_compressed_or_slow_is_no_answer(answer: httpx.Response) -> None:
    """Bytes, encoding and time are bounded."""
    with pytest.raises(Unreached):
        asyncio.run(wire(lambda _: answer, seconds=0.01).get(BASE))


@pytest.mark.parametrize("body", [b"nonsense", b"[1]", b"", b"[" * 100_000])
def test_what_is_no_json_object_says_nothing(body: bytes) -> None:
    """The status is all that is known."""
    answer = asyncio.run(wire(lambda _: httpx.Response(200, content=body)).get(BASE))

    assert (200, {}) == (answer.status, answer.body)


def test_redirects_are_not_followed() -> None:
    """Nobody leads a request with a token elsewhere."""
    moved = httpx.Response(302, headers={"location": "https://evil.example.org"})

    assert 302 == asyncio.run(wire(lambda _: moved).get(BASE)).status


def _unreached(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no")


@pytest.mark.parametrize("handler", [_unreached, lambda _: httpx.Response(500)])
def test_keys_and_discovery_that_cannot_be_had_are_told_apart_from_empty_ones(handler: Handler) -> None:
    """Each says so in its own way."""
    with pytest.raises(FetchFailed):
        asyncio.run(wire(handler).fetch(f"{HOST}/keys"))
    with pytest.raises(AppRefused):
        asyncio.run(Discovery(BASE, wire(handler), lambda: 0.0).endpoints())


def test_connections_are_closed_with_the_service(tmp_path: Path) -> None:
    """Those of registrations that have changed, too."""
    settings = settings_of(tmp_path)
    ticks = iter(range(0, 1000, 10))
    ehrs = Ehrs(
        RegistryFile(Path(settings.clients), seconds=lambda: float(next(ticks))),
        settings,
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json={"keys": []})),
    )

    async def steps() -> list[bool]:
        first = ehrs.of(BASE)
        assert first is not None
        await first.keys(f"{HOST}/keys").warm()
        settings_of(tmp_path, REGISTERED.replace(CLIENT, "another-client-id"))
        second = ehrs.of(BASE)
        assert second is not None
        await ehrs.aclose()
        return [first.wire.is_closed, second.wire.is_closed]

    assert [True, True] == asyncio.run(steps())


def test_words_that_are_missing_stop_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As any other wording does."""
    settings = settings_of(tmp_path)

    def more(needed: dict[str, Any], groups: set[str]) -> AskWords:
        return load_ask_words({**needed, "q.new": (None, ())}, groups)

    monkeypatch.setattr(routes, "load_ask_words", more)

    def now() -> datetime:
        return datetime(2026, 11, 30, tzinfo=UTC)

    with pytest.raises(KnowledgeError, match=r"questions.toml: item.q.new: missing"):
        routes.Asking(engine_of(settings, now), Ehrs(RegistryFile(None), settings), settings, KEY, now)


def test_what_went_wrong_quotes_no_address() -> None:
    """An address may hold the id of a patient: neither the error nor its cause tells it."""

    def refused(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"no route to {request.url}")

    with pytest.raises(Unreached) as caught:
        asyncio.run(wire(refused).get(f"{BASE}/Patient/p1"))

    assert ((), None, True) == (caught.value.args, caught.value.__cause__, caught.value.__suppress_context__)
