"""The view of the chart that answers only what a rule declares to read."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from cds.chart.facts import ClinicalObservation, Drug, FamilyMember, LabResult, Problem
from cds.chart.polarity import DENIED
from cds.fhir.dates import When
from cds.knowledge.codes import Concept
from cds.knowledge.model import MedicineClass
from cds.knowledge.rule_data import NewSignKind, Pressure, SleepNeed
from cds.rules import doses, lab_status
from cds.rules.access import Access, UndeclaredReadError
from cds.rules.doses import Dose
from cds.rules.findings import Finding
from cds.rules.flags import Flags
from cds.rules.gate import Twitch
from cds.rules.known_disease import Disease
from cds.rules.lab_limits import Interpretation
from cds.rules.lab_status import Standing
from cds.rules.medication import Course, Ended, Entry, fires, start_of
from cds.rules.newest import newest
from cds.rules.picture import Picture
from cds.rules.reads import DISEASES, EXPECTED
from cds.rules.view_words import Words
from cds.rules.work_up import Done

Outcomes = Mapping[str, Flags]
NO_OUTCOMES: Outcomes = {}


class View(Words):
    """A chart as one rule sees it. Whatever the rule did not declare raises UndeclaredReadError."""

    __slots__ = ("_outcomes",)

    def __init__(self, access: Access, picture: Picture, outcomes: Outcomes = NO_OUTCOMES) -> None:
        super().__init__(access, picture)
        self._outcomes = outcomes

    @property
    def rule(self) -> str:
        """The id of the rule that looks."""
        return self._access.rule

    @property
    def present(self) -> frozenset[str]:
        """What the chart holds of all that the rule declares: of the rest nothing needs to be asked."""
        return self._access.on_chart & self._picture.names

    @property
    def today(self) -> int:
        """The day of the call, an ordinal."""
        return self._picture.today

    def group(self, name: str) -> tuple[str, ...]:
        """The value sets of a group."""
        self._access.check("groups", name)
        return self._access.knowledge.group(name)

    def value_group(self, name: str) -> tuple[str, ...]:
        """The value sets of a group that is looked for among those of a finding."""
        self._access.check("value_groups", name)
        members = self._access.knowledge.group(name)
        self._access.check("values", *members)
        return members

    def problem_group(self, name: str) -> tuple[str, ...]:
        """The value sets of a group that is read on problems."""
        self._access.check("problem_groups", name)
        return self._access.knowledge.group(name)

    def answer_group(self, name: str) -> tuple[str, ...]:
        """The questions of a group."""
        self._access.check("answer_groups", name)
        return self._access.knowledge.group(name)

    def flags(self, name: str) -> tuple[str, ...]:
        """The rules of a list."""
        self._access.check("flags", name)
        return self._access.knowledge.flags(name)

    def tags(self, name: str) -> tuple[str, ...]:
        """The tags of emergencies of a list."""
        self._access.check("tags", name)
        return self._access.knowledge.listed(name)

    def classes(self, name: str) -> tuple[str, ...]:
        """The classes of medicines of a list."""
        self._access.check("classes", name)
        return self._access.knowledge.listed(name)

    def tests(self, name: str) -> tuple[str, ...]:
        """The analytes of a list."""
        self._access.check("tests", name)
        return self._access.knowledge.listed(name)

    @property
    def pressure(self) -> Pressure:
        """The thresholds of each part of a blood pressure: what is read of them is checked where it is read."""
        return self._access.knowledge.rules.pressure

    def source(self, name: str) -> str:
        """The citation of a threshold or window."""
        self._access.check("sources", name)
        return self._access.knowledge.rules.sources[name]

    def of(self, *sets: str) -> tuple[Finding, ...]:
        """The findings in any of the sets, each once."""
        self._access.check("sets", *sets)
        return self._picture.findings.of(*sets)

    def within(self, window: str, *sets: str, undated: bool = False) -> tuple[Finding, ...]:
        """Those dated within a window; undated ones only where the rule says so."""
        oldest = self.today - self.days(window)
        return tuple(
            finding for finding in self.of(*sets) if (undated if finding.day is None else finding.day >= oldest)
        )

    def worded(self, phrases: str) -> tuple[Finding, ...]:
        """The findings that are nothing but one of these phrases."""
        self._access.check("phrases", phrases)
        return self._picture.findings.worded(phrases)

    def answers(self, question: str) -> Iterator[ClinicalObservation]:
        """The Observations that answer a question."""
        self._access.check("answers", question)
        return (entry for entry in self._picture.chart.seen if question in entry.named.sets)

    def is_superseded(self, question: str, when: When | None) -> bool:
        """Whether a later answer to a question is not known: an older one may not hold any more."""
        self._access.check("answers", question)
        again = (entry.when for entry in self._picture.chart.unsure if question in entry.named.sets)
        return any(later in newest((when, later), lambda moment: moment) for later in again if later is not None)

    def recorded(self, *problems: str) -> Iterator[Finding]:
        """What active, undoubted problems record, dated by when it was recorded (2e Decision)."""
        self._access.check("problems", *problems)
        return (finding for name in problems for finding in self._picture.recorded.get(name, ()))

    def valued(self, question: str, *values: str) -> tuple[Finding, ...]:
        """The findings that say one of these: a problem, or an Observation that answers the question with it."""
        self._access.check("answers", question)
        self._access.check("values", *values)
        return self._picture.findings.of(*values)

    def component(self, panel: str, name: str) -> Iterator[ClinicalObservation]:
        """What Observations measure, alone or as a part of a panel."""
        self._access.check("answers", panel)
        return self.answers(name)

    def problems(self, *sets: str) -> Iterator[Problem]:
        """Every problem of these sets that nobody has refuted, whatever its status."""
        self._access.check("problems", *sets)
        problems = (problem for problem in self._picture.chart.problems if not problem.named.sets.isdisjoint(sets))
        return (problem for problem in problems if problem.verification not in DENIED)

    def answered(self, *sets: str) -> tuple[Finding, ...]:
        """The findings in these sets that a later normal examination answers."""
        self._access.check("sets", *sets)
        return tuple(finding for finding in self._picture.answered if not finding.sets.isdisjoint(sets))

    def relatives(self, *sets: str) -> Iterator[FamilyMember]:
        """First-degree relatives with a disease of these sets."""
        self._access.check("relatives", *sets)
        return (
            family_member for family_member in self._picture.chart.kin if not family_member.named.sets.isdisjoint(sets)
        )

    def report(self, kind: Literal["exam", "emg"]) -> Done | None:
        """The newest examination or EMG, whether or not it followed the twitch."""
        self._access.check("reports", kind)
        return self._picture.any_exam if kind == "exam" else self._picture.any_emg

    def standing(self, analyte: str) -> Standing:
        """Where an analyte stands."""
        self._access.check("analytes", analyte)
        return self._picture.laboratory.of(analyte)

    def is_unread(self, analyte: str) -> bool:
        """Whether a result no older than the one that decides is on file and was not understood."""
        return self.standing(analyte).analyte in self._picture.laboratory.unread

    def acute(self, analyte: str) -> Iterator[Interpretation]:
        """The results young enough to count in an emergency."""
        self._access.check("analytes", analyte)
        return self._picture.laboratory.acute(analyte)

    def acute_beyond(self, limit: str) -> Interpretation | None:
        """Such a result if it is beyond a limit that counts only with a sign."""
        self._access.check("limits", limit)
        return next((result for result in self.acute(self._analyte(limit)) if self.exceeds(result, limit)), None)

    def exceeds(self, result: Interpretation, limit: str) -> bool:
        """Whether a result is surely beyond such a limit."""
        self._access.check("limits", limit)
        return self._picture.laboratory.limits.exceeds(result, limit)

    def clears(self, result: Interpretation, limit: str) -> bool:
        """Whether a result is surely not beyond such a limit."""
        self._access.check("limits", limit)
        return self._picture.laboratory.limits.clears(result, limit)

    def _analyte(self, limit: str) -> str:
        return self._access.knowledge.combined[limit].analyte

    def results(self, analyte: str) -> list[tuple[LabResult, Interpretation | None]]:
        """Every result of an analyte, of any day; None in the place of what was not understood."""
        self._access.check("analytes", analyte)
        return lab_status.every(analyte, self._picture.chart, self._picture.laboratory.limits)

    # ---- medicines

    def courses(self, *classes: str) -> tuple[Course, ...]:
        """The medicines of some classes that are taken now."""
        self._access.check("medicines", *classes)
        return self._picture.medication.of(*classes)

    def reported(self, tag: str) -> Iterator[Course]:
        """The medicines of a class that only a patient tells of."""
        self._access.check("medicines", tag)
        return (course for course in self._picture.medication.reported if course.tag == tag)

    def ended(self, tag: str) -> Iterator[Ended]:
        """The medicines of a class that are no longer taken."""
        self._access.check("medicines", tag)
        return (ended for ended in self._picture.medication.ended if ended.tag == tag)

    def takes(self, drug: str) -> bool:
        """Whether a medicine of a value set is taken now."""
        return any(True for _ in self.starts(drug))

    def starts(self, drug: str) -> Iterator[When | None]:
        """The starts of the medicines of a value set that are taken now."""
        self._access.check("drugs", drug)
        return (start for name, start in self._picture.medication.others if name == drug)

    def given(self, *drugs: str) -> Iterator[Drug]:
        """All that the chart says of the medicines of some value sets, taken now or not."""
        self._access.check("drugs", *drugs)
        wanted_drugs = set(drugs)
        return (
            drug for drug in self._picture.chart.drugs if any(concept.sets & wanted_drugs for concept in drug.concepts)
        )

    @property
    def has_unchecked_medicines(self) -> bool:
        """Whether there are medicines of which nobody knows what they are, or whether they are taken."""
        return self._picture.chart.unknown_medicines > 0

    def entries(self, tag: str) -> Iterator[Entry]:
        """What the chart says of one class: its active entries and its ended ones."""
        self._access.check("medicines", tag)
        return self._picture.medication.entries(tag)

    def medicine(self, tag: str) -> MedicineClass:
        """What the data say of a class."""
        self._access.check("medicines", tag)
        return self._access.knowledge.medicines[tag]

    def history(self, tag: str) -> Iterable[Entry]:
        """All that the chart says of one class."""
        self._access.check("medicines", tag)
        return self._picture.medication.history.get(tag, ())

    def course_start(self, last: Drug, same: list[Drug]) -> When | None:
        """The start of a course by its last entry, joined to those that ended shortly before it."""
        return start_of([last], same, self._access.knowledge)

    def daily(self, drug: Drug, product: Concept) -> Dose | None:
        """The dose of an entry on a day of full use, if it can be read."""
        return doses.daily(drug.dosages, product, self._access.knowledge)

    def fires(self, course: Course) -> bool:
        """Whether the timing of a course lets its class fire (5a)."""
        self._access.check("attributes", "onset")
        return fires(course, self._access.knowledge, self._picture.last)

    def replacements(self, analyte: str) -> Iterator[When | None]:
        """The starts of what replaces an analyte now."""
        self._access.check("analytes", analyte)
        return (start for name, start in self._picture.medication.replacements if name == analyte)

    # ---- the person

    @property
    def age(self) -> int | None:
        """Completed years, if known."""
        self._access.check("attributes", "age")
        return self._picture.age

    @property
    def is_infant(self) -> bool:
        """Before the first birthday."""
        self._access.check("attributes", "age")
        return self._picture.is_infant

    @property
    def is_child(self) -> bool:
        """Under 16; an unknown age counts as adult."""
        self._access.check("attributes", "age")
        return self._picture.is_child

    @property
    def is_newborn(self) -> bool:
        """Before 28 days of age, or possibly so."""
        self._access.check("attributes", "age")
        return self._picture.is_newborn

    @property
    def pregnant(self) -> bool:
        """Whether a pregnancy is recorded."""
        self._access.check("attributes", "pregnancy")
        return self._picture.pregnant

    @property
    def weeks(self) -> float | None:
        """Weeks of gestation today, if known."""
        self._access.check("attributes", "pregnancy")
        return self._picture.weeks

    @property
    def diseases(self) -> frozenset[str]:
        """Known neuromuscular diseases."""
        self._access.check("attributes", "diseases")
        return self._picture.diseases

    @property
    def known(self) -> tuple[Disease, ...]:
        """Known neuromuscular diseases, each with its name and earliest day."""
        self._access.check("problems", *self.problem_group(DISEASES))
        return self._picture.known

    @property
    def expected(self) -> tuple[Disease, ...]:
        """Diseases in which fasciculation is expected (N53)."""
        self._access.check("problems", *self.problem_group(EXPECTED))
        return self._picture.expected

    @property
    def twitches(self) -> tuple[Twitch, ...]:
        """All active twitches."""
        self._access.check("attributes", "twitch")
        return self._picture.twitches

    def persistent(self) -> list[Twitch]:
        """The twitches that have lasted; those of the eyelid alone have a window of their own."""
        self._access.check("attributes", "twitch")
        self._access.check("sets", "twitch-eyelid")
        self._access.check("windows", "persistent", "persistent_eyelid")
        return self._picture.persistent()

    @property
    def last(self) -> When | None:
        """The latest onset of all twitches."""
        self._access.check("attributes", "onset")
        return self._picture.last

    # ---- numbers and outcomes

    def days(self, window: str) -> int:
        """A window in days."""
        try:
            return self._access.days[window]
        except KeyError:
            raise UndeclaredReadError(self._access.rule, "windows", (window,)) from None

    def at(self, threshold: str) -> float:
        """A threshold."""
        try:
            return self._access.thresholds[threshold]
        except KeyError:
            raise UndeclaredReadError(self._access.rule, "thresholds", (threshold,)) from None

    def is_within(self, when: When | None, window: str) -> bool:
        """Whether the first possible day of a date lies within a window."""
        return when is not None and self.today - when.first <= self.days(window)

    @property
    def new_sign_kinds(self) -> tuple[NewSignKind, ...]:
        """The kinds of new signs, the most dangerous first."""
        return self._access.knowledge.rules.new_signs

    def sleep_needs(self) -> Iterable[SleepNeed]:
        """Hours of sleep that each age needs."""
        self._access.check("answers", "ask-sleep")
        return self._access.knowledge.rules.sleep

    def outcome(self, rule: str) -> Flags:
        """What another rule found."""
        self._access.check("outcomes", rule)
        return self._outcomes.get(rule, ())
