"""What may calm: the words "no red flags" and their like, and what lifestyle advice never stands beside (N24)."""

from collections.abc import Iterable

from cards.topics import Indicator, Topic
from cds.rules import open_items, other_results
from cds.rules.assess import Assessment
from cds.rules.choice import Choice

NEUROLOGY = frozenset({Topic.PED_NEURO, Topic.NEURO_URG, Topic.STATUS, Topic.NEURO_EVAL})
BESIDE = NEUROLOGY | {Topic.EMERG, Topic.NEW_SIGN, Topic.KNOWN}
JUDGED = frozenset({Topic.LAB_ABN, Topic.MED_REV})


def is_examined(assessment: Assessment) -> bool:
    """Whether a normal examination since the twitch began is coded (4b Exam)."""
    exam = assessment.picture.exam
    return exam is not None and exam.result == "normal"


def words_allowed(assessment: Assessment) -> bool:
    """Whether "no red flags" may be said: what may reassure, and no weakness that only a later examination answers."""
    return may_reassure(assessment) and not assessment.picture.answered


def may_reassure(assessment: Assessment) -> bool:
    """Whether anything may calm: a coded normal examination, all seen and understood, and nothing open.

    A result that no rule judged and its laboratory calls abnormal is open (N35), and so is a disease of nerve, cord or
    brain on file.
    """
    picture = assessment.picture
    was_seen = picture.complete.all and not (assessment.failed or picture.unclear or picture.unread)
    warned = any(lab.indicator is Indicator.WARNING for lab in assessment.labs)
    return (
        is_examined(assessment)
        and was_seen
        and not (
            warned
            or open_items.flags(assessment)
            or picture.quoted
            or picture.unsure
            or assessment.causes
            or picture.unsettled
            or assessment.stopped
            or other_results.of(picture)
        )
        and (picture.emg is None or picture.emg.result is not None)
        and not picture.findings.of("alcohol-stopped")
    )


def open_item(assessment: Assessment) -> str:
    """What is to be looked at before lifestyle advice after a normal examination; empty if nothing has a name."""
    return next(open_items.before_advice(assessment), "")


def is_hushed(choices: Iterable[Choice]) -> bool:
    """Whether a card stands beside which lifestyle advice is never shown."""
    return any(choice.topic in BESIDE or choice.stopped or _warns(choice) for choice in choices)


def _warns(choice: Choice) -> bool:
    return choice.topic in JUDGED and choice.indicator is Indicator.WARNING
