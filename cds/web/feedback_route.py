"""`POST /cds-services/{id}/feedback`: answered when it is on disk (CDS Hooks 2.0, Feedback)."""

import asyncio

from starlette.types import Receive, Scope, Send

from cds.account import NOBODY, Caller, FeedbackItem
from cds.errors import CallError, UnknownPath, UnknownService, WrongMethod
from cds.hooks import feedback
from cds.hooks.limits import Limits
from cds.settings import Settings
from cds.web.answers import send_answer, send_error
from cds.web.body import ClientGone, check_headers, read_body
from cds.web.exchange import NOTE
from cds.web.gate import CALLER
from cds.web.hook_route import service_of
from cds.web.ports import Answering, Keeping
from cds.web.rates import Rates
from cds.web.record import Recorder
from cds.web.room import Place, Room

END = "/feedback"
LONG_BODY = 64 * 1024
KEPT = b"{}"


class FeedbackRoute:
    """The feedback endpoint of every service, within the same limits as a hook call."""

    def __init__(
        self, engine: Answering, keeper: Keeping, settings: Settings, rates: Rates, recorder: Recorder, room: Room
    ) -> None:
        self._engine = engine
        self._keeper = keeper
        self._limit = settings.max_body_bytes
        self._patience = settings.body_timeout_ms / 1000
        self._room = room
        self._limits = Limits(depth=settings.max_depth, entries=settings.max_entries)
        self._rates = rates
        self._recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = service_of(scope["path"].removesuffix(END))
        service = name if name in self._engine.service_ids else "unknown"
        caller = scope.get(CALLER, NOBODY)
        try:
            count = await self._kept(name, caller, scope, receive)
        except CallError as error:
            scope[NOTE].update(service=service, outcome=type(error).__name__)
            self._recorder.limited(error.reason)
            self._recorder.feedback(caller, service, error.status, 0)
            await send_error(send, error)
        except ClientGone:
            scope[NOTE].update(service=service, outcome=ClientGone.__name__)
        else:
            scope[NOTE].update(service=service, outcome="feedback", items=count)
            self._recorder.feedback(caller, service, 200, count)
            await send_answer(send, 200, KEPT)

    async def _kept(self, name: str, caller: Caller, scope: Scope, receive: Receive) -> int:
        """Refuse what need not be read, then read and keep; the number of items."""
        if name not in self._engine.service_ids:
            raise UnknownPath if "/" in name else UnknownService
        if scope["method"] != "POST":
            raise WrongMethod("POST")
        self._rates.spend(caller)
        check_headers(scope["headers"], self._limit)
        with Place(self._room) as place:
            items = await self._read(await read_body(receive, self._limit, self._patience, place.grow))
        await self._keeper.keep(caller, name, items)
        return len(items)

    async def _read(self, body: bytes) -> tuple[FeedbackItem, ...]:
        """The items; of a long body in a thread, in its turn."""
        if len(body) < LONG_BODY:
            return feedback.read(body, self._limits)
        async with self._room.turn(len(body)):
            return await asyncio.to_thread(feedback.read, body, self._limits)
