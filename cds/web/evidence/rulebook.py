"""Which rules stand behind a card, what they read, and what of it is sensitive: taken from the rules themselves."""

from cards.topics import FLAGS, TAGS, Topic
from cards.words import Words
from cds.knowledge.load import Knowledge
from cds.rules.lifestyle import FACTORS
from cds.rules.neurology import CHILDHOOD, URGENT
from cds.rules.tests_due import TESTS
from cds.rules.why import LOOKS, RULES, Looks, sought
from cds.web.evidence.dossier import Rule

HOMES = {"E": Topic.EMERG, "P": Topic.PED_NEURO, "U": Topic.NEURO_URG, "R": Topic.NEURO_EVAL, "A": Topic.NEURO_EVAL}
SOCIAL = frozenset({"tobacco", "tobacco-current", "diet"})
ASSESSED = frozenset({"ask-gad7", "ask-phq9"})


def rules_of(topic: Topic, knowledge: Knowledge) -> tuple[str, ...]:
    """The ids of the rules that lead to a card, in the order in which they are asked."""
    if topic is Topic.LAB_ORDER:
        drugs = [tag for tag, medicine in knowledge.medicines.items() if medicine.orders_labs]
        return ("ADD", *drugs, "diet")
    return tuple(rule for rule in RULES if topic in homes_of(rule))


def homes_of(rule: str) -> tuple[Topic, ...]:
    """The cards that a rule leads to; a child's urgent sign leads to the paediatric card (4e step 9)."""
    if rule in URGENT:
        return (Topic.NEURO_URG, Topic.PED_NEURO)
    if rule in FLAGS:
        return (HOMES[rule[0]],)
    if rule in FACTORS:
        return (Topic.LIFESTYLE,)
    return (Topic.MED_REV,) if rule in TAGS[Topic.MED_REV] else (Topic.LAB_ABN,) if rule == "LAB" else ()


def told(rule: str, words: Words, knowledge: Knowledge) -> Rule:
    """One rule as an evidence page shows it."""
    looks_for = sought(LOOKS[rule], knowledge)
    if rule not in FLAGS:
        return Rule(id=rule, title=words.title(rule), looks_for=looks_for)
    flag = words.flag(rule)
    return Rule(
        id=rule,
        title=flag.title,
        looks_for=looks_for,
        why=flag.why,
        urgency=flag.urgency,
        who=flag.who,
        children=rule in CHILDHOOD,
        sources=tuple(words.citations[key].short for key in flag.citations),
    )


def reads(topic: Topic, knowledge: Knowledge) -> Looks:
    """All that the rules of a card look for, and the tests that a laboratory card lists."""
    looks = [LOOKS[rule] for rule in rules_of(topic, knowledge)]
    tests = TESTS if topic is Topic.LAB_ORDER else ()
    return Looks(
        sets=tuple(name for one in looks for name in one.sets),
        analytes=(*(name for one in looks for name in one.analytes), *tests),
        medicines=tuple(name for one in looks for name in one.medicines),
    )
