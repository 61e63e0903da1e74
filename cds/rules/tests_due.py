"""Which basic tests are missing or out of date, and whether that is worth a card (4d LAB-ORDER)."""

from collections.abc import Iterable

from cards.advice import Note
from cds.knowledge.model import DEFICIENCY
from cds.rules import laboratory, work_up
from cds.rules.picture import Picture

BASIC = "basic-tests"


def missing(picture: Picture) -> tuple[str, ...]:
    """The tests without a fresh readable result and without a recent order."""
    return tuple(test for test in picture.knowledge.listed(BASIC) if is_due(test, picture))


def is_triggered(picture: Picture, *, additional: bool, tags: set[str], factors: set[str]) -> bool:
    """Whether duration, severity, a symptom, a drug marked L, diet or an old deficiency asks for these tests."""
    drugs = any(picture.knowledge.medicines[tag].orders_labs for tag in tags)
    return picture.is_marked or additional or drugs or "diet" in factors or _has_old_deficiency(picture)


def stale(picture: Picture, tests: Iterable[str] = ()) -> tuple[Note, ...]:
    """The last values of tests that are out of date, with their dates (2b Stale abnormal: it is quoted, not judged)."""
    notes = []
    for test in tests or picture.knowledge.listed(BASIC):
        standing = picture.laboratory.of(test)
        judged = standing.judged
        if standing.state == "stale" and judged is not None and judged.when is not None:
            notes.append(Note("stale_value", laboratory.quoted(judged, picture.knowledge)))
    return tuple(notes)


def is_due(test: str, picture: Picture) -> bool:
    """Whether a test has neither a fresh result, read or not (N64), nor a recent order (4d LAB-ORDER)."""
    if test in picture.laboratory.unread:
        return False
    standing = picture.laboratory.of(test)
    fresh = standing.is_whole and not _is_outdated_by_drug(test, picture)
    return not fresh and not work_up.is_ordered(picture.chart, test, picture.knowledge, picture.today)


def _is_outdated_by_drug(test: str, picture: Picture) -> bool:
    """A normal value taken before a drug that shifts it was started counts as stale (2b Stale)."""
    judged, knowledge = picture.laboratory.of(test).judged, picture.knowledge
    if (
        test not in knowledge.listed("shifted-by-drugs")
        or judged is None
        or judged.when is None
        or not picture.laboratory.of(test).is_normal
    ):
        return False
    starts = (course.start for course in picture.medication.of(*knowledge.listed("shifting-drugs")))
    return any(start is not None and judged.when.last < start.first for start in starts)


def _has_old_deficiency(picture: Picture) -> bool:
    if picture.findings.of("hypoparathyroidism"):
        return True
    return any(
        one.when is not None and not picture.is_within(one.when, "deficiency")
        for tag in picture.knowledge.lab_tags
        for one in picture.recorded.get(f"{DEFICIENCY}{tag}", ())
    )
