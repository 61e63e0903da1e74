"""The web application: which path leads where."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from pathlib import Path
from secrets import token_hex

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from cards.form_words import read_form_words
from cards.proofreading import load_words
from cards.words import Words
from cds.account import NOBODY
from cds.demo.ehr import FIXTURES, Demo
from cds.errors import CallError, CdsError, UnknownPath, WrongMethod, render
from cds.hooks.limits import Limits
from cds.secrecy import Secret
from cds.settings import Settings
from cds.web.admission import CALLER, Admission
from cds.web.assets import add_assets
from cds.web.concurrency import CROWD, ConcurrencyLimit
from cds.web.cors import Cors
from cds.web.evidence.routes import Evidence
from cds.web.feedback_route import END, FeedbackRoute
from cds.web.form_routes import FormRoutes
from cds.web.heads import LEAVE, LIMITED
from cds.web.health import Health
from cds.web.hook_route import BASE, HookRoute
from cds.web.intake import Intake
from cds.web.lag import observed
from cds.web.metrics import Metrics
from cds.web.metrics_address import CONTENT_TYPE
from cds.web.parts import Parts
from cds.web.ports import Answering
from cds.web.record import Recorder
from cds.web.request_boundary import RequestBoundary


class Paths:
    """Hook calls and feedback go to their routes at once, by the path alone, past the framework's router."""

    def __init__(self, hooks: ASGIApp, feedback: ASGIApp | None, fallback: ASGIApp) -> None:
        """Without a keeper of feedback, its address is that of a service which does not exist."""
        self._hooks = hooks
        self._feedback = feedback or hooks
        self._fallback = fallback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if not path.startswith(BASE):
            await self._fallback(scope, receive, send)
        elif path.endswith(END, len(BASE)):
            await self._feedback(scope, receive, send)
        else:
            await self._hooks(scope, receive, send)


class Application(FastAPI):
    """FastAPI behind layers of our own: a hook call reaches its route past the framework, which costs more than it."""

    front: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.front(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def behind(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what is no hook call as FastAPI does."""
        await super().__call__(scope, receive, send)


def create_app(
    parts: Parts,
    settings: Settings,
    *,
    words: Words | None = None,
    fixtures: Path = FIXTURES,
    today: Callable[[], date] | None = None,
) -> Application:
    """Build the application around its parts; the demo's charts and their day can be given by a test."""
    engine, words = parts.engine, words or parts.words or load_words()
    metrics = parts.metrics or Metrics(engine.knowledge_version)
    health = Health(parts, metrics, is_open=settings.open)
    recorder = Recorder(metrics, parts.journal, engine.knowledge_version, words.book.overrides)
    intake = Intake(settings)
    app = Application(
        title="Twitch CDS",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(parts, health, recorder, metrics),
        telemetry={"tracing": False, "metrics": False, "logs": False},  # a path can hold a patient's id
    )
    for kind in (HTTPException, CallError):
        app.add_exception_handler(kind, _refused)
    hooks = HookRoute(engine, parts.hook_handler, recorder, intake, shadow=parts.shadow)
    feedback = None
    if parts.keeper is not None:
        limits = Limits(depth=settings.max_depth, entries=settings.max_entries)
        feedback = FeedbackRoute(engine, parts.keeper, recorder, intake, limits)
    app.state.ended_by = parts.ended_by
    app.front = _layers(Paths(hooks, feedback, app.behind), parts, settings, recorder)
    _add_routes(app, engine, health)
    _add_metrics(app, settings, health, metrics)
    add_assets(app)
    Evidence(words, engine, demo=settings.demo).add_to(app)
    FormRoutes(read_form_words(), engine.knowledge, settings.public_url).add_to(app)
    if settings.demo:
        demo = parts.demo or Demo(settings, Secret(token_hex()), fixtures, today)
        demo.add_to(app)
    for pages in parts.pages:
        pages.add_to(app, recorder)
    return app


def _layers(app: ASGIApp, parts: Parts, settings: Settings, recorder: Recorder) -> ASGIApp:
    """What every request passes through, the outermost last."""
    # Behind the gate: before it, forged tokens that wait for their check would take the places of right ones.
    app = ConcurrencyLimit(app, most=settings.max_concurrent, limited=recorder.limited)
    app = Admission(
        app,
        verifier=parts.verifier,
        public_url=settings.public_url,
        is_open=settings.open,
        refused=recorder.refused,
        limited=recorder.limited,
    )
    # Before it too, with more places: those who wait to be verified hold memory, and the last of them waits for long.
    app = ConcurrencyLimit(app, most=settings.max_concurrent * CROWD, limited=recorder.limited)
    return RequestBoundary(app, cors=Cors.of(settings))


def _add_metrics(app: FastAPI, settings: Settings, health: Health, metrics: Metrics) -> None:
    """The numbers: here, unless they have an address of their own, which whoever runs the application serves."""

    async def numbers() -> Response:
        health.tell()
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    app.state.metrics = metrics
    if settings.metrics_address is None:
        app.add_api_route("/metrics", numbers, methods=["GET"])


def _add_routes(app: FastAPI, engine: Answering, health: Health) -> None:
    """The paths that every installation has, beside the hook calls."""

    async def discovery(request: Request) -> Response:
        modes = request.scope.get(CALLER, NOBODY).modes
        return Response(engine.discovery(modes), media_type="application/json")

    app.add_api_route("/cds-services", discovery, methods=["GET"])
    # No answer has a model, and no function a parameter but the request: for the first of these that it meets, FastAPI
    # imports the first version of pydantic, which costs 0.2 s and 6 MB.
    app.add_api_route("/health/live", health.live, methods=["GET"], response_model=None)
    app.add_api_route("/health/ready", health.ready, methods=["GET"], response_model=None)


def _lifespan(
    parts: Parts, health: Health, recorder: Recorder, metrics: Metrics
) -> Callable[[FastAPI], AbstractAsyncContextManager[dict[str, object]]]:
    """Open and close the parts.

    What a connection refuses, no route ever sees: so connections are given the counter of refusals. The process is
    asked to end some time before it does: so it is given what makes it "not ready".
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, object]]:
        for hook in parts.start:
            await hook()
        recorder.started(parts.engine.switched_off)
        async with health.watched(), observed(metrics.lag):
            yield {LIMITED: recorder.limited, LEAVE: health.leave}
        health.leave()
        recorder.ended()
        for hook in parts.close:
            await hook()

    return lifespan


async def _refused(_: Request, problem: Exception) -> Response:
    """Turn the framework's refusals, and ours, into an OperationOutcome."""
    error = problem if isinstance(problem, CdsError) else _known(problem)
    return Response(render(error), error.status, dict(error.headers), "application/json")


def _known(problem: Exception) -> CallError:
    """Name the two refusals that a router can make."""
    headers = getattr(problem, "headers", None) or {}
    return WrongMethod(headers["Allow"]) if "Allow" in headers else UnknownPath()
