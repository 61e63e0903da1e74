"""Asks the matcher for a text, with all languages on, and tells what it heard in the terms of the test set."""

from word_score import Heard
from word_texts import Gate, WordText

from cds.knowledge.load import load
from cds.words.hearing import Hearing
from cds.words.mention import Field, Mention, Polarity

FIELDS = {
    "visit reason": Field.VISIT,
    "chief complaint": Field.COMPLAINT,
    "triage note": Field.EXAM,
    "condition text": Field.PROBLEM,
    "form answer": Field.ANSWER,
    "short answer": Field.ANSWER,
}
GATES = {
    Polarity.ABSENT: Gate.ABSENT,
    Polarity.UNKNOWN: Gate.UNKNOWN,
    Polarity.DOUBT: Gate.UNKNOWN,
    Polarity.HISTORY: Gate.HISTORY,
    Polarity.PERSON: Gate.OTHER,
}
CONCEPTS = {"skill": "hand", "double-vision": "vision", "dark-urine": "urine"}
NOT_SIGNS = {"twitch", "family"}
HEARING = Hearing(load().spoken)


def hears(text: WordText) -> Heard:
    """What the matcher hears: the gate, and the signs affirmed or in doubt (N14: both are flags)."""
    mentions = HEARING.hear(text.text, HEARING.languages, FIELDS[text.field])
    twitches = [one for one in mentions if one.concept == "twitch"]
    signs = {
        CONCEPTS.get(one.concept, one.concept)
        for one in mentions
        if one.concept not in NOT_SIGNS and one.polarity in {Polarity.PRESENT, Polarity.DOUBT}
    }
    here = {one.place for one in twitches if one.polarity is Polarity.PRESENT}
    return Heard(_gate(twitches), frozenset(signs | (here & {"tongue", "face"})))


def _gate(twitches: list[Mention]) -> Gate:
    """What opens the gate counts first; an eyelid only if nothing else twitches."""
    here = {one.place for one in twitches if one.polarity is Polarity.PRESENT}
    if here:
        return Gate.EYELID if here == {"eyelid"} else Gate.PRESENT
    return next((GATES[one.polarity] for one in twitches if one.polarity in GATES), Gate.NONE)
