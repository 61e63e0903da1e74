"""Answers and measurements that rules ask for and could not read: they are said as an unread result is (N48, N64)."""

from collections.abc import Iterator

from cds.chart.facts import Chart, ClinicalObservation, OtherResult
from cds.chart.polarity import By
from cds.fhir.dates import When
from cds.fhir.units import factor
from cds.knowledge.answers import Questions
from cds.knowledge.load import Knowledge
from cds.rules.amount import ucum
from cds.rules.lab_status import PARTIAL_DATE


def unread(chart: Chart, knowledge: Knowledge, today: int) -> Iterator[OtherResult]:
    """Those of late, each with its trouble, unless the same was read of a later day."""
    oldest, questions = today - knowledge.days("reported_sign"), knowledge.answers.questions
    answers = [
        answer for answer in (*chart.seen, *chart.unsettled) if _asked(answer, questions) and not answer.preliminary
    ]
    troubles = [(answer, _trouble(answer, knowledge) or _partial(answer, oldest, questions)) for answer in answers]
    for answer, trouble in troubles:
        if trouble is None or answer.when is None or answer.when.last < oldest:
            continue
        name = _asked(answer, questions)
        same = (later for later, fault in troubles if fault is None and _asked(later, questions) == name)
        if not any(later.when is not None and _is_later(later.when, answer.when) for later in same):
            concept = next(concept for concept in answer.named.concepts if name in concept.sets)
            yield OtherResult(
                ref=answer.named.ref,
                key=concept.code,
                name=knowledge.label(name),
                when=answer.when,
                trouble=trouble,
            )


def _partial(answer: ClinicalObservation, oldest: int, questions: Questions) -> str | None:
    """Whether only the month or year of a score is known, and it may be in date or not."""
    when = answer.when
    is_open = when is not None and when.first < oldest <= when.last
    return PARTIAL_DATE if is_open and _asked(answer, questions) in questions.scores else None


def _is_later(when: When, before: When) -> bool:
    """Whether it is of a later day, or of a later moment of the same day."""
    if when.instant is not None and before.instant is not None:
        return when.instant > before.instant
    return when.first > before.last


def _asked(answer: ClinicalObservation, questions: Questions) -> str:
    """The question; empty if none of these."""
    return next((name for name in questions.said if name in answer.named.sets), "")


def _trouble(answer: ClinicalObservation, knowledge: Knowledge) -> str | None:
    """Why it could not be read, a key of the wording; None if it was, or if nothing was asked or measured."""
    questions, quantity = knowledge.answers.questions, answer.quantity
    name = _asked(answer, questions)
    if not answer.is_settled:
        return "status"
    if answer.said.by is By.REASON:
        unknown = "implausible" if quantity is not None and quantity.value is not None else "no-value"
        return unknown if answer.is_done and name not in questions.codes else None
    if name in questions.dates:
        return "no-value" if answer.date is None else None
    if quantity is None:  # what an emergency may rest on is not passed over because it is written in words
        return "words" if name in questions.alarming and answer.said.by is By.TEXT else None
    if quantity.value is None:
        return "number"
    unit = ucum(quantity, knowledge) or ""
    units = questions.units_of(name)
    return (
        "unit"
        if units and not any(unit == expected or factor(unit, expected) is not None for expected in units)
        else None
    )
