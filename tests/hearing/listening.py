"""The words as they are shipped, and what they hear."""

from cds.knowledge.load import load
from cds.words.hearing import Hearing
from cds.words.mention import Field, Mention, Polarity

KNOWLEDGE = load()
HEARING = Hearing(KNOWLEDGE.spoken)
ALL = HEARING.languages


def heard(text: str, field: Field = Field.VISIT) -> tuple[Mention, ...]:
    """What a text mentions, in every language."""
    return HEARING.hear(text, ALL, field)


def said(text: str, field: Field = Field.VISIT) -> dict[str, str]:
    """What a text says of each concept; a place of a twitch is named with it."""
    return {
        f"{one.concept}:{one.place}" if one.place else one.concept: one.polarity.value for one in heard(text, field)
    }


def opens_gate(text: str) -> bool:
    """Whether a text says that something twitches."""
    return any(one.concept == "twitch" and one.polarity is Polarity.PRESENT for one in heard(text))
