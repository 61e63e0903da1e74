"""What the web stands in front of: the engine, and those who attend, verify, keep and record."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from cds.web.gate import Verifying
from cds.web.ports import Answering, Attending, Keeping, Recording

Errand = Callable[[], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """All parts of one process. `start` is run before the first call, `close` after the last, in their order."""

    engine: Answering
    attendant: Attending
    verifier: Verifying
    keeper: Keeping | None = None
    journal: Recording | None = None
    start: Sequence[Errand] = ()
    close: Sequence[Errand] = ()
