"""One hook call from bytes to bytes, free of any framework: the seam that most tests use."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import Raw, Struct
from msgspec.structs import replace

from cards.advice import SWITCHED_OFF, Advice, NotChecked, Occasion
from cards.errors import WordingError
from cards.orders import OrderBook, load_orders
from cards.proofreading import load_words
from cards.render import bare, render
from cards.topics import Topic
from cards.wire import Card
from cards.words import ENGLISH, Words
from cds.account import NOBODY, Caller
from cds.chart import drafts
from cds.chart.facts import Chart
from cds.chart.glance import is_clear
from cds.chart.naming import Namer
from cds.chart.reader import Reader
from cds.chart.routes import RouteNames
from cds.chart.scope import Scope
from cds.clock import Clock
from cds.errors import CallError, KnowledgeError, PatientMismatch, TwitchUnknown, UnknownService
from cds.errors import render as render_error
from cds.fhir import bundle
from cds.fhir.allowance import Allowance
from cds.fhir.resources import Condition, MedicationRequest, Patient
from cds.hooks import envelope
from cds.hooks.contexts import SHAPES
from cds.hooks.envelope import Request
from cds.hooks.limits import USUAL, Limits
from cds.hooks.services import Service, discovery, services
from cds.ids import new_uuid
from cds.knowledge.basis import Row
from cds.knowledge.load import DATA, Knowledge, load
from cds.knowledge.maps.site import with_maps
from cds.knowledge.version import digest, of_code
from cds.modes import ALL_ON, Modes
from cds.need import Fetch, Steps, settle
from cds.outcome import FOR_PATIENT, NO_DRAFT, NOT_RECORDED, SILENT, Outcome, Silence
from cds.prefetch.supply import CONDITIONS, DRAFTS, GATE, REST, TWITCH_KEYS, Supplies, wanted_of
from cds.prefetch.window import Window
from cds.rules import gate, orders, unworded
from cds.rules.cardbook import rows, vocabulary
from cds.rules.checks import check
from cds.rules.evaluation import Due, Evaluation, EvaluationInput, evaluate, evaluate_orders, without_words
from cds.rules.gate import Twitch
from cds.rules.picture import Completeness
from cds.rules.runner import RuleRunner
from cds.settings import Settings

DECIDING = tuple(Path(__file__).parent / name for name in ("chart", "rules"))  # what an entry means, what follows
Worded = tuple[tuple[Due, ...], tuple[Card, ...], tuple[NotChecked, ...]]
Consulted = Callable[[EvaluationInput], Steps[Evaluation]]


class Answer(NamedTuple):
    """Status and JSON."""

    status: int
    body: bytes


UNUSABLE = NotChecked(type="fhirServer", reason="unusable-authorization")


class Call(Struct, frozen=True):
    """A request that is in order: the service it is for, and what of the chart came with it."""

    service: Service
    request: Request
    supplies: Supplies
    allowance: Allowance
    window: Window
    caller: Caller = NOBODY

    @property
    def templates(self) -> dict[str, str]:
        """The searches of the service, as it asks them itself."""
        return {key: self.window.asked(key, text) for key, text in self.service.prefetch.items()}


class Engine(Struct, frozen=True, kw_only=True):
    """The same for all calls. Without `glances` also charts without a twitch are read; `without`: rules left out."""

    knowledge: Knowledge
    words: Words
    orders: OrderBook
    namer: Namer
    routes: RouteNames
    services: dict[str, Service]
    version: str
    evidence_url: str
    ask_url: str
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    limits: Limits = USUAL
    emergency_cards: bool = True
    glances: bool = True
    without: frozenset[str] = frozenset()

    @property
    def knowledge_version(self) -> str:
        """The version of all that a clinician reads, and of what decides on it."""
        return self.version

    @property
    def switched_off(self) -> tuple[Topic, ...]:
        """The cards that this site does not show."""
        return () if self.emergency_cards else (Topic.EMERG,)

    @property
    def service_ids(self) -> frozenset[str]:
        """The ids that discovery lists."""
        return frozenset(self.services)

    def basis(self, topic: str) -> list[Row]:
        """The limits and windows behind one card."""
        return rows(Topic(topic), self.knowledge)

    def discovery(self, modes: Modes = ALL_ON) -> bytes:
        """The JSON of `GET /cds-services`, for a client with these modes."""
        return discovery(self.services.values(), modes)

    def answer(self, service_id: str, body: bytes) -> Answer:
        """Status and JSON of one call, from prefetch alone; whatever is wrong becomes an OperationOutcome."""
        try:
            return Answer(200, self.call(service_id, body).encoded())
        except CallError as error:
            return Answer(error.status, render_error(error))

    def call(self, service_id: str, body: bytes) -> Outcome:
        """The outcome of one call, from prefetch alone; raises CallError for input that cannot be answered."""
        return settle(self.steps(self.read(service_id, body)))

    def read(self, service_id: str, body: bytes, caller: Caller = NOBODY) -> Call:
        """The call in a body; raises CallError. The caller says what its client shows and carries out."""
        service = self.services.get(service_id)
        if service is None:
            raise UnknownService
        request = envelope.read(body, service.hook, self.limits)
        allowance = Allowance(self.limits.entries)
        remarks = (UNUSABLE,) if request.source.is_unusable else ()
        window = Window.of(self.now().date().toordinal(), self.knowledge.days("flagged_lab"))
        supplies = Supplies(request.prefetch, service.prefetch, allowance, remarks, window.closed)
        return Call(service, request, supplies, allowance, window, caller)

    def steps(self, call: Call) -> Steps[Outcome]:
        """Answer a call, asking for what is missing: the gate first, the rest only if there is a twitch (4e)."""
        context = call.request.context
        if context.is_for_patient and not call.caller.patient_users:
            return FOR_PATIENT
        _check_patient(call.supplies, call.request.patient_id)
        if SHAPES[call.service.hook].is_order:
            return (yield from self._drafted(call))
        if context.problems is not None:
            return (yield from self._recorded(call, context.problems))
        if self._is_clear(call):
            return _quiet(call)
        return (yield from self._chart(call, self.reader(context.patient_id), evaluate))

    def _drafted(self, call: Call) -> Steps[Outcome]:
        """Silent unless a draft matters and the chart shows a twitch (4d Order hooks, 4e step 2, 4e ORDERS a to c)."""
        context, reader = call.request.context, self.reader(call.request.patient_id)
        read_drafts = drafts.read(context.drafts, context.selections, reader.scope, call.allowance)
        reader.add(read_drafts.medications)
        if (
            not reader.unnamed(read_drafts.requests)
            and orders.wanted(reader.drafted(read_drafts.requests), self.knowledge) is None
        ):
            return NO_DRAFT
        if self._is_clear(call):
            return _quiet(call)
        shape = SHAPES[call.service.hook]
        call.supplies.draft((*read_drafts.requests, *read_drafts.medications), verified=shape.is_single)

        def evaluated(evaluation_input: EvaluationInput) -> Steps[Evaluation]:
            reader.add(call.supplies.drafted_medications())
            drafted = orders.wanted(reader.drafted(read_drafts.requests), self.knowledge)
            return evaluate_orders(
                drafted, [_name(request) for request in reader.unnamed(read_drafts.requests)], evaluation_input
            )

        return (yield from self._chart(call, reader, evaluated))

    def _recorded(self, call: Call, problems: Raw) -> Steps[Outcome]:
        """Silent unless a twitch was recorded; then the chart with these problems (4d Other hooks, 4e step 3)."""
        reader, feed = self.reader(call.request.patient_id), bundle.read(problems, call.allowance)
        if feed.failed or any(code is None or self.namer.names_twitch(code) for code in feed.unread_codes):
            raise TwitchUnknown(["context.conditions"])
        reader.add([resource for resource in feed.resources if isinstance(resource, Condition)])
        if not self._twitches(reader):
            return NOT_RECORDED
        return (yield from self._chart(call, reader, evaluate))

    def _chart(self, call: Call, reader: Reader, evaluated: Consulted) -> Steps[Outcome]:
        """The gate, and the whole chart behind it if there is a twitch."""
        supplies, encounter_id = call.supplies, call.request.context.encounter_id
        yield from _completed(call, TWITCH_KEYS)
        reader.add(supplies.resources(GATE))
        if not self._twitches(reader, encounter_id):
            return self._silent(reader.chart, supplies)
        drafts_too = (DRAFTS,) if SHAPES[call.service.hook].is_order else ()
        yield from _completed(call, ("patient", *REST, *drafts_too))
        _check_patient(supplies, call.request.patient_id)
        reader.add(supplies.resources(("patient", *REST)))
        twitches = self._twitches(reader, encounter_id)  # an onset may be told as an age: the birth date may come late
        return (yield from self._advised(reader, twitches, supplies, evaluated, caller=call.caller))

    def _twitches(self, reader: Reader, encounter_id: str | None = None) -> tuple[Twitch, ...]:
        return gate.twitches(reader.chart, self.knowledge, reader.scope.today, encounter_id)

    def _is_clear(self, call: Call) -> bool:
        """Whether a glance at the gate is enough: it names no twitch, and nothing more can be had."""
        if not self.glances:
            return False
        prefetch, more = call.request.prefetch, call.request.source.can_be_asked
        allowance = Allowance(self.limits.entries)
        keyed = ((key, prefetch.get(key)) for key in TWITCH_KEYS)
        return all(is_clear(raw, self.namer, allowance, is_whole=more or key == CONDITIONS) for key, raw in keyed)

    def judge(self, reader: Reader, supplies: Supplies, encounter_id: str | None = None) -> Outcome:
        """The outcome for a chart that a reader holds already."""
        twitches = self._twitches(reader, encounter_id)
        if not twitches:
            return self._silent(reader.chart, supplies)
        return settle(self._advised(reader, twitches, supplies, evaluate))

    def reader(self, patient_id: str, aliases: frozenset[str] = frozenset()) -> Reader:
        """A reader for the chart of one patient, also known by other references."""
        return Reader(self.namer, self.routes, self._scope(patient_id, aliases))

    def _silent(self, chart: Chart, supplies: Supplies) -> Outcome:
        """No twitch found: silence only if the problem list was all seen, else 412 (D1, D17)."""
        conditions = supplies.of(CONDITIONS)
        hidden = [code for code in supplies.unread_problems() if code is None or self.namer.names_twitch(code)]
        if (not conditions.is_complete and not conditions.feed.unreadable) or hidden or conditions.feed.truncated:
            reasons = (not_checked.reason for not_checked in (*conditions.not_checked(), *supplies.remarks))
            raise TwitchUnknown([CONDITIONS], ", ".join(dict.fromkeys(reasons)))
        unseen = (not_checked for key in TWITCH_KEYS for not_checked in supplies.of(key).not_checked())
        return Outcome((), None, (*supplies.remarks, *unseen), chart)

    def _advised(
        self,
        reader: Reader,
        twitches: tuple[Twitch, ...],
        supplies: Supplies,
        evaluated: Consulted,
        *,
        caller: Caller = NOBODY,
    ) -> Steps[Outcome]:
        """What the rules say, worded; nothing of somebody who has died."""
        scope, chart = reader.scope, reader.finish()
        if chart.has_died:
            return Outcome((), None, supplies.not_checked(), chart, silence=Silence.DECEASED)
        evaluation_input = EvaluationInput(
            chart=chart,
            twitches=twitches,
            knowledge=self.knowledge,
            complete=Completeness(supplies.missing(), supplies.unknown()),
            today=scope.today,
            now=scope.now,
            emergency_cards=self.emergency_cards,
            without=self.without,
        )
        evaluation = yield from evaluated(evaluation_input)
        occasion = Occasion(
            patient_id=scope.patient_id,
            today=scope.now.date(),
            knowledge_version=self.version,
            evidence_url=self.evidence_url,
            not_checked=supplies.not_checked(),
            switched_off=self.switched_off,
            many_actions=caller.many_actions,
            ask_url=self.ask_url if caller.smart else None,
        )
        dues, cards, not_checked = self._worded(evaluation, occasion)
        return Outcome(cards, evaluation, not_checked, evaluation_input.chart, dues, evaluation.repeated)

    def _worded(self, evaluation: Evaluation, occasion: Occasion) -> Worded:
        """The cards; one that cannot be worded is named by the others, which therefore are worded once more."""
        failed = len(evaluation.runner.failed_cards)
        worded = self._rendered(evaluation, occasion)
        again = len(evaluation.runner.failed_cards) > failed
        return self._rendered(evaluation, occasion) if again else worded

    def _rendered(self, evaluation: Evaluation, occasion: Occasion) -> Worded:
        runner = evaluation.runner
        not_checked = (*occasion.not_checked, *runner.not_checked)
        occasion = replace(occasion, not_checked=not_checked, unread=evaluation.unread)
        cards = [(due, card) for due in evaluation.shown if (card := self._card(due.advice, occasion, runner))]
        if evaluation.shown and not cards:
            cards = [(without_words(runner), bare(unworded.alone(), occasion, self.words, self.new_id))]
        return tuple(due for due, _ in cards), tuple(card for _, card in cards), occasion.not_checked

    def _card(self, advice: Advice, occasion: Occasion, runner: RuleRunner) -> Card | None:
        """One card; of an emergency, or what replaces a hidden one, at least a fixed sentence."""
        card = runner.card(advice.topic, lambda: render(advice, occasion, self.words, self.orders, self.new_id))
        fixed = unworded.instead(advice.topic, for_emergency=advice.variant == SWITCHED_OFF)
        return card or (bare(fixed, occasion, self.words, self.new_id) if fixed else None)

    def _scope(self, patient_id: str, aliases: frozenset[str]) -> Scope:
        now, names = self.now(), aliases | {f"Patient/{patient_id}"}
        return Scope(patient_id, now, now.date().toordinal(), int(self.knowledge.at("future_hours")), names)


def _name(draft: MedicationRequest) -> str:
    """What a draft calls the medicine that it refers to; empty if it does not."""
    reference = draft.medication_reference
    return (reference.display if reference is not None else None) or ""


def _quiet(call: Call) -> Outcome:
    """Silence after a glance; what of the gate did not come is accounted for, and what came is not read for that."""
    remarks, absent = call.supplies.remarks, [key for key in TWITCH_KEYS if key not in call.request.prefetch]
    if not remarks and not absent:
        return SILENT
    unseen = (not_checked for key in absent for not_checked in call.supplies.of(key).not_checked())
    return Outcome((), None, (*remarks, *unseen))


def _completed(call: Call, keys: Iterable[str]) -> Steps[None]:
    """Ask for the keys that are missing, if the request names a server that may have them."""
    if not call.request.source.can_be_asked:
        return
    missing = wanted_of(call.supplies, [key for key in keys if key in call.supplies.keys or key == DRAFTS])
    if missing:
        yield Fetch(missing)


def _check_patient(supplies: Supplies, patient_id: str) -> None:
    """The key `patient` must hold the patient in context; others elsewhere are only counted."""
    idents = [
        resource.id
        for resource in supplies.of("patient").feed.resources
        if isinstance(resource, Patient) and resource.id
    ]
    if idents and patient_id not in idents:
        raise PatientMismatch


def build_engine(
    settings: Settings,
    now: Callable[[], datetime] | None = None,
    new_id: Callable[[], str] | None = None,
    *,
    data: Path = DATA,
    wording: Path = ENGLISH,
) -> Engine:
    """Load knowledge and words, check them together, and make the engine; raises a StartError if anything is wrong."""
    knowledge = with_maps(load(data, settings.languages, wording), settings.concept_maps)
    try:
        words = load_words(wording, vocabulary(knowledge))
        orders = load_orders(words.book.orders)
    except WordingError as problem:
        raise KnowledgeError(problem.file, problem.key, problem.reason) from problem
    check(knowledge, words, orders.templates)
    return Engine(
        knowledge=knowledge,
        words=words,
        orders=orders,
        namer=Namer(knowledge),
        routes=RouteNames(knowledge),
        services=services(knowledge),
        version=digest(knowledge.version, words.content, orders.templates, of_code(DECIDING)),
        limits=Limits(depth=settings.max_depth, entries=settings.max_entries),
        emergency_cards=settings.emergency_cards,
        evidence_url=f"{settings.public_url}/evidence",
        ask_url=f"{settings.public_url}/smart/launch",
        now=now or Clock(settings.zone).now,
        new_id=new_id or new_uuid,
    )
