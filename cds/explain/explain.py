"""`--why`: every rule with what it found or looked for, and every card that is not shown."""

from msgspec import Struct

from cards.advice import SWITCHED_OFF as UNSAID
from cards.advice import Fact
from cards.topics import Topic
from cards.words import Words
from cds.call import Engine, Outcome, Silence
from cds.chart.facts import Chart
from cds.explain.left_out import REPEATED, SWITCHED_OFF, absent
from cds.rules.consult import Consultation
from cds.rules.rule import Rule
from cds.rules.rulebook import rulebook_of
from cds.rules.trial import State, Verdict
from cds.rules.why import Trace, near_misses, sought, traces

SILENT = {
    Silence.NO_TWITCH: "no twitch: nothing was evaluated",
    Silence.NO_DRAFT: "no draft of a systemic corticosteroid or estrogen: the chart was not read",
    Silence.NOT_RECORDED: "no twitch among the problems just recorded: the chart was not read",
    Silence.DECEASED: "the patient is recorded as deceased: no rule was asked",
}
CHILDREN = "asked of children only"
BEHIND = "it does not stand on the card, but may be a reason for the tests it asks for"


class Told(Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """One rule: its facts if it fired; what it looks for, and what of it did not qualify, if it did not."""

    rule: str
    title: str
    state: State
    because: str = ""
    facts: tuple[Fact, ...] = ()
    looks_for: tuple[str, ...] = ()
    not_qualified: tuple[Trace, ...] = ()


class Why(Struct, frozen=True, rename="camel", kw_only=True):
    """How the answer came about."""

    twitch: bool
    summary: str = ""
    rules: tuple[Told, ...] = ()
    cards_left_out: dict[str, str] = {}
    near_misses: tuple[Trace, ...] = ()


def explain(outcome: Outcome, engine: Engine) -> Why:
    """The reasons behind one answer."""
    chart, consultation = outcome.chart or Chart(), outcome.consultation
    if consultation is None:
        near = () if outcome.silence is Silence.DECEASED else near_misses(chart, engine.knowledge)
        return Why(twitch=False, summary=SILENT[outcome.silence], near_misses=near)
    if consultation.assessed is None:
        return _of_orders(consultation, engine.words)
    left_out, book = dict(absent(consultation.assessed)), rulebook_of(engine.knowledge)
    return Why(
        twitch=True,
        rules=tuple(_told(rule, consultation, left_out, chart, engine) for rule in book.of_chart),
        cards_left_out={topic.value: reason for topic, reason in left_out.items()},
    )


def _of_orders(consultation: Consultation, words: Words) -> Why:
    """The order hooks ask few rules; what a draft begins or raises decides."""
    told = (
        Told(rule=one.rule, title=words.title(one.rule), state=one.state, because=one.because, facts=one.facts)
        for one in consultation.trial.verdicts
    )
    left_out = {due.advice.topic.value: REPEATED for due in consultation.repeated}
    if any(due.advice.variant == UNSAID for due in consultation.shown):
        left_out[Topic.EMERG.value] = SWITCHED_OFF
    return Why(twitch=True, rules=tuple(told), cards_left_out=left_out)


def _told(rule: Rule, consultation: Consultation, left_out: dict[Topic, str], chart: Chart, engine: Engine) -> Told:
    verdict = _verdict(rule, consultation, left_out, engine)
    silent = verdict.state == "not-fired"
    return Told(
        rule=rule.id,
        title=engine.words.title(rule.id),
        state=verdict.state,
        because=verdict.because,
        facts=verdict.facts,
        looks_for=sought(rule.reads, engine.knowledge) if silent else (),
        not_qualified=traces(chart, rule.reads, engine.knowledge) if silent else (),
    )


def _verdict(rule: Rule, consultation: Consultation, left_out: dict[Topic, str], engine: Engine) -> Verdict:
    """The rule's verdict; one that fired in vain is suppressed."""
    said = [one for one in consultation.trial.verdicts if one.rule == rule.id]
    if not said:
        return Verdict(rule.id, "suppressed", because=CHILDREN) if rule.children else Verdict(rule.id, "not-fired")
    verdict = said[-1]
    if verdict.state != "fired" or rule.card is None or rule.id in _shown(consultation, engine):
        return verdict
    return Verdict(rule.id, "suppressed", verdict.facts, left_out.get(rule.card, BEHIND))


def _shown(consultation: Consultation, engine: Engine) -> set[str]:
    """The rules whose outcome stands on a card; a child's urgent signs stand there as P2."""
    shown: set[str] = set()
    book = rulebook_of(engine.knowledge)
    for choice in consultation.assessed.decision.choices if consultation.assessed else ():
        shown |= {flag.id for flag in choice.flags} | {course.tag for course in choice.courses}
        shown |= {factor.tag for factor in choice.factors} | ({"LAB"} if choice.labs else set())
        if Topic.PED_NEURO in (choice.topic, choice.covered):
            shown |= {rule.id for rule in book.of_chart if Topic.PED_NEURO in rule.also}
    return shown
