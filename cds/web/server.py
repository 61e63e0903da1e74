"""Running the application under uvicorn: one process, or several behind one socket.

The parent of several workers serves nothing, so it imports no application (`cds.web.worker`) and stays small.
"""

import gc
import logging
import socket
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from cds.errors import StartError
from cds.settings import CLOSED, SHARED, Settings, environment
from cds.web import ended
from cds.web.interrupts import deaf_children
from cds.web.listener import address_of, listen
from cds.web.logs import configure
from cds.web.metrics_address import serving_metrics
from cds.web.process import Alone, config_of
from cds.web.supervisor import Supervisor
from cds.web.systemd import Notifier

log = logging.getLogger("twitch-cds")


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Listen and answer until a signal ends it; whatever is broken stops the start here."""
    configure(settings.log_level)
    _warn(settings)
    run = _serve_alone if settings.workers == 1 else _serve_with_workers
    with listen(settings.host, settings.port) as listener:
        run(settings, listener, lambda: announce(address_of(listener)))


def _warn(settings: Settings) -> None:
    """Say what harms quietly: on another day, results have another age; a token may be used in each worker."""
    if not settings.demo and not settings.time_zone:
        fields = {"setting": "TWITCH_CDS_TIME_ZONE", "assumed": str(settings.zone), "see": "docs/settings.md"}
        log.warning("the time zone of the site is not set", extra={"fields": fields})
    if settings.workers > 1 and settings.token_reuse != CLOSED and not settings.open:
        fields = {"setting": "TWITCH_CDS_TOKEN_REUSE", "assumed": settings.token_reuse, "see": "docs/trust.md"}
        log.warning("while the database is down, each worker accepts a token once", extra={"fields": fields})


def _serve_alone(settings: Settings, listener: socket.socket, announce: Callable[[], None]) -> None:
    gc.disable()  # until everything is loaded: what is loaded stays
    from cds.web import worker  # noqa: PLC0415 - see test_architecture

    app = worker.ready_application(settings)
    server = Alone(config_of(app, settings), listener, Notifier(environment()), drain_seconds=settings.drain_seconds)
    with serving_metrics(settings.metrics_address, app.state.metrics.text):
        announce()
        server.run(sockets=[listener])
    for problem in app.state.ended_by:
        raise problem


def _serve_with_workers(settings: Settings, listener: socket.socket, announce: Callable[[], None]) -> None:
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
        Supervisor(settings, listener, Notifier(environment()), ended=_counter(Path(folder))).run()


def _counter(folder: Path) -> Callable[[str], None]:
    """Counts the ends of workers where all workers can read them."""

    def count(cause: str) -> None:
        counts = ended.read(folder)
        counts[cause] += 1
        ended.write(folder, counts)

    return count


def _numbers_of_all(folder: Path) -> bytes:
    """The page of metrics; only a parent that is asked for it loads what makes it."""
    from cds.web import metrics  # noqa: PLC0415 - see test_architecture

    return metrics.text_of_all(folder)


def _problem_of_start() -> str:
    """What keeps the service from starting; asked in a process of its own, which takes what it loaded with it."""
    from cds.web import worker  # noqa: PLC0415 - see test_architecture

    return worker.problem_of_start()
