"""Tetany with normal calcium: when it is no emergency (second edition N39). Whatever is in doubt leaves it one."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from cards.topics import Indicator
from cds.chart.facts import Drug
from cds.fhir.dates import When
from cds.rules import abnormal_labs
from cds.rules.causes import NUMBERED, Cause
from cds.rules.flags import Flags, Lowered, Raised
from cds.rules.lab_limits import Interpretation
from cds.rules.reads import Reads
from cds.rules.view import View

TETANY, BREATHING = "tetany", "hyperventilation"
AFTER, TESTS = "after-tetany", "with-tetany"  # lists of the data: the first are measured after it
LOW = "recorded-low"  # a group of the data
GIVEN = "calcium-or-magnesium"
OVERBREATHING, PANIC = "cause-hyperventilation", "panic"
NEEDS = ("Patient", "Condition", "Observation", "MedicationRequest", "MedicationStatement", "MedicationAdministration")
READS = Reads(
    problems=("hypoparathyroidism", "dialysis", OVERBREATHING, PANIC),
    problem_groups=(LOW,),
    drugs=(GIVEN,),
    analytes=("albumin", "egfr"),
    tests=(AFTER, TESTS),
    limits=("albumin-unsafe", "egfr-unsafe"),
    medicines=("denosumab",),
    windows=("tetany_lead", "tetany_breathing", "denosumab"),
    thresholds=("tetany_hours", "adult_years"),
    attributes=("age",),
)


def examined(flag: Raised, view: View) -> Raised:
    """The emergency of tetany alone, with why it stays one, else with what it may be lowered to."""
    days = [finding.when for finding in flag.found if finding.when is not None and not finding.when.uncertain]
    all_days = days if len(days) == len(flag.found) else []
    missing = tuple(_missing(all_days, view)) if all_days else ("date",)
    return replace(flag, open=missing) if missing else replace(flag, lowered=_lowered(flag, all_days, view))


def _missing(days: list[When], view: View) -> Iterator[str]:
    """Each condition that does not hold, by its name in the data."""
    since = min(when.first for when in days) - view.days("tetany_lead")
    yield from (test for test in view.tests(AFTER) if _after(test, days, view) is None)
    yield from sorted({trouble for test in view.tests(TESTS) for trouble in _troubles(test, since, view)})
    if any(_is_since(problem.recorded or problem.onset, since) for problem in view.problems(*view.problem_group(LOW))):
        yield "low-recorded"
    if any(not _is_over(drug, since) for drug in view.given(GIVEN)):
        yield "given"
    if view.has_unchecked_medicines:
        yield "medicine-unread"
    yield from _causes(view)
    if _potassium(view) is None and not _is_recorded(view, OVERBREATHING):
        yield "potassium"
    if view.age is None or view.age < view.at("adult_years"):
        yield "age"


def _causes(view: View) -> Iterator[str]:
    """What lowers calcium by itself, whatever the status of its entry."""
    yield from (name for name in ("hypoparathyroidism", "dialysis") if any(True for _ in view.problems(name)))
    oldest = view.today - view.days("denosumab")
    if any(not _is_over(entry.drug, oldest) for entry in view.history("denosumab")):
        yield "denosumab"


def _is_over(drug: Drug, since: int) -> bool:
    """Whether the chart says that it was not taken, or that its last dose was before that day."""
    last = drug.given or (drug.end if drug.state == "ended" else None)
    return drug.state == "denied" or (last is not None and last.last < since)


def _is_since(when: When | None, day: int) -> bool:
    """Whether it may be of that day or later; what has no date may be."""
    return when is None or when.last >= day


def _normal(test: str, view: View) -> Iterator[Interpretation]:
    """The final results in range by their number; total calcium and an adjustment that cannot be relied on are none."""
    unsafe = test == "calcium" and abnormal_labs.is_adjustment_unsafe(view)
    for result, interpretation in view.results(test):
        if (
            interpretation is None
            or interpretation.side != "normal"
            or interpretation.found is None
            or result.preliminary
        ):
            continue
        relied = interpretation.kind in NUMBERED and not (unsafe and interpretation.kind in ("adjusted", "computed"))
        if relied and not (interpretation.by_flag or interpretation.disagrees or interpretation.found.comparator):
            yield interpretation


def _troubles(test: str, since: int, view: View) -> Iterator[str]:
    """Results since that day that are abnormal, or that nobody can judge."""
    for result, interpretation in view.results(test):
        if not _is_since(result.when, since):
            continue
        if interpretation is None or (interpretation.side is None and interpretation.kind != "unadjusted"):
            yield "unread"
        elif interpretation.side not in (None, "normal") or interpretation.disagrees:
            yield "abnormal"


def _after(test: str, days: Iterable[When], view: View) -> Interpretation | None:
    """The newest normal result on or after each of the days, within the hours."""
    hours = view.at("tetany_hours")
    normal_results = (
        result for result in _normal(test, view) if all(_follows(result.when, day, hours) for day in days)
    )
    return max(normal_results, key=_first, default=None)


def _first(result: Interpretation) -> int:
    return result.when.first if result.when else 0


def _follows(sample: When | None, day: When, hours: float) -> bool:
    """By the clock where both are known by it; else by the calendar, and surely within the hours."""
    if sample is None or sample.uncertain:
        return False
    if sample.instant is not None and day.instant is not None:
        return 0 <= (sample.instant - day.instant).total_seconds() <= hours * 3600
    apart = sample.first - day.first
    return apart >= 0 and (apart + 1) * 24 <= hours


def _potassium(view: View) -> Interpretation | None:
    """The newest normal potassium of the last days."""
    oldest = view.today - view.days("tetany_lead")
    recent = (result for result in _normal("potassium", view) if _first(result) >= oldest)
    return max(recent, key=_first, default=None)


def _is_recorded(view: View, *sets: str) -> bool:
    """Whether an active diagnosis that nobody doubts is surely of the last days."""
    oldest = view.today - view.days("tetany_breathing")
    active_problems = (problem for problem in view.problems(*sets) if problem.is_active and problem.is_confirmed)
    days = (problem.recorded or problem.onset for problem in active_problems)
    return any(when is not None and when.first >= oldest for when in days)


def _lowered(flag: Raised, days: list[When], view: View) -> Lowered:
    """Overbreathing only where it, or panic, is recorded and potassium is normal; else what else it may be."""
    tests = {test: _after(test, days, view) for test in view.tests(AFTER)} | {"potassium": _potassium(view)}
    breathes = tests["potassium"] is not None and _is_recorded(view, OVERBREATHING, PANIC)
    abnormal_tests = {test: result for test, result in tests.items() if result is not None}
    newest = max(days, key=lambda when: when.last)
    values = {"date": newest.text, **{test: view.lab_words(result)["value"] for test, result in abnormal_tests.items()}}
    facts = (*flag.facts, *(view.lab_fact(result) for result in abnormal_tests.values()))
    return Lowered(tag=BREATHING if breathes else TETANY, values=tuple(values.items()), facts=facts)


def is_alone(emergencies: Flags) -> bool:
    """Whether tetany that may be lowered is all there is."""
    return bool(emergencies) and all(flag.lowered is not None for flag in emergencies)


def causes(emergencies: Flags, causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """The known cause that it is lowered to, before the others (N60 step 27)."""
    lowered = [_cause(flag, flag.lowered) for flag in emergencies if flag.lowered]
    tags = {cause.tag for cause in lowered}
    return (*lowered, *(cause for cause in causes if cause.tag not in tags))


def _cause(flag: Raised, lowered: Lowered) -> Cause:
    values = dict(lowered.values)
    return Cause(
        tag=lowered.tag,
        label=flag.names[0],
        date=values["date"],
        found=flag.found,
        facts=lowered.facts,
        indicator=Indicator.WARNING if lowered.tag == TETANY else Indicator.INFO,
        sentence=f"lowered-{lowered.tag}",
        values=lowered.values,
    )
