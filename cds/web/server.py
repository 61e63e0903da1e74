"""Running the application under uvicorn: one process, or several behind one socket."""

import logging
import os
import socket
import tempfile
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from cds.errors import StartError
from cds.settings import Settings, environment, load
from cds.store.starting import make_ready
from cds.web.app import create_app
from cds.web.heads import Config
from cds.web.logs import configure, log_config
from cds.web.metrics import SHARED
from cds.web.opening import open_parts

log = logging.getLogger("twitch-cds")
BACKLOG = 2048


def build() -> FastAPI:
    """What each worker runs: everything it needs is in the environment."""
    settings = load(environment())
    return _app(settings)


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Listen and answer until a signal ends it; a knowledge file that is broken stops the start here."""
    configure(settings.log_level)
    _warn(settings)
    make_ready(settings)
    app = _app(settings)
    with listen(settings.host, settings.port) as door:
        announce(address_of(door))
        if settings.workers == 1:
            uvicorn.Server(_config(app, settings)).run(sockets=[door])
        else:
            _serve_with_workers(settings, door)


def _warn(settings: Settings) -> None:
    """Say what nobody has decided, and harms quietly: on another day, results and patients have another age."""
    if not settings.demo and not settings.time_zone:
        fields = {"setting": "TWITCH_CDS_TIME_ZONE", "assumed": str(settings.zone), "see": "docs/settings.md"}
        log.warning("the time zone of the site is not set", extra={"fields": fields})


def _app(settings: Settings) -> FastAPI:
    return create_app(open_parts(settings), settings)


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


def _serve_with_workers(settings: Settings, door: socket.socket) -> None:
    """Start the workers; their numbers meet in a folder, so that any of them can tell all."""
    with tempfile.TemporaryDirectory(prefix="twitch-cds-") as folder:
        environment()[SHARED] = folder
        Multiprocess(_config("cds.web.server:build", settings), sockets=[door]).run()


def _config(app: FastAPI | str, settings: Settings) -> Config:
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
