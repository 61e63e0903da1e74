"""One visit: the form, the hand-over, the answers on their way to the EHR, and what the service says then."""

import asyncio
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from urllib.parse import parse_qsl, urlencode

from fastapi import FastAPI, Request, Response
from msgspec.structs import replace

from cards.ask_words import AskWords
from cds.call import Engine
from cds.fhir.resources import Observation
from cds.prefetch.scopes import Access, Grants
from cds.prefetch.supply import CONDITIONS
from cds.rules.gate import twitches
from cds.smart.answers import Answers, fields_of
from cds.smart.asked import Person
from cds.smart.ehr import Ehr, Ehrs, Patient
from cds.smart.names import LAUNCH, VISIT
from cds.smart.prefill import Prefilled, prefill
from cds.smart.response import Writer, name_of
from cds.smart.sealed import Sealer
from cds.smart.session import MOST_TRIES, SECONDS, STORED, Given, Session
from cds.smart.storing import Outcome, store
from cds.web.body import read_body
from cds.web.smart.cookies import Cookies, TooLong
from cds.web.smart.judged import SERVICE, Judge
from cds.web.smart.pages import Shell, shown
from cds.web.smart.questions import Sheet, told
from cds.web.smart.sign_in import USE
from cds.web.smart.unsent import UnsentAnswers

MOST_BYTES, BODY_SECONDS = 64 * 1024, 10.0
SID = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
CODE_DIGITS = 6
SAME = ("", "same-origin", "none")
READ_ONLY, WRITTEN = "read-only", "QuestionnaireResponse"
AGAIN = ("unknown",)
MARK_FIELD = "whose"
Handler = Callable[[Request, Session, Ehr], Awaitable[Response]]


class Visits:
    """The paths of a visit; each has its own cookie, so that two tabs with two patients never mix."""

    def __init__(
        self,
        engine: Engine,
        ehrs: Ehrs,
        sealer: Sealer,
        cookies: Cookies,
        shell: Shell,
        unsent: UnsentAnswers,
        words: AskWords,
        writer: Writer,
        now: Callable[[], datetime],
        new_code: Callable[[], str] = lambda: f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}",
    ) -> None:
        self._engine, self._ehrs, self._sealer, self._cookies, self._shell = engine, ehrs, sealer, cookies, shell
        self._words, self._writer, self._now, self._new_code = words, writer, now, new_code
        self._unsent = unsent
        self._form = engine.knowledge.form
        self._titles = {topic.value: entry.title for topic, entry in engine.words.topics.items()}
        self._under_way: dict[str, asyncio.Task[Outcome]] = {}
        self._judge: Judge

    def add_to(self, app: FastAPI, judge: Judge) -> None:
        """Add the paths; `judge` makes the hook calls."""
        self._judge = judge
        path = VISIT + "{sid}"
        for suffix, method, handler in (
            ("", "GET", self.form),
            ("", "POST", self.sent),
            ("/hand", "POST", self.hand),
            ("/unlock", "POST", self.unlock),
            ("/again", "POST", self.again),
            ("/result", "GET", self.result),
        ):
            app.add_api_route(path + suffix, self._guarded(handler), methods=[method], response_model=None)

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Only within a visit that is not over, and what changes something only from our own page."""

        async def guarded(request: Request) -> Response:
            if request.headers.get("sec-fetch-site", "") not in SAME and request.method == "POST":
                return self._shell.refuse("not-understood")
            session = self._session(request)
            ehr = self._ehrs.of(session.issuer) if session else None
            if session is None or ehr is None or ehr.client.name != session.client:
                return await self._over(request)
            return await handler(request, session, ehr)

        return guarded

    def _session(self, request: Request) -> Session | None:
        """The visit of this path, as the browser keeps it; one of another path is none."""
        sid = request.path_params["sid"]
        session = self._sealer.open(USE, self._cookies.read(request.cookies), Session)
        return session if session is not None and SID.fullmatch(sid) and session.sid == sid else None

    async def _over(self, request: Request) -> Response:
        """The time is over; what was just answered is shown, so that it can be copied."""
        if request.method != "POST":
            return self._shell.refuse("expired")
        fields = await _fields(request)
        answers = Answers(self._form, Person(), self._today())
        answers.read(fields)
        lines = told(self._form, self._words, answers.given)
        whose = self._unsent.marked(fields.get(MARK_FIELD, [""])[0])
        ehr = self._ehrs.of(whose.issuer) if whose else None
        if whose is None or ehr is None or not answers.given:
            return self._shell.refuse("expired", told=lines, kept=True)
        if self._unsent.is_stored(whose, answers.given):
            return self._shell.refuse("expired", ehr.smart.frame_ancestors, lines)
        again = "" if whose.by_patient else f"{LAUNCH}?{urlencode({'iss': whose.issuer})}"
        answer = self._shell.refuse("expired", ehr.smart.frame_ancestors, lines, waits=True, again=again)
        self._unsent.keep(answer, whose, answers.given)
        return answer

    async def form(self, _: Request, session: Session, ehr: Ehr) -> Response:
        """The form, for the clinician to ask or for the patient who was handed the tablet."""
        if session.handed and session.sent:
            return self._thanks(session, ehr)
        patient = await ehr.patient(session, self._today())
        prefilled = Prefilled({}, {})
        if not session.by_patient and not session.sent:
            prefilled = await self._prefilled(session, ehr)
        sheet = Sheet(
            self._form, self._words, patient.person, session.given or prefilled.given, origins=prefilled.origins
        )
        return self._form_page(sheet, session, ehr, patient)

    async def sent(self, request: Request, session: Session, ehr: Ehr) -> Response:
        """Answers: wrong ones are shown again with all others, right ones are stored."""
        patient = await ehr.patient(session, self._today())
        answers = Answers(self._form, patient.person, self._today())
        answers.read(await _fields(request))
        problems = answers.problems
        if problems or not answers.given:
            sheet = Sheet(self._form, self._words, patient.person, answers.given, problems=problems)
            return self._form_page(sheet, session, ehr, patient, status=422, empty=not problems)
        return await self._keep(session, ehr, answers.given)

    async def again(self, _: Request, session: Session, ehr: Ehr) -> Response:
        """The same answers once more, where it is not known whether they were stored."""
        return await self._keep(session, ehr, session.given) if session.sent else _to(VISIT + session.sid)

    async def hand(self, _: Request, session: Session, ehr: Ehr) -> Response:
        """Lock the visit to the form: from now on a code leads to everything else."""
        if session.handed:
            return _to(VISIT + session.sid)
        locked = replace(session, handed=self._new_code(), by_patient=True, tries=0)
        values = {"code": locked.handed, "visit": VISIT + session.sid}
        answer = self._shell.show("handed", values, ehr.smart.frame_ancestors)
        return self._remembered(answer, locked)

    async def unlock(self, request: Request, session: Session, ehr: Ehr) -> Response:
        """The clinician has the tablet back; a few wrong codes end the visit."""
        code = (await _fields(request)).get("code", [""])[0]
        if not session.handed or hmac.compare_digest(code.encode(), session.handed.encode()):
            return self._remembered(_to(f"{VISIT}{session.sid}/result"), replace(session, handed="", tries=0))
        tries = session.tries + 1
        if tries >= MOST_TRIES:
            answer = self._thanks(session, ehr, problem="code_over", status=403)
            self._cookies.drop(answer, VISIT + session.sid)
            return answer
        return self._remembered(
            self._thanks(session, ehr, problem="code_wrong", status=403), replace(session, tries=tries)
        )

    async def result(self, _: Request, session: Session, ehr: Ehr) -> Response:
        """What became of the answers, and what the service says now."""
        if session.handed or not session.sent:
            return _to(VISIT + session.sid)
        moment = self._now()
        response = self._writer.response(session, session.given, moment)
        judgement = await self._judge.judge(ehr, session, response, int(moment.timestamp()))
        values = {
            "outcome": self._words.pages.outcome[session.outcome],
            "is_stored": session.outcome in STORED,
            "may_send_again": session.outcome in AGAIN,
            "cards": shown(judgement.cards),
            "problem": judgement.problem,
            "told": told(self._form, self._words, session.given),
            "back": ehr.smart.way_back(session.patient),
            "visit": VISIT + session.sid,
        }
        return self._shell.show("result", values, ehr.smart.frame_ancestors)

    async def _keep(self, session: Session, ehr: Ehr, answers: Given) -> Response:
        """Store once, whatever is pressed twice; the next page is another one, so that a reload sends nothing."""
        name = name_of(session, answers)
        outcome = session.outcome
        if session.sent != name or outcome in AGAIN:
            outcome = await self._stored(name, session, ehr, answers)
        updated = replace(session, given=answers, sent=name, outcome=outcome)
        try:
            return self._remembered(_to(VISIT + session.sid + ("" if session.handed else "/result")), updated)
        except TooLong:
            lines = told(self._form, self._words, answers)
            return self._shell.refuse("no-token", ehr.smart.frame_ancestors, lines, kept=outcome != "stored")

    async def _stored(self, name: str, session: Session, ehr: Ehr, answers: Given) -> str:
        """Those who press at the same moment wait for one and the same sending."""
        if session.scope and Grants(session.scope).of(WRITTEN, "c") is Access.NONE:
            return READ_ONLY
        if name not in self._under_way:
            moment = self._now()
            response = self._writer.response(session, answers, moment)
            observations = self._writer.observations(session, answers, moment)
            sending = store(ehr.wire, ehr.smart.issuer, session.token, response, observations)
            self._under_way[name] = asyncio.create_task(sending)
            self._under_way[name].add_done_callback(lambda _: self._under_way.pop(name, None))
        return await asyncio.shield(self._under_way[name])

    async def _prefilled(self, session: Session, ehr: Ehr) -> Prefilled:
        """What the chart answers; nothing of what could not be read."""
        templates = self._engine.services[SERVICE].prefetch
        authorization = session.authorization(ehr.smart.client_id, int(self._now().timestamp()))
        resources = await ehr.chart(session, authorization, (CONDITIONS, "observations"), templates)
        reader = self._engine.reader(session.patient)
        reader.add(resources)
        recorded_twitches = twitches(reader.chart, self._engine.knowledge, reader.scope.today, None)
        observed = [
            resource for resource in resources if isinstance(resource, Observation) and reader.scope.owns(resource)
        ]
        return prefill(self._form, self._engine.namer, observed, recorded_twitches, self._today())

    def _form_page(
        self, sheet: Sheet, session: Session, ehr: Ehr, patient: Patient, *, status: int = 200, empty: bool = False
    ) -> Response:
        values = {
            "groups": sheet.groups(),
            "patient": patient,
            "handed": bool(session.handed),
            "visit": VISIT + session.sid,
            "empty": empty,
            "because": self._titles.get(session.topic, ""),
            "has_problems": status != 200 and not empty,
            "fresh": not session.sent,
            "waited": bool(session.given) and not session.sent and status == 200,
            "mark": self._unsent.mark(session),
        }
        return self._shell.show("form", values, ehr.smart.frame_ancestors, status)

    def _thanks(self, session: Session, ehr: Ehr, *, problem: str = "", status: int = 200) -> Response:
        values = {
            "visit": VISIT + session.sid,
            "problem": self._words.pages.page[problem] if problem else "",
            "is_over": problem == "code_over",
        }
        return self._shell.show("thanks", values, ehr.smart.frame_ancestors, status)

    def _remembered(self, answer: Response, session: Session) -> Response:
        """Have the browser keep the visit as it is now, for the time that is left."""
        seconds = max(0, min(SECONDS, session.until - int(self._now().timestamp())))
        self._cookies.put(answer, VISIT + session.sid, self._sealer.seal(USE, session, session.until), seconds)
        return answer

    def _today(self) -> date:
        return self._now().date()


async def _fields(request: Request) -> dict[str, list[str]]:
    body = await read_body(request.receive, MOST_BYTES, BODY_SECONDS)
    return fields_of(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _to(address: str) -> Response:
    return Response(status_code=303, headers={"location": address})
