"""What one worker takes in: bodies within the rate of their client, in bounds, in time, and while there is room."""

from starlette.types import Receive, Scope

from cds.account import Caller
from cds.errors import WrongMethod
from cds.settings import Settings
from cds.web.body import check_headers, read_body
from cds.web.body_budget import BodyBudget, BodyBytes
from cds.web.rates import Rates


class Intake:
    """Shared by all routes that read bodies."""

    def __init__(self, settings: Settings, budget: BodyBudget | None = None) -> None:
        self.budget = budget or BodyBudget(settings.max_bytes_under_way)
        self._rates = Rates(settings.rate_per_second)
        self._limit = settings.max_body_bytes
        self._patience = settings.body_timeout_ms / 1000

    def body_bytes(self) -> BodyBytes:
        """Where the bytes of one body are counted, until it is answered."""
        return BodyBytes(self.budget)

    async def read(self, scope: Scope, receive: Receive, caller: Caller, body_bytes: BodyBytes) -> bytes:
        """The body of a POST; a CallError for what need not be read."""
        if scope["method"] != "POST":
            raise WrongMethod("POST")
        self._rates.spend(caller)
        check_headers(scope["headers"], self._limit)
        return await read_body(receive, self._limit, self._patience, body_bytes.grow)
