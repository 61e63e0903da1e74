"""`--why`: every rule with what it found or looked for, and every card that is not shown."""

from msgspec import Struct

from cards.advice import SWITCHED_OFF as UNSAID
from cards.advice import Fact
from cards.topics import TAGS, Topic
from cards.words import Words
from cds.call import Engine, Outcome, Silence
from cds.chart.facts import Chart
from cds.explain.left_out import REPEATED, SWITCHED_OFF, absent
from cds.rules.consult import Consultation
from cds.rules.lifestyle import FACTORS
from cds.rules.neurology import CHILDHOOD, URGENT
from cds.rules.trial import State, Verdict
from cds.rules.why import LOOKS, RULES, Trace, near_misses, sought, traces

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
    left_out = dict(absent(consultation.assessed))
    return Why(
        twitch=True,
        rules=tuple(_told(rule, consultation, left_out, chart, engine) for rule in RULES),
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


def _told(rule: str, consultation: Consultation, left_out: dict[Topic, str], chart: Chart, engine: Engine) -> Told:
    verdict = _verdict(rule, consultation, left_out)
    silent = verdict.state == "not-fired"
    looks = LOOKS[rule]
    return Told(
        rule=rule,
        title=engine.words.title(rule),
        state=verdict.state,
        because=verdict.because,
        facts=verdict.facts,
        looks_for=sought(looks, engine.knowledge) if silent else (),
        not_qualified=traces(chart, looks, engine.knowledge) if silent else (),
    )


def _verdict(rule: str, consultation: Consultation, left_out: dict[Topic, str]) -> Verdict:
    """The rule's verdict; one that fired in vain is suppressed."""
    said = [one for one in consultation.trial.verdicts if one.rule == rule]
    if not said:
        never = rule in CHILDHOOD
        return Verdict(rule, "suppressed", because=CHILDREN) if never else Verdict(rule, "not-fired")
    verdict = said[-1]
    if verdict.state != "fired" or rule == "KD" or rule in _shown(consultation):
        return verdict
    return Verdict(rule, "suppressed", verdict.facts, left_out.get(_home(rule), BEHIND))


def _shown(consultation: Consultation) -> set[str]:
    """The rules whose outcome stands on a card; a child's urgent signs stand there as P2."""
    shown: set[str] = set()
    for choice in consultation.assessed.decision.choices if consultation.assessed else ():
        shown |= {flag.id for flag in choice.flags} | {course.tag for course in choice.courses}
        shown |= {factor.tag for factor in choice.factors} | ({"LAB"} if choice.labs else set())
        shown |= set(URGENT) if Topic.PED_NEURO in (choice.topic, choice.covered) else set()
    return shown


def _home(rule: str) -> Topic:
    """The card that a rule's outcome stands on."""
    if rule in FACTORS:
        return Topic.LIFESTYLE
    if rule in TAGS[Topic.MED_REV]:
        return Topic.MED_REV
    homes = {"E": Topic.EMERG, "P": Topic.PED_NEURO, "U": Topic.NEURO_URG, "L": Topic.LAB_ABN}
    return homes.get(rule[0], Topic.NEURO_EVAL)
