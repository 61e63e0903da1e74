"""Which summary an emergency gets, and the sentences that lead what is to be considered."""

from cards.advice import Note
from cds.rules.acute_weakness import GUILLAIN_BARRE
from cds.rules.flags import Flags

FIRST = {GUILLAIN_BARRE: "guillain_barre"}  # by the sentence of a flag


def summary(flags: Flags) -> tuple[str, dict[str, str]]:
    """The variant and its values: a sentence of its own only where nothing of another kind is told beside it."""
    told = next((flag for flag in flags if flag.sentence), None)
    if told is not None and told.sentence and {flag.tag for flag in flags} == {told.tag}:
        return told.sentence, dict(told.values)
    return "default", {flag.tag: flag.trigger for flag in flags if flag.tag and flag.trigger}


def first(flags: Flags) -> tuple[Note, ...]:
    """What must not be read over, whichever summary the card has (N40)."""
    return tuple(Note(FIRST[flag.sentence], dict(flag.values)) for flag in flags if flag.sentence in FIRST)
