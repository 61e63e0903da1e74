"""From a chart to advice: the gate first, and nothing beyond it when there is no twitch (4e)."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from cards.advice import Advice, NotChecked
from cards.topics import Indicator, Topic
from cds.chart.facts import Chart
from cds.knowledge.load import Knowledge
from cds.need import Recall, RecallShown, Steps
from cds.rules import advise_orders, dormant, lines, open_items, orders, unworded
from cds.rules.advise import bounded, closed
from cds.rules.assess import Assessment, assess
from cds.rules.cardbook import ROWS, advised
from cds.rules.choice import Choice, Decision
from cds.rules.decide import capped, choose, is_for_an_emergency
from cds.rules.gate import Twitch
from cds.rules.orders import Drafted
from cds.rules.picture import Completeness, Picture
from cds.rules.picture import read as read_picture
from cds.rules.repeats import fingerprint, former_naming, is_answered, is_repeatable, naming_of, was_shown
from cds.rules.runner import RuleRunner


class Due(Struct, frozen=True):
    """A card that is due, and what it is known by. `once`: a user is shown it once only (N57).

    `former`: by what the first edition knew it, if that differs.
    """

    advice: Advice
    fingerprint: str
    choice: Choice | None = None
    once: bool = False
    former: str | None = None

    @property
    def prints(self) -> tuple[str, ...]:
        """Under each name an answer may have been given."""
        return (self.fingerprint, self.former) if self.former else (self.fingerprint,)


class Assessed(Struct, frozen=True):
    """What every rule found on the chart, and what the combination table made of it; order hooks ask less."""

    found: Assessment
    decision: Decision


class Evaluation(Struct, frozen=True):
    """What the rules said of one chart, and how they came to it."""

    shown: tuple[Due, ...]
    runner: RuleRunner
    repeated: tuple[Due, ...]
    assessed: Assessed | None = None
    unread: tuple[NotChecked, ...] = ()


class EvaluationInput(Struct, frozen=True, kw_only=True):
    """A chart that shows a twitch, and the moment at which it is judged. `today` is an ordinal.

    `emergency_cards`: whether the site shows them (section 6 Time-critical, "let sites switch it off").
    `without`: rules that are left out, to see what they change.
    """

    chart: Chart
    twitches: tuple[Twitch, ...]
    knowledge: Knowledge
    complete: Completeness
    today: int
    now: datetime
    emergency_cards: bool = True
    without: frozenset[str] = frozenset()

    def picture(self) -> Picture:
        """What the rules derive from the chart first."""
        return read_picture(self.chart, self.twitches, self.knowledge, self.complete, self.today)


def evaluate(evaluation_input: EvaluationInput) -> Steps[Evaluation]:
    """Advice on a chart that shows a twitch (4e steps 5 to 43)."""
    runner = RuleRunner(evaluation_input.without)
    assessment = assess(evaluation_input.picture(), runner, emergency_cards=evaluation_input.emergency_cards)
    due_choices = choose(assessment, runner)
    asleep = dormant.hidden(due_choices, assessment)
    awake = (choice for choice in due_choices if choice not in asleep)
    pairs = [(advice, choice) for choice in awake for advice in _advice(choice, assessment, runner)]
    if not pairs and runner.failed_cards:
        pairs = [(unworded.alone(), Choice(topic=Topic.DATA_GAP, indicator=Indicator.INFO))]
    due = [
        _due(advice, assessment.picture, runner, choice, lambda: _still_open(assessment)) for advice, choice in pairs
    ]
    fresh, repeated = yield from without_repeats(due, evaluation_input)
    fresh_choices = [due.choice for due in fresh if due.choice]
    decision = replace(
        capped(
            fresh_choices, int(evaluation_input.knowledge.at("max_cards")), tuple(due.advice.topic for due in repeated)
        ),
        dormant=tuple(choice.topic for choice in asleep),
    )
    kept_dues = [due for due in fresh if due.choice in decision.choices]
    finished = closed([due.advice for due in kept_dues], decision.dropped, lines.of(assessment, due_choices))
    finished_dues = tuple(replace(due, advice=advice) for due, advice in zip(kept_dues, finished, strict=True))
    return Evaluation(finished_dues, runner, repeated, Assessed(assessment, decision), assessment.picture.unread)


def _advice(choice: Choice, assessment: Assessment, runner: RuleRunner) -> tuple[Advice, ...]:
    """The advice of a card; if its adviser fails, what stands in its place."""
    advice = runner.card(choice.topic, lambda: advised(choice, assessment))
    advice = advice or unworded.instead(choice.topic, for_emergency=is_for_an_emergency(choice))
    return (advice,) if advice else ()


def evaluate_orders(
    drafted: Drafted | None, unread: Sequence[str], evaluation_input: EvaluationInput
) -> Steps[Evaluation]:
    """Advice on drafts for a patient who twitches: one card at most (4e ORDERS d to g), and one for what is unread."""
    runner, picture = RuleRunner(evaluation_input.without), evaluation_input.picture()
    limit = int(evaluation_input.knowledge.at("max_facts"))
    decided = (
        orders.decide_orders(drafted, picture, runner, emergency_cards=evaluation_input.emergency_cards)
        if drafted
        else ()
    )
    if unread:
        decided = (*decided, advise_orders.unread(unread, picture))
    due = [_due(bounded(advice, limit), picture, runner) for advice in decided]
    fresh, repeated = yield from without_repeats(due, evaluation_input)
    return Evaluation(tuple(fresh), runner, repeated, unread=picture.unread)


def _still_open(assessment: Assessment) -> tuple[str, ...]:
    return (*open_items.of(assessment), *open_items.not_received(assessment.picture))


def _due(
    advice: Advice,
    picture: Picture,
    runner: RuleRunner,
    choice: Choice | None = None,
    still_open: Callable[[], Sequence[str]] = tuple,
) -> Due:
    once = advice.variant in ROWS[advice.topic].once and not runner.failures
    beside = still_open() if once else ()
    twitches, knowledge = picture.twitch_facts, picture.knowledge
    now = fingerprint(advice, twitches, runner.failures, beside, naming_of(knowledge))
    then = fingerprint(advice, twitches, runner.failures, naming=former_naming(knowledge))
    return Due(advice, now, choice, once, None if then == now else then)


def without_words(runner: RuleRunner) -> Due:
    """The only card that is left where none could be made or worded."""
    advice = unworded.alone()
    return Due(advice, fingerprint(advice, failed=runner.failures))


def without_repeats(due: list[Due], evaluation_input: EvaluationInput) -> Steps[tuple[list[Due], tuple[Due, ...]]]:
    """The cards that are news, and those that were answered (4d Repeats) or shown to this user before (N57)."""
    prints_asked = tuple(print_ for due in due if is_repeatable(due.advice) for print_ in due.prints)
    answer_times = (yield Recall(prints_asked)) if prints_asked else {}
    old = [
        due
        for due in due
        if is_repeatable(due.advice)
        and is_answered(due.advice, due.prints, answer_times, evaluation_input.knowledge, evaluation_input.now)
    ]
    once = [due for due in due if due.once and due not in old]
    showing_times = (yield RecallShown(tuple(due.fingerprint for due in once))) if once else {}
    old += [
        due
        for due in once
        if was_shown(due.fingerprint, showing_times, evaluation_input.knowledge, evaluation_input.now)
    ]
    return [due for due in due if due not in old], tuple(due for due in due if due in old)
