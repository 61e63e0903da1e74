"""Where the event loop asks the database for something: in a thread, for so long, and not while it is down.

Connecting can take longer than a call may wait, so it is done beside the calls: by each thread before its first
question, and again whenever it has had none for a while.
"""

import asyncio
import logging
import math
import threading
import time
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

from cds.store.down import StoreDown

log = logging.getLogger("twitch-cds")
T = TypeVar("T")

PAUSE = 3.0
MOST_WAITING = 1_000
FAREWELL = 2.0


class TooSlow(StoreDown):
    """The answer did not come in time."""


class Job(NamedTuple):
    """A question, and where the answer goes; one that is certain is put although nobody waits any more."""

    loop: AbstractEventLoop
    answer: "Future[Any]"
    question: Callable[[], Any]
    is_certain: bool


class StoreExecutor:
    """Some threads for one kind of question. After a failure nobody is let in for a while, so that nobody waits.

    Threads of its own, because the standard executor costs as much as the whole answer of the database.
    """

    def __init__(
        self,
        name: str,
        threads: int,
        seconds: Callable[[], float] = time.monotonic,
        *,
        warm: Callable[[], None] | None = None,
        idle: float | None = None,
        most_slow: int = 0,
    ) -> None:
        """`warm` has a thread connect, or raises StoreDown; it is repeated after so many idle seconds, if given.

        `most_slow` answers in a row may come too late before that counts as a failure: a machine that is busy for a
        moment is no database that is away.
        """
        self._name = name
        self._warm, self._idle = warm, idle
        self._cold: set[int] = set()
        self._started: dict[int, threading.Event] = {}
        self._seconds = seconds
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._places = range(threads)
        self._threads: dict[int, threading.Thread] = {}
        self._failed_at: float | None = None
        self._slow, self._most_slow = 0, most_slow

    @property
    def is_healthy(self) -> bool:
        """Whether the last question was answered in time."""
        return self._failed_at is None

    async def ask(
        self, question: Callable[[], T], patience: float, remaining: float = math.inf, *, is_certain: bool = False
    ) -> T:
        """The answer; raises StoreDown if there is none within so many seconds, or before the call has none left."""
        if remaining <= 0 or self._is_closed_for_now() or self._jobs.qsize() >= MOST_WAITING:
            raise StoreDown("not asked")
        try:
            answer = await self._answer(question, min(patience, remaining), is_certain)
        except TooSlow as problem:
            if remaining >= patience:
                self._slow += 1
                if self._slow > self._most_slow:
                    self.fail(problem)
            raise
        except (StoreDown, asyncio.CancelledError) as problem:
            self.fail(problem)
            raise
        self.heal()
        return answer

    def fail(self, problem: BaseException) -> None:
        """Something went wrong; it is logged when it begins. The name of the problem only: its text has addresses."""
        if self.is_healthy:
            reason = type(problem.__cause__ or problem).__name__
            log.error("the store does not answer", extra={"fields": {"asked": self._name, "reason": reason}})
        self._failed_at = self._seconds()

    def heal(self) -> None:
        """It is known to work."""
        self._failed_at, self._slow = None, 0

    def revive(self) -> None:
        """The database works again; threads that see to their connections by themselves have to connect first."""
        if self._idle is None:
            self.heal()

    def open(self, patience: float) -> None:
        """Start the threads, and wait until each has tried to connect, but for so many seconds at most."""
        waiting = [self._started.setdefault(place, threading.Event()) for place in self._places]
        for place in self._places:
            self._start(place)
        until = time.monotonic() + patience
        for event in waiting:
            event.wait(max(0.0, until - time.monotonic()))

    def close(self) -> None:
        """Take no more questions; one under way is waited for, but not for long."""
        for _ in self._places:
            self._jobs.put(None)
        for thread in self._threads.values():
            thread.join(FAREWELL)

    def _is_closed_for_now(self) -> bool:
        return self._failed_at is not None and self._seconds() < self._failed_at + PAUSE

    async def _answer(self, question: Callable[[], T], patience: float, is_certain: bool) -> T:
        loop = asyncio.get_running_loop()
        answer: Future[T] = loop.create_future()
        if not self._threads:
            for place in self._places:
                self._start(place)
        self._jobs.put(Job(loop, answer, question, is_certain))
        alarm = loop.call_later(patience, _settle, answer, TooSlow())
        try:
            return await answer
        finally:
            alarm.cancel()

    def _start(self, place: int) -> None:
        thread = self._threads[place] = threading.Thread(
            target=self._serve, args=(place,), name=f"store-{self._name}-{place}", daemon=True
        )
        thread.start()

    def _serve(self, place: int) -> None:
        """Take one question after the other; whoever is thrown out by an unexpected error sends a successor."""
        is_over = False
        try:
            self._begin(place)
            while (job := self._next(place)) is not None:
                if not job.answer.done() or (job.is_certain and self.is_healthy):
                    _answer(job)
            is_over = True
        finally:
            if not is_over:
                self._start(place)

    def _begin(self, place: int) -> None:
        """Connect before the first question, where somebody waits for that; a successor does so when it is idle."""
        event = self._started.pop(place, None)
        if event is not None:
            try:
                self._warm_up(place)
            finally:
                event.set()

    def _next(self, place: int) -> Job | None:
        """The next question; whoever waits for one for long sees to its connection meanwhile."""
        while True:
            try:
                return self._jobs.get(timeout=self._idle)
            except Empty:
                self._warm_up(place)

    def _warm_up(self, place: int) -> None:
        """Connect; the database is known to work when all threads could."""
        if self._warm is None:
            return
        try:
            self._warm()
        except StoreDown as problem:
            self._cold.add(place)
            self.fail(problem)
            return
        self._cold.discard(place)
        if not self._cold:
            self.heal()


def _answer(job: Job) -> None:
    """Answer, whatever happens: an error that nobody expected ends this thread, but not the wait for it."""
    answer: object = StoreDown("failed")
    try:
        answer = job.question()
    except StoreDown as problem:
        answer = problem
    finally:
        with suppress(RuntimeError):  # the loop has ended
            job.loop.call_soon_threadsafe(_settle, job.answer, answer)


def _settle(future: "Future[Any]", answer: object) -> None:
    if future.done():
        return
    if isinstance(answer, StoreDown):
        future.set_exception(answer)
    else:
        future.set_result(answer)
