"""The demo server's routes: read, search by GET and POST, `$everything`, metadata; a token of the demo may create."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Final, TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cds.demo.fhir.answers import Refused, answer, media_type, refuse
from cds.demo.fhir.bundles import Place, searchset
from cds.demo.fhir.capability import capability_statement
from cds.demo.fhir.chart_stores import ChartStores
from cds.demo.fhir.charts import ChartStore, Resource
from cds.demo.fhir.creating import CREATED, created_from, patient_of
from cds.demo.fhir.parameters import EVERYTHING, KINDS, table_of
from cds.demo.fhir.queries import MAX_QUERY, MAX_TOKEN, PAGE, Query, read_query
from cds.errors import CallError

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
MayCreate: TypeAlias = Callable[[str, str], str | None]

_FORM: Final = "application/x-www-form-urlencoded"


def demo_fhir(stores: ChartStores, today: Callable[[], date], base_url: str, may_create: MayCreate) -> ASGIApp:
    """Serve the charts, dated as of `today`; links start with `base_url`, the public address.

    `may_create` gives the patient for whom a token may create a resource of a type, if any.
    """
    server = _Server(stores, today, base_url.rstrip("/"), may_create)
    app = Starlette(
        routes=[
            Route("/metadata", _negotiated(server.metadata)),
            Route("/{kind}/_search", _negotiated(server.search_form), methods=["POST"]),
            Route("/{kind}/{ident}/$everything", _negotiated(server.everything)),
            Route("/{kind}/{ident}", _negotiated(server.read)),
            *(Route(f"/{kind}", _negotiated(server.create), methods=["POST"]) for kind in CREATED),
            Route("/{kind}", _negotiated(server.search)),
        ],
        exception_handlers={CallError: _refused, HTTPException: _http_refused, 500: _failed},
    )
    app.router.redirect_slashes = False  # a redirect would be built from the Host header
    return app


class _Server:
    def __init__(self, stores: ChartStores, today: Callable[[], date], base: str, may_create: MayCreate) -> None:
        self._stores = stores
        self._today = today
        self._base = base
        self._may_create = may_create
        self._kinds = KINDS | stores.kinds

    async def metadata(self, request: Request) -> Response:
        return answer(request, capability_statement(sorted(self._kinds), self._today(), self._base))

    async def read(self, request: Request) -> Response:
        if request.path_params["ident"] == "_search":
            raise Refused(405, "not-supported", "Search with POST here, or with GET one level up.", {"Allow": "POST"})
        return answer(request, self._resource(request, self._kind(request), self._store()))

    async def search(self, request: Request) -> Response:
        return self._found(request, self._kind(request), _query_string(request))

    async def search_form(self, request: Request) -> Response:
        kind = self._kind(request)
        return self._found(request, kind, await _form(request))

    async def create(self, request: Request) -> Response:
        """Take a resource into the copy in memory (FHIR R4, conditional create), for the patient of the token."""
        kind = request.url.path.rsplit("/", 1)[1]
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        patient = self._may_create(kind, token.strip()) if scheme.lower() == "bearer" else None
        if patient is None:
            raise Refused(403, "forbidden", "Only the app that the demo launches may write, with its token.")
        resource = await created_from(request, kind)
        if patient_of(resource) != patient:
            raise Refused(403, "forbidden", "The token is for another patient.")
        stored, is_new = self._stores.create(patient, resource, request.headers.get("if-none-exist", ""))
        location = f"{self._base}/{kind}/{stored['id']}"
        return answer(request, stored, 201 if is_new else 200, {"location": location})

    async def everything(self, request: Request) -> Response:
        kind = self._kind(request)
        if kind != "Patient":
            raise Refused(404, "not-supported", "Only a Patient has $everything here.")
        store = self._store()
        ident = self._resource(request, kind, store)["id"]
        query = read_query(_query_string(request), EVERYTHING, self._base, strict=_strict(request))
        place = Place(self._base, f"Patient/{ident}/$everything")
        return answer(request, searchset(store, store.charts[ident], query, place))

    def _found(self, request: Request, kind: str, raw: bytes) -> Response:
        query: Query = read_query(raw, table_of(kind), self._base, strict=_strict(request))
        store = self._store()
        return answer(request, searchset(store, store.of(kind).values(), query, Place(self._base, kind)))

    def _store(self) -> ChartStore:
        return self._stores.today()

    def _kind(self, request: Request) -> str:
        kind: str = request.path_params["kind"]
        if kind not in self._kinds:
            raise Refused(404, "not-found", "There is no such resource type here. GET metadata lists the types.")
        return kind

    def _resource(self, request: Request, kind: str, store: ChartStore) -> Resource:
        resource = store.find(f"{kind}/{request.path_params['ident']}")
        if resource is None:
            raise Refused(404, "not-found", f"There is no {kind} with this id. GET {kind} lists what there is.")
        return resource


def _negotiated(endpoint: Endpoint) -> Endpoint:
    """Refuse before the work is done when no type we write is wanted."""

    async def checked(request: Request) -> Response:
        if media_type(request) is None:
            raise Refused(406, "not-supported", "Only JSON is served. Accept application/fhir+json.")
        return await endpoint(request)

    return checked


def _query_string(request: Request) -> bytes:
    raw: bytes = request.scope["query_string"]
    if len(raw) > (MAX_TOKEN if PAGE.encode() in raw else MAX_QUERY):
        raise Refused(414, "too-long", f"The query is longer than {MAX_QUERY} bytes. Search for less at a time.")
    return raw


async def _form(request: Request) -> bytes:
    """Read the search from a form; parameters in the URL count as well."""
    if request.headers.get("content-type", _FORM).partition(";")[0].strip().lower() != _FORM:
        raise Refused(415, "not-supported", f"The content type is not supported. Send {_FORM}.")
    raw = _query_string(request) + b"&"
    try:
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > MAX_QUERY:
                raise Refused(
                    413, "too-long", f"The search is longer than {MAX_QUERY} bytes. Search for less at a time."
                )
    except ClientDisconnect as error:
        raise Refused(400, "incomplete", "The body ended early. Send it again.") from error
    return raw.strip(b"&")


def _strict(request: Request) -> bool:
    """Say whether the client wants unknown parameters refused (`Prefer: handling=strict`)."""
    wishes = ",".join(request.headers.getlist("prefer")).replace(";", ",").split(",")
    return "handling=strict" in (wish.strip().lower() for wish in wishes)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, CallError)
    return refuse(request, error)


async def _http_refused(request: Request, error: Exception) -> Response:
    """Say in FHIR what the router says: no such path, or no such method."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allow = ", ".join(sorted((error.headers or {})["Allow"].split(", ")))
        text = f"This is not possible here. Use {allow}."
        return refuse(request, Refused(405, "not-supported", text, {"Allow": allow}))
    return refuse(request, Refused(404, "not-found", "Nothing is served at this path. Start at GET metadata."))


async def _failed(request: Request, _error: Exception) -> Response:
    """Answer our own fault in FHIR too; what happened goes on to the log."""
    return refuse(request, Refused(500, "exception", "The demo server failed. The log of the service says why."))
