"""The launch and the way back from the EHR's sign-in: at its end a visit begins, for a clinician only."""

import secrets
from collections.abc import Callable
from datetime import datetime

import msgspec
from fastapi import FastAPI, Request, Response

from cards.topics import Topic
from cds.smart.ehr import Ehr, Ehrs
from cds.smart.grant import exchange
from cds.smart.identity import clinician_in
from cds.smart.launch import LONGEST, Pending, begin, code_in
from cds.smart.names import CALLBACK, LAUNCH, VISIT
from cds.smart.refusal import AppRefused
from cds.smart.sealed import Sealer
from cds.smart.session import SECONDS, Session
from cds.trust.strict import encode_base64url
from cds.web.smart.cookies import Cookies, TooLong
from cds.web.smart.pages import Shell
from cds.web.smart.unsent import UnsentAnswers

SIGN_IN, USE = "sign-in", "visit"
SIGN_IN_SECONDS = 10 * 60
SID_BYTES = 16
STATE_SHOWN = 24  # characters of the state that name its cookie's path


class Context(msgspec.Struct):
    """What a card says to the app."""

    topic: Topic


class SignIn:
    """Launch and callback."""

    def __init__(
        self,
        ehrs: Ehrs,
        sealer: Sealer,
        cookies: Cookies,
        shell: Shell,
        unsent: UnsentAnswers,
        public_url: str,
        now: Callable[[], datetime],
        new: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._ehrs, self._sealer, self._cookies, self._shell = ehrs, sealer, cookies, shell
        self._now, self._new = now, new
        self._unsent, self._redirect = unsent, public_url + CALLBACK

    def add_to(self, app: FastAPI) -> None:
        """Add both paths."""
        app.add_api_route(LAUNCH, self.launch, methods=["GET"])
        app.add_api_route(CALLBACK + "/{state}", self.callback, methods=["GET"])
        app.add_api_route(CALLBACK, self.returned, methods=["GET"])

    async def launch(self, request: Request) -> Response:
        """Send the browser to the sign-in of the EHR that launches; only of one that is registered."""
        issuers, launches = request.query_params.getlist("iss"), request.query_params.getlist("launch")
        if len(issuers) != 1 or len(launches) > 1 or any(len(value) > LONGEST for value in (*issuers, *launches)):
            return self._shell.refuse("not-understood")
        ehr = self._ehrs.of(issuers[0])
        if ehr is None:
            return self._shell.refuse("unknown-ehr")
        try:
            endpoints = await ehr.endpoints()
        except AppRefused as problem:
            return self._shell.refuse(problem.why, ehr.smart.frame_ancestors)
        launch = launches[0] if launches else None
        address, pending = begin(ehr.smart, endpoints, launch, self._redirect, self._new)
        answer = _to(address)
        until = int(self._now().timestamp()) + SIGN_IN_SECONDS
        sealed = self._sealer.seal(SIGN_IN, pending, until)
        self._cookies.put(answer, _place(pending.state), sealed, SIGN_IN_SECONDS)
        return answer

    async def returned(self, request: Request) -> Response:
        """The EHR knows one address only: from it the browser goes where the cookie of this sign-in is."""
        states = request.query_params.getlist("state")
        if len(states) != 1 or not states[0][:STATE_SHOWN].replace("-", "").replace("_", "").isalnum():
            return self._shell.refuse("not-understood")
        return _to(f"{_place(states[0])}?{request.scope['query_string'].decode('latin-1')}")

    async def callback(self, request: Request) -> Response:
        """The answer of the EHR, in the browser that was sent there, once."""
        pending = self._sealer.open(SIGN_IN, self._cookies.read(request.cookies), Pending)
        ehr = self._ehrs.of(pending.issuer) if pending else None
        if pending is None or ehr is None:
            return self._shell.refuse("not-understood")
        try:
            session = self._unsent.given_to(await self._session(request, pending, ehr), request.cookies)
            answer = _to(VISIT + session.sid)
            if session.given:
                self._unsent.drop(answer)
            self._cookies.put(answer, VISIT + session.sid, self._sealer.seal(USE, session, session.until), SECONDS)
        except AppRefused as problem:
            answer = self._shell.refuse(problem.why, ehr.smart.frame_ancestors)
        except TooLong:
            answer = self._shell.refuse("no-token", ehr.smart.frame_ancestors)
        self._cookies.drop(answer, _place(pending.state))
        return answer

    async def _session(self, request: Request, pending: Pending, ehr: Ehr) -> Session:
        endpoints = await ehr.endpoints()
        code = code_in(dict(request.query_params), pending, endpoints)
        now = self._now()
        granted = await exchange(
            code, pending, ehr.smart, endpoints, self._redirect, ehr.wire, now, lambda: encode_base64url(self._new(16))
        )
        user = await clinician_in(
            granted.id_token, ehr.smart.client_id, pending.nonce, endpoints, ehr.keys(endpoints.keys), now
        )
        began = int(now.timestamp())
        return Session(
            sid=encode_base64url(self._new(SID_BYTES)),
            client=ehr.client.name,
            issuer=ehr.smart.issuer,
            patient=granted.patient,
            user=user,
            scope=granted.scope,
            token=granted.token.reveal(),
            topic=_topic(granted.context),
            began=began,
            until=began + min(SECONDS, granted.seconds),
        )


def _topic(context: str) -> str:
    """The card that the app was launched from; nothing of a context that no card of ours made."""
    try:
        return msgspec.json.decode(context, type=Context).topic.value
    except (msgspec.DecodeError, UnicodeError):  # a ValidationError is a DecodeError
        return ""


def _place(state: str) -> str:
    """The path of one sign-in: so two that are under way at once never take each other's cookie."""
    return f"{CALLBACK}/{state[:STATE_SHOWN]}"


def _to(address: str) -> Response:
    return Response(status_code=303, headers={"location": address})
