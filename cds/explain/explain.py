"""`--why`: every rule with what it found or looked for, and every card that is not shown."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from cards.advice import SWITCHED_OFF as UNSAID
from cards.advice import Fact
from cards.topics import Topic
from cards.words import Words
from cds.call import Engine
from cds.chart.facts import Chart
from cds.outcome import Outcome, Silence
from cds.rules import left_out as left_out_of
from cds.rules.against import Against
from cds.rules.cardbook import OF_FINDINGS
from cds.rules.evaluation import Assessed, Evaluation
from cds.rules.rule import Rule
from cds.rules.rulebook import rulebook_of
from cds.rules.runner import State, Verdict
from cds.rules.why import Trace, near_misses, sought, traces

REPEATED, NO_PLACE, COVERED, DORMANT = "repeated", "no-place", "covered", "dormant"


class RuleExplanation(Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
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
    rules: tuple[RuleExplanation, ...] = ()
    cards_left_out: dict[str, str] = {}
    near_misses: tuple[Trace, ...] = ()


def explain(outcome: Outcome, engine: Engine) -> Why:
    """The reasons behind one answer."""
    chart, evaluation = outcome.chart or Chart(), outcome.evaluation
    summary = why_silent(outcome, engine.words)
    if evaluation is None:
        near = () if outcome.silence is Silence.DECEASED else near_misses(chart, engine.knowledge)
        return Why(twitch=False, summary=summary, near_misses=near)
    if evaluation.assessed is None:
        return _of_orders(evaluation, summary, engine.words)
    book = rulebook_of(engine.knowledge)
    left_out = {topic: engine.words.left_out(key) for topic, key in absent(evaluation.assessed)}
    return Why(
        twitch=True,
        summary=summary,
        rules=tuple(_told(rule, evaluation, left_out, chart, engine) for rule in book.of_chart),
        cards_left_out={topic.value: reason for topic, reason in left_out.items()},
    )


def why_silent(outcome: Outcome, words: Words) -> str:
    """Why there is no card, in one sentence for command, page and JSON; empty where there is one."""
    if outcome.cards:
        return ""
    evaluation = outcome.evaluation
    if evaluation is None:
        return words.silence(outcome.silence)
    if evaluation.repeated:
        return words.silence("repeated")
    if evaluation.assessed is not None and evaluation.assessed.decision.dormant:
        return words.silence(DORMANT)
    if evaluation.assessed is not None:
        return words.silence("known-disease")  # without one a twitch always has a card
    return words.silence(_of_drafts(evaluation))


def _of_drafts(evaluation: Evaluation) -> str:
    """The key of the reason why drafts made no card."""
    verdicts = {verdict.rule: verdict for verdict in evaluation.runner.verdicts}
    if "ORD-STEROID" in verdicts or any(verdict.because == "draft-in-known-disease" for verdict in verdicts.values()):
        return "draft-in-known-disease"
    begins = verdicts.get("ORD-RENEWAL corticosteroid")
    if begins is not None and begins.state == "fired":
        return "replacement"
    return "renewal" if any(name.startswith("ORD-RENEWAL") for name in verdicts) else "draft-safe"


def _of_orders(evaluation: Evaluation, summary: str, words: Words) -> Why:
    """The order hooks ask few rules; what a draft begins or raises decides."""
    explained = (_of_order(verdict, words) for verdict in evaluation.runner.verdicts)
    left_out = {due.advice.topic.value: words.left_out(REPEATED) for due in evaluation.repeated}
    if any(due.advice.variant == UNSAID for due in evaluation.shown):
        left_out[Topic.EMERG.value] = words.left_out(left_out_of.SWITCHED_OFF)
    return Why(twitch=True, summary=summary, rules=tuple(explained), cards_left_out=left_out)


def _of_order(verdict: Verdict, words: Words) -> RuleExplanation:
    because, title = words.because(verdict.because), words.title(verdict.rule)
    return RuleExplanation(rule=verdict.rule, title=title, state=verdict.state, because=because, facts=verdict.facts)


def _told(
    rule: Rule, evaluation: Evaluation, left_out: dict[Topic, str], chart: Chart, engine: Engine
) -> RuleExplanation:
    verdict = _verdict(rule, evaluation, engine)
    silent = verdict.state == "not-fired"
    because = engine.words.because(verdict.because)
    if verdict.state == "suppressed" and rule.card and not because:
        because = left_out.get(rule.card) or engine.words.because("behind")
    return RuleExplanation(
        rule=rule.id,
        title=engine.words.title(rule.id),
        state=verdict.state,
        because=because,
        facts=verdict.facts,
        looks_for=sought(rule.reads.whole(engine.knowledge), engine.knowledge) if silent else (),
        not_qualified=_not_qualified(rule, evaluation, chart, engine) if silent else (),
    )


def _not_qualified(rule: Rule, evaluation: Evaluation, chart: Chart, engine: Engine) -> tuple[Trace, ...]:
    """What the chart has of what a silent rule reads, each with the condition that failed."""
    reads = rule.reads.whole(engine.knowledge)
    against = Against(evaluation.assessed.found.picture, reads) if evaluation.assessed else None
    return tuple(_worded(trace, engine.words) for trace in traces(chart, reads, engine.knowledge, against))


def _worded(trace: Trace, words: Words) -> Trace:
    if trace.reason is None:
        return trace
    return replace(trace, reason=None, because=words.against(trace.reason.key, {"n": str(trace.reason.days)}))


def _verdict(rule: Rule, evaluation: Evaluation, engine: Engine) -> Verdict:
    """The rule's verdict; one that fired in vain is suppressed."""
    verdicts = [verdict for verdict in evaluation.runner.verdicts if verdict.rule == rule.id]
    if not verdicts and rule.children:
        return Verdict(rule.id, "suppressed", because="children-only")
    if not verdicts:
        return Verdict(rule.id, "not-fired")
    verdict = verdicts[-1]
    if verdict.state != "fired" or rule.card is None or rule.id in _shown(evaluation, engine):
        return verdict
    return Verdict(rule.id, "suppressed", verdict.facts)


def _shown(evaluation: Evaluation, engine: Engine) -> set[str]:
    """The rules whose outcome stands on a card; a child's urgent signs stand there as P2."""
    topics: set[str] = set()
    book = rulebook_of(engine.knowledge)
    for choice in evaluation.assessed.decision.choices if evaluation.assessed else ():
        topics |= {flag.id for flag in choice.flags} | {course.tag for course in choice.courses}
        topics |= {factor.tag for factor in choice.factors} | ({"LAB"} if choice.labs else set())
        topics |= {cause.tag for cause in choice.causes} | ({"NEWSIGN"} if choice.new_signs else set())
        topics |= {"drug-stopped"} if choice.stopped else set()
        if Topic.PED_NEURO in (choice.topic, choice.covered):
            topics |= {rule.id for rule in book.of_chart if Topic.PED_NEURO in rule.also}
    return topics


def absent(assessed: Assessed) -> Iterator[tuple[Topic, str]]:
    """Each card that is not shown, and the key of the reason why the combination table left it out."""
    assessment, decision = assessed.found, assessed.decision
    shown_topics = {choice.topic for choice in decision.choices}
    covered = {choice.covered for choice in decision.choices}
    settled = shown_topics | {*decision.dropped, *decision.repeated}
    for row in OF_FINDINGS:
        if row.topic in shown_topics or row.left_out is None:
            continue
        if row.topic in decision.repeated:
            yield row.topic, REPEATED
        elif row.topic in decision.dropped:
            yield row.topic, NO_PLACE
        elif row.topic in decision.dormant:
            yield row.topic, DORMANT
        elif row.topic in covered:
            yield row.topic, COVERED
        else:
            yield row.topic, row.left_out(assessment, settled)
