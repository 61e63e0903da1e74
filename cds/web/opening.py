"""Opening the parts of a process, as its settings say: the one place where all of them meet."""

import asyncio
import gc
import logging
import os
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cds.audit.journal import Journal
from cds.audit.place import log_of
from cds.call import Engine, build_engine
from cds.clock import utc_now
from cds.demo.ehr import FIXTURES, Demo
from cds.errors import StartError
from cds.fhir import units
from cds.hook_handler import HookHandler
from cds.ids import new_uuid
from cds.keyed import Pseudonyms
from cds.prefetch.tally import Tally
from cds.secrecy import Secret
from cds.settings import Settings, environment
from cds.shadow.shadow import Shadow, open_shadow
from cds.store.facts import Unfit
from cds.store.keys import hash_key
from cds.store.memory import Memory, open_memory
from cds.trust.registry_file import RegistryFile
from cds.trust.verifier import Verifier, build_verifier
from cds.web.freed_memory import trim_memory
from cds.web.governance.routes import Governance
from cds.web.governance.standing import Standing, standings
from cds.web.metrics import Metrics
from cds.web.parts import Pages, Parts, StartupHook
from cds.web.record import SOFTWARE

if TYPE_CHECKING:
    from cds.prefetch.completion import Completion

log = logging.getLogger("twitch-cds")
LATER = 3.0  # seconds after the start
YOUNG = 10_000  # objects between two looks of the garbage collector: a call makes thousands, hardly ever in a circle


def open_parts(settings: Settings) -> Parts:
    """The parts of one process; raises a StartError if one of them cannot be."""
    engine, key = build_engine(settings), hash_key(settings)
    metrics = Metrics(engine.knowledge_version)
    ended_by: list[StartError] = []
    memory = open_memory(settings, SOFTWARE, metrics.store, partial(_leave, ended_by))
    completion = _completion(settings, metrics)
    shadow = _shadow(settings, engine, metrics, memory)
    verifier = build_verifier(settings, memory, engine.service_ids)
    journal = Journal.open(log_of(settings), key, utc_now, lost=metrics.audit_lost)
    hook_handler = _hook_handler(settings, engine, completion, memory, key)
    pages, demo, leave_app = _pages(settings, engine, hook_handler, memory, key)
    pages.insert(0, _governance(settings, engine, verifier))

    async def begin() -> None:
        await asyncio.to_thread(_start, memory)
        await verifier.warm()
        verifier.tend()
        _keep()
        _prepare_later()

    async def end() -> None:
        if completion is not None:
            await completion.aclose()
        await verifier.close()
        await leave_app()
        await asyncio.to_thread(memory.close)
        journal.close()

    return Parts(
        engine=engine,
        hook_handler=hook_handler,
        verifier=verifier,
        keeper=memory,
        journal=journal,
        metrics=metrics,
        shadow=shadow,
        pages=pages,
        start=(*([shadow.start] if shadow else []), begin),
        close=(*([shadow.close] if shadow else []), end),
        ended_by=ended_by,
        words=engine.words,
        demo=demo,
    )


def _hook_handler(
    settings: Settings, engine: Engine, completion: "Completion | None", memory: Memory, key: Secret
) -> HookHandler:
    """What answers each call, with the world around it."""
    return HookHandler(
        engine,
        completion=completion,
        memory=memory,
        pseudonyms=Pseudonyms(key),
        seconds_allowed=settings.deadline_ms / 1000,
        once=not settings.demo,
        keeps_questions=bool(settings.shadow),
    )


def _governance(settings: Settings, engine: Engine, verifier: Verifier) -> Governance:
    """The governance page, which tells what each client is shown now; nobody is registered where all may call."""

    def standing() -> list[Standing]:
        return [] if settings.open else standings(verifier.clients, engine.service_ids)

    return Governance(settings, engine.words, engine.service_ids, utc_now, standing=standing)


def _shadow(settings: Settings, engine: Engine, metrics: Metrics, memory: Memory) -> Shadow | None:
    """A candidate beside this version, if one is named; of the day of the site its numbers are."""
    return open_shadow(
        settings,
        environment(),
        listen=metrics.shadowed,
        keeping=memory,
        now=lambda: utc_now().astimezone(settings.zone),
        run=new_uuid(),
        knowledge_version=engine.knowledge_version,
    )


def _completion(settings: Settings, metrics: Metrics) -> "Completion | None":
    """What fetches from FHIR servers; where none is listed nobody is ever asked, and no library is loaded for it."""
    if not settings.fhir_servers:
        return None
    from cds.prefetch.completion import Completion  # noqa: PLC0415 - see test_architecture

    return Completion(settings, tally=Tally(metrics.fhir))


def _pages(
    settings: Settings, engine: Engine, hook_handler: HookHandler, memory: Memory, key: Secret
) -> tuple[list[Pages], Demo | None, StartupHook]:
    """The pages for people, the demo's own EHR in demo mode, and what closes the SMART app.

    The app is there where an EHR is registered for it when the service starts, and in demo mode.
    """
    pages: list[Pages] = []
    demo = Demo(settings, key) if settings.demo else None
    if demo is not None:
        from cds.demo.playground.routes import Playground  # noqa: PLC0415 - see test_architecture

        pages.append(Playground(engine, hook_handler, memory, settings, FIXTURES, demo))
    path = Path(settings.clients) if settings.clients else None
    registry_file = RegistryFile(path, demo=settings.demo, services=engine.service_ids)
    if demo is None and not any(client.smart for client in registry_file.registry.clients):
        return pages, demo, _nothing
    from cds.smart.ehr import Ehrs  # noqa: PLC0415 - see test_architecture
    from cds.web.smart.routes import Asking  # noqa: PLC0415 - see test_architecture

    ehrs = Ehrs(registry_file, settings, more=(demo.client,) if demo else ())
    pages.append(Asking(engine, ehrs, settings, key))
    return pages, demo, ehrs.aclose


async def _nothing() -> None:
    """Nothing is to be closed."""


def _start(memory: Memory) -> None:
    """Open the store; a worker that is started beside newer tables may not use them, and ends with one line."""
    try:
        memory.start()
    except Unfit as problem:
        log.critical(problem.text)
        raise


def _leave(ended_by: list[StartError], problem: Unfit) -> None:
    """End this process as a stop of the service does: the calls under way are answered."""
    log.critical(problem.text)
    ended_by.append(problem)
    os.kill(os.getpid(), signal.SIGTERM)


def _prepare_later() -> None:
    """In a thread, when the first calls are answered: they need the time, and hardly ever what it makes ready."""
    loop = asyncio.get_running_loop()
    loop.call_later(LATER, loop.run_in_executor, None, _prepare)


def _prepare() -> None:
    """What the first call of some kind would else wait for."""
    units.prepare()
    gc.collect()  # what was needed on the way, before the rest is kept for good
    gc.freeze()
    trim_memory()


def _keep() -> None:
    """What is loaded now stays until the end: the garbage collector, which was off till now, need never look at it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
    gc.enable()
