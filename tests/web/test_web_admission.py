"""The gate: who is asked for, for which address, and what goes on behind it."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from cds.account import NOBODY, Caller
from cds.errors import UseUnknown
from cds.trust.refusal import Refusal, refused
from cds.trust.standing import Standing
from cds.web.admission import CALLER, Admission
from cds.web.answers import send_answer

EHR = Caller(client="ehr", tenant="north")


class Behind:
    """An application behind the gate, a verifier beside it, and what each was asked."""

    is_up = True
    standing = Standing()

    def __init__(self, *, is_open: bool = False, known: bool = True) -> None:
        self.seen: list[object] = []
        self.asked: list[tuple[str | None, str]] = []
        self.told: list[tuple[Refusal, str]] = []
        self.limits: list[str] = []
        self.is_telling = True
        self.known = known
        self.admission = Admission(
            self.answer,
            verifier=self,
            public_url="https://cds.example.org/twitch",
            is_open=is_open,
            refused=lambda refusal, path: self.told.append((refusal, path)),
            limited=self.limits.append,
        )

    @property
    def modes(self) -> Mapping[str, Mapping[str, str]]:
        return {}

    async def verify(self, authorization: str | None, audience: str) -> Caller:
        self.asked.append((authorization, audience))
        if not self.known:
            raise refused("issuer", "nobody knows it")
        if not self.is_telling:
            raise UseUnknown
        return EHR

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(scope.get(CALLER))
        if scope["type"] == "http":
            await send_answer(send, 200, b"{}")

    def call(self, path: str, method: str = "GET", headers: list[tuple[str, str]] | None = None) -> httpx.Response:
        """One request from outside."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.admission)
            async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.1:8000") as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(send())


@pytest.mark.parametrize(
    "path",
    [
        "/cds-services",
        "/cds-services/",
        "/cds-services/a",
        "/cds-services//a",
        "/cds-services/a/feedback",
        "/cds-services/%61",
    ],
)
def test_the_token_is_for_the_public_address_as_it_was_written(path: str) -> None:
    """Setting and path as sent, each slash and escape of it; never the Host header, never the query."""
    behind = Behind()

    answer = behind.call(path + "?x=1", headers=[("authorization", "Bearer t"), ("x-forwarded-host", "evil.example")])

    assert (200, [EHR]) == (answer.status_code, behind.seen)
    assert [("Bearer t", f"https://cds.example.org/twitch{path}")] == behind.asked


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_who_is_not_known_gets_no_further(method: str) -> None:
    """401, and the operator is told reason and path."""
    behind = Behind(known=False)

    answer = behind.call("/cds-services/a?patient=1", method)

    assert (401, "Bearer", []) == (answer.status_code, answer.headers["www-authenticate"], behind.seen)
    assert [(Refusal("issuer", "nobody knows it"), "/cds-services/a")] == behind.told


@pytest.mark.parametrize("path", ["/", "/health/ready", "/metrics", "/evidence/a", "/cds-servicesx", "/demo/fhir"])
def test_other_paths_need_no_token(path: str) -> None:
    """They know no caller either."""
    behind = Behind(known=False)

    assert (200, [None], []) == (behind.call(path).status_code, behind.seen, behind.asked)


@pytest.mark.parametrize("headers", [[], [("authorization", "Bearer anything")]])
def test_in_demo_mode_everybody_is_nobody(headers: list[tuple[str, str]]) -> None:
    """A token is not even looked at."""
    behind = Behind(is_open=True, known=False)

    answer = behind.call("/cds-services/a", headers=headers)

    assert (200, [NOBODY], [], []) == (answer.status_code, behind.seen, behind.asked, behind.told)


@pytest.mark.parametrize(
    ("headers", "sent"),
    [([], None), ([""], None), (["Bearer a", "Bearer b"], "Bearer a, Bearer b"), (["Bearer é"], "Bearer é")],
)
def test_the_header_is_handed_on_whole(headers: list[str], sent: str | None) -> None:
    """None when there is none; two as one, so that none is preferred."""
    behind = Behind()

    behind.call("/cds-services", headers=[("authorization", value.encode("latin-1")) for value in headers])  # type: ignore[misc]

    assert [sent] == [authorization for authorization, _ in behind.asked]


def test_what_is_no_request_passes() -> None:
    """The start and end of the application."""
    behind = Behind(known=False)

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    asyncio.run(behind.admission({"type": "lifespan"}, nothing, nothing))

    assert ([None], []) == (behind.seen, behind.asked)


def test_a_server_that_tells_no_raw_path_is_served_too() -> None:
    """ASGI leaves it optional."""
    behind = Behind()
    scope: Scope = {"type": "http", "path": "/cds-services/a", "headers": []}

    async def nothing(*_: Any) -> Any:
        return None

    asyncio.run(behind.admission(scope, nothing, nothing))

    assert [(None, "https://cds.example.org/twitch/cds-services/a")] == behind.asked


def test_a_token_whose_use_cannot_be_told_is_503_for_now() -> None:
    """No refusal of the caller: it is told when to come back, and the operator sees it counted."""
    behind = Behind()
    behind.is_telling = False
    answer = behind.call("/cds-services")

    assert (503, "5", "transient") == (
        answer.status_code,
        answer.headers["retry-after"],
        answer.json()["issue"][0]["code"],
    )
    assert (["token-use"], [], []) == (behind.limits, behind.told, behind.seen)
