"""The rulebook: one row for each rule, in the order in which cards and explanations list them."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from cards.topics import Topic
from cds.knowledge.load import Knowledge
from cds.knowledge.model import DEFICIENCY, EXCESS, KnownCause, MedicineClass
from cds.rules import (
    abnormal_labs,
    added_classes,
    causes,
    cholinergic,
    clot,
    levels,
    lifestyle,
    medicine_class,
    new_signs,
    order_labs,
    order_risk,
    order_sign,
    self_harm,
    serotonin,
    stopped,
)
from cds.rules.access import Access
from cds.rules.flag_rows import EMERGENCY_TAGS, ENCEPHALITIS, FLAGS
from cds.rules.picture import Picture
from cds.rules.reads import DISEASES, EXPECTED, Reads
from cds.rules.rule import Ask, Rule
from cds.rules.runner import RuleRunner, once, silent
from cds.rules.view import NO_OUTCOMES, Outcomes, View

TESTS = (Topic.LAB_ORDER,)
CAUTIONS = {  # what makes the review of a class a warning
    **levels.OF_CLASS,
    "estrogen": (clot.PAIN, clot.cautions),
}
STOPPED = Rule(
    id=stopped.TAG,
    card=Topic.MED_REV,
    reads=Reads(classes=("withdrawn",), windows=("short_course",)),
    ask=stopped.rule,
)
KNOWN_DISEASE = Rule(id="KD", card=None, reads=Reads(problem_groups=(DISEASES,)), ask=None)
FACTORS = (
    Rule(
        id="stress",
        card=Topic.LIFESTYLE,
        reads=Reads(
            sets=("stress",),
            answers=("ask-gad7", "ask-phq9", self_harm.ASKED),
            answer_groups=(lifestyle.BRIEF,),
            windows=("questionnaire",),
            thresholds=("gad7", "gad7_years", "phq9", "gad2", "gad2_most"),
            sources=("gad7", "gad2"),
            attributes=("age",),
        ),
        ask=once(lifestyle.stress),
        sees="unused",
    ),
    Rule(
        id="sleep",
        card=Topic.LIFESTYLE,
        reads=Reads(
            sets=("sleep",),
            answers=("ask-sleep",),
            windows=("intake",),
            thresholds=("adult_years",),
            sources=("sleep",),
            attributes=("age",),
        ),
        ask=once(lifestyle.sleep),
        sees="unused",
    ),
    Rule(
        id="exertion",
        card=Topic.LIFESTYLE,
        reads=Reads(sets=("exertion", "exertion-before"), windows=("exertion", "reported_sign"), attributes=("onset",)),
        ask=once(lifestyle.exertion),
        sees="unused",
    ),
    Rule(
        id="caffeine",
        card=Topic.LIFESTYLE,
        reads=Reads(
            sets=("caffeine",),
            answers=("ask-caffeine", "ask-weight", "ask-pregnancy"),
            windows=("intake", "weight", "reported_sign"),
            thresholds=(
                *("caffeine_mg", "caffeine_pregnant_mg"),
                *("caffeine_child_mg_per_kg", "caffeine_child_years"),
            ),
            attributes=("age", "pregnancy"),
            sources=("caffeine_mg",),
        ),
        ask=once(lifestyle.caffeine),
        sees="unused",
    ),
    Rule(
        id="dehydration",
        card=Topic.LIFESTYLE,
        reads=Reads(sets=("dehydration", "fluid-loss"), windows=("dehydration",)),
        ask=once(lifestyle.dehydration),
        sees="unused",
    ),
    Rule(
        id="smoking",
        card=Topic.LIFESTYLE,
        reads=Reads(values=("tobacco", "tobacco-current"), answers=("ask-tobacco",), windows=("smoking",)),
        ask=once(lifestyle.smoking),
        sees="unused",
    ),
    Rule(
        id="diet",
        card=Topic.LIFESTYLE,
        reads=Reads(sets=("diet",), phrases=("diet",), windows=("intake",)),
        ask=once(lifestyle.diet),
        sees="unused",
        also=TESTS,
    ),
)


def _new_sign(knowledge: Knowledge) -> Rule:
    """The one rule of new signs; which kinds there are is data."""
    return Rule(
        id="NEWSIGN",
        card=Topic.NEW_SIGN,
        reads=Reads(
            problem_groups=(DISEASES, EXPECTED),
            sets=("feeding-difficulty", "weight-loss", new_signs.DOUBTED),
            groups=("breathing",),
            value_groups=(new_signs.TONGUE,),
            windows=("new_sign", "new_sign_expected"),
            thresholds=("adult_years",),
            attributes=("age",),
            flags=(new_signs.NEW, new_signs.OF_LIMBS),
        ),
        ask=new_signs.rule_of(knowledge),
        sees="open",
    )


def _laboratory(knowledge: Knowledge) -> Rule:
    """The one rule of all abnormal results; which analytes it judges is data."""
    pairs = ((tag, f"{DEFICIENCY}{tag}") for tag in knowledge.lab_tags)
    deficiencies = {tag: name if name in knowledge.sets else "" for tag, name in pairs}
    excess = {tag: name for tag in knowledge.lab_tags if (name := f"{EXCESS}{tag}") in knowledge.sets}
    return Rule(
        id="LAB",
        card=Topic.LAB_ABN,
        reads=Reads(
            problems=(*filter(None, deficiencies.values()), *excess.values()),
            analytes=(*deficiencies, "albumin", "egfr"),
            limits=("albumin-unsafe", "egfr-unsafe", "sodium-with-sign"),
            windows=("deficiency", "deficiency_recent", "dark_urine"),
            sets=("dark-urine",),
            tests=("recorded-warns", "recorded-high-warns", "high-warns"),
            attributes=("pregnancy",),
        ),
        ask=abnormal_labs.rule_of(deficiencies, excess),
    )


def _medicine(tag: str, medicine: MedicineClass, knowledge: Knowledge) -> Rule:
    """The rule of one class of medicines (5a). A statin asks for a muscle sign, so it reads what shows one.

    Topiramate asks for a twitch of the eyelid alone (N49).
    """
    asks = medicine.needs_muscle_sign
    inhibits = tag in knowledge.listed(cholinergic.INHIBITORS)
    excess = (cholinergic.EXCESS, cholinergic.cautions) if inhibits else (Reads(), added_classes.none)
    warned, cautions = CAUTIONS.get(tag, excess)
    reads, reasons = added_classes.OF_CLASS.get(tag, (Reads(), added_classes.none))
    return Rule(
        id=tag,
        card=Topic.MED_REV,
        reads=Reads(
            sets=("cramps",) if asks else (),
            analytes=(*(("creatine-kinase",) if asks else ()), *medicine.moved),
            medicines=(tag,),
            attributes=("onset", "twitch") if medicine.needs_eyelid else ("onset",),
            outcomes=("E2", "U1", "U8") if asks else (),
        )
        | warned
        | reads,
        ask=medicine_class.rule_of(tag, medicine, cautions, reasons),
        also=TESTS if medicine.orders_labs else (),
        sees="open",
    )


def _reviewed(knowledge: Knowledge) -> tuple[str, ...]:
    """The classes that count while they are taken."""
    return tuple(tag for tag, medicine in knowledge.medicines.items() if medicine.timing != "never")


def _reviewed_in_order(knowledge: Knowledge) -> tuple[str, ...]:
    """The tags of MED-REV: those of the first edition, what ended, and the classes that N49 added (N61)."""
    added = knowledge.listed("added")
    first = (tag for tag in _reviewed(knowledge) if tag not in added)
    return (*first, serotonin.AGENT, stopped.TAG, *added)


def _cause(tag: str, cause: KnownCause) -> Rule:
    """The rule of one kind of known cause (N25)."""
    dropped = tuple(cause.dropped_by)
    return Rule(
        id=tag,
        card=Topic.KNOWN,
        reads=Reads(problems=(cause.set,), analytes=dropped, windows=("cause_result",) if dropped else ()),
        ask=causes.rule_of(tag, cause),
    )


def _renewal(tag: str, card: Topic) -> Rule:
    """Whether a draft begins something; what is drafted is handed to it in the call."""
    reads = Reads(medicines=(tag,), windows=("renewal",))
    return Rule(id=f"ORD-RENEWAL {tag}", card=card, reads=reads, ask=None, at_order=True)


def _of_orders(knowledge: Knowledge) -> Iterator[Rule]:
    severe = knowledge.rules.order_emergencies
    yield _renewal("corticosteroid", Topic.ORD_STEROID)
    yield _renewal("estrogen", Topic.ORD_ESTROGEN)
    yield Rule(
        id="ORD-EMERG",
        card=Topic.EMERG,
        reads=Reads(analytes=tuple(severe), limits=knowledge.listed(order_labs.BY_LIMIT), tests=(order_labs.BY_LIMIT,)),
        ask=order_labs.severe_of(severe, knowledge.rules.order_tags),
        at_order=True,
    )
    yield Rule(id="ORD-RISK", card=Topic.ORD_RISK, reads=order_risk.reads(knowledge), ask=None, at_order=True)
    yield Rule(
        id="ORD-SIGN",
        card=Topic.ORD_STEROID,
        reads=Reads(groups=(order_sign.SIGNS,)),
        ask=order_sign.found,
        also=(Topic.ORD_ESTROGEN,),
        sees="open",
        at_order=True,
    )
    yield Rule(
        id="ORD-STEROID",
        card=Topic.ORD_STEROID,
        reads=Reads(
            tests=("steroid-electrolytes",),
            analytes=("albumin", "egfr"),
            limits=("albumin-unsafe", "egfr-unsafe"),
        ),
        ask=order_labs.low,
        at_order=True,
    )


SEROTONERGIC = Rule(
    id="serotonergic",
    card=Topic.MED_REV,
    reads=Reads(
        sets=("tremor", "abnormal-reflex"),
        classes=(serotonin.CLASSES,),
        windows=(serotonin.SIGN, serotonin.ENDED, serotonin.STARTED),
        thresholds=(serotonin.LEAST,),
    ),
    ask=serotonin.possible,
    sees="unused",
)
UNJUDGED = Rule(  # no flag of its own: what a card remarks on answers that no limit fits
    id="unjudged",
    card=Topic.DATA_GAP,
    reads=Reads(
        answers=("ask-gad7", "ask-caffeine", "ask-weight", "ask-pregnancy"),
        windows=("questionnaire", "intake", "weight", "reported_sign"),
        thresholds=(
            *("gad7_years", "caffeine_mg", "caffeine_pregnant_mg"),
            *("caffeine_child_mg_per_kg", "caffeine_child_years"),
        ),
        attributes=("age", "pregnancy"),
    ),
    ask=lifestyle.unjudged,
)


def _rows(knowledge: Knowledge) -> Iterator[Rule]:
    yield KNOWN_DISEASE
    yield from FLAGS
    yield _new_sign(knowledge)
    yield ENCEPHALITIS
    yield _laboratory(knowledge)
    yield from (_cause(tag, cause) for tag, cause in knowledge.causes.items() if not cause.lowered)
    yield from (_medicine(tag, knowledge.medicines[tag], knowledge) for tag in _reviewed(knowledge))
    yield STOPPED
    yield SEROTONERGIC
    yield from FACTORS
    yield from _of_orders(knowledge)


def _listed(rule: Rule, knowledge: Knowledge) -> Rule:
    return replace(rule, reads=rule.reads.listed(knowledge))


class Rulebook:
    """All rules, resolved once for the knowledge of the service."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.rules = {rule.id: _listed(rule, knowledge) for rule in _rows(knowledge)}
        self.of_chart = tuple(rule for rule in self.rules.values() if not rule.at_order)
        self._by_card = {topic: tuple(rule for rule in self.of_chart if rule.card is topic) for topic in Topic}
        self.tags = {
            Topic.EMERG: EMERGENCY_TAGS,
            Topic.KNOWN: tuple(tag for tag, cause in knowledge.causes.items() if cause.stands),
            Topic.LAB_ABN: knowledge.lab_tags,
            Topic.MED_REV: _reviewed_in_order(knowledge),
            Topic.ORD_RISK: knowledge.listed(order_risk.TAGS),
            Topic.LIFESTYLE: (*(rule.id for rule in FACTORS), "general"),
        }
        self._access = {rule.id: Access(rule.id, rule.reads, knowledge) for rule in (*self.rules.values(), UNJUDGED)}

    def of_card(self, topic: Topic) -> tuple[Rule, ...]:
        """The rules of a card, in the order in which they are asked of a chart."""
        return self._by_card[topic]

    def leading_to(self, topic: Topic) -> tuple[Rule, ...]:
        """All rules that lead to a card, in the order of the book."""
        return tuple(rule for rule in self.rules.values() if topic in rule.cards)

    def in_order(self, topic: Topic, tags: set[str]) -> tuple[str, ...]:
        """The tags in the order of 4a Wire names; a tag that does not belong to the card is an error."""
        order = self.tags.get(topic, ())
        if unknown := tags - set(order):
            raise ValueError(f"{topic}: unknown tags {sorted(unknown)}")
        return tuple(tag for tag in order if tag in tags)

    def view(self, rule: Rule, picture: Picture, outcomes: Outcomes = NO_OUTCOMES) -> View:
        """A chart as one rule sees it."""
        return View(self._access[rule.id], picture, outcomes)

    def ask(
        self, rule: Rule, picture: Picture, runner: RuleRunner, outcomes: Outcomes = NO_OUTCOMES, how: Ask | None = None
    ) -> tuple[Any, ...]:
        """All that a rule raises; a chart with nothing of what it reads is not looked at."""
        access, ask = self._access[rule.id], how or rule.ask
        if ask is None or (how is None and not access.always and access.on_chart.isdisjoint(picture.names)):
            return runner.ask(rule.id, silent, picture)
        return runner.ask(rule.id, ask, View(access, picture, outcomes))


@lru_cache(maxsize=4)
def rulebook_of(knowledge: Knowledge) -> Rulebook:
    """The rulebook, made once for the knowledge of the service."""
    return Rulebook(knowledge)
