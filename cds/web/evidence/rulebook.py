"""Which rules stand behind a card, what they read, and what of it is sensitive: taken from the rules themselves."""

from functools import reduce
from operator import or_

from cards.topics import FLAGS, Topic
from cards.words import Words
from cds.knowledge.load import Knowledge
from cds.rules.rule import Rule
from cds.rules.rulebook import rulebook_of
from cds.rules.tests_due import TESTS
from cds.rules.view import Reads
from cds.rules.why import sought
from cds.web.evidence.dossier import Rule as Shown

SOCIAL = frozenset({"tobacco", "tobacco-current", "diet"})
ASSESSED = frozenset({"ask-gad7", "ask-phq9"})


def told(rule: Rule, words: Words, knowledge: Knowledge) -> Shown:
    """One rule as an evidence page shows it."""
    looks_for = sought(rule.reads, knowledge)
    if rule.id not in FLAGS:
        return Shown(id=rule.id, title=words.title(rule.id), looks_for=looks_for)
    flag = words.flag(rule.id)
    return Shown(
        id=rule.id,
        title=flag.title,
        looks_for=looks_for,
        why=flag.why,
        urgency=flag.urgency,
        who=flag.who,
        children=rule.children,
        sources=tuple(words.citations[key].short for key in flag.citations),
    )


def reads(topic: Topic, knowledge: Knowledge) -> Reads:
    """All that the rules of a card look for, and the tests that a laboratory card lists."""
    own = Reads(analytes=TESTS) if topic is Topic.LAB_ORDER else Reads()
    return reduce(or_, (rule.reads for rule in rulebook_of(knowledge).leading_to(topic)), own)
