"""What was heard: a twitch, a sign or a disease of the family, what is said of it, and the words themselves."""

from enum import StrEnum

from msgspec import Struct


class Polarity(StrEnum):
    """What a text says of what it mentions; only what is present may be used, and a sign in doubt (N14, N17)."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    DOUBT = "doubt"
    HISTORY = "history"
    HYPOTHETICAL = "hypothetical"
    PERSON = "other person"
    LOOK_ALIKE = "look-alike"


class Field(StrEnum):
    """Where a text stands (value set `text-fields`, N13)."""

    PROBLEM = "problem text"
    VISIT = "visit reason"
    APPOINTMENT = "appointment reason"
    COMPLAINT = "chief complaint"
    FINDING = "finding"
    EXAM = "exam text"
    ANSWER = "form answer"
    REQUEST = "request reason"
    ALERT = "alert"
    NOTE = "problem note"
    FAMILY = "family history"


class Mention(Struct, frozen=True, kw_only=True):
    """One mention. `concept` is `twitch`, the key of a sign, or `family`; `place` tells an eyelid, a tongue, a face.

    `start` and `end` are the place of the phrase in the text, `quote` its words with some around them. `days` is for
    how long it has been so, if that is said; `sudden` says that it came suddenly or since today or yesterday.
    """

    concept: str
    polarity: Polarity
    start: int
    end: int
    quote: str
    languages: frozenset[str]
    place: str = ""
    days: int | None = None
    sudden: bool = False
    additional: bool = False
