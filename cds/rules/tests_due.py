"""Which tests are missing or out of date (N56), whatever asks for them."""

from collections.abc import Iterable, Iterator

from cards.advice import Note
from cds.rules import lab_status, work_up
from cds.rules.abnormal_labs import Abnormal
from cds.rules.lifestyle import Factor
from cds.rules.medication import Course
from cds.rules.picture import Picture

BASIC, ASKED, MUSCLE = "basic-tests", "asked-tests", "muscle-test"
TELLS = "result-"  # so the value sets begin of results that stand for a test
DIET, STEROID = "diet", "corticosteroid"
LINKED, OF_B12 = "linked-classes", "b12-classes"  # classes with no card of their own


def missing(
    picture: Picture,
    courses: tuple[Course, ...],
    factors: tuple[Factor, ...],
    labs: tuple[Abnormal, ...],
    *,
    neurology: bool,
) -> tuple[str, ...]:
    """The tests without a fresh readable result and without a recent order; those of a medicine that fired come first.

    `neurology`: a sign asks for an evaluation, of which B12 is a part.
    """
    knowledge = picture.knowledge
    tags = (*of_drugs(courses, picture), *(course.tag for course in linked(picture)))
    diet = any(factor.tag == DIET for factor in factors)
    conditions = {
        "vitamin-b12": diet or neurology or _may_lack_b12(picture),
        "vitamin-d": diet or _may_lack_vitamin_d(picture, labs),
    }
    tests = dict.fromkeys(
        (
            *(test for tag in tags for test in knowledge.medicines[tag].tests),
            *knowledge.listed(BASIC),
            *(test for test in knowledge.listed(ASKED) if conditions[test] or _was_low(test, picture)),
        )
    )
    return tuple(test for test in tests if is_due(test, picture))


def of_drugs(courses: Iterable[Course], picture: Picture) -> Iterator[str]:
    """The classes that fired and ask for tests ("L" of 5a), each once."""
    medicines = picture.knowledge.medicines
    yield from (tag for tag in dict.fromkeys(course.tag for course in courses) if medicines[tag].orders_labs)


def linked(picture: Picture) -> tuple[Course, ...]:
    """What is taken of the classes that are linked with a test and have no card of their own."""
    return picture.medication.of(*picture.knowledge.listed(LINKED))


def _may_lack_b12(picture: Picture) -> bool:
    """A medicine that lowers B12, numbness, or age."""
    old = picture.age is not None and picture.age >= picture.knowledge.at("b12_years")
    return old or bool(picture.medication.of(*picture.knowledge.listed(OF_B12)) or picture.findings.of("sensory"))


def _may_lack_vitamin_d(picture: Picture, labs: Iterable[Abnormal]) -> bool:
    """A steroid or low calcium; malabsorption is part of the diet factor."""
    low = any(lab.tag == "calcium" and lab.side == "low" for lab in labs)
    return low or bool(picture.medication.of(STEROID))


def _was_low(test: str, picture: Picture) -> bool:
    """Whether the last value on file was low and is out of date."""
    status = picture.laboratory.of(test)
    return status.state == "stale" and status.judged is not None and status.judged.side == "low"


def stale(picture: Picture, tests: Iterable[str] = ()) -> tuple[Note, ...]:
    """The last values of tests that are out of date, with their dates (2b Stale abnormal: it is quoted, not judged)."""
    notes = []
    for test in tests or (*picture.knowledge.listed(BASIC), *picture.knowledge.listed(ASKED)):
        status = picture.laboratory.of(test)
        result = status.judged
        if status.state == "stale" and result is not None and result.when is not None:
            notes.append(Note("stale_value", lab_status.quoted(result, picture.knowledge)))
    return tuple(notes)


def is_due(test: str, picture: Picture) -> bool:
    """Whether a test has neither a fresh result, read or not (N64), nor a recent order (4d LAB-ORDER)."""
    if test in picture.laboratory.unread or _is_known_otherwise(test, picture):
        return False
    status = picture.laboratory.of(test)
    fresh = status.is_whole and not _is_outdated_by_drug(test, picture)
    return not fresh and not work_up.is_ordered(picture.chart, test, picture.knowledge, picture.today)


def _is_known_otherwise(test: str, picture: Picture) -> bool:
    """Whether another result in date tells the same: a creatinine without its eGFR."""
    oldest = picture.today - picture.knowledge.analytes[test].fresh_days
    key = f"{TELLS}{test}"
    return any(
        other_result.concept is not None
        and key in other_result.concept.sets
        and other_result.when.first >= oldest
        and other_result.trouble is None
        for other_result in picture.chart.others
    )


def _is_outdated_by_drug(test: str, picture: Picture) -> bool:
    """A normal value taken before a drug that shifts it was started counts as stale (2b Stale)."""
    result, knowledge = picture.laboratory.of(test).judged, picture.knowledge
    if (
        test not in knowledge.listed("shifted-by-drugs")
        or result is None
        or result.when is None
        or not picture.laboratory.of(test).is_normal
    ):
        return False
    starts = (course.start for course in picture.medication.of(*knowledge.listed("shifting-drugs")))
    return any(start is not None and result.when.last < start.first for start in starts)
