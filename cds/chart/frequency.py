"""How often somebody twitches, as a whole text that answers a question about it: "Daily", "Never" (N20)."""

from collections.abc import Iterator
from typing import NamedTuple

from cds.chart.facts import Meaning
from cds.chart.polarity import FREQUENT, TWITCH, Assertion, By, Says
from cds.chart.spoken import TWITCH_PHRASES
from cds.fhir.resources import Component, Observation
from cds.knowledge.answers import Answers, fold
from cds.knowledge.codes import NOTHING


class Often(NamedTuple):
    """What such an answer says of the twitch, and the value sets it puts it into."""

    assertion: Assertion | None = None
    sets: frozenset[str] = NOTHING


NOT_SAID = Often()


def how_often(part: Observation | Component, question: Meaning, answers: Answers) -> Often:
    """What an answer says of how often it twitches; nothing, if it is not asked of a twitch."""
    if TWITCH not in question.sets and question.phrases.isdisjoint(TWITCH_PHRASES):
        return NOT_SAID
    kinds = answers.kinds
    for text in map(fold, _texts(part)):
        if text in kinds.twitch_frequent:
            return Often(Assertion(Says.PRESENT, By.TEXT), frozenset({FREQUENT}))
        if text in kinds.twitch_now_and_then:
            return Often(Assertion(Says.PRESENT, By.TEXT), NOTHING)
        if text in kinds.twitch_never:
            return Often(Assertion(Says.ABSENT, By.TEXT), NOTHING)
    return NOT_SAID


def _texts(part: Observation | Component) -> Iterator[str]:
    if part.value_string:
        yield part.value_string
    if (concept := part.value_codeable_concept) is not None:
        yield from (name for name in (concept.text, *(coding.display for coding in concept.coding or ())) if name)
