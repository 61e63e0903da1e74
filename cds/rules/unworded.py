"""What is said where a card could not be made: a fault costs one card, and never hides an emergency."""

from cards.advice import RULE_FAILED, SWITCHED_OFF, UNWORDED, Advice
from cards.topics import Indicator, Topic


def instead(topic: Topic, *, for_emergency: bool = False) -> Advice | None:
    """In the place of an emergency, or of the card that stands for a hidden one, a fixed sentence; else nothing."""
    if topic is Topic.EMERG:
        return Advice(topic=topic, indicator=Indicator.CRITICAL, variant=UNWORDED)
    if for_emergency:
        return Advice(topic=Topic.DATA_GAP, indicator=Indicator.INFO, variant=SWITCHED_OFF)
    return None


def alone() -> Advice:
    """Where no other card is left: an answer is never empty because something failed."""
    return Advice(topic=Topic.DATA_GAP, indicator=Indicator.INFO, variant=RULE_FAILED)
