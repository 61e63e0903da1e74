"""Classes that the second edition added: when each counts, and those that are no more than a line (N49, N50)."""

from collections.abc import Callable, Collection, Iterator

from cards.advice import Note
from cards.template import fill
from cds.rules.doses import Dose
from cds.rules.flags import Flags
from cds.rules.medication import Course, Entry
from cds.rules.picture import Picture
from cds.rules.reads import Reads
from cds.rules.view import View

NITROUS_OXIDE = "nitrous-oxide"
Conditions = Callable[[Course, View], Iterator[Note]]


def _thyroid_hormone(course: Course, view: View) -> Iterator[Note]:
    """TSH below its range, or a dose that was raised shortly before the onset."""
    low = view.standing("tsh").moved("low")
    if low is not None:
        yield Note("thyroid_dose_high", {"drug": course.ingredient, **view.lab_words(low)})
    raised = _raised(course, view)
    if raised is not None:
        yield Note("thyroid_dose_raised", {"drug": course.ingredient, "date": raised})


def _raised(course: Course, view: View) -> str | None:
    """The day on which its dose was raised, if that is within the window before a known onset."""
    if view.last is None:
        return None
    entries = [entry for entry in view.entries(course.tag) if entry.concept.ingredient == course.concept.ingredient]
    for entry in sorted((entry for entry in entries if entry.is_active and entry.drug.start), key=_start, reverse=True):
        before = [earlier for earlier in entries if earlier.drug.start and _start(earlier) < _start(entry)]
        lead = view.last.last - _start(entry)
        if before and 0 <= lead <= view.days("recent_drug") and _is_more(entry, max(before, key=_start), view):
            return entry.drug.start.text if entry.drug.start else None
    return None


def _start(entry: Entry) -> int:
    return entry.drug.start.first if entry.drug.start else 0


def _is_more(entry: Entry, before: Entry, view: View) -> bool:
    """Whether it is surely the higher daily dose."""
    new, old = (_daily(entry, view) for entry in (entry, before))
    return new is not None and old is not None and new.exceeds(old)


def _daily(entry: Entry, view: View) -> Dose | None:
    return view.daily(entry.drug, entry.concept)


def _cleared_by_kidney(course: Course, view: View) -> Iterator[Note]:
    """A kidney function below 60 of the last year."""
    status = view.standing("egfr")
    result = status.judged
    if result is not None and status.is_fresh and view.exceeds(result, "egfr-unsafe"):
        yield Note("kidney_clears", {"drug": course.ingredient, **view.lab_words(result)})


OF_CLASS: dict[str, tuple[Reads, Conditions]] = {
    "levothyroxine": (Reads(analytes=("tsh",), windows=("recent_drug",)), _thyroid_hormone),
    "gabapentinoid": (Reads(analytes=("egfr",), limits=("egfr-unsafe",)), _cleared_by_kidney),
}


def none(course: Course, view: View) -> Iterator[Note]:  # noqa: ARG001 - the signature of all conditions
    """Of a class that counts by its timing alone."""
    return iter(())


def is_eyelid_only(view: View) -> bool:
    """Whether a twitch is of the eyelid alone."""
    return any(twitch.eyelid_only for twitch in view.twitches)


def lines(moved: Collection[tuple[str, str]], picture: Picture) -> Iterator[Note]:
    """The medicines taken now that are linked with an abnormal result and have no tag of their own."""
    side_names = {"low": picture.knowledge.names.low, "high": picture.knowledge.names.high}
    for course in picture.medication.courses:
        medicine = picture.knowledge.medicines[course.tag]
        linked = set(medicine.moved_by(course.groups)).intersection(moved) if medicine.line else ()
        for analyte, side in linked:
            test = fill(side_names[side], {"test": picture.knowledge.analytes[analyte].label})
            yield Note("linked_medicine", {"drug": course.ingredient, "test": test})


def sides(flags: Flags) -> Iterator[tuple[str, str]]:
    """The analytes of emergencies, each with its side."""
    for flag in flags:
        if flag.tag and (flag.is_low or flag.is_high):
            yield flag.tag, "low" if flag.is_low else "high"


def nitrous_oxide(picture: Picture) -> Iterator[Note]:
    """Its use within the window, beside what it may bring: a sign of nerve or cord, or a question of B12."""
    if not (picture.findings.of("sensory", "ataxia", "upper-motor-neuron") or _asks_for_b12(picture)):
        return
    oldest = picture.today - picture.knowledge.days("nitrous_oxide")
    for entry in picture.medication.history.get(NITROUS_OXIDE, ()):
        drug = entry.drug
        last = drug.given or drug.end or (None if entry.is_active else drug.start or drug.dated)
        if drug.state == "denied" or (last is not None and last.last < oldest):
            continue
        when = last or drug.start
        date = when.text if when else picture.knowledge.names.undated
        yield Note("nitrous_oxide", {"drug": entry.concept.ingredient, "date": date})


def _asks_for_b12(picture: Picture) -> bool:
    """Whether B12 is low or indeterminate, or its deficiency is recorded."""
    result = picture.laboratory.of("vitamin-b12").abnormal
    return result is not None or bool(picture.recorded.get("deficiency-vitamin-b12"))
