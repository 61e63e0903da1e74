"""Where the event loop asks the database for something: in a thread, for so long, and not while it is down."""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cds.store.circuit import Circuit
from cds.store.store import StoreDown

log = logging.getLogger("twitch-cds")
T = TypeVar("T")


class Desk:
    """Some threads for one kind of question. After a failure nobody is let in for a while, so that nobody waits."""

    def __init__(self, name: str, threads: int, seconds: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._threads = ThreadPoolExecutor(threads, f"twitch-cds-{name}")
        self._circuit = Circuit(seconds)

    @property
    def is_healthy(self) -> bool:
        """Whether the last question was answered in time."""
        return self._circuit.is_healthy

    async def ask(self, question: Callable[[], T], patience: float, left: float = math.inf) -> T:
        """The answer; raises StoreDown if there is none within so many seconds, or if none are left to the call."""
        if self._circuit.is_open or left <= 0:
            raise StoreDown("not asked")
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(min(patience, left)):
                answer = await loop.run_in_executor(self._threads, question)
        except (StoreDown, asyncio.CancelledError) as problem:
            self.fail(problem)
            raise
        except TimeoutError as problem:
            if left >= patience:
                self.fail(problem)
            raise StoreDown("too slow") from problem
        self._circuit.heal()
        return answer

    def fail(self, problem: BaseException) -> None:
        """Something went wrong; it is logged when it begins. The name of the problem only: its text has addresses."""
        if self._circuit.is_healthy:
            reason = type(problem.__cause__ or problem).__name__
            log.error("the store does not answer", extra={"fields": {"asked": self._name, "reason": reason}})
        self._circuit.fail()

    def heal(self) -> None:
        """It is known to work again."""
        self._circuit.heal()

    def close(self) -> None:
        """Take no more questions; what is under way is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
