"""One patient's calls, each with the chart as it was known then, through the attendant that answers in service."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from cards.basis import BASIS, Basis
from cards.topics import Indicator, Topic
from cards.wire import Card
from cds.account import Account, Caller
from cds.call import Engine
from cds.fhir.dates import parse
from cds.hook_handler import HookHandler, Reply
from cds.outcome import Outcome
from cds.replay.chart import ChartBuilder, PatientChart, Snapshot
from cds.replay.events import CHART, Calendar, Event, Schedule
from cds.replay.ledger import Answers, Ledger
from cds.replay.names import REALM, Names
from cds.replay.requests import SentResource, body, drafted
from cds.replay.rows import CARDS, FAILED, REFUSED, REPEATED, SILENT, TWO_PATIENTS, CardRow, VisitRow
from cds.replay.searches import Searches
from cds.rules.rulebook import rulebook_of

CALLER = Caller(client=REALM)
PATIENCE = 3600.0  # seconds: nothing is fetched, so nothing is waited for
URGENCY = (Indicator.INFO, Indicator.WARNING, Indicator.CRITICAL)
TOO_LARGE = "413 too-large"


class Moment:
    """A moment that the engine takes for now: it stands where the call that is replayed was."""

    def __init__(self, first: datetime) -> None:
        self._now = first

    def now(self) -> datetime:
        """The moment."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Go to another."""
        self._now = moment


class PatientRows(Struct):
    """The rows of one patient."""

    visits: list[VisitRow]
    cards: list[CardRow]


class PlayedCall(Struct, frozen=True):
    """One call that was made: its rows, and the outcome behind them if it was answered."""

    event: Event
    row: VisitRow
    cards: list[CardRow] = []
    outcome: Outcome | None = None


class Player:
    """Makes the calls of one patient after the other."""

    def __init__(
        self,
        engine: Engine,
        names: Names,
        calendar: Calendar,
        schedule: Schedule,
        *,
        answers: Answers = Answers.NONE,
        most_bytes: int = 16 * 1024 * 1024,
        rules_off: bool = False,
    ) -> None:
        """`rules_off`: each call with a card is made once more without each rule that fired."""
        self._moment = Moment(calendar.now)
        self._engine = replace(engine, now=self._moment.now)
        self._names, self._calendar, self._schedule, self._most_bytes = names, calendar, schedule, most_bytes
        self._ledger = Ledger(answers, self._moment.now)
        self._hook_handler = self._attending(self._engine)
        self._services = {service.hook: service for service in engine.services.values()}
        self._searches = {hook: Searches(service.prefetch) for hook, service in self._services.items()}
        self._cards_of = {rule.id: rule.cards for rule in rulebook_of(engine.knowledge).rules.values()}
        self._rules_off = rules_off
        self._without_rule: dict[str, HookHandler] = {}
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        """Nothing more is played."""
        self._loop.close()

    def gathering(self) -> ChartBuilder:
        """An empty chart, for what comes in of a patient."""
        return ChartBuilder(self._calendar, self._most_bytes)

    def play(
        self, owner: str, builder: ChartBuilder, shared: Mapping[str, bytes], *, is_twice: bool = False
    ) -> PatientRows:
        """All calls of a patient. Two people under one id are nobody's chart: their calls are counted, not made."""
        chart = PatientChart(owner, builder, self._calendar)
        played = PatientRows([], [])
        for call in self.calls(chart, shared, is_twice=is_twice):
            played.visits.append(call.row)
            played.cards += call.cards
        return played

    def calls(
        self, chart: PatientChart, shared: Mapping[str, bytes], *, is_twice: bool = False
    ) -> Iterator[PlayedCall]:
        """The calls of a patient, one after the other."""
        self._ledger.forget()
        for event in chart.events(self._schedule):
            if is_twice:
                yield PlayedCall(event, self._row(event, outcome=TWO_PATIENTS))
            else:
                yield self._call(event, chart, shared)

    def request(self, event: Event, chart: PatientChart, then: Snapshot, shared: Mapping[str, bytes]) -> bytes:
        """The body of one call."""
        drafts = self.drafts(event, chart)
        return body(event, self._searches[event.hook].keys, self.sent(event, chart, then), shared, drafts)

    def sent(self, event: Event, chart: PatientChart, then: Snapshot) -> Iterator[SentResource]:
        """The chart as it was known when a call was made."""
        return chart.sent(then, event.moment, self._searches[event.hook], alive=self._schedule.is_visits)

    def drafts(self, event: Event, chart: PatientChart) -> list[bytes]:
        """What was about to be signed."""
        return [drafted(chart.resources[place].text) for place in event.requests] if event.hook != CHART else []

    def _call(self, event: Event, chart: PatientChart, shared: Mapping[str, bytes]) -> PlayedCall:
        self._moment.set(event.moment)
        then = chart.at(event)
        row = self._row(event, then=then)
        if chart.size_at(event.moment) > self._most_bytes:
            return PlayedCall(event, replace(row, outcome=REFUSED, reason=TOO_LARGE))
        request = self.request(event, chart, then, shared)
        reply = self._answer(self._hook_handler, event, request)
        if reply is None:
            return PlayedCall(event, replace(row, outcome=FAILED))
        if reply.outcome is None or reply.account is None:
            return PlayedCall(event, replace(row, outcome=REFUSED, reason=str(reply.status)))
        answered_row, cards = self._told(row, reply.outcome, reply.account)
        if self._rules_off and reply.outcome.cards:
            answered_row = replace(answered_row, changes=self._changes(event, request, reply.outcome))
        return PlayedCall(event, answered_row, cards, reply.outcome)

    def _changes(self, event: Event, request: bytes, outcome: Outcome) -> tuple[str, ...]:
        """What this call would have shown without each of its rules that fired."""
        usual = _urgencies(outcome)
        changes: list[str] = []
        self._ledger.is_trying = True
        for rule in sorted(_fired(outcome)):
            reply = self._answer(self._without(rule), event, request)
            if reply is None or reply.outcome is None:
                changes.append(f"{rule}||failed")
                continue
            urgencies = _urgencies(reply.outcome)
            by_card = ((card, _change(usual.get(card), urgencies.get(card))) for card in sorted({*usual, *urgencies}))
            changes += [f"{rule}|{card}|{change}" for card, change in by_card if change]
        self._ledger.is_trying = False
        return tuple(changes)

    def _without(self, rule: str) -> HookHandler:
        """An attendant that does not ask one rule."""
        if rule not in self._without_rule:
            self._without_rule[rule] = self._attending(replace(self._engine, without=frozenset({rule})))
        return self._without_rule[rule]

    def _answer(self, hook_handler: HookHandler, event: Event, request: bytes) -> Reply | None:
        """The reply; None where the service fails on a chart, which must not cost the others."""
        service = self._services[event.hook]
        try:
            return self._loop.run_until_complete(hook_handler.answer(service.id, request, CALLER))
        except Exception:  # noqa: BLE001 - the same boundary as that of a request
            return None

    def _attending(self, engine: Engine) -> HookHandler:
        return HookHandler(engine, memory=self._ledger, pseudonyms=self._names.pseudonyms, seconds_allowed=PATIENCE)

    def _row(self, event: Event, outcome: str = SILENT, then: Snapshot | None = None) -> VisitRow:
        row = VisitRow(
            visit=self._names.visit(event),
            patient=self._names.patient(event.owner),
            clinician=self._names.clinician(event.clinician),
            hook=event.hook,
            day=event.at[:10],
            clinic=event.clinic,
            day_only=event.day_only and self._schedule.is_visits,
            outcome=outcome,
        )
        if then is None:
            return row
        return replace(row, later=then.later, undated=then.undated, unknown_then=then.unknown_then)

    def _told(self, row: VisitRow, outcome: Outcome, account: Account) -> tuple[VisitRow, list[CardRow]]:
        cards = [*self._shown(row, outcome, account), *self._silenced(row, outcome, account)]
        answered_row = replace(
            row,
            outcome=_outcome(outcome),
            cards=len(account.cards),
            silenced=len(account.suppressed),
            not_checked=len(account.not_checked),
            unread=sum(account.unread.values()),
        )
        return answered_row, [replace(card, number=number) for number, card in enumerate(cards, 1)]

    def _shown(self, row: VisitRow, outcome: Outcome, account: Account) -> Iterator[CardRow]:
        for audited, card in zip(account.cards, outcome.cards, strict=True):
            basis: Basis = (card.extension or {})[BASIS]
            days = [parse(fact.date) for fact in basis.facts]
            today = date.fromisoformat(row.day).toordinal()
            yield CardRow(
                visit=row.visit,
                patient=row.patient,
                number=0,
                day=row.day,
                card=audited.topic,
                indicator=audited.indicator,
                shown=True,
                first=audited.fingerprint in self._ledger.fresh,
                tags=audited.tags,
                flags=audited.flags,
                rules=self._rules(outcome, audited.topic),
                ages=tuple(today - when.last for when in days if when is not None),
                undated_facts=sum(when is None for when in days),
                not_checked=_not_checked(card),
                fingerprint=audited.fingerprint,
                words=self._names.words(card),
            )

    def _silenced(self, row: VisitRow, outcome: Outcome, account: Account) -> Iterator[CardRow]:
        for audited, due in zip(account.suppressed, outcome.repeated, strict=True):
            yield CardRow(
                visit=row.visit,
                patient=row.patient,
                number=0,
                day=row.day,
                card=audited.topic,
                indicator=due.advice.indicator.value,
                shown=False,
                first=False,
                tags=audited.tags,
                flags=audited.flags,
                rules=self._rules(outcome, audited.topic),
                fingerprint=audited.fingerprint,
            )

    def _rules(self, outcome: Outcome, topic: str) -> tuple[str, ...]:
        """The rules that fired and lead to a card."""
        return tuple(sorted(rule for rule in _fired(outcome) if Topic(topic) in self._cards_of.get(rule, ())))


def _fired(outcome: Outcome) -> set[str]:
    """The rules that fired, and were not put aside afterwards."""
    verdicts = outcome.evaluation.runner.verdicts if outcome.evaluation else ()
    last = {verdict.rule: verdict.state for verdict in verdicts}
    return {rule for rule, state in last.items() if state == "fired"}


def _urgencies(outcome: Outcome) -> dict[str, int]:
    """How urgent each card is that is shown."""
    return {due.advice.topic.value: URGENCY.index(due.advice.indicator) for due in outcome.shown}


def _change(usual: int | None, without: int | None) -> str:
    if usual is None or without is None:
        return "" if usual == without else ("new" if usual is None else "gone")
    return "" if usual == without else ("more-urgent" if without > usual else "less-urgent")


def _outcome(outcome: Outcome) -> str:
    if outcome.cards:
        return CARDS
    if outcome.evaluation is None:
        return outcome.silence.value
    return REPEATED if outcome.repeated else SILENT


def _not_checked(card: Card) -> tuple[str, ...]:
    basis: Basis = (card.extension or {})[BASIS]
    return tuple(sorted({f"{gap.type}:{gap.reason}" for gap in basis.not_checked}))
