"""What asks for tests in a twitch without any other finding: the reason that LAB-ORDER names (N56)."""

from collections.abc import Iterator

from msgspec import Struct

from cards.advice import Fact
from cards.template import fill
from cds.knowledge.load import Knowledge
from cds.knowledge.model import DEFICIENCY
from cds.rules import findings, tests_due
from cds.rules.findings import Finding
from cds.rules.lifestyle import Factor
from cds.rules.medication import Course
from cds.rules.picture import Picture

KIDNEY, ALCOHOL = "kidney-moderate", "alcohol-much"
WEEK, MONTH, YEAR = 7, 30.44, 365.25  # days


class Reason(Struct, frozen=True):
    """Why tests are due, as a summary says it, and what on the chart says so."""

    text: str
    facts: tuple[Fact, ...] = ()


def reason(
    picture: Picture, courses: tuple[Course, ...], factors: tuple[Factor, ...], missing: tuple[str, ...]
) -> Reason | None:
    """The first reason; none for a child, where the age is not known, or where only CK is missing (4d LAB-ORDER)."""
    muscle = picture.knowledge.listed(tests_due.MUSCLE)
    if picture.age is None or picture.is_child or all(test in muscle for test in missing):
        return None
    return next(_reasons(picture, courses, factors), None)


def _reasons(picture: Picture, courses: tuple[Course, ...], factors: tuple[Factor, ...]) -> Iterator[Reason]:
    """A medicine, diet, an old deficiency, duration, severity, the kidney, alcohol: in the order of N56."""
    words = picture.knowledge.names.reason
    fired = tuple(tests_due.of_drugs(courses, picture))
    for course in (*(course for course in courses if course.tag in fired), *tests_due.linked(picture)):
        yield Reason(fill(words.drug, {"drug": course.ingredient}), (course.fact,))
    yield from (Reason(words.diet, factor.facts) for factor in factors if factor.tag == tests_due.DIET)
    yield from _old_deficiencies(picture)
    yield from _duration(picture)
    yield from _kidney(picture)
    if reports := picture.reported(ALCOHOL):
        yield Reason(words.alcohol, tuple(findings.fact(finding, (ALCOHOL,), picture.knowledge) for finding in reports))


def _old_deficiencies(picture: Picture) -> Iterator[Reason]:
    for tag in picture.knowledge.lab_tags:
        name = f"{DEFICIENCY}{tag}"
        for finding in picture.recorded.get(name, ()):
            if finding.when is not None and not picture.is_within(finding.when, "deficiency"):
                label = findings.label(finding, (name,), picture.knowledge)
                text = fill(picture.knowledge.names.reason.recorded, {"diagnosis": label})
                yield Reason(text, (findings.fact(finding, (name,), picture.knowledge),))


def _duration(picture: Picture) -> Iterator[Reason]:
    """A twitch that lasts: at some age by itself, at any adult age if it is severe or frequent too."""
    lasting = [twitch.onset.first for twitch in picture.persistent() if twitch.onset is not None]
    if not lasting:
        return
    days = picture.today - min(lasting)
    old = picture.age is not None and picture.age >= picture.knowledge.at("lasting_years")
    if old or any(twitch.frequent for twitch in picture.twitches):
        yield Reason(_how_long(days, picture.knowledge))
    if any(twitch.severe for twitch in picture.twitches):
        yield Reason(picture.knowledge.names.reason.severe)


def _how_long(days: int, knowledge: Knowledge) -> str:
    """In weeks, later in months, then in years: "for 194 weeks" tells a reader nothing."""
    words = knowledge.names.reason
    if days < knowledge.at("lasting_in_months"):
        return fill(words.weeks, {"n": str(days // WEEK)})
    if days < knowledge.at("lasting_in_years"):
        return fill(words.months, {"n": str(int(days / MONTH))})
    return fill(words.years, {"n": str(int(days / YEAR))})


def _kidney(picture: Picture) -> Iterator[Reason]:
    """A chronic kidney disease of stage 3; later stages are a known cause (N25)."""
    for problem in picture.chart.problems:
        if KIDNEY in problem.named.sets and problem.is_active and problem.is_confirmed:
            term = problem.named
            finding = Finding(
                named=term, concepts=term.concepts, sets=term.sets, when=problem.recorded or problem.onset
            )
            yield Reason(picture.knowledge.names.reason.kidney, (findings.fact(finding, (KIDNEY,), picture.knowledge),))
