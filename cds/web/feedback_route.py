"""`POST /cds-services/{id}/feedback`: answered when it is on disk (CDS Hooks 2.0, Feedback)."""

import asyncio

from starlette.types import Receive, Scope, Send

from cds.account import NOBODY, Caller, FeedbackItem
from cds.errors import CallError
from cds.hooks import feedback
from cds.hooks.limits import Limits
from cds.web.admission import CALLER
from cds.web.answers import send_answer, send_error
from cds.web.body import ClientGone
from cds.web.hook_route import check_service, service_of
from cds.web.intake import Intake
from cds.web.ports import Answering, Keeping
from cds.web.record import Recorder
from cds.web.request_boundary import NOTE

END = "/feedback"
LONG_BODY = 64 * 1024
KEPT = b"{}"


class FeedbackRoute:
    """The feedback endpoint of every service, within the same limits as a hook call."""

    def __init__(self, engine: Answering, keeper: Keeping, recorder: Recorder, intake: Intake, limits: Limits) -> None:
        self._engine = engine
        self._keeper = keeper
        self._recorder = recorder
        self._intake = intake
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = service_of(scope["path"].removesuffix(END))
        service = name if name in self._engine.service_ids else "unknown"
        caller = scope.get(CALLER, NOBODY)
        try:
            items = await self._kept(name, caller, scope, receive)
        except CallError as error:
            scope[NOTE].update(service=service, outcome=type(error).__name__)
            self._recorder.limited(error.reason, caller.client)
            self._recorder.feedback(caller, service, error.status, ())
            await send_error(send, error)
        except ClientGone:
            scope[NOTE].update(service=service, outcome=ClientGone.__name__)
        else:
            scope[NOTE].update(service=service, outcome="feedback", items=len(items))
            self._recorder.feedback(caller, service, 200, items)
            await send_answer(send, 200, KEPT)

    async def _kept(self, name: str, caller: Caller, scope: Scope, receive: Receive) -> tuple[FeedbackItem, ...]:
        """Refuse what need not be read, then read and keep; the items."""
        check_service(name, self._engine)
        with self._intake.body_bytes() as body_bytes:
            items = await self._read(await self._intake.read(scope, receive, caller, body_bytes))
        await self._keeper.keep(caller, name, items)
        return items

    async def _read(self, body: bytes) -> tuple[FeedbackItem, ...]:
        """The items; of a long body in a thread, in its turn."""
        if len(body) < LONG_BODY:
            return feedback.read(body, self._limits)
        async with self._intake.budget.turn(len(body)):
            return await asyncio.to_thread(feedback.read, body, self._limits)
