"""Item 9 of the PHQ-9, thoughts of self-harm: never hidden (2a PHQ-9)."""

from collections.abc import Callable, Iterable

from cds.chart.facts import ClinicalObservation
from cds.fhir.dates import When
from cds.rules.newest import newest

ASKED, SOME_DAYS, NEVER = "ask-self-harm", "some-days", "not-at-all"
WINDOW = "questionnaire"
ANSWERS = (ASKED, SOME_DAYS, NEVER)


def positive(observations: Iterable[ClinicalObservation], is_within: Callable[[When | None, str], bool]) -> When | None:
    """The day of the newest answer, if it is more than "not at all"; of two at one moment the worse one.

    An answer that cannot be read takes none away.
    """
    answers = [
        answer
        for answer in observations
        if ASKED in answer.named.sets and is_within(_last_day(answer.when), WINDOW) and _is_read(answer)
    ]
    return next((answer.when for answer in newest(answers, lambda answer: answer.when) if _is_positive(answer)), None)


def _last_day(when: When | None) -> When | None:
    """The last possible day: an answer of a month or a year may be of today."""
    return When(when.last, when.last, when.text) if when is not None else None


def _is_read(observation: ClinicalObservation) -> bool:
    number = observation.quantity.value if observation.quantity is not None else None
    return observation.said.is_answer and (number is not None or not observation.value_sets.isdisjoint(ANSWERS))


def _is_positive(observation: ClinicalObservation) -> bool:
    number = observation.quantity.value if observation.quantity is not None else None
    return SOME_DAYS in observation.value_sets or (number is not None and number > 0)
