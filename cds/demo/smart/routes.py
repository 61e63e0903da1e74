"""The demo's launcher, its sign-in page for a launch without a chart, its token endpoint, and the reset of its copy."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from fastapi import FastAPI, Request, Response
from msgspec import json

from cds.demo.fhir.chart_stores import ChartStores
from cds.demo.smart.authority import CLIENT_ID, Authority, Launch
from cds.smart.names import CALLBACK, CODE_CHALLENGE, CONFIGURATION, LAUNCH
from cds.web.body import read_body
from cds.web.pages import page

FHIR, AUTH, START = "/demo/fhir", "/demo/auth", "/demo/launch"
MOST_BYTES, BODY_SECONDS = 64 * 1024, 10.0
LONGEST = 500


class DemoSmart:
    """An EHR that launches: the clinician is always the same one, and agrees at once."""

    def __init__(self, authority: Authority, stores: ChartStores, public_url: str) -> None:
        self._authority, self._stores, self._url = authority, stores, public_url

    def add_to(self, app: FastAPI) -> None:
        """Add the paths; before the demo FHIR server, below which its configuration is."""
        for path, method, handler in (
            (FHIR + CONFIGURATION, "GET", self.configuration),
            (START, "GET", self.start),
            (f"{AUTH}/authorize", "GET", self.authorize),
            (f"{AUTH}/token", "POST", self.token),
            (f"{AUTH}/jwks", "GET", self.jwks),
            ("/demo/reset", "POST", self.reset),
        ):
            app.add_api_route(path, handler, methods=[method], response_model=None)

    async def configuration(self) -> Response:
        """How to sign in (SMART App Launch 2.2, conformance)."""
        return _json(
            {
                "issuer": self._authority.base,
                "jwks_uri": f"{self._url}{AUTH}/jwks",
                "authorization_endpoint": f"{self._url}{AUTH}/authorize",
                "token_endpoint": f"{self._url}{AUTH}/token",
                "grant_types_supported": ["authorization_code"],
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": [CODE_CHALLENGE],
                "authorization_response_iss_parameter_supported": True,
                "token_endpoint_auth_methods_supported": ["none"],
                "capabilities": [
                    *("launch-ehr", "launch-standalone", "client-public", "context-ehr-patient"),
                    *("context-standalone-patient", "sso-openid-connect", "permission-patient", "permission-v2"),
                ],
            }
        )

    async def start(self, request: Request) -> Response:
        """A link of type `smart` on a card was followed in the chart of a patient."""
        patient = request.query_params.get("patient", "")
        context = request.query_params.get("appContext", "")[:LONGEST]
        launch = self._authority.launch(patient, context)
        return _to(f"{self._url}{LAUNCH}?{urlencode({'iss': self._authority.base, 'launch': launch})}")

    async def authorize(self, request: Request) -> Response:
        """Agree at once for the chart of the launch; without one, ask whose chart it is."""
        query = dict(request.query_params)
        if not self._is_ours(query):
            return _json({"error": "invalid_request"}, 400)
        launch = self._authority.launched(query["launch"]) if "launch" in query else None
        if launch is None and "launch" in query:
            return self._answered(query, {"error": "invalid_request"})
        if launch is None and "patient" not in query:
            choices = [
                (patient, urlencode({**query, "patient": patient})) for patient in sorted(self._stores.today().charts)
            ]
            return page("demo/choose.html", {"patients": choices})
        launch = launch or Launch(query["patient"])
        if launch.patient not in self._stores.today().charts:
            return self._answered(query, {"error": "access_denied"})
        code = self._authority.code(
            launch, query.get("scope", ""), query.get("nonce", ""), query["code_challenge"], query["redirect_uri"]
        )
        return self._answered(query, {"code": code})

    async def token(self, request: Request) -> Response:
        """Exchange a code."""
        body = await read_body(request.receive, MOST_BYTES, BODY_SECONDS)
        form = dict(parse_qsl(body.decode("utf-8", "replace")))
        grant = None
        if form.get("client_id") == CLIENT_ID and form.get("grant_type") == "authorization_code":
            grant = self._authority.exchanged(
                form.get("code", ""), form.get("code_verifier", ""), form.get("redirect_uri", "")
            )
        return _json({"error": "invalid_grant"}, 400) if grant is None else _json(grant)

    async def jwks(self) -> Response:
        """The key of id tokens."""
        return _json(self._authority.jwks)

    async def reset(self) -> Response:
        """Empty the copy: the charts are again as they were."""
        self._stores.reset()
        return _to("/")

    def _is_ours(self, query: Mapping[str, str]) -> bool:
        """Only our own app is known here, under its one address; so the browser is never sent anywhere else."""
        return (
            query.get("client_id") == CLIENT_ID
            and query.get("redirect_uri") == self._url + CALLBACK
            and query.get("aud", "").rstrip("/") == self._authority.base
            and query.get("response_type") == "code"
            and query.get("code_challenge_method") == CODE_CHALLENGE
            and bool(query.get("code_challenge"))
        )

    def _answered(self, request_query: Mapping[str, str], answer: Mapping[str, str]) -> Response:
        query = {**answer, "state": request_query.get("state", ""), "iss": self._authority.base}
        return _to(f"{request_query['redirect_uri']}?{urlencode(query)}")


def _json(body: Mapping[str, object], status: int = 200) -> Response:
    return Response(json.encode(body), status, media_type="application/json")


def _to(address: str) -> Response:
    return Response(status_code=303, headers={"location": address})
