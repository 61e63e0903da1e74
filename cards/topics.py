"""The wire vocabulary: card ids, their ranks, and the order of tags on a card (clinical knowledge 4a)."""

from enum import StrEnum


class Indicator(StrEnum):
    """How urgent a card is (CDS Hooks 2.0, card attributes)."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Topic(StrEnum):
    """A card's id on the wire (`source.topic.code`), declared in the order of rank."""

    EMERG = "emergency"
    PED_NEURO = "paediatric-neurology"
    NEURO_URG = "neurology-urgent"
    STATUS = "work-up-status"
    NEURO_EVAL = "neurology-evaluation"
    LAB_ABN = "abnormal-lab"
    MED_REV = "medication-review"
    LAB_ORDER = "lab-order"
    REASSURE = "reassurance"
    LIFESTYLE = "lifestyle"
    DATA_GAP = "data-gap"
    ORD_STEROID = "steroid-order"
    ORD_ESTROGEN = "estrogen-order"


TOPIC_SYSTEM = "urn:twitch-cds:topic"

ELECTROLYTES = ("calcium", "potassium", "magnesium", "phosphate", "sodium")

TAGS: dict[Topic, tuple[str, ...]] = {
    Topic.EMERG: (
        *ELECTROLYTES,
        "rhabdomyolysis",
        "respiratory",
        "weakness",
        "lithium",
        "serotonin-toxicity",
        "cholinergic",
        "infant-floppiness",
        "pre-eclampsia",
        "venous-thromboembolism",
    ),
    Topic.LAB_ABN: (
        "vitamin-d",
        "calcium",
        "vitamin-b12",
        "magnesium",
        "potassium",
        "phosphate",
        "sodium",
        "creatine-kinase",
        "tsh",
        "free-t4",
        "folate",
        "thiamine",
        "pyridoxine",
        "vitamin-b",
    ),
    Topic.MED_REV: (
        "corticosteroid",
        "estrogen",
        "proton-pump-inhibitor",
        "diuretic",
        "lithium",
        "cholinesterase-inhibitor",
        "denosumab",
        "statin",
        "beta-agonist",
        "xanthine",
        "stimulant",
        "selective-serotonin-reuptake-inhibitor",
        "serotonin-norepinephrine-reuptake-inhibitor",
        "central-cholinesterase-inhibitor",
    ),
    Topic.LIFESTYLE: ("stress", "sleep", "exertion", "caffeine", "dehydration", "smoking", "diet", "general"),
}

FLAGS = (
    *("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8"),
    *("P1", "P2", "P3"),
    *("U1", "U2", "U3", "U4", "U5", "U6", "U7", "U8"),
    *("R1", "R2", "R3", "R4", "ADD"),
)


def rank(topic: Topic) -> int:
    """The place of a card among cards of the same indicator, 0 first."""
    return _RANKS[topic]


def in_order(topic: Topic, tags: set[str]) -> tuple[str, ...]:
    """The tags in the order of clinical knowledge 4a; a tag that does not belong to the card is an error."""
    known = TAGS.get(topic, ())
    if unknown := tags - set(known):
        raise ValueError(f"{topic}: unknown tags {sorted(unknown)}")
    return tuple(tag for tag in known if tag in tags)


_RANKS = {topic: place for place, topic in enumerate(Topic)}
