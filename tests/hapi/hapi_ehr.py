"""An EHR before the FHIR server, which has no sign-in: that of the demo, a chart that calls the hook, a launch."""

import html
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from hapi_charts import patient_view

from cds.clock import utc_now
from cds.demo.smart.authority import CLIENT_ID, Authority, Launch
from cds.secrecy import Secret
from cds.trust.mint import Signer, TokenRequest, new_key, signer_of

HOST = "127.0.0.1"
NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length", "content-encoding", "accept-encoding", "date"}
HOOK = "/cds-services/muscle-twitch-patient-view"
PATIENCE = 600
HEAD = '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What is answered; a header may stand there twice."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


@contextmanager
def listening(answer: Callable[[Asked], Reply]) -> Iterator[str]:
    """A server on a free loopback port, for as long as the block lasts; its address."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            reply = answer(Asked(self.command, path, query, dict(self.headers), body))
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = _answer  # noqa: N815 - the names that the base class looks for

        def log_message(self, *_: object) -> None:
            """A test's output stays its own."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Beyond:
    """Another server that requests are passed on to, under the name that they were made to."""

    http: httpx.Client
    base: str = ""

    def __call__(self, asked: Asked) -> Reply:
        headers = {name: value for name, value in asked.headers.items() if name.lower() not in NOT_PASSED_ON}
        address = self.base + asked.path + (f"?{asked.query}" if asked.query else "")
        answer = self.http.request(asked.method, address, headers=headers, content=asked.body)
        kept = [pair for pair in answer.headers.multi_items() if pair[0].lower() not in NOT_PASSED_ON]
        return Reply(answer.status_code, answer.content, tuple(kept))


@dataclass
class HospitalEhr:
    """The EHR: one clinician, who agrees to everything; charts are those of the FHIR server."""

    fhir: Beyond
    now: Callable[[], datetime]
    address: str = ""
    service: str = ""
    signer: Signer = field(default_factory=lambda: signer_of(new_key("ES384")))
    created: list[tuple[str, int]] = field(default_factory=list)
    loses_next: bool = False
    calls: int = 0
    opened: str = ""

    def begin(self, address: str, service: str) -> None:
        """What is known once both listen."""
        self.address, self.service = address, service
        self._authority = Authority(f"{address}/fhir", Secret("k" * 40), self.now)

    def registration(self) -> str:
        """What the hospital writes into the service's file of clients, but for the place of the keys."""
        return (
            f'[[client]]\nname = "hospital"\nissuer = "{self.address}"\njwks_file = "keys.json"\n'
            f'[client.smart]\nissuer = "{self.address}/fhir"\nclient_id = "{CLIENT_ID}"\n'
            f'return_url = "{self.address}/chart/{{patient}}"\n'
        )

    def cards(self, patient: str) -> list[Json]:
        """The cards of patient-view for one patient: a signed call without prefetch."""
        self.calls += 1
        order = TokenRequest(audience=self.service + HOOK, issuer=self.address)
        token = self.signer.token(order, utc_now(), f"call-{self.calls}")  # tokens are judged by the real time
        body = patient_view(patient) | {"fhirServer": f"{self.address}/fhir"}
        headers = {"authorization": f"Bearer {token}"}
        answer = httpx.post(self.service + HOOK, json=body, headers=headers, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text[:2000]
        cards: list[Json] = answer.json()["cards"]
        return cards

    def launch(self, patient: str, link: Json) -> str:
        """Where a link of type `smart` leads (CDS Hooks 2.0: the EHR adds `iss` and `launch`)."""
        launch = self._authority.launch(patient, link.get("appContext", ""))
        return f"{link['url']}?{urlencode({'iss': f'{self.address}/fhir', 'launch': launch})}"

    def __call__(self, asked: Asked) -> Reply:
        head, _, rest = asked.path.removeprefix("/").partition("/")
        match head, rest:
            case "fhir", ".well-known/smart-configuration":
                return _json(self._configuration())
            case "fhir", _:
                return self._passed_on(asked, rest)
            case "chart", patient:
                return self._chart(patient)
            case "authorize", "":
                return self._authorized(dict(parse_qsl(asked.query)))
            case "token", "":
                form = dict(parse_qsl(asked.body.decode()))
                made = self._authority.exchanged(form["code"], form["code_verifier"], form["redirect_uri"])
                return _json({"error": "invalid_grant"}, 400) if made is None else _json(made)
            case "keys", "":
                return _json(self._authority.jwks)
        return Reply(404)

    def _configuration(self) -> Json:
        return {
            "issuer": f"{self.address}/fhir",
            "jwks_uri": f"{self.address}/keys",
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def _authorized(self, asked: Mapping[str, str]) -> Reply:
        """Agree at once; for nobody but the app, and only for a launch of this EHR or for the chart that is open."""
        launch = self._authority.launched(asked.get("launch", ""))
        if "launch" not in asked and self.opened and "launch/patient" in asked["scope"].split():
            launch = Launch(patient=self.opened)
        if launch is None or asked["redirect_uri"] != f"{self.service}/smart/callback":
            return Reply(400)
        code = self._code(launch, asked)
        query = {"code": code, "state": asked["state"], "iss": f"{self.address}/fhir"}
        return Reply(303, headers=(("location", f"{asked['redirect_uri']}?{urlencode(query)}"),))

    def _code(self, launch: Launch, asked: Mapping[str, str]) -> str:
        wanted = (asked[name] for name in ("scope", "nonce", "code_challenge", "redirect_uri"))
        return self._authority.code(launch, *wanted)

    def _passed_on(self, asked: Asked, kind: str) -> Reply:
        """Searches of anybody; what is written only with a token for this type and for this patient."""
        if asked.method != "POST" or kind.endswith("_search"):
            return self.fhir(asked)
        bearer = next((value for name, value in asked.headers.items() if name.lower() == "authorization"), "")
        patient = self._authority.may_create(kind, bearer.removeprefix("Bearer "))
        if patient is None or json.loads(asked.body)["subject"]["reference"] != f"Patient/{patient}":
            return Reply(403)
        reply = self.fhir(asked)
        self.created.append((kind, reply.status))
        if self.loses_next:
            self.loses_next = False
            return Reply(504)
        return reply

    def _chart(self, patient: str) -> Reply:
        """The chart as the clinician opens it: cards, and the app to start."""
        self.opened = patient
        links = [
            (
                card["summary"],
                [(one["label"], self.launch(patient, one)) for one in card["links"] if one["type"] == "smart"],
            )
            for card in self.cards(patient)
        ]
        cards = "".join(
            f"<h2>{html.escape(summary)}</h2>"
            + "".join(f'<p><a href="{html.escape(address)}">{html.escape(label)}</a></p>' for label, address in offered)
            for summary, offered in links
        )
        page = f'<!doctype html><html lang="en">{HEAD}<title>Chart</title><h1>Chart</h1>{cards}</html>'
        return Reply(200, page.encode(), (("content-type", "text/html; charset=utf-8"),))


def _json(said: Mapping[str, object], status: int = 200) -> Reply:
    return Reply(status, json.dumps(said).encode(), (("content-type", "application/json"),))
