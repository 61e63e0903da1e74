"""E8 on estrogen: thrombosis or a swollen leg; pain alone is a warning on the review of the estrogen (N44)."""

from collections.abc import Iterator

from msgspec.structs import replace

from cards.advice import Note
from cds.rules.flags import Raised
from cds.rules.medication import Course
from cds.rules.reads import Reads
from cds.rules.view import View

SETS = "clots"  # a group of the data
PAIN = Reads(sets=("leg-pain",), windows=("leg_pain",))


def emergency(view: View) -> Raised | None:
    """Thrombosis of 30 days or a swelling of 14 days on estrogen, named as it is recorded."""
    courses = view.courses("estrogen")
    if not courses:
        return None
    findings = (*view.within("thrombosis", "thrombosis"), *view.within("leg_swelling", "leg-swelling"))
    flag = view.flag(findings, view.group(SETS), tag="venous-thromboembolism", courses=courses, used=True)
    if flag is None:
        return None
    return replace(flag, trigger=flag.names[0])


def cautions(course: Course, view: View) -> Iterator[Note]:  # noqa: ARG001 - the signature of all cautions
    """Pain of one leg in the last week: is there swelling?"""
    for finding in view.within("leg_pain", "leg-pain"):
        yield Note("leg_pain", {"date": finding.when.text if finding.when else ""})
