"""The demo's own EHR: launcher, sign-in, token endpoint, and the copy of the charts that takes what is written."""

import asyncio
import html
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from site_kit import ENGINE, NOW, Notebook
from web_fakes import Strangers, demo

from cds.demo.ehr import FIXTURES, Demo
from cds.demo.fhir.written import MOST
from cds.demo.playground.routes import Playground
from cds.demo.smart.authority import CLIENT_ID, Authority, Launch
from cds.hook_handler import HookHandler
from cds.secrecy import Secret
from cds.smart.ehr import Ehrs
from cds.smart.names import challenge_of
from cds.trust.registry_file import RegistryFile
from cds.web.app import create_app
from cds.web.parts import Pages, Parts
from cds.web.smart.routes import Asking

BASE = "http://127.0.0.1:8000"
FHIR = f"{BASE}/demo/fhir"
KEY = Secret("k" * 40)
PATIENT = "tomas-novak"
VERIFIER = "v" * 43


class ToItself(httpx.AsyncBaseTransport):
    """Leads what the service asks of the demo's EHR back to the application, of which both are parts."""

    app: FastAPI

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await httpx.ASGITransport(self.app).handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


def whole(now: Any = lambda: NOW) -> FastAPI:
    """The demo with playground, EHR and app."""
    settings, notebook, transport = demo(), Notebook(), ToItself()
    its = Demo(settings, KEY, FIXTURES, NOW.date, now)
    hook_handler = HookHandler(ENGINE, memory=notebook)
    ehrs = Ehrs(RegistryFile(None), settings, more=(its.client,), transport=transport, now=now)
    playground = Playground(ENGINE, hook_handler, notebook, settings, FIXTURES, its)
    pages: list[Pages] = [playground, Asking(ENGINE, ehrs, settings, KEY, now)]
    parts = Parts(
        engine=ENGINE,
        hook_handler=hook_handler,
        verifier=Strangers(),
        keeper=notebook,
        pages=pages,
        demo=its,
        words=ENGINE.words,
    )
    transport.app = create_app(parts, settings)
    return transport.app


def browser(app: FastAPI, *, follows: bool = True) -> httpx.AsyncClient:
    """A browser that follows redirects."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, follow_redirects=follows)


def launch_of(page: str) -> str:
    """The link of a card that asks the patient."""
    return html.unescape(re.findall(r'href="(/demo/launch[^"]+)">Ask the patient: one minute', page)[0])


def test_the_whole_way_from_card_to_better_cards() -> None:
    """Open a chart, ask, answer, read the result, go back: the next call has the answers, and a reset has not."""
    app = whole()

    async def steps() -> list[str]:
        async with browser(app) as page:
            before = (await page.get(f"/demo/patients/{PATIENT}")).text
            form = await page.get(launch_of(before))
            fields = {"q.twitch": "Y", "q.signs": "breath", "q.sleep": "4"}
            result = await page.post(str(form.url), data=fields)
            after = (await page.get(f"/demo/patients/{PATIENT}")).text
            await page.post("/demo/reset")
            reset = (await page.get(f"/demo/patients/{PATIENT}")).text
            return [before, form.text, result.text, after, reset]

    before, form, result, after, reset = asyncio.run(steps())

    assert "Tomas Novak" in form
    assert "The card “Neurological evaluation” asks for this." in form
    assert "The answers are stored in the EHR." in result
    assert f'href="{BASE}/demo/patients/{PATIENT}"' in result
    assert [False, True, True, False] == ["Reported orthopnea" in one for one in (before, result, after, reset)]


def test_started_without_a_chart_the_ehr_asks_whose_it_is() -> None:
    """Standalone launch: the sign-in page has a list of patients."""
    app = whole()

    async def steps() -> tuple[str, str]:
        async with browser(app) as page:
            choice = await page.get("/smart/launch", params={"iss": FHIR})
            link = html.unescape(re.findall(rf'href="([^"]+patient={PATIENT})"', choice.text)[0])
            return choice.text, (await page.get(link)).text

    choice, form = asyncio.run(steps())

    assert "Whose chart?" in choice
    assert "Tomas Novak" in form


def _asked(**changes: str | None) -> dict[str, str]:
    """A right request to the sign-in, with changes."""
    asked = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{BASE}/smart/callback",
        "scope": "launch openid fhirUser patient/QuestionnaireResponse.c",
        "state": "s",
        "nonce": "n",
        "aud": FHIR,
        "launch": Authority(FHIR, KEY, lambda: NOW).launch(PATIENT, ""),
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (asked | changes).items() if value is not None}


def _signed_in(app: FastAPI, **changes: str | None) -> httpx.Response:
    async def steps() -> httpx.Response:
        async with browser(app, follows=False) as page:
            return await page.get(f"/demo/auth/authorize?{urlencode(_asked(**changes))}")

    return asyncio.run(steps())


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example.org"},
        {"client_id": "another"},
        {"aud": "https://evil.example.org"},
        {"aud": None},
        {"response_type": "token"},
        {"code_challenge_method": "plain"},
        {"code_challenge": None},
    ],
)
def test_the_sign_in_sends_nobody_elsewhere(changes: dict[str, str | None]) -> None:
    """Only our own app, under its one address, with PKCE."""
    answer = _signed_in(whole(), **changes)

    assert (400, False) == (answer.status_code, "location" in answer.headers)


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"launch": "nonsense"}, "invalid_request"), ({"launch": None, "patient": "nobody"}, "access_denied")],
)
def test_a_launch_of_nobody_is_denied(changes: dict[str, str | None], error: str) -> None:
    """The app is told so."""
    answer = _signed_in(whole(), **changes)

    assert [error] == parse_qs(urlsplit(answer.headers["location"]).query)["error"]


def _token(app: FastAPI, **changes: str) -> list[int]:
    """The statuses of two exchanges of one code, with changes."""
    code = parse_qs(urlsplit(_signed_in(app).headers["location"]).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": VERIFIER,
        "client_id": CLIENT_ID,
        "redirect_uri": f"{BASE}/smart/callback",
    } | changes

    async def steps() -> list[int]:
        async with browser(app) as page:
            return [(await page.post("/demo/auth/token", data=form)).status_code for _ in range(2)]

    return asyncio.run(steps())


def test_a_code_is_exchanged_once() -> None:
    """A second time it is worth nothing."""
    assert [200, 400] == _token(whole())


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43},
        {"redirect_uri": "https://evil.example.org"},
        {"client_id": "another"},
        {"grant_type": "password"},
        {"code": "nonsense"},
    ],
)
def test_a_wrong_exchange_is_refused(changes: dict[str, str]) -> None:
    """Verifier, address and client are those of the sign-in."""
    assert [400, 400] == _token(whole(), **changes)


def _granted(scope: str, patient: str = PATIENT) -> str:
    """A token of the demo."""
    authority = Authority(FHIR, KEY, lambda: NOW)
    code = authority.code(Launch(patient), scope, "n", challenge_of(VERIFIER), "r")
    said = authority.exchanged(code, VERIFIER, "r")
    assert said is not None
    return str(said["access_token"])


CREATE = "patient/QuestionnaireResponse.c"
RESPONSE = {
    "resourceType": "QuestionnaireResponse",
    "identifier": {"system": "s", "value": "v"},
    "status": "completed",
    "subject": {"reference": f"Patient/{PATIENT}"},
}


def _posted(app: FastAPI, *bodies: Any, token: str | None = None, kind: str = "QuestionnaireResponse") -> list[int]:
    """The statuses of creates, one after the other."""

    async def steps() -> list[int]:
        async with browser(app) as page:
            headers = {"authorization": f"Bearer {_granted(CREATE) if token is None else token}"}
            headers |= {"if-none-exist": "identifier=s|v"}
            contents = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in bodies]
            return [
                (await page.post(f"/demo/fhir/{kind}", content=one, headers=headers)).status_code for one in contents
            ]

    return asyncio.run(steps())


def test_what_is_written_is_held_once() -> None:
    """Conditional create: the second finds the first."""
    assert [201, 200] == _posted(whole(), RESPONSE, RESPONSE)


@pytest.mark.parametrize(
    ("body", "token", "status"),
    [
        (RESPONSE, "", 403),
        (RESPONSE, "nonsense", 403),
        (RESPONSE, _granted("patient/Observation.c"), 403),
        (RESPONSE, _granted(CREATE, "someone-else"), 403),
        ({**RESPONSE, "subject": None}, None, 403),
        ({**RESPONSE, "resourceType": "Observation"}, None, 422),
        (b"nonsense", None, 400),
        (b"[]", None, 422),
        (b"x" * 300_000, None, 413),
    ],
)
def test_only_the_app_writes_and_only_for_its_patient(body: Any, token: str | None, status: int) -> None:
    """With a token of the demo, of that type and patient; one resource in JSON."""
    assert [status] == _posted(whole(), body, token=token)


def test_writing_needs_a_bearer_token() -> None:
    """Another scheme is none."""

    async def steps() -> int:
        async with browser(whole()) as page:
            headers = {"authorization": f"Basic {_granted(CREATE)}"}
            return (await page.post("/demo/fhir/QuestionnaireResponse", json=RESPONSE, headers=headers)).status_code

    assert 403 == asyncio.run(steps())


def test_the_copy_holds_so_much_and_no_more() -> None:
    """A demo that is left running does not grow; a reset makes room."""
    app = whole()
    bodies = [{**RESPONSE, "identifier": [{"system": "s", "value": str(number)}]} for number in range(MOST + 1)]

    statuses = _posted(app, *bodies)

    assert [201] * MOST + [422] == statuses


def test_the_configuration_is_public_and_keys_are_the_same_in_all_processes() -> None:
    """Two processes of one installation sign with one key."""

    async def steps() -> list[Any]:
        async with browser(whole()) as page:
            configuration = (await page.get("/demo/fhir/.well-known/smart-configuration")).json()
            return [configuration, (await page.get(configuration["jwks_uri"])).json()]

    configuration, keys = asyncio.run(steps())

    assert ["S256"] == configuration["code_challenge_methods_supported"]
    assert Authority(FHIR, KEY, lambda: NOW).jwks == keys
    assert Authority(FHIR, Secret("x" * 40), lambda: NOW).jwks != keys


def test_a_token_ends(tmp_path: Path) -> None:
    """Fifteen minutes after it was given out."""
    authority = Authority(FHIR, KEY, lambda: datetime(2026, 11, 22, 12, 15, 1, tzinfo=UTC))

    assert None is authority.may_create("QuestionnaireResponse", _granted(CREATE))


def test_a_body_that_ends_early_is_refused() -> None:
    """The connection was lost: nothing is written."""
    sent: list[Any] = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/demo/fhir/QuestionnaireResponse",
        "raw_path": b"/demo/fhir/QuestionnaireResponse",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {_granted(CREATE)}".encode())],
    }

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(whole()(scope, receive, send))

    assert 400 == sent[0]["status"]
