"""The clinical picture: everything that rules derive from the chart before they decide (4b, 4e step 5)."""

from collections.abc import Iterator

from msgspec import Struct

from cards.advice import Fact, NotChecked
from cds.chart.facts import Chart, ClinicalObservation, Meaning, OtherResult, Problem, RequestedService
from cds.chart.spoken import UNREAD, UNSURE
from cds.fhir.dates import When, completed_years
from cds.fhir.units import factor
from cds.knowledge.load import Knowledge
from cds.rules import (
    answers_unread,
    findings,
    gate,
    known_disease,
    lab_status,
    medication,
    other_tests,
    readings,
    reasons,
    reported,
    uncertain,
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
GESTATION = "ask-gestation"


class Completeness(Struct, frozen=True):
    """Which FHIR types did not arrive, or not whole (D17).

    `unknown` are those of them that the client does not know yet and nobody asked for: they are only named (N61).
    """

    missing: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    def has(self, *types: str) -> bool:
        """Whether all of these types are complete."""
        return not self.missing.intersection(types)

    def arrived(self, *types: str) -> bool:
        """Whether nothing of these types failed; one that the client does not know yet has not."""
        return not (self.missing - self.unknown).intersection(types)

    @property
    def all(self) -> bool:
        """Whether everything that reassurance needs is there."""
        return self.arrived(*NEEDED)


ALL_LABS = "allLabs"  # the prefetch key of the tests that no rule reads
# All that is asked for: each may hold a sign, a cause, a medicine, a result or an answer that forbids calming (N24).
# In the order in which a summary names what did not arrive.
NEEDED = (
    *("Patient", "Condition", "Observation", "MedicationRequest", "MedicationStatement", "MedicationAdministration"),
    *("ServiceRequest", "DiagnosticReport", "Encounter", "QuestionnaireResponse", "Flag", "ClinicalImpression"),
    *("Appointment", "Procedure", "FamilyMemberHistory", ALL_LABS),
)


class Picture(Struct, frozen=True, kw_only=True):
    """Derived facts. Days are ordinals.

    `recorded`: deficiencies and known causes by value set. `names`: every value set, phrase, analyte and class of the
    chart.
    `answered`: weakness that a later normal examination answers. `youngest`: the least age in days.
    `unsettled`: diagnoses on file beside which nothing calms.
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
    unsettled: tuple[str, ...] = ()
    request: RequestedService | None
    pregnant: bool
    weeks: float | None
    recorded: dict[str, list[Finding]]
    names: frozenset[str]
    answered: tuple[Finding, ...] = ()
    unclear: tuple[ClinicalObservation, ...] = ()
    unsure: tuple[Meaning, ...] = ()
    others_unread: tuple[OtherResult, ...] = ()
    answers_unread: tuple[OtherResult, ...] = ()
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
        recent = (entry for entry in self.unclear if entry.when is None or self._breaks(entry.when))
        signs = {readings.name_of(entry, self.knowledge) for entry in recent}
        open_medicines = self.chart.medicines.unchecked or self.chart.medicines.not_known
        medicines = ("medicines",) if open_medicines else ()
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
        return [twitch for twitch in self.twitches if gate.is_persistent(twitch, self.knowledge, self.today)]

    @property
    def is_marked(self) -> bool:
        """PERSIST, SEVERE or FREQUENT (4b, S45)."""
        return self.persists or any(twitch.severe or twitch.frequent for twitch in self.twitches)

    def reported(self, name: str) -> tuple[Finding, ...]:
        """What the patient answered lately (N22)."""
        return tuple(finding for finding in self.findings.of(name) if self.is_within(finding.when, "reported_sign"))

    def is_within(self, when: When | None, window: str) -> bool:
        """Whether a value's first possible day lies within a window."""
        return when is not None and self.today - when.first <= self.knowledge.days(window)


def read(
    chart: Chart, twitches: tuple[Twitch, ...], knowledge: Knowledge, complete: Completeness, today: int
) -> Picture:
    """Derive the picture of a chart that shows a twitch."""
    chart = reported.of_person(chart, age(chart.birth, today))
    last = gate.last_onset(twitches)
    pregnant, says_pregnant = _is_pregnant(chart), _says_pregnant(chart, knowledge, today)
    person = Person(_age_days(chart.birth, today), age(chart.birth, today), chart.sex, pregnant)
    any_exam, any_emg = (work_up.newest(chart, kind, today, knowledge.days(kind)) for kind in ("exam", "emg"))
    adult = person.age_years is not None and person.age_years >= knowledge.at("adult_years")
    signs = reasons.added(findings.read(chart, twitches, knowledge, today), chart, knowledge, today, adult=adult)
    signs = reported.capped(readings.settled(signs, chart, knowledge, today, adult=adult), knowledge, today)
    on_file = findings.recorded(chart, knowledge)
    tests = lab_status.read(chart, knowledge, person, today)
    medicines = medication.read(chart.drugs, knowledge, today, chart.reported_medicines)
    known_diseases = known_disease.known(chart.problems, knowledge)
    expected = known_disease.expected(chart.problems, medicines, knowledge)
    diseases = (disease.name for disease in (*known_diseases, *expected))
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
        diseases=frozenset(disease.name for disease in known_diseases),
        known=known_diseases,
        expected=expected,
        unsettled=known_disease.unsettled(chart.problems, signs, knowledge),
        request=work_up.in_progress(chart, knowledge, today),
        pregnant=pregnant,
        weeks=_weeks(chart, knowledge, today, pregnant=pregnant, reported_too=says_pregnant is not None),
        says_pregnant=says_pregnant,
        others_unread=(results := tuple(other_tests.unread(chart, knowledge, today))),
        answers_unread=(answers := tuple(answers_unread.unread(chart, knowledge, today))),
        unread=_accounted(chart, tests, (*results, *answers), knowledge, today),
        unclear=uncertain.answers(chart, knowledge, today),
        unsure=reasons.unclear(uncertain.texts(chart, UNSURE, knowledge, today), signs, knowledge),
        recorded=on_file,
        names=frozenset((*signs.names, *on_file, *tests.standings, *medicines.names, *_other_names(chart), *diseases)),
    )


def _accounted(
    chart: Chart, tests: Laboratory, other_results: tuple[OtherResult, ...], knowledge: Knowledge, today: int
) -> tuple[NotChecked, ...]:
    return tuple(unread.accounted(chart, tests, other_results, uncertain.texts(chart, UNREAD, knowledge, today)))


def _is_pregnant(chart: Chart) -> bool:
    return any("pregnancy" in problem.named.sets and problem.is_active for problem in chart.problems)


def _says_pregnant(chart: Chart, knowledge: Knowledge, today: int) -> When | None:
    """The day of the form on which a patient says so."""
    answers = (entry for entry in chart.seen if "ask-pregnancy" in entry.named.sets)
    return reported.pregnancy(answers, today - knowledge.days("reported_sign"))


def _other_names(chart: Chart) -> Iterator[str]:
    """What is read on the chart itself: answers, relatives, examinations and EMG."""
    for entry in chart.seen:
        yield from entry.named.sets
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


def _weeks(chart: Chart, knowledge: Knowledge, today: int, *, pregnant: bool, reported_too: bool) -> float | None:
    """Weeks of gestation today, of two statements the more (4b Pregnant).

    What a patient says counts beside a record only where it makes the pregnancy later (N21).
    """
    recorded_entries = [entry for entry in chart.seen if not entry.reported]
    weeks = (
        _weeks_of([*_coded_weeks(chart.problems, knowledge)], recorded_entries, knowledge, today) if pregnant else None
    )
    answered_weeks = (
        _weeks_of([], [entry for entry in chart.seen if entry.reported], knowledge, today) if reported_too else None
    )
    if answered_weeks is None or (pregnant and answered_weeks < knowledge.at("pregnancy_weeks")):
        return weeks
    return answered_weeks if weeks is None else max(weeks, answered_weeks)


def _weeks_of(
    pairs: list[tuple[When, float]], entries: list[ClinicalObservation], knowledge: Knowledge, today: int
) -> float | None:
    """From the newest statement and the days since."""
    pairs += [*_measured_weeks(entries, knowledge), *_weeks_to_birth(entries, knowledge, today)]
    totals = [weeks + (today - when.first) / 7 for when, weeks in newest(pairs, lambda pair: pair[0])]
    return max((total for total in totals if total <= knowledge.at("pregnancy_weeks_max")), default=None)


def _coded_weeks(problems: list[Problem], knowledge: Knowledge) -> list[tuple[When, float]]:
    pairs = []
    for problem in problems:
        when = problem.recorded or problem.onset
        for concept in problem.named.concepts:
            weeks = concept.code.partition(".")[2]
            is_stated = "gestation-code" in concept.sets and weeks.isdecimal() and weeks != WEEKS_UNSPECIFIED
            if when is None or not problem.is_active:
                continue
            if is_stated:
                pairs.append((when, min(float(weeks), knowledge.at("coded_weeks_max"))))
            elif "third-trimester" in concept.sets:
                pairs.append((when, knowledge.at("third_trimester_weeks")))
    return pairs


def _weeks_to_birth(
    entries: list[ClinicalObservation], knowledge: Knowledge, today: int
) -> Iterator[tuple[When, float]]:
    """By the due date, as of the day on which it was said (N42)."""
    for entry in entries:
        if "ask-due-date" in entry.named.sets and entry.date is not None:
            when = entry.when or When(today, today, "")
            yield when, knowledge.at("due_weeks") - (entry.date.first - when.first) / 7


def _measured_weeks(entries: list[ClinicalObservation], knowledge: Knowledge) -> list[tuple[When, float]]:
    pairs = []
    for entry in entries:
        quantity = entry.quantity
        if GESTATION in entry.named.sets and entry.when and quantity and quantity.value is not None:
            ratio = factor(ucum(quantity, knowledge) or "", knowledge.answers.questions.units[GESTATION])
            if ratio is not None:
                pairs.append((entry.when, quantity.value * ratio))
    return pairs
