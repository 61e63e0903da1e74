"""Opening the parts of a process, as its settings say: the one place where all of them meet."""

import asyncio
from pathlib import Path

from cds.attendant import Attendant
from cds.audit.journal import Journal
from cds.call import build_engine
from cds.clock import Clock, utc_now
from cds.prefetch.completion import Completion
from cds.secrecy import Pseudonyms
from cds.settings import Settings
from cds.store.keys import hash_key
from cds.store.memory import open_memory
from cds.trust.verifier import build_verifier
from cds.web.demo import FIXTURES
from cds.web.governance.routes import Governance
from cds.web.parts import Pages, Parts
from cds.web.playground.routes import Playground
from cds.web.record import SOFTWARE

AUDIT = "audit.jsonl"


def open_parts(settings: Settings) -> Parts:
    """The parts of one process; raises a StartError if one of them cannot be."""
    engine, key = build_engine(settings), hash_key(settings)
    memory, completion = open_memory(settings, SOFTWARE), Completion(settings)
    verifier = build_verifier(settings, memory)
    journal = Journal.open(audit_path(settings), key, utc_now)
    attendant = Attendant(
        engine,
        completion=completion,
        memory=memory,
        pseudonyms=Pseudonyms(key),
        seconds_allowed=settings.deadline_ms / 1000,
    )

    pages: list[Pages] = [Governance(settings, engine.words, engine.service_ids, utc_now)]
    if settings.demo:
        pages.append(Playground(engine, attendant, memory, settings, FIXTURES, Clock(settings.zone).today))

    async def begin() -> None:
        await asyncio.to_thread(memory.start)
        await verifier.warm()

    async def end() -> None:
        await completion.aclose()
        await verifier.close()
        await asyncio.to_thread(memory.close)
        journal.close()

    return Parts(
        engine=engine,
        attendant=attendant,
        verifier=verifier,
        keeper=memory,
        journal=journal,
        pages=pages,
        start=(begin,),
        close=(end,),
    )


def audit_path(settings: Settings) -> Path:
    """Where the audit of this machine is."""
    return Path(settings.audit_file) if settings.audit_file else Path(settings.data_dir) / AUDIT
