"""The gate: is there an active twitch on the chart, since when, where, how strong (4b TW, Onset, PERSIST)."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from cards.advice import Fact
from cards.template import fill
from cds.chart.facts import Chart, Named, Problem, Seen, Told, Visit
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

    named: Named
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
    mentions = Mentions(chart) if any(one.of_visit for one in active) else None
    problems = [
        _of_problem(one, of_problem(one, chart))
        for one in active
        if mentions is None or twitch_counts(one, mentions, knowledge, today)
    ]
    others = [
        *_of_visits(chart.visits, encounter_id, knowledge, today),
        *_of_told(chart.told, knowledge, today),
        *_of_seen(chart.seen, knowledge, today),
    ]
    recorded = any(not one.reported for one in others)
    if problems:
        others = [_without_onset(other) for other in others]
    elif recorded:
        others = [_without_onset(other) if other.reported else other for other in others]
    return (*problems, *others)


def last_onset(found: tuple[Twitch, ...]) -> When | None:
    """`last`: the latest onset of all twitches."""
    return max((one.onset for one in found if one.onset), key=lambda when: when.last, default=None)


def is_persistent(twitch: Twitch, knowledge: Knowledge, today: int) -> bool:
    """Whether a twitch has lasted, judged by its own onset; an unknown onset is not persistent (4b PERSIST)."""
    if twitch.since is None or twitch.is_dated_by_field:
        return False
    days = today - twitch.since.first
    if twitch.eyelid_only:
        return days > knowledge.days("persistent_eyelid")
    return days >= knowledge.days("persistent")


def facts(found: tuple[Twitch, ...], knowledge: Knowledge) -> tuple[Fact, ...]:
    """The first twitches, each with its onset: a chart full of them must not crowd out what a card is about."""
    return tuple(fact(twitch, knowledge) for twitch in found[: int(knowledge.at("max_twitches"))])


def fact(twitch: Twitch, knowledge: Knowledge) -> Fact:
    """A twitch as a fact of a card."""
    concept = next((one for one in twitch.named.concepts if "twitch" in one.sets), None)
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
    named = twitch.named
    concepts = sorted(named.concepts, key=lambda one: "twitch" not in one.sets)
    return own(named.words, concepts, knowledge)


def is_twitch(named: Named) -> bool:
    """Whether a concept means a twitch, by code or by phrase."""
    return "twitch" in named.sets or bool(named.phrases & TWITCH_PHRASES)


def shows_twitch(seen: Seen) -> bool:
    """Whether an Observation says that there is a twitch: its code where its value agrees, or its value."""
    valued = "twitch" in seen.value_sets or bool(seen.value.phrases & TWITCH_PHRASES)
    return not (seen.said.disagrees or seen.preliminary) and (
        valued or (seen.said.is_present and is_twitch(seen.named))
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
    """The reason of a visit of late, whatever became of it; that of one under way or in context, whenever it began."""
    for visit in visits:
        current = visit.status == "in-progress" or (encounter_id is not None and visit.id == encounter_id)
        if is_twitch(visit.named) and (current or is_late(visit.named, visit.start, knowledge, today)):
            yield _of_mention(visit.named, visit.start, visit.start)


def _of_told(told: list[Told], knowledge: Knowledge, today: int) -> Iterator[Twitch]:
    """The reason of a request of late, and an alert that is on; an open one without a date counts too (N13)."""
    for one in told:
        is_alert = one.named.ref.startswith("Flag") and "twitch" in one.named.sets
        undated = one.when is None and one.is_current
        if is_twitch(one.named) and (is_alert or undated or is_late(one.named, one.when, knowledge, today)):
            yield _of_mention(one.named, one.when)


def _of_mention(named: Named, when: When | None, start: When | None = None) -> Twitch:
    """A twitch by code began on the day of the field; by words so long before it as they say (N17)."""
    lasting = when is not None and named.days is not None
    return Twitch(
        named=named,
        onset=when.shifted(-named.days) if when is not None and named.days is not None else when,
        place=of_resource(named.ref, start.text if start else ""),
        eyelid_only=_is_eyelid(named, ()),
        is_dated_by_field="twitch" not in named.sets and not lasting,
    )


def is_late(named: Named, when: When | None, knowledge: Knowledge, today: int) -> bool:
    """Whether a mention outside the problem list is young enough: a code counts longer than words (N7, N13)."""
    window = "visit_twitch" if "twitch" in named.sets else "worded_twitch"
    return when is not None and today - when.first <= knowledge.days(window)


def _of_seen(seen: list[Seen], knowledge: Knowledge, today: int) -> Iterator[Twitch]:
    oldest = today - knowledge.days("twitch_observation")
    for one in seen:
        if shows_twitch(one) and one.when is not None and one.when.first >= oldest:
            named = one.value if one.value.phrases & TWITCH_PHRASES else one.named
            is_coded = "twitch" in named.sets | one.value_sets
            said = one.when.shifted(-named.days) if named.days is not None else None
            yield Twitch(
                named=named,
                onset=one.onset or said or one.when,
                place=of_resource(one.named.ref),
                eyelid_only=_is_eyelid(named, one.sites) or "twitch-eyelid" in one.value_sets,
                frequent="frequent" in one.value_sets or _is_often(one, knowledge),
                is_dated_by_field=not (is_coded or one.onset or said),
                reported=one.reported,
                lasting=one.onset,
            )


def _is_eyelid(named: Named, sites: tuple[frozenset[str], ...]) -> bool:
    if "twitch-eyelid" in named.sets or "eyelid" in named.phrases:
        return True
    return bool(sites) and all("site-eyelid" in site for site in sites)


def _is_often(seen: Seen, knowledge: Knowledge) -> bool:
    """A frequency of at least once a day (4b FREQUENT)."""
    quantity = seen.quantity
    if quantity is None or quantity.value is None or quantity.comparator in ("<", "<="):
        return False
    ratio = factor(ucum(quantity, knowledge) or "", "/d")
    return ratio is not None and quantity.value * ratio >= knowledge.at("frequent_per_day")


def _without_onset(twitch: Twitch) -> Twitch:
    return replace(twitch, onset=None)
