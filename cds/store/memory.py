"""What the calls see of the store: it answers in time or not at all, and it never raises where a card would be lost."""

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from msgspec import Struct

from cds.account import Account, Caller, FeedbackItem
from cds.clock import utc_now
from cds.deadline import Deadline
from cds.errors import NotKept, NotReady, StoreError
from cds.keyed import fingerprint
from cds.settings import CLOSED, Settings
from cds.store.down import StoreDown
from cds.store.executor import StoreExecutor
from cds.store.facts import Unfit
from cds.store.feedback_batch import FeedbackBatch
from cds.store.keys import hash_key
from cds.store.rows import Entry, Received, Shadowed, Tallied
from cds.store.schema import SQLITE
from cds.store.store import Store
from cds.store.tally import Tally
from cds.store.writer import Kept, Pace, Writer

READERS = 2
Moments = dict[str, datetime]
MOST_SLOW = 3  # checks of tokens in a row that may come too late before the next ones are not made at all
CONNECT_SECONDS = 10.0
KEEP_SECONDS = 5.0
PRUNE_SECONDS = 3600.0


def _ignore(_: Unfit) -> None:
    """Nobody has to be told."""


class Manner(Struct, frozen=True, kw_only=True):
    """How the store is used: `patience` in seconds, for all that a call waits for.

    `idle_seconds`: after so long without a question, a connection to a server is seen to. `keeps_late_uses`: a token
    whose check came too late was accepted, so that its use is written down all the same.
    """

    patience: float = 0.1
    idle_seconds: float = 3.0
    keep_seconds: float = KEEP_SECONDS
    retention_days: int = 730
    keep_comments: bool = False
    keeps_late_uses: bool = False
    software_version: str = ""
    pace: Pace = Pace()


class Memory:
    """The memory of one process; it shares the database with all others."""

    def __init__(
        self,
        store: Store,
        manner: Manner,
        *,
        now: Callable[[], datetime] = utc_now,
        seconds: Callable[[], float] = time.monotonic,
        tally: Tally | None = None,
        unfit: Callable[[Unfit], None] = _ignore,
    ) -> None:
        """Nothing is opened before `start`; `unfit` is told, from another thread, that this process must end."""
        self._unfit, self._is_unfit = unfit, False
        self._store, self._manner = store, manner
        self._now, self._seconds = now, seconds
        self._tally = tally or Tally()
        idle = None if store.dialect == SQLITE else manner.idle_seconds
        self._recalls = StoreExecutor("recall", READERS, seconds, warm=store.warm, idle=idle)
        self._keeps = StoreExecutor("keep", store.writers, seconds)
        self._tokens = StoreExecutor("tokens", store.writers, seconds, warm=store.warm, idle=idle, most_slow=MOST_SLOW)
        self._writer = Writer(self._write, self._lose, self._beat, manner.pace, seconds)
        self._batch = FeedbackBatch(store.keep)
        self._next_prune = seconds()

    def start(self) -> None:
        """Bring the tables up to date if the database can be reached, open connections, and begin to write.

        A database that cannot be reached is waited for beside the calls. Raises Unfit if it is not for this process.
        """
        patience = CONNECT_SECONDS
        try:
            self._store.prepare()
        except Unfit:
            raise
        except StoreError as problem:
            for executor in (self._recalls, self._keeps, self._tokens):
                executor.fail(problem)
            patience = 0.0
        for executor in (self._recalls, self._tokens):
            executor.open(patience)
        self._writer.start()

    def close(self) -> None:
        """Write what waits, and close all connections."""
        self._writer.close()
        for executor in (self._recalls, self._keeps, self._tokens):
            executor.close()
        self._store.close()

    @property
    def is_up(self) -> bool:
        """Whether the database did all that was last asked of it."""
        executors = (self._recalls, self._keeps, self._tokens)
        return self._writer.is_well and all(executor.is_healthy for executor in executors)

    @property
    def is_telling(self) -> bool:
        """Whether it can be told now if a token was used before."""
        return self._tokens.is_healthy

    @property
    def tally(self) -> dict[str, int]:
        """The counters of this process."""
        return self._tally.counts()

    async def answered(self, patient: str, fingerprints: Collection[str], deadline: Deadline) -> dict[str, datetime]:
        """When each of a patient's cards was last answered; nothing if the store is down or slow."""
        keys = tuple(fingerprints)
        return await self._recalled(
            keys,
            deadline,
            lambda: self._store.answered_at_once(patient, keys),
            lambda: self._store.answered(patient, keys),
        )

    async def shown(
        self, patient: str, user: str, fingerprints: Collection[str], deadline: Deadline
    ) -> dict[str, datetime]:
        """When each of a patient's cards was last shown to a user; nothing if the store is down or slow."""
        keys = tuple(fingerprints)
        return await self._recalled(
            keys,
            deadline,
            lambda: self._store.shown_at_once(patient, user, keys),
            lambda: self._store.shown(patient, user, keys),
        )

    async def _recalled(
        self, keys: tuple[str, ...], deadline: Deadline, at_once: Callable[[], Moments], later: Callable[[], Moments]
    ) -> Moments:
        if not keys:
            return {}
        try:
            moments = self._at_once(at_once, deadline)
            if moments is None:
                moments = await self._recalls.ask(later, self._manner.patience, deadline.left)
        except StoreDown:
            self._tally.add("recalls_failed")
            return {}
        self._tally.add("recalls")
        return moments

    def _at_once(self, question: Callable[[], Moments], deadline: Deadline) -> Moments | None:
        """What a file beside the service tells without waiting; None if it has to be asked properly."""
        if not self._recalls.is_healthy or deadline.is_over:
            return None
        try:
            return question()
        except StoreDown:
            return None

    def remember(self, caller: Caller, service_id: str, account: Account, knowledge_version: str) -> None:
        """Hand what was shown and suppressed to the background writer; never blocks, never raises."""
        self._writer.put(
            Entry(caller, service_id, account, knowledge_version, self._manner.software_version, self._now())
        )

    def shadowed(self, counts: Sequence[Tallied]) -> None:
        """Hand what a shadow has counted to the background writer; never blocks, never raises."""
        self._writer.put(Shadowed(tuple(counts), self._manner.software_version, self._now()))

    async def keep(self, caller: Caller, service_id: str, items: Sequence[FeedbackItem]) -> None:
        """Keep feedback, all or nothing: on disk when this returns. Raises NotKept."""
        if not items:
            return
        received = Received(caller, service_id, tuple(items), self._now(), self._manner.keep_comments)
        entry = self._batch.put(received)
        try:
            await self._keeps.ask(lambda: self._batch.write(entry), self._manner.keep_seconds)
        except StoreDown as problem:
            self._tally.add("feedback_refused", len(items))
            raise NotKept from problem
        finally:
            self._batch.take_back(entry)
        self._tally.add("feedback_kept", len(items))

    async def use_once(self, key: str, expires: datetime) -> bool:
        """Whether this is the first use of a token, on any machine. Raises NotReady if the store cannot tell."""
        try:
            is_first = self._used_at_once(key, expires)
            if is_first is None:
                is_first = await self._tokens.ask(
                    lambda: self._store.use(key, expires),
                    self._manner.patience,
                    is_certain=self._manner.keeps_late_uses,
                )
        except StoreDown as problem:
            self._tally.add("tokens_unchecked")
            raise NotReady from problem
        return is_first

    def _used_at_once(self, key: str, expires: datetime) -> bool | None:
        """What a file beside the service tells without waiting; a thread for it would cost more than all the rest."""
        if not self._tokens.is_healthy:
            return None
        try:
            return self._store.use_at_once(key, expires)
        except StoreDown:
            return None

    def flush(self, seconds: float = KEEP_SECONDS) -> bool:
        """Wait until all that was handed over is written or lost; blocks, for tests and for the end."""
        return self._writer.flush(seconds)

    def _write(self, entries: Sequence[Kept]) -> None:
        self._tally.add("showings_written", self._store.add(entries))

    def _lose(self, entries: Sequence[Kept]) -> None:
        self._tally.add("showings_lost", sum(entry.size for entry in entries))

    def _beat(self) -> None:
        """Every few seconds: see whether a store that was down is back, whether it is still ours, what is too old."""
        try:
            self._store.check()
        except Unfit as problem:  # a newer version has changed the tables meanwhile
            if not self._is_unfit:
                self._is_unfit = True
                self._unfit(problem)
            return
        if not self.is_up:
            self._store.probe()
            for executor in (self._recalls, self._keeps, self._tokens):
                executor.revive()
            self._writer.heal()
        self._store.checkpoint()
        if self._seconds() >= self._next_prune:
            self._next_prune = self._seconds() + PRUNE_SECONDS
            self._tally.add("rows_pruned", sum(self._store.prune(self._now(), self._manner.retention_days).values()))


def open_memory(
    settings: Settings,
    software_version: str,
    listen: Callable[[str, int], None] | None = None,
    unfit: Callable[[Unfit], None] = _ignore,
) -> Memory:
    """The memory that the settings describe; raises StoreError if they cannot be understood."""
    manner = Manner(
        patience=settings.store_timeout_ms / 1000,
        retention_days=settings.retention_days,
        keep_comments=settings.keep_comments,
        keeps_late_uses=settings.token_reuse != CLOSED,
        software_version=software_version,
    )
    store = Store.open(settings.database_url, settings.data_dir, fingerprint(hash_key(settings)))
    return Memory(store, manner, tally=Tally(listen) if listen else None, unfit=unfit)
