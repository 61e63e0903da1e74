"""The wire vocabulary: how urgent a card is, and the ids of the cards (4a Wire names)."""

from enum import StrEnum


class Indicator(StrEnum):
    """How urgent a card is (CDS Hooks 2.0, card attributes)."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Topic(StrEnum):
    """A card's id on the wire (`source.topic.code`)."""

    EMERG = "emergency"
    PED_NEURO = "paediatric-neurology"
    NEURO_URG = "neurology-urgent"
    NEW_SIGN = "new-sign"
    STATUS = "work-up-status"
    NEURO_EVAL = "neurology-evaluation"
    KNOWN = "known-cause"
    LAB_ABN = "abnormal-lab"
    MED_REV = "medication-review"
    LAB_ORDER = "lab-order"
    REASSURE = "reassurance"
    LIFESTYLE = "lifestyle"
    DATA_GAP = "data-gap"
    ORD_RISK = "risk-order"
    ORD_STEROID = "steroid-order"
    ORD_ESTROGEN = "estrogen-order"


# Cards whose cause is history that charts rarely hold: they offer to ask the patient (N22).
ASKS_PATIENT = frozenset({Topic.NEURO_EVAL, Topic.LAB_ORDER, Topic.REASSURE, Topic.LIFESTYLE, Topic.DATA_GAP})

TOPIC_SYSTEM = "urn:twitch-cds:topic"
