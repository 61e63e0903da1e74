"""Decision tables: the function that decides is asked, row by row, so that no table can say anything else."""

from collections.abc import Iterable

from cards.topics import Topic
from cds.knowledge.load import Knowledge
from cds.rules.cardbook import OF_FINDINGS, ROWS
from cds.rules.decide import capped, choose
from cds.rules.runner import RuleRunner
from cds.web.evidence import drafts
from cds.web.evidence.card_evidence import Outcome
from cds.web.evidence.circumstances import ALL, assessment

CHART_COLUMNS = tuple(row.topic for row in OF_FINDINGS)
SEPARATELY = ("request", "incomplete")


def columns(topic: Topic) -> tuple[Topic, ...]:
    """The cards that the table of a card is about."""
    return CHART_COLUMNS if topic in CHART_COLUMNS else drafts.COLUMNS


def alone(knowledge: Knowledge) -> tuple[Outcome, ...]:
    """The cards that each finding leads to by itself."""
    return tuple(_row(ALL[key].words, (key,), knowledge) for key in ALL if key not in SEPARATELY)


def beside(topic: Topic, knowledge: Knowledge) -> tuple[Outcome, ...]:
    """What becomes of a card when its finding stands alone, and beside each other one; of an order card, by draft."""
    if topic not in CHART_COLUMNS:
        return drafts.table(knowledge)
    example = ROWS[topic].example
    alternatives = [key for key in ALL if key not in example and key != "nothing"]
    first = _row(" and ".join(ALL[key].words for key in example), example, knowledge)
    return (first, *(_row(f"… and {ALL[key].words}", (*example, key), knowledge) for key in alternatives))


def _row(words: str, keys: Iterable[str], knowledge: Knowledge) -> Outcome:
    choices = choose(assessment(keys, knowledge), RuleRunner())
    decision = capped(choices, int(knowledge.at("max_cards")))
    return Outcome(words, {choice.topic.value: choice.indicator.value for choice in decision.choices})
