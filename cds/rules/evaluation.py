"""From a chart to advice: the gate first, and nothing beyond it when there is no twitch (4e)."""

from collections.abc import Sequence
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


def evaluate(given: EvaluationInput) -> Steps[Evaluation]:
    """Advice on a chart that shows a twitch (4e steps 5 to 43)."""
    runner = RuleRunner(given.without)
    found = assess(given.picture(), runner, emergency_cards=given.emergency_cards)
    due_choices = choose(found, runner)
    asleep = dormant.hidden(due_choices, found)
    awake = (choice for choice in due_choices if choice not in asleep)
    made = [(advice, choice) for choice in awake for advice in _advice(choice, found, runner)]
    if not made and runner.failed_cards:
        made = [(unworded.alone(), Choice(topic=Topic.DATA_GAP, indicator=Indicator.INFO))]
    still_open = (*open_items.of(found), *open_items.not_received(found.picture))
    due = [_due(advice, found.picture, runner, choice, still_open) for advice, choice in made]
    fresh, repeated = yield from without_repeats(due, given)
    chosen = [one.choice for one in fresh if one.choice]
    decision = replace(
        capped(chosen, int(given.knowledge.at("max_cards")), tuple(one.advice.topic for one in repeated)),
        dormant=tuple(choice.topic for choice in asleep),
    )
    kept = [one for one in fresh if one.choice in decision.choices]
    finished = closed([one.advice for one in kept], decision.dropped, lines.of(found, due_choices))
    shown = tuple(replace(one, advice=advice) for one, advice in zip(kept, finished, strict=True))
    return Evaluation(shown, runner, repeated, Assessed(found, decision), found.picture.unread)


def _advice(choice: Choice, assessment: Assessment, runner: RuleRunner) -> tuple[Advice, ...]:
    """The advice of a card; if its adviser fails, what stands in its place."""
    advice = runner.card(choice.topic, lambda: advised(choice, assessment))
    advice = advice or unworded.instead(choice.topic, for_emergency=is_for_an_emergency(choice))
    return (advice,) if advice else ()


def evaluate_orders(drafted: Drafted | None, unread: Sequence[str], given: EvaluationInput) -> Steps[Evaluation]:
    """Advice on drafts for a patient who twitches: one card at most (4e ORDERS d to g), and one for what is unread."""
    runner, picture = RuleRunner(given.without), given.picture()
    limit = int(given.knowledge.at("max_facts"))
    decided = orders.decide_orders(drafted, picture, runner, emergency_cards=given.emergency_cards) if drafted else ()
    if unread:
        decided = (*decided, advise_orders.unread(unread, picture))
    due = [_due(bounded(advice, limit), picture, runner) for advice in decided]
    fresh, repeated = yield from without_repeats(due, given)
    return Evaluation(tuple(fresh), runner, repeated, unread=picture.unread)


def _due(
    advice: Advice, picture: Picture, runner: RuleRunner, choice: Choice | None = None, still_open: Sequence[str] = ()
) -> Due:
    once = advice.variant in ROWS[advice.topic].once and not runner.failures
    beside = still_open if once else ()
    twitches, knowledge = picture.twitch_facts, picture.knowledge
    now = fingerprint(advice, twitches, runner.failures, beside, naming_of(knowledge))
    then = fingerprint(advice, twitches, runner.failures, naming=former_naming(knowledge))
    return Due(advice, now, choice, once, None if then == now else then)


def without_words(runner: RuleRunner) -> Due:
    """The only card that is left where none could be made or worded."""
    advice = unworded.alone()
    return Due(advice, fingerprint(advice, failed=runner.failures))


def without_repeats(due: list[Due], given: EvaluationInput) -> Steps[tuple[list[Due], tuple[Due, ...]]]:
    """The cards that are news, and those that were answered (4d Repeats) or shown to this user before (N57)."""
    asked = tuple(print_ for one in due if is_repeatable(one.advice) for print_ in one.prints)
    answered = (yield Recall(asked)) if asked else {}
    old = [
        one
        for one in due
        if is_repeatable(one.advice) and is_answered(one.advice, one.prints, answered, given.knowledge, given.now)
    ]
    once = [one for one in due if one.once and one not in old]
    shown = (yield RecallShown(tuple(one.fingerprint for one in once))) if once else {}
    old += [one for one in once if was_shown(one.fingerprint, shown, given.knowledge, given.now)]
    return [one for one in due if one not in old], tuple(one for one in due if one in old)
