"""What the service says of a chart with answers: the same engine as for any other call, with the answers beside it."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from cds.account import Caller
from cds.call import Engine
from cds.hook_handler import HookHandler
from cds.keyed import Pseudonyms
from cds.smart.ehr import READ_MS, Ehr
from cds.smart.session import Session
from cds.smart.wire import Json
from cds.web.record import Call, Recorder

SERVICE = "muscle-twitch-patient-view"
ANSWERS = "questionnaireResponses"
READABLE = ("conditions", "observations", "labs")


class Judgement(Struct, frozen=True):
    """The cards, or why there is no answer."""

    cards: tuple[Mapping[str, Any], ...]
    problem: str = ""


class Judge:
    """Makes hook calls for the app: counted and audited as all others."""

    def __init__(
        self,
        engine: Engine,
        recorder: Recorder,
        pseudonyms: Pseudonyms,
        seconds: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._engine, self._recorder, self._pseudonyms, self._seconds = engine, recorder, pseudonyms, seconds

    async def judge(self, ehr: Ehr, session: Session, response: Json, now: int) -> Judgement:
        """One call of patient-view; what the token may not read is stated on the cards as not checked."""
        caller = Caller(client=ehr.client.name, card_extension=False, modes=ehr.client.modes)
        hook_handler = HookHandler(
            self._engine,
            completion=ehr.completion,
            pseudonyms=self._pseudonyms,
            seconds_allowed=READ_MS / 1000,
            once=False,
        )
        body = msgspec.json.encode(self._request(ehr, session, response, now))
        began = self._seconds()
        reply = await hook_handler.answer(SERVICE, body, caller)
        self._recorder.record(Call(caller, SERVICE, reply, self._seconds() - began))
        document = msgspec.json.decode(reply.body)
        problem = next((issue["details"]["text"] for issue in document.get("issue", ())), "")
        return Judgement(tuple(document.get("cards", ())), problem)

    def _request(self, ehr: Ehr, session: Session, response: Json, now: int) -> Json:
        granted = session.authorization(ehr.smart.client_id, now)
        entry = {"resource": {**response, "id": "answers"}}
        return {
            "hook": "patient-view",
            "hookInstance": self._engine.new_id(),
            "fhirServer": ehr.smart.issuer,
            "fhirAuthorization": {
                "access_token": granted.token.reveal(),
                "token_type": "Bearer",
                "expires_in": granted.expires_in,
                "scope": granted.scope,
                "subject": granted.subject,
                "patient": session.patient,
            },
            "context": {"userId": session.user, "patientId": session.patient},
            "prefetch": {ANSWERS: {"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [entry]}},
        }
