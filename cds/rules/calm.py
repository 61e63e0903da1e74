"""What may calm: the words "no red flags" and their like, and what lifestyle advice never stands beside (N24)."""

from collections.abc import Iterable

from cards.topics import Indicator, Topic
from cds.rules import open_items
from cds.rules.assess import Assessment
from cds.rules.choice import Choice

NEUROLOGY = frozenset({Topic.PED_NEURO, Topic.NEURO_URG, Topic.STATUS, Topic.NEURO_EVAL})
BESIDE = NEUROLOGY | {Topic.EMERG, Topic.NEW_SIGN, Topic.KNOWN}
JUDGED = frozenset({Topic.LAB_ABN, Topic.MED_REV})


def is_examined(found: Assessment) -> bool:
    """Whether a normal examination since the twitch began is coded (4b Exam)."""
    exam = found.picture.exam
    return exam is not None and exam.result == "normal"


def words_allowed(found: Assessment) -> bool:
    """Whether "no red flags" may be said: a coded normal examination, all seen and understood, and nothing open."""
    picture = found.picture
    seen = picture.complete.all and not (found.failed or picture.unclear or picture.unread)
    warned = any(lab.indicator is Indicator.WARNING for lab in found.labs)
    return (
        is_examined(found)
        and seen
        and not (warned or open_items.flags(found) or picture.quoted or picture.unsure or found.causes or found.stopped)
        and (picture.emg is None or picture.emg.result is not None)
        and not picture.findings.of("alcohol-stopped")
    )


def open_item(found: Assessment) -> str:
    """What is to be looked at before lifestyle advice after a normal examination; empty if nothing has a name."""
    return next(open_items.before_advice(found), "")


def is_hushed(chosen: Iterable[Choice]) -> bool:
    """Whether a card stands beside which lifestyle advice is never shown."""
    return any(one.topic in BESIDE or one.stopped or _warns(one) for one in chosen)


def _warns(choice: Choice) -> bool:
    return choice.topic in JUDGED and choice.indicator is Indicator.WARNING
