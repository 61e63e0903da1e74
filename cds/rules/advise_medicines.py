"""MED-REV as advice: one line per ingredient, never a word of stopping (S24, S25, S44, section 5, 4d Overrides)."""

from collections.abc import Iterator

from cards.advice import Advice, Note, ProposedOrder
from cards.printed import number
from cards.template import fill
from cards.topics import Topic
from cds.rules import context, lab_status, proposals, serotonin
from cds.rules.assess import Assessment
from cds.rules.choice import Choice
from cds.rules.doses import MASS, daily
from cds.rules.lab_limits import Interpretation
from cds.rules.medication import Course, fires
from cds.rules.picture import Picture
from cds.rules.rulebook import rulebook_of
from cds.rules.stopped import TAG, Stopped

STEROID, SEROTONERGIC = "corticosteroid", "serotonergic"  # variants


def review(choice: Choice, assessment: Assessment) -> Advice:
    """The medicines that began before the twitch, or whose start is unknown."""
    picture, courses = assessment.picture, choice.courses
    tags = {course.tag for course in courses}
    names = tuple(
        dict.fromkeys(
            (*(stopped_drug.name for stopped_drug in choice.stopped), *(course.ingredient for course in courses))
        )
    )
    variant = "stopped" if choice.stopped else _variant(courses, picture)
    agents = tuple(dict.fromkeys(course.ingredient for course in courses if course.tag == serotonin.AGENT))
    return Advice(
        topic=Topic.MED_REV,
        indicator=choice.indicator,
        variant=variant,
        values=_of_stopped(choice.stopped[0]) if choice.stopped else _values(courses, picture),
        tags=rulebook_of(picture.knowledge).in_order(Topic.MED_REV, tags | ({TAG} if choice.stopped else set())),
        signs=agents if variant == SEROTONERGIC else names,
        facts=(
            *picture.twitch_facts,
            *(stopped_drug.fact for stopped_drug in choice.stopped),
            *dict.fromkeys(course.fact for course in courses),
        ),
        notes=(*_notes(courses, picture), *_ended(choice.stopped, picture), *context.notes(assessment)),
        orders=(*proposals.of_medicines(names), *_orders(tags, assessment)),
    )


def _of_stopped(stopped: Stopped) -> dict[str, str]:
    """The most urgent medicine that was stopped, and when (N28)."""
    return {"drug": stopped.name, "date": stopped.when.text if stopped.when else ""}


def _ended(stopped: tuple[Stopped, ...], picture: Picture) -> tuple[Note, ...]:
    """Other medicines that ended lately."""
    names = {stopped_drug.name for stopped_drug in stopped}
    return tuple(note for note in context.ended(picture) if note.values["drug"] not in names)


def _variant(courses: tuple[Course, ...], picture: Picture) -> str:
    if any(course.tag == serotonin.AGENT for course in courses):
        return SEROTONERGIC
    if len({course.ingredient for course in courses}) > 1:
        return "several"
    course = courses[0]
    if course.reasons:
        return "reason"
    own_variant = picture.knowledge.medicines[course.tag].variant
    if own_variant == STEROID:
        return STEROID if course.start is not None else "corticosteroid-undated"
    if own_variant != "one":
        return own_variant
    if course.began(picture.last) is None:
        return _tested("unknown-timing", course, picture)
    return _tested("one", course, picture) if fires(course, picture.knowledge, picture.last) else "at-sample"


def _tested(variant: str, course: Course, picture: Picture) -> str:
    """The sentence that names tests, of a class that needs any."""
    medicine = picture.knowledge.medicines[course.tag]
    return variant if medicine.asks_tests else f"{variant}-untested"


def _values(courses: tuple[Course, ...], picture: Picture) -> dict[str, str]:
    """The first result that a medicine may explain, for the summary that names one."""
    if courses[0].tag == STEROID:
        return steroid_words(courses[0], picture)
    moved = next((result for course in courses for result in _moved(course, picture)), None)
    if moved is None:
        return {}
    side = picture.knowledge.names.sides.of(moved.side)
    return {**lab_status.quoted(moved, picture.knowledge), "side": side}


def steroid_words(course: Course, picture: Picture) -> dict[str, str]:
    """Since when it is taken, and its daily dose and route where the record states them in numbers and codes (N58)."""
    names, knowledge = picture.knowledge.names, picture.knowledge
    drugs = [drug for drug in picture.chart.drugs if drug.ref in course.refs]
    doses = (daily(drug.dosages, course.concept, knowledge) for drug in drugs)
    dose = next((dose for dose in doses if dose is not None and dose.unit == MASS and dose.is_complete), None)
    stated_routes = {route for drug in drugs for route in (drug.routes or {course.concept.route})}
    routes = [words for route, words in names.routes.items() if route in stated_routes]
    dose_texts = [fill(names.daily_dose, {"value": number(dose.value)})] if dose else []
    values = {"dose": ", ".join((*dose_texts, *routes[:1]))}
    return values | ({"date": course.start.text} if course.start else {})


def _moved(course: Course, picture: Picture) -> Iterator[Interpretation]:
    """The abnormal results that a medicine may explain because it was taken when the sample was (N36 b)."""
    for analyte, side in picture.knowledge.medicines[course.tag].moved_by(course.groups):
        result = picture.laboratory.of(analyte).moved(side)
        if result is not None and course.is_active_at(result.when):
            yield result


def _notes(courses: tuple[Course, ...], picture: Picture) -> tuple[Note, ...]:
    unknown = [course.ingredient for course in courses if course.began(picture.last) is None]
    vague = any(_is_uncertain(course, picture) for course in courses)
    return (
        *(note for course in courses for note in (*course.cautions, *course.reasons)),
        *(Note("drug_at_sample", values) for course in courses for values in _samples(course, picture)),
        *(Note("timing_unknown", {"drug": drug}) for drug in dict.fromkeys(unknown)),
        *((Note("timing_uncertain"),) if vague else ()),
        *((Note("vte_check"),) if any(course.tag == "estrogen" for course in courses) else ()),
    )


def _samples(course: Course, picture: Picture) -> Iterator[dict[str, str]]:
    for result in _moved(course, picture):
        yield {"drug": course.ingredient, **lab_status.quoted(result, picture.knowledge)}


def _is_uncertain(course: Course, picture: Picture) -> bool:
    """Whether start and onset overlap because one is known by month or year only."""
    start = course.began(picture.last)
    return start is not None and picture.last is not None and start.last > picture.last.first


def _orders(tags: set[str], assessment: Assessment) -> tuple[ProposedOrder, ...]:
    """The tests that a class needs, if they are due; never an order about the drug itself."""
    if not assessment.picture.complete.has("Observation"):
        return ()
    medicines = assessment.picture.knowledge.medicines
    checks = dict.fromkeys(test for tag in sorted(tags) for test in medicines[tag].checks)
    due = context.missing_tests(assessment, of_child=True)
    return tuple(ProposedOrder(f"lab:{test}") for test in checks if test in due)
