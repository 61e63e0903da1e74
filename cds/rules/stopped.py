"""Medicines that were stopped and bring a withdrawal (second edition N28)."""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from cards.advice import Fact
from cds.chart.facts import ENDED
from cds.fhir.dates import When
from cds.knowledge.model import MedicineClass
from cds.rules.flags import Raised
from cds.rules.medication import Entry
from cds.rules.view import View

TAG, WITHDRAWAL = "drug-stopped", "withdrawal"
CODED, SIGNS = "coded-withdrawal", "withdrawal"  # groups of the data
ADMINISTRATION = "MedicationAdministration"  # a single dose is no course


class Stopped(Struct, frozen=True, kw_only=True):
    """One ingredient that ended within its window; without a date (`when`) it is a line only."""

    tag: str
    name: str
    when: When | None
    warns: bool
    fact: Fact

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The one fact it rests on."""
        return (self.fact,)


def emergency(view: View) -> Raised | None:
    """E9: a withdrawal that is coded, or a sign of one after a medicine that was stopped (N27, N28)."""
    coded_sets = view.group(CODED)
    findings = view.within("withdrawal", *coded_sets, undated=True)
    ended = [stopped for stopped in rule(view) if stopped.when is not None]
    kinds = view.group(SIGNS)
    signs = view.within("withdrawal_sign", *kinds) if ended else ()
    extra = tuple(stopped.fact for stopped in ended) if signs else ()
    flag = view.flag((*findings, *signs), (*coded_sets, *kinds), tag=WITHDRAWAL, extra=extra, used=True)
    return replace(flag, trigger=ended[0].name) if flag and signs and not findings else flag


def rule(view: View) -> list[Stopped]:
    """What ended of every class, those that warn first and those without a day last."""
    all_stopped = [stopped for tag in view.classes("withdrawn") for stopped in _of_class(tag, view)]
    return sorted(all_stopped, key=lambda stopped: (stopped.when is None, not stopped.warns))


def _of_class(tag: str, view: View) -> Iterator[Stopped]:
    """Nothing while any entry of the class is taken."""
    history = [entry for entry in view.history(tag) if not entry.drug.ref.startswith(ADMINISTRATION)]
    if not history or any(entry.is_active for entry in history):
        return
    medicine = view.medicine(tag)
    names = dict.fromkeys(entry.concept.ingredient for entry in history)
    for name in names:
        entries = [entry for entry in history if entry.concept.ingredient == name and _is_over(entry)]
        stopped = _of_ingredient(tag, name, medicine, entries, view) if entries else None
        if stopped is not None:
            yield stopped


def _of_ingredient(tag: str, name: str, medicine: MedicineClass, entries: list[Entry], view: View) -> Stopped | None:
    ends = [(end, entry) for entry in entries if (end := _end(entry, view)) is not None]
    if all(entry.drug.as_needed for entry in entries):
        return None
    if not ends:
        unknown = [entry for entry in entries if _may_be_late(entry, medicine, view)]
        return _stopped(tag, name, None, medicine, unknown[0]) if unknown else None
    end, last = max(ends, key=lambda pair: pair[0].last)
    if view.today - end.last > (medicine.stopped_within or 0) or _is_short(last, end, entries, view):
        return None
    return _stopped(tag, name, end, medicine, last)


def _end(entry: Entry, view: View) -> When | None:
    """The day that the chart states; one that lies ahead is not the day on which it was stopped."""
    end = entry.drug.end
    return None if end is None or entry.drug.supplied or end.last > view.today else end


def _is_over(entry: Entry) -> bool:
    return entry.drug.state == "ended" or entry.drug.was_stopped


def _may_be_late(entry: Entry, medicine: MedicineClass, view: View) -> bool:
    """Whether it may have been taken within the window: no supply that ended long ago says otherwise."""
    end = entry.drug.end
    return end is None or view.today - end.last <= (medicine.stopped_within or 0)


def _is_short(last: Entry, end: When, entries: Iterable[Entry], view: View) -> bool:
    """Whether both dates of the whole course are known and it was too short for a withdrawal."""
    start = view.course_start(last.drug, [entry.drug for entry in entries])
    return start is not None and end.last - start.first < view.days("short_course")


def _stopped(tag: str, name: str, when: When | None, medicine: MedicineClass, entry: Entry) -> Stopped:
    called = name or entry.concept.display or tag
    return Stopped(
        tag=tag,
        name=called,
        when=when,
        warns=medicine.stopped_warns,
        fact=Fact(
            resource=entry.drug.ref,
            label=called,
            system=entry.concept.system or None,
            code=entry.concept.code or None,
            date=when.text if when else None,
            date_means=ENDED,
        ),
    )
