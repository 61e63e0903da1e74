"""Which rules stand behind a card, what they read, and what of it is sensitive: taken from the rules themselves."""

from cards.words import Words
from cds.knowledge.load import Knowledge
from cds.rules.rule import Rule
from cds.rules.why import sought
from cds.web.evidence.card_evidence import Rule as Shown


def told(rule: Rule, words: Words, knowledge: Knowledge) -> Shown:
    """One rule as an evidence page shows it."""
    looks_for = sought(rule.reads.whole(knowledge), knowledge)
    if rule.id not in words.flags:
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
