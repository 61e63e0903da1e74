"""The rulebook: one row for each rule, in the order in which cards and explanations list them."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from cards.topics import TAGS, Topic
from cds.knowledge.load import Knowledge
from cds.knowledge.model import MedicineClass
from cds.rules import abnormal, emergencies, lifestyle, medicine_class, neurology, order_labs
from cds.rules.emergencies import MUSCLE, SEROTONERGIC
from cds.rules.findings import DEFICIENCY
from cds.rules.neurology import ADDITIONAL, BREATHING, CODED_SIGNS, MOTOR_SIGNS, MYOPATHIC
from cds.rules.picture import DISEASES, Picture
from cds.rules.rule import Ask, Rule, never, sign
from cds.rules.trial import Trial, once
from cds.rules.view import NO_OUTCOMES, Access, Outcomes, Reads, View

EMERG, CHILD, URGENT, EVAL = Topic.EMERG, Topic.PED_NEURO, Topic.NEURO_URG, Topic.NEURO_EVAL
A_CHILDS = (Topic.PED_NEURO,)  # a child's urgent signs are P2 (4e step 9)
TESTS = (Topic.LAB_ORDER,)

KNOWN_DISEASE = Rule(id="KD", card=None, reads=Reads(problems=DISEASES), ask=never)
FLAGS = (
    sign("E1", EMERG, "respiratory-emergency", window="respiratory", undated=True, tag="respiratory", used=True),
    Rule(
        id="E2",
        card=EMERG,
        reads=Reads(
            sets=("acute-paralysis", "weakness"),
            windows=("paralysis", "sudden_weakness"),
            attributes=("diseases",),
        ),
        ask=once(emergencies.paralysis),
        told_elsewhere=True,
    ),
    Rule(
        id="E3",
        card=EMERG,
        reads=Reads(
            sets=("tetany", "paraesthesia", "long-qt", "seizure", "epilepsy"),
            analytes=("calcium", "magnesium"),
            windows=("tetany", "seizure"),
        ),
        ask=once(emergencies.hypocalcaemia),
    ),
    Rule(
        id="E4",
        card=EMERG,
        reads=Reads(
            sets=("tetany", "long-qt", "seizure", "weakness", "acute-paralysis", "confusion"),
            drugs=("digoxin",),
            analytes=("potassium", "magnesium", "phosphate", "sodium"),
            limits=("magnesium-with-sign", "potassium-with-sign", "sodium-with-sign"),
            windows=("seizure",),
        ),
        ask=emergencies.electrolytes,
    ),
    Rule(
        id="E5",
        card=EMERG,
        reads=Reads(
            sets=("rhabdomyolysis", "dark-urine", "acute-kidney-injury", *MUSCLE),
            analytes=("creatine-kinase",),
            limits=("creatine-kinase-urine", "creatine-kinase-symptom"),
            windows=("rhabdomyolysis",),
        ),
        ask=once(emergencies.rhabdomyolysis),
    ),
    Rule(
        id="E6",
        card=EMERG,
        reads=Reads(
            sets=("confusion", "tremor", "clonus", "cholinergic-poisoning"),
            analytes=("lithium",),
            limits=("lithium",),
            medicines=("lithium", *SEROTONERGIC),
            windows=("lithium_sign", "lithium_clear", "clonus", "cholinergic"),
        ),
        ask=emergencies.poisoning,
    ),
    sign(
        *("E7", EMERG, "hypotonia"),
        window="floppiness",
        infants=True,
        tag="infant-floppiness",
        used=True,
        told_elsewhere=True,
    ),
    Rule(
        id="E8",
        card=EMERG,
        reads=Reads(
            sets=("hyperreflexia", "clonus", "headache", "leg-swelling"),
            answers=("ask-systolic", "ask-diastolic"),
            medicines=("estrogen",),
            windows=("pre_eclampsia_sign", "leg_swelling"),
            thresholds=("pregnancy_weeks", "systolic", "diastolic"),
            attributes=("pregnancy",),
        ),
        ask=emergencies.pregnancy_and_clot,
    ),
    Rule(
        id="P1",
        card=CHILD,
        reads=Reads(
            sets=("tongue-fasciculation", "hypotonia", "areflexia", "feeding-difficulty", *BREATHING),
            attributes=("age",),
        ),
        ask=once(neurology.childhood_sign),
        sees="unused",
    ),
    Rule(
        id="P2",
        card=CHILD,
        reads=Reads(sets=("motor-regression", "motor-delay", "acute-movement"), windows=("acute_movement",)),
        ask=once(neurology.motor_development),
        sees="unused",
    ),
    sign("P3", CHILD, "acute-movement", window="acute_movement", critical=True, sees="unused"),
    sign("U1", URGENT, "weakness", "acute-paralysis", also=A_CHILDS, sees="open"),
    sign("U2", URGENT, "wasting", also=A_CHILDS, sees="open"),
    sign("U3", URGENT, "tongue-fasciculation", "bulbar", also=A_CHILDS, sees="open"),
    sign("U4", URGENT, "upper-motor-neuron", also=A_CHILDS, sees="open"),
    sign("U5", URGENT, "functional-weakness", also=A_CHILDS, sees="open"),
    Rule(
        id="U6",
        card=URGENT,
        reads=Reads(sets=(*BREATHING, *MOTOR_SIGNS)),
        ask=once(neurology.breathing),
        also=A_CHILDS,
        sees="open",
    ),
    sign("U7", URGENT, "behaviour", also=A_CHILDS, sees="open"),
    Rule(
        id="U8",
        card=URGENT,
        reads=Reads(
            sets=("weakness-proximal",),
            analytes=("creatine-kinase",),
            medicines=MYOPATHIC,
            windows=("statin_ended",),
        ),
        ask=once(neurology.medicine_myopathy),
        also=A_CHILDS,
        sees="open",
    ),
    Rule(
        id="R1",
        card=EVAL,
        reads=Reads(sets=("stiffness", "myokymia", "sweating"), attributes=("twitch",)),
        ask=once(neurology.hyperexcitability),
        sees="unused",
    ),
    Rule(
        id="R2",
        card=EVAL,
        reads=Reads(sets=("optic", "facial-myokymia", "ataxia"), windows=("acute_central",), attributes=("twitch",)),
        ask=once(neurology.central),
        sees="unused",
    ),
    Rule(
        id="R3",
        card=EVAL,
        reads=Reads(
            sets=("blepharospasm", "twitch-eyelid"),
            windows=("persistent", "persistent_eyelid", "eyelid_answer"),
            attributes=("twitch",),
        ),
        ask=once(neurology.eyelid),
        sees="unused",
    ),
    Rule(
        id="R4",
        card=EVAL,
        reads=Reads(
            sets=("weakness-unspecific", "abnormal-reflex", "sign-in-doubt", *CODED_SIGNS),
            reports=("exam", "emg"),
            phrases=("red-flag",),
        ),
        ask=neurology.unspecific,
        sees="open",
    ),
    Rule(
        id="ADD",
        card=EVAL,
        reads=Reads(
            sets=(*ADDITIONAL, *BREATHING, "weakness-unspecific", *MOTOR_SIGNS),
            relatives=("family-disease", "family-history"),
        ),
        ask=neurology.additional,
        also=TESTS,
        sees="open",
    ),
)
FACTORS = (
    Rule(
        id="stress",
        card=Topic.LIFESTYLE,
        reads=Reads(
            sets=("stress",),
            answers=("ask-gad7", "ask-phq9"),
            windows=("questionnaire",),
            thresholds=("gad7", "gad7_years", "phq9"),
            attributes=("age",),
        ),
        ask=once(lifestyle.stress),
    ),
    Rule(
        id="sleep",
        card=Topic.LIFESTYLE,
        reads=Reads(
            sets=("sleep",),
            answers=("ask-sleep",),
            windows=("intake",),
            thresholds=("adult_years",),
            attributes=("age",),
        ),
        ask=once(lifestyle.sleep),
    ),
    Rule(
        id="exertion",
        card=Topic.LIFESTYLE,
        reads=Reads(sets=("exertion",), windows=("exertion",), attributes=("onset",)),
        ask=once(lifestyle.exertion),
    ),
    Rule(
        id="caffeine",
        card=Topic.LIFESTYLE,
        reads=Reads(
            sets=("caffeine",),
            answers=("ask-caffeine", "ask-weight"),
            windows=("intake", "weight"),
            thresholds=(
                *("caffeine_mg", "caffeine_pregnant_mg"),
                *("caffeine_child_mg_per_kg", "caffeine_child_years"),
            ),
            attributes=("age", "pregnancy"),
        ),
        ask=once(lifestyle.caffeine),
    ),
    Rule(
        id="dehydration",
        card=Topic.LIFESTYLE,
        reads=Reads(sets=("dehydration",), windows=("dehydration",)),
        ask=once(lifestyle.dehydration),
    ),
    Rule(
        id="smoking",
        card=Topic.LIFESTYLE,
        reads=Reads(sets=("tobacco", "tobacco-current"), windows=("smoking",)),
        ask=once(lifestyle.smoking),
    ),
    Rule(
        id="diet",
        card=Topic.LIFESTYLE,
        reads=Reads(sets=("diet",), phrases=("diet",)),
        ask=once(lifestyle.diet),
        also=TESTS,
    ),
)


def _laboratory(knowledge: Knowledge) -> Rule:
    """The one rule of all abnormal results; which analytes it judges is data."""
    named = ((tag, f"{DEFICIENCY}{tag}") for tag in TAGS[Topic.LAB_ABN])
    deficiencies = {tag: name if name in knowledge.sets else "" for tag, name in named}
    return Rule(
        id="LAB",
        card=Topic.LAB_ABN,
        reads=Reads(
            problems=tuple(filter(None, deficiencies.values())),
            analytes=(*deficiencies, "albumin", "egfr"),
            limits=("albumin-unsafe", "egfr-unsafe"),
            windows=("deficiency", "deficiency_recent"),
            attributes=("pregnancy",),
        ),
        ask=abnormal.rule_of(deficiencies),
    )


def _medicine(tag: str, medicine: MedicineClass) -> Rule:
    """The rule of one class of medicines (5a). A statin asks for a muscle sign, so it reads what shows one."""
    asks = medicine.needs_muscle_sign
    return Rule(
        id=tag,
        card=Topic.MED_REV,
        reads=Reads(
            sets=("cramps",) if asks else (),
            analytes=("creatine-kinase",) if asks else (),
            medicines=(tag,),
            attributes=("onset",),
            outcomes=("E2", "U1", "U8") if asks else (),
        ),
        ask=medicine_class.rule_of(tag, needs_muscle_sign=asks),
        also=TESTS if medicine.orders_labs else (),
        sees="open",
    )


def _renewal(tag: str, card: Topic) -> Rule:
    """Whether a draft begins something; what is drafted is handed to it in the call."""
    reads = Reads(medicines=(tag,), windows=("renewal",))
    return Rule(id=f"ORD-RENEWAL {tag}", card=card, reads=reads, ask=never, at_order=True)


def _of_orders() -> Iterator[Rule]:
    yield _renewal("corticosteroid", Topic.ORD_STEROID)
    yield _renewal("estrogen", Topic.ORD_ESTROGEN)
    yield Rule(
        id="ORD-EMERG",
        card=EMERG,
        reads=Reads(analytes=order_labs.ANALYTES),
        ask=order_labs.severe,
        at_order=True,
    )
    yield Rule(
        id="ORD-STEROID",
        card=Topic.ORD_STEROID,
        reads=Reads(
            analytes=(*order_labs.ANALYTES, "albumin", "egfr"),
            limits=("albumin-unsafe", "egfr-unsafe"),
        ),
        ask=order_labs.low,
        at_order=True,
    )


UNJUDGED = Rule(  # no flag of its own: what a card remarks on answers that no limit fits
    id="unjudged",
    card=Topic.DATA_GAP,
    reads=Reads(
        answers=("ask-gad7", "ask-caffeine", "ask-weight"),
        windows=("questionnaire", "intake", "weight"),
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
    yield _laboratory(knowledge)
    yield from (_medicine(tag, medicine) for tag, medicine in knowledge.medicines.items())
    yield from FACTORS
    yield from _of_orders()


class Rulebook:
    """All rules, resolved once for the knowledge of the service."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.rules = {rule.id: rule for rule in _rows(knowledge)}
        self.of_chart = tuple(rule for rule in self.rules.values() if not rule.at_order)
        self._by_card = {topic: tuple(rule for rule in self.of_chart if rule.card is topic) for topic in Topic}
        self._access = {rule.id: Access(rule.id, rule.reads, knowledge) for rule in (*self.rules.values(), UNJUDGED)}

    def of_card(self, topic: Topic) -> tuple[Rule, ...]:
        """The rules of a card, in the order in which they are asked of a chart."""
        return self._by_card[topic]

    def leading_to(self, topic: Topic) -> tuple[Rule, ...]:
        """All rules that lead to a card, in the order of the book."""
        return tuple(rule for rule in self.rules.values() if topic in rule.cards)

    def view(self, rule: Rule, picture: Picture, outcomes: Outcomes = NO_OUTCOMES) -> View:
        """A chart as one rule sees it."""
        return View(self._access[rule.id], picture, outcomes)

    def ask(
        self, rule: Rule, picture: Picture, trial: Trial, outcomes: Outcomes = NO_OUTCOMES, how: Ask | None = None
    ) -> tuple[Any, ...]:
        """All that a rule raises; a chart with nothing of what it reads is not looked at."""
        access, ask = self._access[rule.id], how or rule.ask

        def asked(picture: Picture) -> Iterable[Any]:
            if how is None and not access.always and access.on_chart.isdisjoint(picture.names):
                return ()
            return ask(View(access, picture, outcomes))

        return trial.ask(rule.id, asked, picture)


@lru_cache(maxsize=4)
def rulebook_of(knowledge: Knowledge) -> Rulebook:
    """The rulebook, made once for the knowledge of the service."""
    return Rulebook(knowledge)
