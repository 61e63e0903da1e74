"""One row for each card, in the order of rank: what decides how it is shown, left out, explained and illustrated."""

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Literal

from msgspec import Struct

from cards.advice import OF_TODAY, RULE_FAILED, SWITCHED_OFF, UNWORDED, Advice
from cards.topics import Topic
from cards.vocabulary import Vocabulary
from cds.knowledge import basis
from cds.knowledge.basis import Row
from cds.knowledge.load import Knowledge
from cds.rules import (
    advise,
    advise_known,
    advise_labs,
    advise_medicines,
    advise_neurology,
    gate,
    infancy,
    left_out,
    motor_neuron,
    pregnancy,
)
from cds.rules.assess import Assessment
from cds.rules.choice import Choice
from cds.rules.flag_rows import FLAG_IDS
from cds.rules.reads import Reads
from cds.rules.rulebook import UNJUDGED, rulebook_of

Shows = Literal["emergency-limits", "lab-limits", "medicine-timing"]


class CardRow(Struct, frozen=True, kw_only=True):
    """One card. `variants` are the summaries that its adviser chooses among.

    `protected`: it never makes way for another. `once`: the summaries that a user is shown once (N57); what says that
    something failed or could not be seen is none of them. `reads`: what decides on it beside its rules. `shows`: the
    tables of its evidence page. `example`: the circumstances that lead to it, for the decision tables. `orders`: what
    it proposes beside tests that are due. Cards of drafts have neither an adviser of findings nor a reason for being
    left out.
    """

    topic: Topic
    variants: tuple[str, ...]
    advise: Callable[[Choice, Assessment], Advice] | None = None
    left_out: Callable[[Assessment, set[Topic]], str] | None = None
    protected: bool = False
    once: tuple[str, ...] = ()
    reads: Reads = Reads()
    shows: Shows | None = None
    example: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()


OF_LIFESTYLE = (
    *("stress", "sleep", "sleep-recorded", "exertion", "caffeine", "caffeine-recorded", "dehydration"),
    "fluid-loss",
    *("smoking", "diet", "several", "unexamined", "open-item", "general", "general-child"),
)
OF_ISOLATED = ("incomplete", "child", "eyelid", "default", "open")  # N55
CARDS = (
    CardRow(
        topic=Topic.EMERG,  # 4a EMERG
        variants=("default", "guillain-barre", *infancy.SENTENCES, pregnancy.UNKNOWN_WEEKS, UNWORDED),
        advise=advise.emergency,
        left_out=left_out.emergency,
        protected=True,
        reads=Reads(windows=("emergency_lab",)),
        shows="emergency-limits",
        example=("emergency",),
        orders=("task:on-call", "task:ecg"),
    ),
    CardRow(
        topic=Topic.PED_NEURO,  # 4a PED-NEURO
        variants=("default", "weakness", "development", "infant", "encephalitis"),
        advise=advise_neurology.childhood,
        left_out=left_out.paediatric,
        protected=True,
        reads=Reads(windows=("finding_observation",)),
        example=("child",),
        orders=("referral:paediatric-neurology", "lab:calcium", "lab:glucose"),
    ),
    CardRow(
        topic=Topic.NEURO_URG,  # 4a NEURO-URG
        variants=("default", "motor-neuron-disease", "encephalitis", "medicine", "unexplained"),
        advise=advise_neurology.urgent,
        left_out=left_out.urgent,
        protected=True,
        reads=Reads(windows=("finding_observation",)) | motor_neuron.READS,
        example=("urgent",),
        orders=("referral:neurology-urgent",),
    ),
    CardRow(
        topic=Topic.NEW_SIGN,
        variants=("default", "same-day", "sclerosis"),
        advise=advise_known.new_sign,
        left_out=left_out.new_sign,
        example=("new-sign",),
        orders=("task:tell-team-today", "task:tell-team"),
    ),
    CardRow(
        topic=Topic.STATUS,  # 4a STATUS
        variants=("default",),
        advise=advise.status,
        left_out=left_out.status,
        reads=Reads(windows=("work_up",)),
        example=("urgent", "request"),
        orders=("task:check-request",),
    ),
    CardRow(
        topic=Topic.NEURO_EVAL,  # 4a NEURO-EVAL
        variants=(
            *("default", "hyperexcitability", "central", "eyelid", "unspecific", "old-sign"),
            *OF_TODAY,
        ),
        advise=advise_neurology.evaluation,
        left_out=left_out.evaluation,
        reads=Reads(windows=("persistent", "finding_observation")),
        example=("symptom-marked",),
        orders=("task:examine-today", "referral:neurology", "test:emg", "test:ncs"),
    ),
    CardRow(
        topic=Topic.KNOWN,
        variants=("default", "lowered-tetany", "lowered-hyperventilation"),
        advise=advise_known.cause,
        left_out=left_out.known_cause,
        example=("cause",),
    ),
    CardRow(
        topic=Topic.LAB_ABN,  # 4a LAB-ABN
        variants=(
            *("vitamin-d", "vitamin-d-calcium-high", "calcium", "calcium-ionised"),
            *("calcium-unadjusted", "calcium-unadjusted-low", "calcium-unadjusted-unread"),
            *("number-unread", "calcium-high", "calcium-high-several", "recorded-today", "several"),
            *("calcium-unadjusted-low-unread", "creatine-kinase", "thyrotoxicosis", "dark-urine"),
            *("vitamin-b12", "one", "recorded", "recorded-high"),
        ),
        advise=advise_labs.abnormal,
        left_out=left_out.abnormal,
        shows="lab-limits",
        example=("lab",),
        orders=("lab:free-t4",),
    ),
    CardRow(
        topic=Topic.MED_REV,  # 4a MED-REV
        variants=(
            *("corticosteroid", "corticosteroid-undated", "estrogen", "serotonergic", "one", "one-untested"),
            *("at-sample", "unknown-timing", "reason", "unknown-timing-untested", "several", "stopped"),
        ),
        advise=advise_medicines.review,
        left_out=left_out.medicines,
        reads=Reads(windows=("administration", "denosumab", "drug_gap")),
        shows="medicine-timing",
        example=("medicine",),
        orders=("task:review-medicine",),
    ),
    CardRow(
        topic=Topic.LAB_ORDER,  # 4a LAB-ORDER
        variants=("default",),
        once=("default",),
        advise=advise.lab_order,
        left_out=left_out.lab_order,
        reads=Reads(
            sets=("sensory", "cramps"),
            problems=("kidney-moderate",),
            answers=("result-egfr",),
            tests=("basic-tests", "asked-tests", "muscle-test"),
            windows=("order", "deficiency"),
            thresholds=("lasting_years", "lasting_in_months", "lasting_in_years", "b12_years"),
        ),
        shows="lab-limits",
        example=("tests",),
    ),
    CardRow(
        topic=Topic.REASSURE,  # 4a REASSURE
        variants=("default",),
        advise=advise.reassurance,
        left_out=left_out.reassurance,
        reads=Reads(reports=("exam", "emg"), windows=("exam", "emg")),
        example=("normal",),
    ),
    CardRow(
        topic=Topic.LIFESTYLE,  # 4a LIFESTYLE
        variants=OF_LIFESTYLE,
        once=OF_LIFESTYLE,
        advise=advise.lifestyle,
        left_out=left_out.lifestyle,
        example=("factor",),
    ),
    CardRow(
        topic=Topic.DATA_GAP,  # 4a DATA-GAP
        variants=(*OF_ISOLATED, RULE_FAILED, "known-disease", SWITCHED_OFF, "draft-unread"),
        once=OF_ISOLATED,
        advise=advise.data_gap,
        left_out=left_out.gap,
        reads=Reads(windows=("twitch_observation", "exam")),
        example=("nothing",),
    ),
    CardRow(
        topic=Topic.ORD_RISK,
        variants=("default", "unseen", SWITCHED_OFF),
    ),
    CardRow(
        topic=Topic.ORD_STEROID,  # 4a ORD-STEROID
        variants=("default", "raised", "low", "raised-low", "unseen", SWITCHED_OFF),
    ),
    CardRow(topic=Topic.ORD_ESTROGEN, variants=("default", "raised")),
)
ROWS = {row.topic: row for row in CARDS}
RANKS = {row.topic: place for place, row in enumerate(CARDS)}
PROTECTED = frozenset(row.topic for row in CARDS if row.protected)
OF_FINDINGS = tuple(row for row in CARDS if row.advise)


TABLES: dict[Shows | None, Callable[[Knowledge], list[Row]]] = {
    None: lambda _: [],
    "emergency-limits": basis.emergency_limits,
    "lab-limits": basis.lab_limits,
    "medicine-timing": basis.medicine_timing,
}


def reads(topic: Topic, knowledge: Knowledge) -> Reads:
    """All that decides on a card: what its row reads and what its rules read."""
    return reduce(
        or_,
        (rule.reads.whole(knowledge) for rule in rulebook_of(knowledge).leading_to(topic)),
        ROWS[topic].reads.listed(knowledge),
    )


def of_chart(knowledge: Knowledge) -> Reads:
    """All that is read of a chart: by the gate, by every rule, and by the cards themselves."""
    rules = (*rulebook_of(knowledge).rules.values(), UNJUDGED)
    return reduce(
        or_,
        (*(rule.reads.whole(knowledge) for rule in rules), *(row.reads.listed(knowledge) for row in CARDS)),
        gate.READS,
    )


def of_drafts(knowledge: Knowledge) -> Reads:
    """What the rules on drafts read, and the gate before them."""
    rules = (rule.reads.whole(knowledge) for rule in rulebook_of(knowledge).rules.values() if rule.at_order)
    return reduce(or_, rules, gate.READS)


def rows(topic: Topic, knowledge: Knowledge) -> list[Row]:
    """The limits and windows behind one card: the very ones that the rules use."""
    numbers = reads(topic, knowledge)
    return [*TABLES[ROWS[topic].shows](knowledge), *basis.numbers(knowledge, numbers.windows, numbers.thresholds)]


def vocabulary(knowledge: Knowledge) -> Vocabulary:
    """Every name that the wording must have words for."""
    book = rulebook_of(knowledge)
    known_names = {*FLAG_IDS, *book.tags[Topic.LIFESTYLE], *book.tags[Topic.MED_REV], *book.tags[Topic.KNOWN], "LAB"}
    return Vocabulary(
        variants={row.topic: row.variants for row in CARDS},
        tags=book.tags,
        flags=FLAG_IDS,
        rules=tuple(rule for rule in book.rules if rule not in known_names),
    )


def advised(choice: Choice, assessment: Assessment) -> Advice:
    """The advice of one card."""
    adviser = ROWS[choice.topic].advise
    if adviser is None:
        raise ValueError(f"{choice.topic}: no card of findings")
    return advise.bounded(adviser(choice, assessment), int(assessment.picture.knowledge.at("max_facts")))
