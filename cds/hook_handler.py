"""One hook call with the world around it: serves what the engine needs, and records what was done."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cards.advice import Advice
from cards.wire import Card
from cds.access import Source
from cds.account import Account, Caller, Shown, Suppressed
from cds.call import Call, Engine
from cds.deadline import Deadline
from cds.errors import CallError, render
from cds.keyed import Pseudonyms
from cds.modes import Mode
from cds.need import NOTHING, Answered, Done, Fetch, Need, Recall, RecallShown, Steps, advance
from cds.outcome import SILENCE, Outcome
from cds.prefetch.supply import Supply
from cds.rules.evaluation import Due
from cds.rules.repeats import is_repeatable
from cds.secrecy import Secret
from cds.shadow.wire import Fetched, Question

LONG_BODY = 512 * 1024
FINGERPRINT = "card"
A = TypeVar("A")


class Completing(Protocol):
    """Gets missing prefetch from a FHIR server (`cds.prefetch.completion.Completion`)."""

    async def fetch(
        self,
        missing: Sequence[str],
        source: Source,
        templates: Mapping[str, str],
        supplies: Mapping[str, Supply],
        caller: Caller,
        deadline: Deadline,
    ) -> Mapping[str, Supply]:
        """What could be had by the deadline, by key."""


class Remembering(Protocol):
    """Knows what was answered, and keeps what is shown (`cds.store.memory.Memory`)."""

    async def answered(self, patient: str, fingerprints: Collection[str], deadline: Deadline) -> Mapping[str, datetime]:
        """When each card was last answered; nothing if the store is down or slow."""

    async def shown(
        self, patient: str, user: str, fingerprints: Collection[str], deadline: Deadline
    ) -> Mapping[str, datetime]:
        """When each card was last shown to a user; nothing if the store is down or slow."""

    def remember(self, caller: Caller, service_id: str, account: Account, knowledge_version: str) -> None:
        """Keep what was shown, soon; never blocks."""


class Reply(Struct, frozen=True):
    """Status and JSON for the caller, the account for the audit if the request could be read, and what is behind it.

    `refusal` names the limit that was passed, if one was; `in_pilot` whether the user takes part, where that was asked.
    `question`: what the engine was asked, where a candidate is to be asked the same.
    """

    status: int
    body: bytes
    account: Account | None = None
    outcome: Outcome | None = None
    refusal: str = ""
    mode: Mode = Mode.ON
    in_pilot: bool | None = None
    question: Question | None = None


class Visibility(Struct, frozen=True, kw_only=True):
    """What of one call's cards may be seen."""

    mode: Mode = Mode.ON
    in_pilot: bool | None = None
    shows_emergencies: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether the call is only evaluated and recorded."""
        return self.mode is Mode.SILENT or (self.mode is Mode.PILOT and not self.in_pilot)

    def shows(self, advice: Advice) -> bool:
        """Whether a card may be seen: emergencies, and what is as urgent, may be shown in silent mode too."""
        return not self.is_silent or (self.shows_emergencies and not is_repeatable(advice))


class HookHandler:
    """Attends one call after the other; holds nothing of any of them."""

    def __init__(
        self,
        engine: Engine,
        *,
        completion: Completing | None = None,
        memory: Remembering | None = None,
        pseudonyms: Pseudonyms | None = None,
        seconds_allowed: float = 0.45,
        seconds: Callable[[], float] = time.monotonic,
        once: bool = True,
        keeps_questions: bool = False,
    ) -> None:
        """Without completion and memory a call is answered from its prefetch alone.

        `once`: whether some cards are shown to a user once only (N57). `keeps_questions`: whether a reply says what the
        engine was asked.
        """
        self._keeps_questions = keeps_questions
        self._once = once
        self._engine = engine
        self._completion = completion
        self._memory = memory
        self._pseudonyms = pseudonyms or Pseudonyms(Secret(""))
        self._seconds_allowed = seconds_allowed
        self._seconds = seconds

    async def answer(self, service_id: str, body: bytes, caller: Caller) -> Reply:
        """Answer one call; whatever is wrong with it becomes an OperationOutcome. What is off reads nothing."""
        mode = caller.modes.of(service_id)
        if mode is Mode.OFF:
            return Reply(200, SILENCE, mode=mode)
        deadline = Deadline.after(self._seconds_allowed, self._seconds)
        call = None
        try:
            read = self._engine.read
            short = len(body) < LONG_BODY
            call = read(service_id, body, caller) if short else await asyncio.to_thread(read, service_id, body, caller)
            attendance = _Attendance(call, caller, deadline, len(body))
            outcome = await self._outcome(attendance)
        except CallError as error:
            error.__traceback__ = None  # its frames would keep what was decoded until the next collection
            visibility = self._visibility(mode, call, caller)
            account = self._account(call, caller, None, visibility) if call else None
            status, in_pilot = error.status, visibility.in_pilot
            return Reply(status, render(error), account, refusal=error.reason, mode=mode, in_pilot=in_pilot)
        visibility = self._visibility(mode, call, caller)
        account = self._account(call, caller, outcome, visibility)
        if self._memory is not None and (account.cards or account.suppressed or account.withheld):
            self._memory.remember(caller, service_id, account, self._engine.knowledge_version)
        question = self._question(service_id, body, attendance) if self._keeps_questions else None
        encoded = _seen(outcome, visibility).encoded(with_extension=caller.card_extension)
        return Reply(200, encoded, account, outcome, mode=mode, in_pilot=visibility.in_pilot, question=question)

    def _question(self, service_id: str, body: bytes, attendance: "_Attendance") -> Question:
        """All that the engine received for a call."""
        caller = attendance.caller
        return Question(
            service=service_id,
            body=body,
            at=self._engine.now(),
            answered=attendance.answered,
            shown=attendance.shown,
            fetched={key: _as_fetched(supply) for key, supply in attendance.fetched.items()},
            patient_users=caller.patient_users,
            many_actions=caller.many_actions,
            smart=caller.smart,
        )

    def _visibility(self, mode: Mode, call: Call | None, caller: Caller) -> Visibility:
        """Who takes part in a pilot is determined by keyed hashes; a user without a name does not."""
        if mode is not Mode.PILOT or call is None:
            return Visibility(mode=mode, shows_emergencies=caller.modes.shows_emergencies)
        user = call.request.context.user_id
        hashed = partial(self._pseudonyms.of, realm=caller.realm, name=user or "")
        in_pilot = bool(user) and caller.modes.pilot.holds(hashed("user"), hashed("pilot"))
        return Visibility(mode=mode, in_pilot=in_pilot, shows_emergencies=caller.modes.shows_emergencies)

    async def _outcome(self, attendance: "_Attendance") -> Outcome:
        """Go through the steps of a call, serving each need."""
        steps = self._engine.steps(attendance.call)
        step = await attendance.advanced(steps, None)
        while not isinstance(step, Done):
            step = await attendance.advanced(steps, await self._served(step, attendance))
        return step.value

    async def _served(self, need: Need, attendance: "_Attendance") -> Answered:
        if isinstance(need, Recall):
            return await self._recalled(need, attendance)
        if isinstance(need, RecallShown):
            return await self._shown_before(need, attendance)
        await self._fetched(need, attendance)
        return NOTHING

    async def _fetched(self, need: Fetch, attendance: "_Attendance") -> None:
        if self._completion is None:
            return
        call = attendance.call
        supplies = call.supplies.held(need.keys)
        fetched = await self._completion.fetch(
            need.keys, call.request.source, call.templates, supplies, attendance.caller, attendance.deadline
        )
        call.supplies.put(fetched)
        attendance.fetched |= fetched

    async def _recalled(self, need: Recall, attendance: "_Attendance") -> Answered:
        """When the cards were answered: the store knows them by keyed hashes only."""
        if self._memory is None:
            return NOTHING
        keyed, patient = self._keyed(need.fingerprints, attendance)
        moments = await self._memory.answered(patient, keyed.keys(), attendance.deadline)
        attendance.answered = {keyed[key]: when for key, when in moments.items()}
        return attendance.answered

    async def _shown_before(self, need: RecallShown, attendance: "_Attendance") -> Answered:
        """When the cards were shown to this user; a user without a name was shown none (N57)."""
        user_id = attendance.call.request.context.user_id
        if self._memory is None or not (self._once and user_id):
            return NOTHING
        keyed, patient = self._keyed(need.fingerprints, attendance)
        user = self._pseudonyms.of("user", attendance.caller.realm, user_id)
        moments = await self._memory.shown(patient, user, keyed.keys(), attendance.deadline)
        attendance.shown = {keyed[key]: when for key, when in moments.items()}
        return attendance.shown

    def _keyed(self, fingerprints: Sequence[str], attendance: "_Attendance") -> tuple[dict[str, str], str]:
        """The cards by their keyed hashes, and that of the patient."""
        realm, hashed = attendance.caller.realm, self._pseudonyms.of
        keyed = {hashed(FINGERPRINT, realm, fingerprint): fingerprint for fingerprint in fingerprints}
        return keyed, hashed("patient", realm, attendance.call.request.patient_id)

    def _account(self, call: Call, caller: Caller, outcome: Outcome | None, visibility: Visibility) -> Account:
        request, hashed = call.request, self._pseudonyms.of
        cards = tuple(zip(outcome.cards, outcome.shown, strict=True)) if outcome else ()
        return Account(
            hook=request.hook,
            hook_instance=request.hook_instance,
            patient=hashed("patient", caller.realm, request.patient_id),
            user=hashed("user", caller.realm, request.context.user_id or ""),
            cards=tuple(self._shown(card, due, caller) for card, due in cards if visibility.shows(due.advice)),
            withheld=tuple(self._shown(card, due, caller) for card, due in cards if not visibility.shows(due.advice)),
            is_silent=visibility.is_silent,
            suppressed=tuple(self._suppressed(due, caller) for due in outcome.repeated) if outcome else (),
            not_checked=tuple(f"{not_checked.type}:{not_checked.reason}" for not_checked in outcome.not_checked)
            if outcome
            else (),
            unread={
                f"{not_checked.type}:{not_checked.reason}": not_checked.count or 1 for not_checked in outcome.unread
            }
            if outcome
            else {},
        )

    def _shown(self, card: Card, due: Due, caller: Caller) -> Shown:
        return Shown(
            uuid=card.uuid or "",
            topic=due.advice.topic.value,
            indicator=due.advice.indicator.value,
            fingerprint=self._pseudonyms.of(FINGERPRINT, caller.realm, due.fingerprint),
            tags=due.advice.tags,
            flags=due.advice.flags,
            suggestions=tuple(suggestion.uuid for suggestion in card.suggestions if suggestion.uuid),
            is_emergency=not is_repeatable(due.advice),
        )

    def _suppressed(self, due: Due, caller: Caller) -> Suppressed:
        return Suppressed(
            topic=due.advice.topic.value,
            fingerprint=self._pseudonyms.of(FINGERPRINT, caller.realm, due.fingerprint),
            tags=due.advice.tags,
            flags=due.advice.flags,
        )


def _seen(outcome: Outcome, visibility: Visibility) -> Outcome:
    """The outcome with the cards that may be seen."""
    if not visibility.is_silent:
        return outcome
    cards = zip(outcome.cards, outcome.shown, strict=True)
    return replace(outcome, cards=tuple(card for card, due in cards if visibility.shows(due.advice)))


def _as_fetched(supply: Supply) -> Fetched:
    """One key as it was fetched."""
    return Fetched(
        pages=supply.pages,
        state=supply.state.value,
        reason=supply.reason,
        unread=supply.unread,
        truncated=supply.feed.truncated,
    )


class _Attendance(Struct):
    """One call in progress: short work is done at once, long work in a thread, so that short calls go on.

    `answered`, `shown` and `fetched`: what the engine received when it asked.
    """

    call: Call
    caller: Caller
    deadline: Deadline
    length: int
    answered: Answered = NOTHING
    shown: Answered = NOTHING
    fetched: dict[str, Supply] = {}

    async def advanced(self, steps: Steps[A], answer: Answered | None) -> Need | Done[A]:
        """The next step of the engine; of a long chart in a thread."""
        if self.length < LONG_BODY and not self.fetched:
            return advance(steps, answer)
        return await asyncio.to_thread(advance, steps, answer)
