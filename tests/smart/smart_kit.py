"""The app before an EHR that a test directs: its sign-in, its keys, its charts, and what it was sent."""

import asyncio
import base64
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from uuid import UUID

import httpx
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey
from msgspec.structs import replace

from cds.call import Engine, build_engine
from cds.hook_handler import HookHandler
from cds.secrecy import Secret
from cds.settings import Settings, load
from cds.smart.ehr import Ehrs
from cds.trust.mint import Signer
from cds.trust.refusal import Refusal, Refused
from cds.trust.registry_file import RegistryFile
from cds.trust.standing import Standing
from cds.web.app import create_app
from cds.web.parts import Parts
from cds.web.smart.routes import Asking

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
PUBLIC = "https://cds.example.org"
HOST = "https://ehr.example.org"
BASE = f"{HOST}/fhir"
CLIENT = "twitch-cds-app"
KEY = Secret("k" * 40)
SIGNER = Signer(ECKey.generate_key("P-256"), "ehr-key", "ES256")
STRANGER = Signer(ECKey.generate_key("P-256"), "ehr-key", "ES256")
FRAME = "https://ehr.example.org"
Json = dict[str, Any]
T = TypeVar("T")

PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"use": "official", "given": ["Ada"], "family": "Okafor"}],
    "birthDate": "1980-05-01",
    "gender": "female",
}
TWITCH: Json = {
    "resourceType": "Condition",
    "id": "c1",
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R25.3"}], "text": "Fasciculation"},
    "subject": {"reference": "Patient/p1"},
    "onsetDateTime": "2026-11-10",
}
SLEEP: Json = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "93832-4"}], "text": "Sleep duration"},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2026-11-01",
    "valueQuantity": {"value": 6.5, "unit": "h", "system": "http://unitsofmeasure.org", "code": "h"},
}


class Moment:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def later(self, minutes: float) -> None:
        """Let time pass."""
        self.now += timedelta(minutes=minutes)


@dataclass
class Ehr:
    """An EHR with one signed-in user; a test changes what it says and looks at what it was sent."""

    moment: Moment
    user: str = "Practitioner/d1"
    patient: str = "p1"
    signer: Signer = SIGNER
    configuration: Json = field(default_factory=dict)
    answer: Json = field(default_factory=dict)
    claims: Json = field(default_factory=dict)
    token_status: int = 200
    create_status: int = 201
    refuses: str = ""
    honours_conditions: bool = True
    chart: list[Json] = field(default_factory=lambda: [PATIENT, TWITCH, SLEEP])
    created: list[Json] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    nonce: str = ""
    signs_with: str = ""
    is_down: bool = False
    hold: asyncio.Event | None = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.sleep(0)
        if self.is_down:
            raise httpx.ConnectError("down")
        path = request.url.path
        if path == "/fhir/.well-known/smart-configuration":
            return _json(self._configuration())
        if path == "/keys":
            return _json({"keys": [self.signer.public()]})
        if path == "/token":
            return self._token(request)
        if request.method == "POST":
            return await self._create(request)
        return self._found(request)

    def _configuration(self) -> Json:
        said = {
            "issuer": BASE,
            "authorization_endpoint": f"{HOST}/authorize",
            "token_endpoint": f"{HOST}/token",
            "jwks_uri": f"{HOST}/keys",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        } | self.configuration
        return {name: value for name, value in said.items() if value is not None}

    def _token(self, request: httpx.Request) -> httpx.Response:
        self.forms.append(dict(parse_qsl(request.content.decode())))
        issued = int(self.moment().timestamp())
        claims = {
            "iss": BASE,
            "aud": CLIENT,
            "sub": "d1",
            "iat": issued,
            "exp": issued + 300,
            "nonce": self.nonce,
            "fhirUser": f"{BASE}/{self.user}",
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        algorithm = self.signs_with or self.signer.algorithm
        header = {"alg": algorithm, "kid": self.signer.kid}
        said = {
            "access_token": "the-access-token",
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "launch openid fhirUser patient/Patient.r patient/Condition.rs patient/Observation.rs "
            "patient/QuestionnaireResponse.c patient/Observation.c",
            "patient": self.patient,
            "id_token": jwt.encode(header, claims, self.signer.key, algorithms=[algorithm]),
        } | self.answer
        return _json({name: value for name, value in said.items() if value is not None}, self.token_status)

    async def _create(self, request: httpx.Request) -> httpx.Response:
        if self.hold is not None:
            await self.hold.wait()
        kind, resource = request.url.path.rsplit("/", 1)[1], json.loads(request.content)
        if self.refuses == kind:
            return httpx.Response(403)
        if self.create_status != 201:
            return httpx.Response(self.create_status)
        condition = request.headers["if-none-exist"]
        known = [one for one, said in zip(self.created, self.conditions, strict=True) if said == condition]
        if known and self.honours_conditions:
            return httpx.Response(200, headers={"location": f"{BASE}/{kind}/{known[0]['id']}"})
        made = {**resource, "id": f"new-{len(self.created)}"}
        self.created.append(made)
        self.conditions.append(condition)
        return httpx.Response(201, headers={"location": f"{BASE}/{kind}/{made['id']}/_history/1"})

    conditions: list[str] = field(default_factory=list)

    def _found(self, request: httpx.Request) -> httpx.Response:
        kind, _, ident = request.url.path.removeprefix("/fhir/").partition("/")
        if ident:
            found = next((one for one in self.chart if one["resourceType"] == kind and one["id"] == ident), None)
            return _json(found) if found else httpx.Response(404)
        entries = [{"resource": one} for one in self.chart if one["resourceType"] == kind]
        return _json({"resourceType": "Bundle", "type": "searchset", "entry": entries})


def _json(said: Json, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=said)


@dataclass(frozen=True)
class Site:
    """The app and its EHR."""

    app: FastAPI
    ehr: Ehr
    moment: Moment
    journal: list[Json]
    ehrs: Ehrs

    def browser(self, base: str = PUBLIC) -> httpx.AsyncClient:
        """A browser with cookies of its own, which goes where it is told step by step."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=base)


class Journal:
    """Keeps the lines of the audit."""

    is_up = True

    def __init__(self, lines: list[Json]) -> None:
        self._lines = lines

    def write(self, line: Any) -> None:
        self._lines.append(dict(line))


class Strangers:
    """Knows nobody: the app asks nothing of it."""

    is_up = True
    standing = Standing()

    @property
    def modes(self) -> dict[str, dict[str, str]]:
        return {}

    async def verify(self, authorization: str | None, audience: str) -> Any:
        raise Refused(Refusal("header", "There is no Authorization header."))


REGISTERED = f"""
[[client]]
name = "ehr"
issuer = "https://ehr.example.org"
jwks_url = "https://ehr.example.org/jwks.json"
[client.smart]
issuer = "{BASE}"
client_id = "{CLIENT}"
frame_ancestors = ["{FRAME}"]
return_url = "https://ehr.example.org/chart/{{patient}}"
"""


def settings_of(folder: Path, clients: str = REGISTERED) -> Settings:
    """The settings of a service with this file of clients."""
    path = folder / "clients.toml"
    path.write_text(clients, "utf-8")
    return load({"TWITCH_CDS_CLIENTS": str(path), "TWITCH_CDS_PUBLIC_URL": PUBLIC, "TWITCH_CDS_DATA_DIR": str(folder)})


_NUMBERS = count(1)
_ENGINES: dict[str, Engine] = {}


def engine_of(settings: Settings, moment: Callable[[], datetime]) -> Engine:
    """The real engine; it is built once, for it is the same for all tests but for its clock."""
    if not _ENGINES:
        _ENGINES["one"] = build_engine(settings, new_id=lambda: str(UUID(int=next(_NUMBERS))))
    return replace(_ENGINES["one"], now=moment)


def site(folder: Path, clients: str = REGISTERED, **ehr: Any) -> Site:
    """A service that one EHR has registered."""
    moment, lines = Moment(), list[Json]()
    settings = settings_of(folder, clients)
    made, engine = Ehr(moment, **ehr), engine_of(settings, moment)
    ehrs = Ehrs(
        RegistryFile(Path(settings.clients)),
        settings,
        transport=httpx.MockTransport(made),
        seconds=lambda: 0.0,
        now=moment,
    )
    asking = Asking(engine, ehrs, settings, KEY, moment)
    parts = Parts(
        engine=engine,
        hook_handler=HookHandler(engine),
        verifier=Strangers(),
        journal=Journal(lines),
        pages=[asking],
        words=engine.words,
    )
    return Site(create_app(parts, settings), made, moment, lines, ehrs)


def run(steps: Callable[[], Awaitable[T]]) -> T:
    """Run the steps of a test."""

    async def whole() -> T:
        return await steps()

    return asyncio.run(whole())


async def launched(browser: httpx.AsyncClient, **more: str) -> httpx.Response:
    """Launch from the EHR."""
    return await browser.get("/smart/launch", params={"iss": BASE, "launch": "xyz", **more})


def asked_of(answer: httpx.Response) -> dict[str, str]:
    """What the EHR's sign-in is asked."""
    assert 303 == answer.status_code, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def returned(browser: httpx.AsyncClient, query: dict[str, str]) -> httpx.Response:
    """Come back from the sign-in, as far as the page that the app shows or the visit that it begins."""
    answer = await browser.get(f"/smart/callback?{urlencode(query)}")
    if answer.status_code != 303:
        return answer
    return await browser.get(answer.headers["location"])


async def signed_in(site: Site, browser: httpx.AsyncClient) -> str:
    """The path of a new visit."""
    asked = asked_of(await launched(browser))
    site.ehr.nonce = asked["nonce"]
    answer = await returned(browser, {"code": "abc", "state": asked["state"], "iss": BASE})
    assert 303 == answer.status_code, answer.text
    return str(answer.headers["location"])


async def send(browser: httpx.AsyncClient, path: str, fields: dict[str, Any] | None = None) -> httpx.Response:
    """Post a form."""
    return await browser.post(path, data=fields or {}, headers={"sec-fetch-site": "same-origin"})


ANSWERS: dict[str, Any] = {
    "q.twitch": "Y",
    "q.often": "every-week",
    "q.signs": "none",
    "q.coffee": "5",
    "q.energy": "1",
    "q.sleep": "4,5",
    "q.gad1": "nearly-every-day",
    "q.gad2": "several-days",
    "q.smoke": "former",
    "background": "none",
}


def answer_of(resource: Json, item: str) -> list[Json]:
    """The answers of one item of a response."""
    return next((one["answer"] for one in resource["item"] if one["linkId"] == item), [])


def text_of(page: str) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def opened(sealed: str) -> str:
    """What anybody can read of a sealed text: the header."""
    head = sealed.split(".", 1)[0]
    return base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).decode()
