"""The playground's paths: the list of patients, one chart with its cards, and a place for charts of one's own."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from fastapi import FastAPI, Request, Response

from cds.account import NOBODY
from cds.call import Engine
from cds.demo.ehr import Demo
from cds.demo.fhir.charts import ChartStore, Resource
from cds.demo.playground import answers, paste, patient_list
from cds.demo.playground.choices import load_choices, wish_of
from cds.demo.playground.hook_caller import HookCaller
from cds.demo.playground.requests import ENCODER, Ehr, Json
from cds.demo.playground.showing import PATIENTS, PageContext, find
from cds.errors import UnknownPath, UnknownService
from cds.settings import Settings
from cds.web.body import read_body
from cds.web.pages import page
from cds.web.ports import Handling, Keeping
from cds.web.record import Recorder

FORM_OVERHEAD = 3  # a form writes a byte as up to three


class Playground:
    """Everything in demo mode that people look at, from `/` on."""

    def __init__(
        self,
        engine: Engine,
        hook_handler: Handling,
        keeper: Keeping,
        settings: Settings,
        fixtures: Path,
        demo: Demo,
    ) -> None:
        self._engine, self._hook_handler, self._keeper, self._settings = engine, hook_handler, keeper, settings
        self._stores = demo.stores
        self._index = patient_list.read_index(fixtures)
        self._today = demo.today
        choices = load_choices()
        self._choices = choices
        self._ehr = Ehr(engine.services, f"{settings.public_url}/demo/fhir", choices)
        self._context = PageContext(engine, settings.public_url, choices)

    def add_to(self, app: FastAPI, recorder: Recorder) -> None:
        """Add the paths; every call is counted and audited by this recorder."""
        self._caller = HookCaller(self._engine, self._hook_handler, recorder)
        app.add_api_route("/", self.home, methods=["GET"])
        app.add_api_route(PATIENTS + "{patient}", self.chart, methods=["GET"])
        app.add_api_route(PATIENTS + "{patient}/request.json", self.request, methods=["GET"])
        app.add_api_route("/demo/paste", self.blank, methods=["GET"])
        app.add_api_route("/demo/paste", self.pasted, methods=["POST"])
        app.add_api_route("/demo/feedback", self.feedback, methods=["POST"])

    @property
    def _store(self) -> ChartStore:
        return self._stores.today()

    async def home(self) -> Response:
        """Who is here, and what this is."""
        groups = patient_list.groups(self._store, self._index, self._today(), self._engine.words)
        return page("playground/home.html", {"groups": groups, "base": self._settings.public_url})

    async def chart(self, request: Request) -> Response:
        """One chart; opening it fires a hook, as in any EHR."""
        patient = request.path_params["patient"]
        resources, person = self._found(patient)
        wish = wish_of(request.query_params, self._choices)
        call = self._ehr.request(self._store, patient, wish, self._today())
        service = self._ehr.service_id(wish.moment.hook)
        round_trip = await self._caller.fire(service, ENCODER.encode(call))
        entry = self._index.get(patient)
        opening = self._ehr.request(self._store, patient, wish_of({}, self._choices), self._today())
        values = {
            **self._context.chart(resources, person, self._today()),
            **self._context.moments(resources, wish),
            **self._context.support(round_trip, call),
            "opened": self._context.looking(self._caller.why(self._ehr.opening.id, ENCODER.encode(opening))),
            "patient": patient,
            "shows": entry.title if entry else "",
            "curl": self._context.curl(patient, wish, service),
        }
        return page("playground/chart.html", values)

    async def request(self, request: Request) -> Response:
        """The request of a call as it would be sent, for curl and for reading."""
        patient = request.path_params["patient"]
        self._found(patient)
        wish = wish_of(request.query_params, self._choices)
        call = self._ehr.request(self._store, patient, wish, self._today())
        return Response(ENCODER.encode(call), media_type="application/json")

    async def blank(self) -> Response:
        """The form for a chart or a request of one's own."""
        return self._form({})

    async def pasted(self, request: Request) -> Response:
        """Answer what was pasted."""
        text = (await self._fields(request)).get("pasted", "")
        try:
            pasted = paste.read(text, self._ehr)
        except paste.PasteError as problem:
            return self._form({"pasted": text, "problem": str(problem)}, status=422)
        round_trip = await self._caller.fire(pasted.service, ENCODER.encode(pasted.request))
        values: Json = {**self._context.support(round_trip, pasted.request), "pasted": text}
        if pasted.store is not None:
            chart, person = (
                pasted.store.charts[pasted.patient],
                pasted.store.of("Patient")[pasted.patient],
            )
            values["chart"] = self._context.chart(chart, person, self._today())
        return self._form(values | {"curl": self._context.curl_of_file(pasted.service)})

    async def feedback(self, request: Request) -> Response:
        """Feedback from a browser that runs no scripts: kept as any other, then the same hook is fired again."""
        fields = await self._fields(request)
        service = fields.get("service", "")
        if service not in self._engine.service_ids:
            raise UnknownService
        await self._keeper.keep(NOBODY, service, answers.read(fields, self._engine.now()))
        back = urlencode(wish_of(fields, self._choices).query)
        patient = fields.get("patient", "")
        place = f"{PATIENTS}{patient}?{back}" if patient in self._store.charts else "/demo/paste"
        return Response(status_code=303, headers={"location": place})

    def _form(self, values: Mapping[str, object], status: int = 200) -> Response:
        blank: dict[str, object] = {"pasted": "", "problem": "", "round": None, "chart": None, "patient": ""}
        return page("playground/paste.html", {**blank, **values}, status=status)

    def _found(self, patient: str) -> tuple[tuple[Resource, ...], Resource]:
        chart = find(self._store, patient)
        if chart is None:
            raise UnknownPath
        return chart

    async def _fields(self, request: Request) -> dict[str, str]:
        """The fields of a form, read within the limits of bytes and time."""
        limit = self._settings.max_body_bytes * FORM_OVERHEAD
        body = await read_body(request.receive, limit, self._settings.body_timeout_ms / 1000)
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
