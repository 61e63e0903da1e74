"""Running the application under uvicorn: one process, or several behind one socket.

The parent of several workers serves nothing, so it imports no application (`cds.web.worker`) and stays small.
"""

import logging
import os
import socket
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from cds.errors import StartError
from cds.settings import CLOSED, SHARED, Settings, environment
from cds.web.heads import Config
from cds.web.interrupts import deaf_children, ending
from cds.web.logs import configure, log_config
from cds.web.metrics_address import serving_metrics

log = logging.getLogger("twitch-cds")
BACKLOG = 2048


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Listen and answer until a signal ends it; whatever is broken stops the start here."""
    configure(settings.log_level)
    _warn(settings)
    run = _serve_alone if settings.workers == 1 else _serve_with_workers
    with listen(settings.host, settings.port) as door:
        run(settings, door, lambda: announce(address_of(door)))


def _warn(settings: Settings) -> None:
    """Say what harms quietly: on another day, results have another age; a token may be used in each worker."""
    if not settings.demo and not settings.time_zone:
        fields = {"setting": "TWITCH_CDS_TIME_ZONE", "assumed": str(settings.zone), "see": "docs/settings.md"}
        log.warning("the time zone of the site is not set", extra={"fields": fields})
    if settings.workers > 1 and settings.token_reuse != CLOSED and not settings.open:
        fields = {"setting": "TWITCH_CDS_TOKEN_REUSE", "assumed": settings.token_reuse, "see": "docs/trust.md"}
        log.warning("while the database is down, each worker accepts a token once", extra={"fields": fields})


def listen(host: str, port: int) -> socket.socket:
    """Open the door, or say why it does not open."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        door = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as problem:
        reason = os.strerror(problem.errno) if problem.errno else "no such address"
        way_out = "Choose another port (--port N, or make run PORT=N)."
        raise StartError(f"cannot listen on {host}:{port}: {reason}. {way_out}") from problem
    door.set_inheritable(True)
    return door


def address_of(door: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port, *_ = door.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _serve_alone(settings: Settings, door: socket.socket, announce: Callable[[], None]) -> None:
    from cds.web import worker  # noqa: PLC0415 - see test_architecture

    app = worker.ready_application(settings)
    server = uvicorn.Server(_config(app, settings))

    def end() -> None:
        server.should_exit = True

    with serving_metrics(settings.metrics_address, app.state.metrics.text):
        announce()
        with ending(end):
            server.run(sockets=[door])
    for problem in app.state.ended_by:
        raise problem


class Workers(Multiprocess):
    """The worker processes, in the order in which they were started; none hears Ctrl-C but through the parent."""

    def init_processes(self) -> None:
        """Start them all."""
        with deaf_children():
            super().init_processes()

    def keep_subprocess_alive(self) -> None:
        """Start another one for each that has died."""
        with deaf_children():
            super().keep_subprocess_alive()


def _serve_with_workers(settings: Settings, door: socket.socket, announce: Callable[[], None]) -> None:
    """Start the workers; their numbers meet in a folder, so that any of them can tell all."""
    with deaf_children(), ProcessPoolExecutor(1, get_context("spawn")) as tried:
        trial = tried.submit(_problem_of_start)
    try:
        problem = trial.result()
    except BrokenProcessPool:
        problem = "the service died while it was starting; the log may say why"
    if problem:
        raise StartError(problem)
    with (
        tempfile.TemporaryDirectory(prefix="twitch-cds-") as folder,
        serving_metrics(settings.metrics_address, lambda: _numbers_of_all(Path(folder))),
    ):
        announce()
        environment()[SHARED] = folder
        Workers(_config("cds.web.worker:build", settings), sockets=[door]).run()


def _numbers_of_all(folder: Path) -> bytes:
    """The page of metrics; only a parent that is asked for it loads what makes it."""
    from cds.web import metrics  # noqa: PLC0415 - see test_architecture

    return metrics.text_of_all(folder)


def _problem_of_start() -> str:
    """What keeps the service from starting; asked in a process of its own, which takes what it loaded with it."""
    from cds.web import worker  # noqa: PLC0415 - see test_architecture

    return worker.problem_of_start()


def _config(app: ASGIApp | str, settings: Settings) -> Config:
    return Config(
        app,
        head_seconds=settings.head_timeout_ms / 1000,
        factory=isinstance(app, str),
        ws="none",
        workers=settings.workers,
        log_config=log_config(settings.log_level),
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
        backlog=BACKLOG,
    )
