"""What a chart says, each fact with the resource it came from. Nothing here is judged yet."""

from collections.abc import Iterator
from enum import IntEnum
from itertools import chain

from msgspec import Struct

from cds.chart.polarity import DENIED, FINDING, Assertion, By, Says, of_condition
from cds.fhir.datatypes import Quantity, ReferenceRange
from cds.fhir.dates import When
from cds.fhir.resources import Dosage
from cds.knowledge.codes import NOTHING, Concept

SINCE, ORDERED, GIVEN_ON, ENDED = (
    "since",
    "ordered",
    "given",
    "ended",
)  # what a date of a medicine is: keys of the wording
ORDER_INTENTS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})
DOUBTED = DENIED | {"unconfirmed", "provisional", "differential"}


class Source(IntEnum):
    """Who reported an entry, the weakest source first (N4)."""

    PATIENT = 1
    CLINICIAN = 2
    EXAMINATION = 3


class Meaning(Struct, frozen=True):
    """A resource and what its codes, or its text where nothing is coded, mean here.

    `sets` are value sets, `phrases` the lists that phrases of the text are of, `text` the words themselves (N13).
    `signs`, `added` and `today` are the signs that the text affirms, `days` is for how long it has been so (N16, N17).
    `words` are what the chart calls it: its text, else the name of a code (N59). `is_coded` marks what is
    coded as a reason.
    """

    ref: str
    concepts: tuple[Concept, ...] = ()
    sets: frozenset[str] = NOTHING
    phrases: frozenset[str] = NOTHING
    text: str | None = None
    words: str | None = None
    signs: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    today: tuple[str, ...] = ()
    days: int | None = None
    is_coded: bool = False


NO_MEANING = Meaning("")


class Noted(Struct, frozen=True):
    """A sign that a note of a problem states in words, and the day of the note (N13)."""

    named: Meaning
    when: When | None = None


class Problem(Struct, frozen=True, kw_only=True):
    """A Condition. `onset_stated` says that onset[x] is there in any form, readable or not.

    `ahead` is a date of it that lies ahead and is not used; the other one stands (4b Dates).
    `of_visit` marks the diagnosis of a visit that no problem list holds; `visit` is the id of its Encounter (N6).
    """

    named: Meaning
    clinical: str | None = None
    verification: str | None = None
    onset: When | None = None
    onset_stated: bool = False
    recorded: When | None = None
    ahead: str = ""
    abated: bool = False
    of_visit: bool = False
    visit: str | None = None
    sites: tuple[frozenset[str], ...] = ()
    severe: bool = False
    notes: tuple[Noted, ...] = ()

    @property
    def is_active(self) -> bool:
        """Active now and not refuted (4b TW; the same statuses make a finding, 3a)."""
        return of_condition(self.clinical, self.verification, abated=self.abated) is Says.PRESENT

    @property
    def last_day(self) -> int | None:
        """The latest day that it is about or was made; None if it has no date."""
        return max((when.last for when in (self.onset, self.recorded) if when), default=None)

    @property
    def is_confirmed(self) -> bool:
        """Neither refuted nor in doubt: only then a diagnosis counts, while a sign in doubt does (2e, N5)."""
        return self.verification not in DOUBTED


class ClinicalObservation(Struct, frozen=True, kw_only=True):
    """An Observation that is not a laboratory result: a finding, a score, an answer.

    `said` is what it says of what its code names; `value` is its coded value, which stands for itself, `value_sets` are
    its sets, and whether an examination was normal; `value_words` are what the chart calls it. `date` is a value that
    is a date. `places` are all sites stated; `source` is who told it. Only one that `is_settled` has a status in which
    it counts; others are never in `Chart.seen`, but for preliminary ones.

    `reported` marks the answer of a patient to a form (N21), `onset` what such an answer says of when it began. It
    counts for the ages of `years` (from, and if there are two, to) and not for the recorded sex `except_sex` (N22).
    `form` is the response that an Observation was made from: where both are at hand, it says nothing new.
    """

    named: Meaning
    when: When | None = None
    quantity: Quantity | None = None
    value_concepts: tuple[Concept, ...] = ()
    value_sets: frozenset[str] = NOTHING
    value: Meaning = NO_MEANING
    date: When | None = None
    said: Assertion = FINDING
    is_done: bool = True
    sites: tuple[frozenset[str], ...] = ()
    places: frozenset[str] = NOTHING
    source: Source = Source.EXAMINATION
    preliminary: bool = False
    is_settled: bool = True
    reported: bool = False
    onset: When | None = None
    years: tuple[int, ...] = ()
    except_sex: str | None = None
    form: str | None = None


class LabResult(Struct, frozen=True, kw_only=True):
    """A laboratory result as reported; `kind` distinguishes ionised, adjusted and unadjusted calcium.

    `trouble` is why it is not judged, or not by its number: a key of the wording (N64).
    """

    ref: str
    analyte: str
    concept: Concept
    kind: str | None = None
    when: When | None = None
    quantity: Quantity | None = None
    flags: frozenset[str] = NOTHING
    ranges: tuple[ReferenceRange, ...] = ()
    preliminary: bool = False
    trouble: str | None = None


class OtherResult(Struct, frozen=True, kw_only=True):
    """A laboratory result of a test that no rule judges; those of the code file have a `concept` (N35).

    `key` is its code, else its name: a newer result of the same test counts instead; a preliminary one takes nothing
    back. `trouble` is why it could not be read, a key of the wording: then it is said, and nothing else.
    """

    ref: str
    key: str
    name: str
    when: When
    quantity: Quantity | None = None
    flags: frozenset[str] = NOTHING
    ranges: tuple[ReferenceRange, ...] = ()
    concept: Concept | None = None
    preliminary: bool = False
    trouble: str | None = None


class Drug(Struct, frozen=True, kw_only=True):
    """One entry about a medicine. `state` is active, ended, denied (not taken) or draft; `dated` is when that was said.

    Unclear (no status that says anything), on-hold and dispensed (for an unknown time) are quoted and fire nothing.

    `routes` are those stated by code, `said_routes` those that its words say (N47). `was_taken` marks a denied entry
    that says until when the medicine was taken, `was_stopped` one that says that it was, `supplied` an end that is
    reckoned from a supply, `as_needed` what is taken at need only. `dosages` are read only for a dose. `start_means` is
    what `start` is the day of, a key of the wording: of the beginning, an order, a supply or one dose. `ahead`: it was
    ordered, told or given on a day to come, which nobody can.
    """

    ref: str
    concepts: tuple[Concept, ...]
    state: str
    routes: frozenset[str] = NOTHING
    said_routes: frozenset[str] = NOTHING
    start: When | None = None
    end: When | None = None
    dated: When | None = None
    given: When | None = None
    was_taken: bool = False
    was_stopped: bool = False
    supplied: bool = False
    as_needed: bool = False
    dosages: tuple[Dosage, ...] = ()
    start_means: str = SINCE
    ahead: bool = False


class ReportedMedicine(Struct, frozen=True):
    """A medicine that a patient names on a form: it is on no medication list, and cancels nothing on one (N22).

    `change` is what was done with it (started, stopped, changed), `start` on which day, `when` the day of the form.
    """

    ref: str
    name: str
    concepts: tuple[Concept, ...] = ()
    change: str = ""
    start: When | None = None
    when: When | None = None


class Medicines(Struct, frozen=True):
    """How many medicines are taken now, whatever they are, and which of them could not be checked (N48).

    `unnamed` are what the chart calls those that nothing known codes, `unclear` those of which it does not say whether
    they are taken. `none` says that there are none, of the day told; `not_known` that nothing is known of them.
    """

    active: int = 0
    unnamed: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    none: str | None = None
    not_known: bool = False

    @property
    def unchecked(self) -> tuple[str, ...]:
        """The names of all that could not be checked."""
        return (*self.unnamed, *self.unclear)

    @property
    def on_file(self) -> int:
        """How many are taken, or may be."""
        return self.active + len(self.unclear)


class RequestedService(Struct, frozen=True, kw_only=True):
    """An order, a referral or an appointment; `words` are what the chart calls it."""

    ref: str
    sets: frozenset[str]
    status: str
    words: str | None = None
    when: When | None = None


class Report(Struct, frozen=True, kw_only=True):
    """An examination or EMG: `result` is normal, abnormal or None (unknown); a Procedure need not have one.

    `words` are what the chart calls it. `disagrees` marks one that is called normal, and says otherwise itself.
    """

    ref: str
    kind: str
    concept: Concept
    words: str | None = None
    when: When | None = None
    result: str | None = None
    disagrees: bool = False
    is_procedure: bool = False


class Visit(Struct, frozen=True, kw_only=True):
    """An Encounter with a reason that is read."""

    id: str | None
    named: Meaning
    status: str | None
    start: When | None = None


class ChartMention(Struct, frozen=True, kw_only=True):
    """A twitch, or a sign in words, as the reason of a request, as an alert or in a text; `when` is its day.

    `is_current`: the request is open, or the alert is on.
    """

    named: Meaning
    when: When | None = None
    is_current: bool = False

    @property
    def is_alert(self) -> bool:
        """Whether it is an alert that is on."""
        return self.is_current and self.named.ref.startswith("Flag")


class FamilyMember(Struct, frozen=True, kw_only=True):
    """A first-degree relative with a disease of interest."""

    named: Meaning
    when: When | None = None


class Chart(Struct, kw_only=True):
    """One patient's record as far as rules read it; `ahead` are entries that are dated ahead and left out."""

    birth: When | None = None
    sex: str | None = None
    has_patient: bool = False
    has_died: bool = False
    problems: list[Problem] = []
    seen: list[ClinicalObservation] = []
    unsettled: list[ClinicalObservation] = []
    labs: list[LabResult] = []
    others: list[OtherResult] = []
    drugs: list[Drug] = []
    asked: list[RequestedService] = []
    reports: list[Report] = []
    visits: list[Visit] = []
    told: list[ChartMention] = []
    kin: list[FamilyMember] = []
    reported_medicines: list[ReportedMedicine] = []
    unread_answers: int = 0
    visit_starts: dict[str, str] = {}
    unknown_medicines: int = 0
    strange_problems: int = 0
    ahead: tuple[str, ...] = ()
    problems_not_known: bool = False
    medicines: Medicines = Medicines()
    foreign: int = 0

    def forget(self, refs: set[str]) -> None:
        """Leave out what these resources say."""
        self.problems[:] = [problem for problem in self.problems if problem.named.ref not in refs]
        self.seen[:] = [entry for entry in self.seen if entry.named.ref not in refs]
        self.unsettled[:] = [entry for entry in self.unsettled if entry.named.ref not in refs]
        self.labs[:] = [lab_result for lab_result in self.labs if lab_result.ref not in refs]
        self.others[:] = [other_result for other_result in self.others if other_result.ref not in refs]
        self.asked[:] = [requested_service for requested_service in self.asked if requested_service.ref not in refs]
        self.reports[:] = [report for report in self.reports if report.ref not in refs]
        self.visits[:] = [visit for visit in self.visits if visit.named.ref not in refs]
        self.told[:] = [entry for entry in self.told if entry.named.ref not in refs]
        self.kin[:] = [family_member for family_member in self.kin if family_member.named.ref not in refs]

    @property
    def unsure(self) -> Iterator[ClinicalObservation]:
        """What was asked or examined, and whose outcome is not known or does not count for its status."""
        return chain(self.unsettled, (entry for entry in self.seen if entry.is_done and entry.said.by is By.REASON))
