"""The gate: is there an active twitch on the chart, since when, where, how strong (4b TW, Onset, PERSIST)."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from cards.advice import Fact
from cards.template import fill
from cds.chart.facts import Chart, ChartMention, ClinicalObservation, Meaning, Problem, Visit
from cds.chart.spoken import TWITCH_PHRASES
from cds.fhir.dates import When
from cds.fhir.units import factor
from cds.knowledge.load import Knowledge
from cds.rules.amount import ucum
from cds.rules.mentions import Mentions, twitch_counts
from cds.rules.own_words import Place, of_problem, of_resource, own
from cds.rules.reads import Reads

READS = Reads(
    sets=("twitch", "twitch-eyelid", "text-fields"),
    phrases=tuple(sorted(TWITCH_PHRASES)),
    windows=("twitch_observation", "visit_twitch", "worded_twitch", "persistent", "persistent_eyelid"),
    thresholds=("frequent_per_day", "max_twitches"),
)
PATIENT_REPORTS = "patient_reports"  # the remark on a fact that a patient told
NEAR = READS | Reads(sets=("twitch-exclude",))  # what may be taken for a twitch


class Twitch(Struct, frozen=True, kw_only=True):
    """One active twitch.

    `is_dated_by_field`: it is told in words that say no duration, so that its onset is only the day of the field (N17).
    `reported` marks a patient's answer; `lasting` is since when such an answer says it lasts.
    """

    named: Meaning
    onset: When | None = None
    place: Place | None = None
    eyelid_only: bool = False
    severe: bool = False
    frequent: bool = False
    is_dated_by_field: bool = False
    reported: bool = False
    lasting: When | None = None

    @property
    def since(self) -> When | None:
        """Since when it lasts: by what the patient says, else by its onset."""
        return self.lasting or self.onset


def twitches(chart: Chart, knowledge: Knowledge, today: int, encounter_id: str | None) -> tuple[Twitch, ...]:
    """All active twitches; where a Condition is one, the others give no onset (4b Onset)."""
    active = [problem for problem in chart.problems if is_twitch(problem.named) and problem.is_active]
    mentions = Mentions(chart) if any(problem.of_visit for problem in active) else None
    problems = [
        _of_problem(problem, of_problem(problem, chart))
        for problem in active
        if mentions is None or twitch_counts(problem, mentions, knowledge, today)
    ]
    other_twitches = [
        *_of_visits(chart.visits, encounter_id, knowledge, today),
        *_of_told(chart.told, knowledge, today),
        *_of_seen(chart.seen, knowledge, today),
    ]
    is_recorded = any(not twitch.reported for twitch in other_twitches)
    if problems:
        other_twitches = [_without_onset(twitch) for twitch in other_twitches]
    elif is_recorded:
        other_twitches = [_without_onset(twitch) if twitch.reported else twitch for twitch in other_twitches]
    return (*problems, *other_twitches)


def last_onset(twitches: tuple[Twitch, ...]) -> When | None:
    """`last`: the latest onset of all twitches."""
    return max((twitch.onset for twitch in twitches if twitch.onset), key=lambda when: when.last, default=None)


def is_persistent(twitch: Twitch, knowledge: Knowledge, today: int) -> bool:
    """Whether a twitch has lasted, judged by its own onset; an unknown onset is not persistent (4b PERSIST)."""
    if twitch.since is None or twitch.is_dated_by_field:
        return False
    days = today - twitch.since.first
    if twitch.eyelid_only:
        return days > knowledge.days("persistent_eyelid")
    return days >= knowledge.days("persistent")


def facts(twitches: tuple[Twitch, ...], knowledge: Knowledge) -> tuple[Fact, ...]:
    """The first twitches, each with its onset: a chart full of them must not crowd out what a card is about."""
    return tuple(fact(twitch, knowledge) for twitch in twitches[: int(knowledge.at("max_twitches"))])


def fact(twitch: Twitch, knowledge: Knowledge) -> Fact:
    """A twitch as a fact of a card."""
    concept = next((concept for concept in twitch.named.concepts if "twitch" in concept.sets), None)
    label, names = knowledge.label("twitch-eyelid" if twitch.eyelid_only else "twitch"), knowledge.names
    if twitch.named.phrases & TWITCH_PHRASES:
        label = fill(names.mentioned, {"twitch": label})
    return Fact(
        resource=twitch.named.ref,
        label=label,
        system=concept.system if concept else None,
        code=concept.code if concept else None,
        date=since.text if (since := twitch.onset or twitch.lasting) else None,
        quoted=words(twitch, knowledge),
        place=twitch.place.key if twitch.place else None,
        visit=twitch.place.date if twitch.place else None,
        note=PATIENT_REPORTS if twitch.reported else None,
    )


def words(twitch: Twitch, knowledge: Knowledge) -> str:
    """What the chart calls it."""
    term = twitch.named
    concepts = sorted(term.concepts, key=lambda concept: "twitch" not in concept.sets)
    return own(term.words, concepts, knowledge)


def is_twitch(term: Meaning) -> bool:
    """Whether a concept means a twitch, by code or by phrase."""
    return "twitch" in term.sets or bool(term.phrases & TWITCH_PHRASES)


def shows_twitch(entry: ClinicalObservation) -> bool:
    """Whether an Observation says that there is a twitch: its code where its value agrees, or its value."""
    valued = "twitch" in entry.value_sets or bool(entry.value.phrases & TWITCH_PHRASES)
    return not (entry.said.disagrees or entry.preliminary) and (
        valued or (entry.said.is_present and is_twitch(entry.named))
    )


def _of_problem(problem: Problem, place: Place) -> Twitch:
    return Twitch(
        named=problem.named,
        place=place,
        onset=problem.onset if problem.onset_stated else problem.recorded,
        eyelid_only=_is_eyelid(problem.named, problem.sites),
        severe=problem.severe,
    )


def _of_visits(visits: list[Visit], encounter_id: str | None, knowledge: Knowledge, today: int) -> Iterator[Twitch]:
    """The reason of a visit of late, whatever became of it; without a date, only of one under way or in context."""
    for visit in visits:
        current = visit.status == "in-progress" or (encounter_id is not None and visit.id == encounter_id)
        undated = visit.start is None and current
        if is_twitch(visit.named) and (undated or is_late(visit.named, visit.start, knowledge, today)):
            yield _of_mention(visit.named, visit.start, visit.start)


def _of_told(entries: list[ChartMention], knowledge: Knowledge, today: int) -> Iterator[Twitch]:
    """The reason of a request of late, and an alert that is on; an open one without a date counts too (N13)."""
    for entry in entries:
        is_alert = entry.is_alert and "twitch" in entry.named.sets
        undated = entry.when is None and entry.is_current
        if is_twitch(entry.named) and (is_alert or undated or is_late(entry.named, entry.when, knowledge, today)):
            yield _of_mention(entry.named, entry.when)


def _of_mention(term: Meaning, when: When | None, start: When | None = None) -> Twitch:
    """A twitch by code began on the day of the field; by words so long before it as they say (N17)."""
    lasting = when is not None and term.days is not None
    return Twitch(
        named=term,
        onset=when.shifted(-term.days) if when is not None and term.days is not None else when,
        place=of_resource(term.ref, start.text if start else ""),
        eyelid_only=_is_eyelid(term, ()),
        is_dated_by_field="twitch" not in term.sets and not lasting,
    )


def is_late(term: Meaning, when: When | None, knowledge: Knowledge, today: int) -> bool:
    """Whether a mention outside the problem list is young enough: a code counts longer than words (N7, N13)."""
    window = "visit_twitch" if "twitch" in term.sets else "worded_twitch"
    return when is not None and today - when.last <= knowledge.days(window)


def heard(chart: Chart, knowledge: Knowledge, today: int) -> Iterator[tuple[Meaning, When | None]]:
    """The texts outside the problem list whose signs count: of late, of an unknown day, or of an alert that is on.

    An alert says what is so as long as it is on (N13, field 7); what has no date may be of today.
    """
    for visit in chart.visits:
        if visit.start is None or is_late(visit.named, visit.start, knowledge, today):
            yield visit.named, visit.start
    for entry in chart.told:
        if entry.when is None or entry.is_alert or is_late(entry.named, entry.when, knowledge, today):
            yield entry.named, entry.when


def _of_seen(entries: list[ClinicalObservation], knowledge: Knowledge, today: int) -> Iterator[Twitch]:
    oldest = today - knowledge.days("twitch_observation")
    for entry in entries:
        if shows_twitch(entry) and entry.when is not None and entry.when.last >= oldest:
            term = entry.value if entry.value.phrases & TWITCH_PHRASES else entry.named
            is_coded = "twitch" in term.sets | entry.value_sets
            moment = entry.when.shifted(-term.days) if term.days is not None else None
            yield Twitch(
                named=term,
                onset=entry.onset or moment or entry.when,
                place=of_resource(entry.named.ref),
                eyelid_only=_is_eyelid(term, entry.sites) or "twitch-eyelid" in entry.value_sets,
                frequent="frequent" in entry.value_sets or _is_often(entry, knowledge),
                is_dated_by_field=not (is_coded or entry.onset or moment),
                reported=entry.reported,
                lasting=entry.onset,
            )


def _is_eyelid(term: Meaning, sites: tuple[frozenset[str], ...]) -> bool:
    if "twitch-eyelid" in term.sets or "eyelid" in term.phrases:
        return True
    return bool(sites) and all("site-eyelid" in site for site in sites)


def _is_often(entry: ClinicalObservation, knowledge: Knowledge) -> bool:
    """A frequency of at least once a day (4b FREQUENT)."""
    quantity = entry.quantity
    if quantity is None or quantity.value is None or quantity.comparator in ("<", "<="):
        return False
    ratio = factor(ucum(quantity, knowledge) or "", knowledge.answers.questions.frequency)
    return ratio is not None and quantity.value * ratio >= knowledge.at("frequent_per_day")


def _without_onset(twitch: Twitch) -> Twitch:
    return replace(twitch, onset=None)
