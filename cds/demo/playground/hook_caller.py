"""Firing a hook: the same attendant as for any other client, counted and audited as any other call."""

import json
import time
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cds.account import NOBODY, Caller, Suppressed
from cds.call import Engine
from cds.errors import CallError
from cds.explain.explain import Why, explain
from cds.outcome import Outcome
from cds.web.ports import Handling
from cds.web.record import Call, Recorder

Json = dict[str, Any]
INDENT = 2
EHR = Caller(client=NOBODY.client, smart=True)  # the demo's own EHR, for which the SMART app is registered


class Round(Struct, frozen=True, kw_only=True):
    """One call with its answer, and why it is what it is. `problem` is the text of a refusal."""

    service: str
    status: int
    cards: tuple[Json, ...]
    answer: str
    milliseconds: float
    why: Why | None
    suppressed: tuple[Suppressed, ...]
    not_received: tuple[str, ...]
    problem: str = ""


class HookCaller:
    """Fires hooks at the service of this process."""

    def __init__(
        self,
        engine: Engine,
        hook_handler: Handling,
        recorder: Recorder,
        seconds: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._engine = engine
        self._reading = replace(engine, glances=False)
        self._hook_handler = hook_handler
        self._recorder = recorder
        self._seconds = seconds

    async def fire(self, service: str, body: bytes) -> Round:
        """Make one call and explain its answer."""
        started = self._seconds()
        reply = await self._hook_handler.answer(service, body, EHR)
        spent = self._seconds() - started
        self._recorder.record(Call(EHR, service, reply, spent))
        document = msgspec.json.decode(reply.body)
        account = reply.account
        return Round(
            service=service,
            status=reply.status,
            cards=tuple(document.get("cards", ())),
            answer=pretty(reply.body),
            milliseconds=round(spent * 1000, 1),
            why=self._explained(reply.outcome, service, body) if reply.outcome else None,
            suppressed=account.suppressed if account else (),
            not_received=account.not_checked if account else (),
            problem=_problem(document),
        )

    def _explained(self, outcome: Outcome, service: str, body: bytes) -> Why | None:
        """Why the answer is what it is; what a glance passed over is read for it."""
        is_unread = outcome.evaluation is None and outcome.chart is None
        return self.why(service, body) if is_unread else explain(outcome, self._engine)

    def why(self, service: str, body: bytes) -> Why | None:
        """What the rules find on a chart, without a call being made of it; None if it cannot be determined."""
        try:
            return explain(self._reading.call(service, body), self._engine)
        except CallError:
            return None


def _problem(document: Json) -> str:
    """The text of an OperationOutcome."""
    return next((issue["details"]["text"] for issue in document.get("issue", ())), "")


def pretty(text: bytes) -> str:
    """JSON with indents."""
    return json.dumps(json.loads(text), indent=INDENT, ensure_ascii=False)


def brief(request: Json) -> Json:
    """A request with the entries of each prefetched Bundle counted in place of shown."""
    prefetch = request.get("prefetch")
    if not isinstance(prefetch, dict):
        return request
    return {**request, "prefetch": {key: _counted(value) for key, value in prefetch.items()}}


def _counted(value: object) -> object:
    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        return value
    return {key: _how_many(part) if key == "entry" else part for key, part in value.items() if key != "link"}


def _how_many(entries: object) -> object:
    return f"{len(entries)} entries, not shown here" if isinstance(entries, list) else entries
