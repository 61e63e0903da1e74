"""What the world around the engine adds to a call: the store with the audit, completion, and verifying the caller."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl

import httpx
import subjects
import verification
from msgspec.structs import replace
from pairs import Effort, Result, Run, compare
from payloads import KINDS, SERVICE, request
from starlette.types import ASGIApp

from cds.audit.journal import Journal
from cds.call import Engine
from cds.chart.naming import Namer
from cds.clock import utc_now
from cds.hook_handler import HookHandler
from cds.keyed import Pseudonyms
from cds.prefetch.completion import Completion
from cds.prefetch.templates import fill
from cds.secrecy import Secret
from cds.settings import Settings
from cds.store.memory import Manner, Memory
from cds.store.store import Store
from cds.trust.verifier import build_verifier
from cds.web.app import create_app
from cds.web.parts import Parts

SIZE, KEPT_BUDGET = 200, 1.10
BASE = "https://ehr.example/fhir"
KEY = Secret("k" * 32)
PLENTY = 60.0
HEAD = "chart   what is added                               µs  without   ratio  spread       budget"


class Added(NamedTuple):
    """One comparison: with and without something."""

    kind: str
    what: str
    result: Result
    budget: float | None = None


def shown(added: Added) -> str:
    """One line of the table."""
    result = added.result
    spread = f"{result.lowest:.2f}-{result.highest:.2f}"
    numbers = f"{result.subject * 1e6:>10,.0f}{result.reference * 1e6:>9,.0f}{result.ratio:>8.2f}"
    judged = "-" if added.budget is None else f"{added.budget:.2f}  {'ok' if result.ratio <= added.budget else 'OVER'}"
    return f"{added.kind:<8}{added.what:<43}{numbers}  {spread:<13}{judged:>6}"


def rows(engine: Engine, effort: Effort) -> Iterator[str]:
    """All lines: two for each kind of chart, then one for each algorithm."""
    server = subjects.Server()
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(Store.open("", folder), Manner())
        memory.start()
        journal = Journal.open(Path(folder) / "audit.jsonl", KEY, utc_now)
        for kind in KINDS:
            body = request(kind, SIZE)
            plain = server.calls(_application(engine), body)
            for what, parts in {"the store": (memory, None), "the audit": (None, journal)}.items():
                with_it = server.calls(_application(engine, *parts), body)
                yield shown(Added(kind, what, compare(with_it, plain, effort), KEPT_BUDGET))
            for name, result in _words(engine, body, effort):
                yield shown(Added(kind, name, result))
            yield shown(
                Added(kind, "fetching all of it (no latency)", compare(*_fetching(engine, server, body), effort))
            )
        memory.close()
        journal.close()
    server.close()
    for algorithm, result in verification.results(effort):
        yield verification.shown(algorithm, result)


def _words(engine: Engine, body: bytes, effort: Effort) -> Iterator[tuple[str, Result]]:
    """The core with words in one language and in all, against one that hears none; texts are remembered, or new."""
    knowledge = engine.knowledge
    deaf = replace(engine, namer=Namer(replace(knowledge, languages=(), spoken={})))
    for languages in ({"en": knowledge.spoken["en"]}, knowledge.spoken):
        hears = replace(knowledge, languages=tuple(languages), spoken=dict(languages))
        hearing = replace(engine, namer=Namer(hears))
        for what, run in {"known": subjects.core(hearing, body), "new": _with_new_texts(hearing, body)}.items():
            yield f"words in {', '.join(languages)}, {what} texts", compare(run, subjects.core(deaf, body), effort)


def _with_new_texts(engine: Engine, body: bytes) -> Run:
    """A call whose texts nobody has heard before."""
    listener = engine.namer.listener

    def run(times: int) -> None:
        for _ in range(times):
            listener._remembered.clear()
            listener._twitches.clear()
            subjects.forget()
            engine.answer(SERVICE, body)

    return run


def _application(engine: Engine, memory: Memory | None = None, journal: Journal | None = None) -> ASGIApp:
    """The service with its store and its audit, or without either."""
    hook_handler = HookHandler(engine, memory=memory, pseudonyms=Pseudonyms(KEY), seconds_allowed=PLENTY)
    settings = subjects.settings()
    verifier = build_verifier(settings, None)
    return create_app(Parts(engine=engine, hook_handler=hook_handler, verifier=verifier, journal=journal), settings)


def _fetching(engine: Engine, server: subjects.Server, body: bytes) -> tuple[Run, Run]:
    """A call that sends nothing, and the same with all of it prefetched."""
    whole = json.loads(body)
    empty = json.dumps({**whole, "prefetch": {}, "fhirServer": BASE}).encode()
    completion = Completion(Settings(fhir_servers=(BASE,), deadline_ms=60_000), transport=_shelf(engine, whole))
    hook_handler = HookHandler(engine, completion=completion, seconds_allowed=PLENTY)
    settings = subjects.settings()
    app = create_app(Parts(engine=engine, hook_handler=hook_handler, verifier=build_verifier(settings, None)), settings)
    return server.calls(app, empty), server.calls(app, body)


def _shelf(engine: Engine, whole: dict[str, dict[str, object]]) -> httpx.MockTransport:
    """A FHIR server in this process that answers at once; the first time it looks up what a search means."""
    context = {"context.patientId": str(whole["context"]["patientId"])}
    asks = {key: fill(text, context) for key, text in engine.services[SERVICE].prefetch.items()}
    known = {(ask.path, frozenset(parse_qsl(ask.query))): key for key, ask in asks.items() if ask}
    answers: dict[bytes, bytes] = {}

    def answer(http: httpx.Request) -> httpx.Response:
        raw = http.url.raw_path + http.content
        if raw not in answers:
            query = http.content.decode() or http.url.query.decode()
            path = http.url.path.removeprefix("/fhir/").removesuffix("/_search")
            found = whole["prefetch"].get(known[path, frozenset(parse_qsl(query))])
            answers[raw] = json.dumps(found or {"resourceType": "Bundle", "type": "searchset"}).encode()
        return httpx.Response(200, content=answers[raw], headers={"content-type": "application/fhir+json"})

    return httpx.MockTransport(answer)
