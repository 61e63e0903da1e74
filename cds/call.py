"""One hook call from bytes to bytes, free of any framework: the seam that most tests use."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from msgspec import Struct

from cards import wire
from cards.advice import NotChecked, Occasion
from cards.errors import WordingError
from cards.orders import OrderBook, load_orders
from cards.proofreading import load_words
from cards.render import render
from cards.wire import Card
from cards.words import Words
from cds.chart.facts import Chart
from cds.chart.glance import is_clear
from cds.chart.medicines import RouteNames
from cds.chart.naming import Namer
from cds.chart.reader import Reader
from cds.chart.scope import Scope
from cds.clock import Clock
from cds.errors import CallError, KnowledgeError, PatientMismatch, TwitchUnknown, UnknownService
from cds.errors import render as render_error
from cds.fhir.resources import Patient
from cds.hooks import envelope
from cds.hooks.envelope import Request
from cds.hooks.services import Service, discovery, patient_view
from cds.knowledge.basis import Row, rows
from cds.knowledge.load import Knowledge, load
from cds.prefetch.supply import CONDITIONS, GATE, REST, TWITCH_KEYS, Supplies
from cds.rules import gate
from cds.rules.consult import Consultation, consult
from cds.rules.gate import Twitch
from cds.rules.picture import Completeness
from cds.settings import Settings

SILENCE = wire.encode(())


class Answer(NamedTuple):
    """Status and JSON."""

    status: int
    body: bytes


class Outcome(Struct, frozen=True):
    """The cards of one chart, and the consultation behind them if there was a twitch."""

    cards: tuple[Card, ...]
    consultation: Consultation | None
    not_checked: tuple[NotChecked, ...] = ()
    chart: Chart | None = None


class Engine(Struct, frozen=True, kw_only=True):
    """Everything that is the same for all calls."""

    knowledge: Knowledge
    words: Words
    orders: OrderBook
    namer: Namer
    routes: RouteNames
    services: dict[str, Service]
    evidence_url: str
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    @property
    def knowledge_version(self) -> str:
        """The version of the clinical facts."""
        return self.knowledge.version

    @property
    def service_ids(self) -> frozenset[str]:
        """The ids that discovery lists."""
        return frozenset(self.services)

    def basis(self, topic: str) -> list[Row]:
        """The limits and windows behind one card, for its evidence page."""
        return rows(self.knowledge, topic)

    def discovery(self) -> bytes:
        """The JSON of `GET /cds-services`."""
        return discovery(self.services.values())

    def answer(self, service_id: str, body: bytes) -> Answer:
        """Status and JSON of one call; whatever is wrong with the input becomes an OperationOutcome."""
        try:
            outcome = self.call(service_id, body)
        except CallError as error:
            return Answer(error.status, render_error(error))
        return Answer(200, wire.encode(outcome.cards) if outcome.cards else SILENCE)

    def call(self, service_id: str, body: bytes) -> Outcome:
        """The outcome of one call; raises CallError for input that cannot be answered."""
        service = self.services.get(service_id)
        if service is None:
            raise UnknownService
        request = envelope.read(body, service.hook)
        return self.examine(request, Supplies(request.prefetch))

    def examine(self, request: Request, supplies: Supplies) -> Outcome:
        """Read the gate of a call, and judge it."""
        _check_patient(supplies, request.patient_id)
        if all(is_clear(request.prefetch.get(key), self.namer, whole=key == CONDITIONS) for key in TWITCH_KEYS):
            return Outcome((), None)
        reader = self.reader(request.patient_id)
        reader.add(supplies.resources(GATE))
        return self.judge(reader, supplies, request.encounter_id)

    def reader(self, patient_id: str, aliases: frozenset[str] = frozenset()) -> Reader:
        """A reader for the chart of one patient, also known by other references."""
        return Reader(self.namer, self.routes, self._scope(patient_id, aliases))

    def judge(self, reader: Reader, supplies: Supplies, encounter_id: str | None = None) -> Outcome:
        """Go on from the gate only if there is a twitch."""
        scope = reader.scope
        twitches = gate.twitches(reader.chart, self.knowledge, scope.today, encounter_id)
        if not twitches:
            return self._silent(reader.chart, supplies)
        reader.add(supplies.resources(REST))
        return self._advised(reader.finish(), twitches, supplies, scope)

    def _silent(self, chart: Chart, supplies: Supplies) -> Outcome:
        """No twitch found: silence only if the problem list was all seen, else 412 (D1, D17)."""
        conditions = supplies.of(CONDITIONS)
        hidden = [code for code in supplies.unread_problems() if code is None or self.namer.names_twitch(code)]
        if (not conditions.is_complete and not conditions.feed.unreadable) or hidden or conditions.feed.truncated:
            raise TwitchUnknown([CONDITIONS])
        return Outcome((), None, chart=chart)

    def _advised(self, chart: Chart, twitches: tuple[Twitch, ...], supplies: Supplies, scope: Scope) -> Outcome:
        complete = Completeness(supplies.missing())
        consultation = consult(chart, twitches, self.knowledge, complete, scope.today)
        not_checked = (*supplies.not_checked(), *consultation.trial.not_checked)
        occasion = Occasion(
            patient_id=scope.patient_id,
            today=scope.now.date(),
            knowledge_version=self.knowledge.version,
            evidence_url=self.evidence_url,
            not_checked=not_checked,
        )
        cards = tuple(render(advice, occasion, self.words, self.orders, self.new_id) for advice in consultation.advice)
        return Outcome(cards, consultation, not_checked, chart)

    def _scope(self, patient_id: str, aliases: frozenset[str]) -> Scope:
        now = self.now()
        names = aliases | {f"Patient/{patient_id}"}
        return Scope(patient_id, now, now.date().toordinal(), int(self.knowledge.at("future_hours")), names)


def _check_patient(supplies: Supplies, patient_id: str) -> None:
    """The key `patient` must hold the patient in context; others elsewhere are only counted."""
    held = [one.id for one in supplies.of("patient").feed.resources if isinstance(one, Patient) and one.id]
    if held and patient_id not in held:
        raise PatientMismatch


def build_engine(
    settings: Settings, now: Callable[[], datetime] | None = None, new_id: Callable[[], str] | None = None
) -> Engine:
    """Load knowledge and words, check them together, and make the engine; raises a StartError if anything is wrong."""
    knowledge = load()
    try:
        words = load_words()
        orders = load_orders(words.book.orders)
    except WordingError as problem:
        raise KnowledgeError(problem.file, problem.key, problem.reason) from problem
    _check_citations(knowledge, words)
    service = patient_view(knowledge)
    return Engine(
        knowledge=knowledge,
        words=words,
        orders=orders,
        namer=Namer(knowledge),
        routes=RouteNames(knowledge.route_codes, knowledge.route_words),
        services={service.id: service},
        evidence_url=f"{settings.public_url}/evidence",
        now=now or Clock(settings.zone).now,
        new_id=new_id or (lambda: str(uuid4())),
    )


def _check_citations(knowledge: Knowledge, words: Words) -> None:
    """Every limit names a citation that the wording knows."""
    limits = [limit for some in knowledge.limits.values() for limit in some] + list(knowledge.combined.values())
    for limit in limits:
        if limit.citation not in words.citations:
            raise KnowledgeError("limits.toml", limit.analyte, f"there is no citation `{limit.citation}`")
