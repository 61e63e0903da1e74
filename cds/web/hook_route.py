"""The hot route, `POST /cds-services/{id}`: plain ASGI, bytes in and bytes out."""

from collections.abc import Callable
from time import perf_counter

from starlette.types import Receive, Scope, Send

from cds.account import NOBODY, Caller
from cds.errors import CallError, UnknownPath, UnknownService, render
from cds.hook_handler import LONG_BODY, Reply
from cds.modes import Mode
from cds.web.admission import CALLER
from cds.web.answers import Header, headers_of, send_answer
from cds.web.body import ClientGone
from cds.web.intake import Intake
from cds.web.ports import Answering, Handling, Shadowing
from cds.web.record import Call, Recorder
from cds.web.request_boundary import NOTE

BASE = "/cds-services/"
HUNG_UP = 499
NONE: tuple[Header, ...] = ()


class HookRoute:
    """Everything below `/cds-services/`: one call to one service, within the limits."""

    def __init__(
        self,
        engine: Answering,
        hook_handler: Handling,
        recorder: Recorder,
        intake: Intake,
        seconds: Callable[[], float] = perf_counter,
        shadow: Shadowing | None = None,
    ) -> None:
        self._shadow = shadow
        self._engine = engine
        self._hook_handler = hook_handler
        self._recorder = recorder
        self._intake = intake
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = service_of(scope["path"])
        if name == "" and scope["method"] == "GET":
            await send_answer(send, 200, self._engine.discovery(scope.get(CALLER, NOBODY).modes))
            return
        await self._call(name, scope, receive, send)

    async def _call(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, after the record of it was written; a client that hung up gets none."""
        started, caller = self._seconds(), scope.get(CALLER, NOBODY)
        reply, headers = Reply(500, b""), NONE
        try:
            reply = await self._answer(name, caller, scope, receive)
        except CallError as error:
            reply, headers = Reply(error.status, render(error), refusal=error.reason), headers_of(error)
        except ClientGone:
            reply = Reply(HUNG_UP, b"")
        finally:
            service = name if name in self._engine.service_ids else "unknown"
            outcome = self._recorder.record(Call(caller, service, reply, self._seconds() - started))
            scope[NOTE].update(service=service, outcome=outcome)
        if reply.status != HUNG_UP:
            await send_answer(send, reply.status, reply.body, headers)
        self._offer(caller, reply)

    def _offer(self, caller: Caller, reply: Reply) -> None:
        """Have a candidate asked the same, now that the answer is out. It is shown all cards, with our extension."""
        if self._shadow is None or reply.question is None or reply.outcome is None:
            return
        is_whole = reply.mode is Mode.ON and caller.card_extension
        live = reply.body if is_whole else reply.outcome.encoded()
        self._shadow.offer(caller.client, reply.question, live)

    async def _answer(self, name: str, caller: Caller, scope: Scope, receive: Receive) -> Reply:
        """Refuse what need not be read, then read and ask."""
        check_service(name, self._engine)
        with self._intake.body_bytes() as body_bytes:
            body = await self._intake.read(scope, receive, caller, body_bytes)
            return await self._attended(name, body, caller)

    async def _attended(self, name: str, body: bytes, caller: Caller) -> Reply:
        """Long bodies take turns: what is made of each while it is worked on can be many times as large."""
        if len(body) < LONG_BODY:
            await self._intake.budget.step_in()
            return await self._hook_handler.answer(name, body, caller)
        async with self._intake.budget.turn(len(body)):
            return await self._hook_handler.answer(name, body, caller)


def service_of(path: str) -> str:
    """The id in a path; the sandbox doubles the slash when the discovery address ended in one."""
    return path.removeprefix(BASE).removeprefix("/")


def check_service(name: str, engine: Answering) -> None:
    """Raise the 404 that belongs to a name that is none of the services."""
    if name not in engine.service_ids:
        raise UnknownPath if "/" in name else UnknownService
