"""The clinical picture: everything that rules derive from the chart before they decide (4b, 4e step 5)."""

from collections.abc import Iterator

from msgspec import Struct

from cards.advice import Fact, NotChecked
from cds.chart.facts import Chart, Named, OtherResult, Problem, RequestedService, Seen
from cds.chart.spoken import UNREAD, UNSURE
from cds.fhir.dates import When, completed_years
from cds.fhir.units import factor
from cds.knowledge.load import Knowledge
from cds.rules import (
    findings,
    gate,
    known_disease,
    lab_status,
    medication,
    other_tests,
    readings,
    reported,
    unread,
    work_up,
)
from cds.rules.amount import ucum
from cds.rules.findings import Finding, Findings, Remark
from cds.rules.gate import Twitch
from cds.rules.known_disease import Disease
from cds.rules.lab_status import Laboratory
from cds.rules.medication import Medication
from cds.rules.newest import newest
from cds.rules.ranges import Person
from cds.rules.work_up import Done

WEEKS_UNSPECIFIED = "00"  # ICD-10-CM Z3A.00
LONGEST_MONTH = 31
WEEKS_MOST = 42.0  # ICD-10-CM Z3A.49 is "greater than 42 weeks"


class Completeness(Struct, frozen=True):
    """Which FHIR types did not arrive, or not whole (D17)."""

    missing: frozenset[str] = frozenset()

    def has(self, *types: str) -> bool:
        """Whether all of these types are complete."""
        return not self.missing.intersection(types)

    @property
    def all(self) -> bool:
        """Whether everything that reassurance needs is there."""
        return self.has(*NEEDED)


ALL_LABS = "allLabs"  # the prefetch key of the tests that no rule reads
NEEDED = ("Patient", "Condition", "Observation", "MedicationRequest", "ServiceRequest", ALL_LABS)


class Picture(Struct, frozen=True, kw_only=True):
    """Derived facts. Days are ordinals.

    `recorded`: deficiencies and known causes by value set. `names`: every value set, phrase, analyte and class of the
    chart.
    `answered`: weakness that a later normal examination answers. `youngest`: the least age in days.
    `unsure`: texts that speak of a twitch or a sign and do not say that the patient has it.
    `weak_used`: weakness that an emergency explains (N45). `says_pregnant`: the day of a form that says so.
    """

    knowledge: Knowledge
    chart: Chart
    complete: Completeness
    today: int
    age: int | None
    youngest: int | None
    twitches: tuple[Twitch, ...]
    twitch_facts: tuple[Fact, ...]
    last: When | None
    findings: Findings
    laboratory: Laboratory
    medication: Medication
    exam: Done | None
    emg: Done | None
    any_exam: Done | None
    any_emg: Done | None
    diseases: frozenset[str]
    known: tuple[Disease, ...] = ()
    expected: tuple[Disease, ...] = ()
    request: RequestedService | None
    pregnant: bool
    weeks: float | None
    recorded: dict[str, list[Finding]]
    names: frozenset[str]
    answered: tuple[Finding, ...] = ()
    unclear: tuple[Seen, ...] = ()
    unsure: tuple[Named, ...] = ()
    others_unread: tuple[OtherResult, ...] = ()
    unread: tuple[NotChecked, ...] = ()
    quoted: tuple[Remark, ...] = ()
    weak_used: tuple[Finding, ...] = ()
    says_pregnant: When | None = None

    @property
    def is_child(self) -> bool:
        """Under 16; an unknown age counts as adult (4b Age)."""
        return self.age is not None and self.age < self.knowledge.at("adult_years")

    def is_under(self, threshold: str) -> bool:
        """Whether the age is known and below a threshold in years."""
        return self.age is not None and self.age < self.knowledge.at(threshold)

    @property
    def is_infant(self) -> bool:
        """Before the first birthday."""
        return self.age is not None and self.age < self.knowledge.at("infant_years")

    @property
    def is_known(self) -> bool:
        """Whether a disease is known in which twitching is expected (KD, and KD-N of N53)."""
        return bool(self.diseases or self.expected)

    @property
    def may_break_silence(self) -> tuple[str, ...]:
        """What the silence about a disease rests on and was not understood: tests, signs that may be new, medicines."""
        urgent = {limit.analyte for limit in self.knowledge.every_limit if limit.effect == "emergency"}
        tests = (self.knowledge.electrolytes | urgent) & self.laboratory.unread.keys()
        recent = (one for one in self.unclear if one.when is None or self._breaks(one.when))
        signs = {readings.name_of(one, self.knowledge) for one in recent}
        medicines = ("medicines",) if self.chart.medicines.unchecked else ()
        return (*sorted(tests), *sorted(signs), *medicines)

    def _breaks(self, when: When) -> bool:
        """In known disease only what is new counts (N52); where twitching is expected, what does not fit at any age."""
        return not self.diseases or self.is_within(when, "new_sign")

    @property
    def is_newborn(self) -> bool:
        """Before 28 days of age; where the birth date leaves that open, possibly so counts (N41)."""
        return self.youngest is not None and self.youngest < self.knowledge.at("newborn_days")

    @property
    def persists(self) -> bool:
        """PERSIST."""
        return bool(self.persistent())

    def persistent(self) -> list[Twitch]:
        """The twitches that have lasted."""
        return [one for one in self.twitches if gate.is_persistent(one, self.knowledge, self.today)]

    @property
    def is_marked(self) -> bool:
        """PERSIST, SEVERE or FREQUENT (4b, S45)."""
        return self.persists or any(twitch.severe or twitch.frequent for twitch in self.twitches)

    def reported(self, name: str) -> tuple[Finding, ...]:
        """What the patient answered lately (N22)."""
        return tuple(one for one in self.findings.of(name) if self.is_within(one.when, "reported_sign"))

    def is_within(self, when: When | None, window: str) -> bool:
        """Whether a value's first possible day lies within a window."""
        return when is not None and self.today - when.first <= self.knowledge.days(window)


def read(
    chart: Chart, twitches: tuple[Twitch, ...], knowledge: Knowledge, complete: Completeness, today: int
) -> Picture:
    """Derive the picture of a chart that shows a twitch."""
    chart = reported.of_person(chart, age(chart.birth, today))
    last = gate.last_onset(twitches)
    pregnant = _is_pregnant(chart)
    says_pregnant = _says_pregnant(chart, knowledge, today)
    person = Person(_age_days(chart.birth, today), age(chart.birth, today), chart.sex, pregnant)
    any_exam = work_up.newest(chart, "exam", today, knowledge.days("exam"))
    any_emg = work_up.newest(chart, "emg", today, knowledge.days("emg"))
    adult = person.age_years is not None and person.age_years >= knowledge.at("adult_years")
    signs = findings.read(chart, twitches, knowledge, today)
    signs = reported.capped(readings.settled(signs, chart, knowledge, today, adult=adult), knowledge, today)
    recorded = findings.recorded(chart, knowledge)
    tests = lab_status.read(chart, knowledge, person, today)
    medicines = medication.read(chart.drugs, knowledge, today, chart.told_medicines)
    known = known_disease.known(chart.problems, knowledge)
    expected = known_disease.expected(chart.problems, medicines, knowledge)
    diseases = (one.name for one in (*known, *expected))
    return Picture(
        knowledge=knowledge,
        chart=chart,
        complete=complete,
        today=today,
        age=person.age_years,
        youngest=_youngest(chart.birth, today),
        twitches=twitches,
        twitch_facts=gate.facts(twitches, knowledge),
        last=last,
        findings=signs,
        laboratory=tests,
        medication=medicines,
        exam=work_up.since(any_exam, last),
        emg=work_up.since(any_emg, last),
        any_exam=any_exam,
        any_emg=any_emg,
        diseases=frozenset(one.name for one in known),
        known=known,
        expected=expected,
        request=work_up.in_progress(chart, knowledge, today),
        pregnant=pregnant,
        weeks=_weeks(chart, knowledge, today, pregnant=pregnant, told=says_pregnant is not None),
        says_pregnant=says_pregnant,
        others_unread=(others := tuple(other_tests.unread(chart, knowledge, today))),
        unread=tuple(unread.accounted(chart, tests, others, findings.in_texts(chart, UNREAD, knowledge, today))),
        unclear=findings.unclear(chart, knowledge, today),
        unsure=findings.in_texts(chart, UNSURE, knowledge, today),
        recorded=recorded,
        names=frozenset((*signs.names, *recorded, *tests.standings, *medicines.names, *_other_names(chart), *diseases)),
    )


def _is_pregnant(chart: Chart) -> bool:
    return any("pregnancy" in problem.named.sets and problem.is_active for problem in chart.problems)


def _says_pregnant(chart: Chart, knowledge: Knowledge, today: int) -> When | None:
    """The day of the form on which a patient says so."""
    answers = (one for one in chart.seen if "ask-pregnancy" in one.named.sets)
    return reported.pregnancy(answers, today - knowledge.days("reported_sign"))


def _other_names(chart: Chart) -> Iterator[str]:
    """What is read on the chart itself: answers, relatives, examinations and EMG."""
    for seen in chart.seen:
        yield from seen.named.sets
    for kin in chart.kin:
        yield from kin.named.sets
    for report in chart.reports:
        yield report.kind


def age(birth: When | None, today: int) -> int | None:
    """Completed years; unknown if a partial birth date leaves more than one answer at the borders that matter."""
    if birth is None or birth.first > today:
        return None
    oldest, youngest = completed_years(birth.first, today), completed_years(min(birth.last, today), today)
    return oldest if _same_band(oldest, youngest) else None


def _same_band(oldest: int, youngest: int) -> bool:
    return all((oldest < border) == (youngest < border) for border in (1, 3, 6, 12, 13, 16, 18, 19))


def _age_days(birth: When | None, today: int) -> int | None:
    return None if birth is None or birth.first > today else today - birth.last


def _youngest(birth: When | None, today: int) -> int | None:
    """The least age in days; unknown unless the birth date names at least the month."""
    if birth is None or birth.first > today or birth.last - birth.first > LONGEST_MONTH:
        return None
    return today - min(birth.last, today)


def _weeks(chart: Chart, knowledge: Knowledge, today: int, *, pregnant: bool, told: bool) -> float | None:
    """Weeks of gestation today, of two statements the more (4b Pregnant).

    What a patient says counts beside a record only where it makes the pregnancy later (N21).
    """
    recorded = [one for one in chart.seen if not one.reported]
    weeks = _weeks_of([*_coded_weeks(chart.problems, knowledge)], recorded, knowledge, today) if pregnant else None
    answered = _weeks_of([], [one for one in chart.seen if one.reported], knowledge, today) if told else None
    if answered is None or (pregnant and answered < knowledge.at("pregnancy_weeks")):
        return weeks
    return answered if weeks is None else max(weeks, answered)


def _weeks_of(said: list[tuple[When, float]], seen: list[Seen], knowledge: Knowledge, today: int) -> float | None:
    """From the newest statement and the days since."""
    said += [*_measured_weeks(seen, knowledge), *_weeks_to_birth(seen, knowledge, today)]
    totals = [weeks + (today - when.first) / 7 for when, weeks in newest(said, lambda one: one[0])]
    return max((total for total in totals if total <= knowledge.at("pregnancy_weeks_max")), default=None)


def _coded_weeks(problems: list[Problem], knowledge: Knowledge) -> list[tuple[When, float]]:
    found = []
    for problem in problems:
        when = problem.recorded or problem.onset
        for concept in problem.named.concepts:
            weeks = concept.code.partition(".")[2]
            stated = "gestation-code" in concept.sets and weeks.isdecimal() and weeks != WEEKS_UNSPECIFIED
            if when is None or not problem.is_active:
                continue
            if stated:
                found.append((when, min(float(weeks), WEEKS_MOST)))
            elif "third-trimester" in concept.sets:
                found.append((when, knowledge.at("third_trimester_weeks")))
    return found


def _weeks_to_birth(seen: list[Seen], knowledge: Knowledge, today: int) -> Iterator[tuple[When, float]]:
    """By the due date, as of the day on which it was said (N42)."""
    for one in seen:
        if "ask-due-date" in one.named.sets and one.date is not None:
            when = one.when or When(today, today, "")
            yield when, knowledge.at("due_weeks") - (one.date.first - when.first) / 7


def _measured_weeks(seen: list[Seen], knowledge: Knowledge) -> list[tuple[When, float]]:
    found = []
    for one in seen:
        quantity = one.quantity
        if "ask-gestation" in one.named.sets and one.when and quantity and quantity.value is not None:
            ratio = factor(ucum(quantity, knowledge) or "", "wk")
            if ratio is not None:
                found.append((one.when, quantity.value * ratio))
    return found
