"""Findings: positive signs and symptoms on the chart, by value set (3a)."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from cards.advice import Fact, Note
from cards.printed import number
from cds.chart.facts import Chart, Named, Problem, Seen, Source
from cds.chart.polarity import Says
from cds.chart.spoken import ADDED, RED_FLAG, UNREAD, UNSURE
from cds.fhir.dates import When
from cds.knowledge.codes import NOTHING, Concept
from cds.knowledge.load import Knowledge
from cds.knowledge.model import DEFICIENCY, EXCESS
from cds.rules.gate import PATIENT_REPORTS, Twitch, is_late, is_twitch, shows_twitch
from cds.rules.own_words import Place, in_sentence, of_problem, of_resource, own

ASKED = "ask-"  # so the value sets of questions begin
IN_DOUBT = frozenset({"sign-in-doubt"})
IN_WORDS, ADDED_IN_WORDS = frozenset({RED_FLAG}), frozenset({ADDED})
WORDED = IN_WORDS | ADDED_IN_WORDS | {UNSURE, UNREAD}  # of these only the first two are signs
REGIONS = {"site-arm": "region-arm", "site-leg": "region-leg"}


class Remark(Struct, frozen=True):
    """What a card says beside a sign: the key of a note and its values, so that findings can be compared."""

    key: str
    values: tuple[tuple[str, str], ...]

    @property
    def note(self) -> Note:
        """The note of the card."""
        return Note(self.key, dict(self.values))


class Doubt(Struct, frozen=True):
    """Why a sign is no more than R4: the value sets it would have been in, and what is said of it.

    `today`: it is to be asked and examined today (N17).
    """

    sets: frozenset[str]
    remark: Remark
    today: bool = False


class Finding(Struct, frozen=True, kw_only=True):
    """A sign that the chart says is there. `when` is onset, else recorded, else effective; `onset` only if stated.

    `value_words` are what the chart calls the value of an Observation; `place` is where the entry stands.
    `doubt` makes it R4 and nothing more; `remarks` are what else the chart says of it.
    `source` is who told an Observation; `reported` marks a patient's answer to a form (N21); `spoken` is the sign
    of one that is told in words (N16), and `told` the day of their field (N17).
    """

    named: Named
    concepts: tuple[Concept, ...] = ()
    sets: frozenset[str]
    phrases: frozenset[str] = frozenset()
    value_words: str | None = None
    place: Place | None = None
    when: When | None = None
    onset: When | None = None
    doubt: Doubt | None = None
    remarks: tuple[Remark, ...] = ()
    source: Source | None = None
    places: frozenset[str] = frozenset()
    preliminary: bool = False
    spoken: str | None = None
    told: When | None = None
    reported: bool = False

    @property
    def day(self) -> int | None:
        """The day that counts for a flag: the last possible one (4b Dates); None if undated."""
        return self.when.last if self.when else None


class Findings:
    """All findings, by value set."""

    def __init__(self, found: Iterable[Finding]) -> None:
        self.all = tuple(found)
        self._by_set: dict[str, list[Finding]] = {}
        for finding in self.all:
            for name in finding.sets:
                self._by_set.setdefault(name, []).append(finding)

    def of(self, *sets: str) -> tuple[Finding, ...]:
        """The findings in any of the sets, each once."""
        held = [self._by_set[name] for name in sets if name in self._by_set]
        if not held:
            return ()
        return tuple(held[0]) if len(sets) == 1 else tuple(dict.fromkeys(chain(*held)))

    def worded(self, phrases: str) -> tuple[Finding, ...]:
        """The findings that are one of these phrases in words."""
        return tuple(one for one in self.all if phrases in one.phrases)

    @property
    def names(self) -> Iterable[str]:
        """The value sets and phrases of which there is a finding."""
        return (*self._by_set, *(name for one in self.all for name in one.phrases))

    def without(self, used: Iterable[Finding]) -> "Findings":
        """The findings that are left when some are used (4b Flags)."""
        gone = set(used)
        return Findings(one for one in self.all if one not in gone) if gone else self

    def without_sets(self, answered: Iterable[Finding], sets: frozenset[str]) -> "Findings":
        """The findings with some of them no longer in those sets; what else they say stands."""
        gone = set(answered)
        left = (replace(one, sets=one.sets - sets) if one in gone else one for one in self.all)
        return Findings(left)


def read(chart: Chart, twitches: Iterable[Twitch], knowledge: Knowledge, today: int) -> Findings:
    """Positive Conditions of any age, Observations of the last year (3a), and visits for a twitch that is a sign."""
    oldest = today - knowledge.days("finding_observation")
    twitching = {twitch.named.ref for twitch in twitches}
    active = (problem for problem in chart.problems if problem.is_active)
    problems = chain.from_iterable(_of_problem(problem, of_problem(problem, chart), knowledge) for problem in active)
    recent = (one for one in chart.seen if one.when is None or one.when.first >= oldest)
    seen = chain.from_iterable(_of_seen(one, knowledge) for one in recent)
    mentions = [*((visit.named, visit.start) for visit in chart.visits), *((one.named, one.when) for one in chart.told)]
    mentioned = (_of_mention(named, when) for named, when in mentions if named.ref in twitching)
    late = ((named, when) for named, when in mentions if is_late(named, when, knowledge, today))
    worded = chain.from_iterable(
        _in_words(named, when, of_resource(named.ref, when.text if when else "")) for named, when in late
    )
    return Findings((*problems, *seen, *mentioned, *worded))


@lru_cache(maxsize=4)
def recorded_sets(knowledge: Knowledge) -> frozenset[str]:
    """The value sets of diagnoses that count by what is on the problem list: low and high values, and known causes."""
    named = (name for name in knowledge.sets if name.startswith((DEFICIENCY, EXCESS)))
    return frozenset((*named, *(cause.set for cause in knowledge.causes.values())))


def recorded(chart: Chart, knowledge: Knowledge) -> dict[str, list[Finding]]:
    """Coded deficiencies and known causes that nobody doubts, by value set (2e, N25)."""
    found: dict[str, list[Finding]] = {}
    sets = recorded_sets(knowledge)
    refuted = [one for one in chart.problems if one.verification == "refuted"]
    for problem in chart.problems:
        if problem.is_active and problem.is_confirmed and not any(_takes_back(one, problem) for one in refuted):
            for name in problem.named.sets & sets:
                found.setdefault(name, []).append(_by_recording(problem, of_problem(problem, chart)))
    return found


def _takes_back(refuted: Problem, problem: Problem) -> bool:
    """Whether an entry refutes another of the same code, on the day of it or later (N60: refuted before present).

    What is undated takes nothing dated back, and what is resolved nothing at all (N5): a cause is rather asked about.
    """
    codes = {(concept.system, concept.code) for concept in problem.named.concepts}
    if codes.isdisjoint((concept.system, concept.code) for concept in refuted.named.concepts):
        return False
    no, yes = refuted.last_day, problem.last_day
    return yes is None or (no is not None and no >= yes)


def _by_recording(problem: Problem, place: Place) -> Finding:
    """A deficiency is dated by when it was recorded, else by its onset (2e Decision); a known cause by both (N25)."""
    named, when = problem.named, problem.recorded or problem.onset
    return Finding(named=named, concepts=named.concepts, sets=named.sets, place=place, when=when, onset=problem.onset)


def _of_problem(problem: Problem, place: Place, knowledge: Knowledge) -> Iterator[Finding]:
    onset, sets = problem.onset if problem.onset_stated else None, problem.named.sets
    when = onset or problem.recorded
    yield Finding(
        named=problem.named,
        concepts=problem.named.concepts,
        sets=sets | _tongue(problem.sites, is_twitch(problem.named)) | _limbs(problem.sites, sets, knowledge),
        phrases=problem.named.phrases - WORDED,
        place=place,
        when=when,
        onset=onset,
    )
    yield from _in_words(problem.named, when, place, onset=onset, told=problem.recorded or when)
    for note in problem.notes:
        yield from _in_words(note.named, note.when or when, place)


def _in_words(
    named: Named,
    when: When | None,
    place: Place | None,
    *,
    onset: When | None = None,
    told: When | None = None,
    reported: bool = False,
) -> Iterator[Finding]:
    """Each sign that a text affirms: R4, or a symptom only (N16, N17)."""
    for phrases, signs in ((IN_WORDS, named.signs), (ADDED_IN_WORDS, named.added)):
        for sign in signs:
            yield Finding(
                named=named,
                sets=NOTHING,
                phrases=phrases,
                place=place,
                when=when,
                onset=onset,
                spoken=sign,
                told=told or when,
                reported=reported,
            )


def _tongue(sites: Iterable[frozenset[str]], twitches: bool) -> frozenset[str]:
    """A twitch whose site is the tongue is a tongue fasciculation (3a U3)."""
    at_tongue = any("site-tongue" in site for site in sites)
    return frozenset({"tongue-fasciculation"}) if at_tongue and twitches else frozenset()


def _limbs(sites: Iterable[frozenset[str]], sets: frozenset[str], knowledge: Knowledge) -> frozenset[str]:
    """The limbs that an urgent sign is stated for: by its site it tells of a region as by its code (N12 b)."""
    if sets.isdisjoint(knowledge.signs.urgent):
        return NOTHING
    return frozenset(region for site in sites for place, region in REGIONS.items() if place in site)


def _of_mention(named: Named, when: When | None) -> Finding:
    """A twitch code that is also a flag counts as both (4b TW)."""
    return Finding(
        named=named,
        concepts=named.concepts,
        sets=named.sets,
        phrases=named.phrases - WORDED,
        place=of_resource(named.ref, when.text if when else ""),
        when=when,
    )


def unclear(chart: Chart, knowledge: Knowledge, today: int) -> tuple[Seen, ...]:
    """What was asked of a U, E or P sign and not understood, or is not final: nothing reassures beside it (N1).

    What is not final and says that the sign is absent is as if it were not there.
    """
    oldest, grave = today - knowledge.days("finding_observation"), knowledge.signs.strong | knowledge.signs.urgent
    return tuple(
        one
        for one in (*chart.seen, *chart.unsettled)
        if _is_unclear(one)
        and not grave.isdisjoint(one.named.sets | one.value_sets)
        and (one.when is None or one.when.first >= oldest)
    )


def in_texts(chart: Chart, phrases: str, knowledge: Knowledge, today: int) -> tuple[Named, ...]:
    """The entries whose text says something of this kind: problems of any age, others as long as findings count."""
    oldest = today - knowledge.days("finding_observation")
    dated = [
        *((visit.named, visit.start) for visit in chart.visits),
        *((one.named, one.when) for one in chart.told),
        *((named, one.when) for one in chart.seen for named in (one.named, one.value)),
    ]
    problems = [problem for problem in chart.problems if problem.is_active]
    said = [*(problem.named for problem in problems), *(note.named for one in problems for note in one.notes)]
    said += [named for named, when in dated if when is None or when.first >= oldest]
    return tuple({one.ref: one for one in reversed(said) if phrases in one.phrases}.values())


def _is_unclear(seen: Seen) -> bool:
    return seen.said.says is Says.UNKNOWN or not (seen.is_settled or seen.said.says is Says.ABSENT)


def _of_seen(seen: Seen, knowledge: Knowledge) -> Iterator[Finding]:
    """What an Observation shows: what its code names if its value says so, and what its value names (N1, N2)."""
    names, signs = seen.named.sets, knowledge.signs
    asked = frozenset(name for name in names if name.startswith(ASKED))
    shown = asked | seen.value_sets | (names if seen.said.is_present else NOTHING)
    shown |= _tongue(seen.sites, shows_twitch(seen)) | _limbs(seen.sites, shown, knowledge)
    phrases = seen.value.phrases | (seen.named.phrases if seen.said.is_present else NOTHING)
    remarks: tuple[Remark, ...] = ()
    if seen.said.disagrees:
        doubted = (names | seen.value_sets) & signs.doubtful - signs.strong
        shown = (names | seen.value_sets) & signs.strong
        phrases, remarks = NOTHING, _remarks("contradictory", seen, shown, knowledge)
        yield from _in_doubt("contradictory", seen, doubted, knowledge)
    elif seen.said.says is Says.GRADED:
        yield from _in_doubt("graded_sign", seen, names & signs.every, knowledge)
    if seen.preliminary:
        shown, phrases = shown & signs.alarming, NOTHING
    if shown or phrases - WORDED:
        yield _finding(seen, shown, phrases - WORDED, remarks)
    if seen.said.is_present and not seen.preliminary:
        yield from _in_words(seen.named, seen.when, of_resource(seen.named.ref), reported=seen.reported)
    if not (seen.said.disagrees or seen.preliminary):
        yield from _in_words(seen.value, seen.when, of_resource(seen.named.ref), reported=seen.reported)


def _finding(seen: Seen, sets: frozenset[str], phrases: frozenset[str], remarks: tuple[Remark, ...]) -> Finding:
    return Finding(
        named=seen.named,
        concepts=seen.named.concepts + seen.value_concepts,
        sets=sets,
        phrases=phrases,
        value_words=seen.value.words,
        place=of_resource(seen.named.ref),
        when=seen.when,
        remarks=remarks,
        source=seen.source,
        places=seen.places,
        preliminary=seen.preliminary,
        reported=seen.reported,
    )


def _in_doubt(key: str, seen: Seen, sets: frozenset[str], knowledge: Knowledge) -> Iterator[Finding]:
    """A sign that is no more than R4; a preliminary one is none (N1)."""
    if not seen.preliminary:
        for remark in _remarks(key, seen, sets, knowledge):
            yield replace(_finding(seen, IN_DOUBT, NOTHING, ()), doubt=Doubt(sets, remark))


def _remarks(key: str, seen: Seen, sets: frozenset[str], knowledge: Knowledge) -> tuple[Remark, ...]:
    """What is said of a sign in these sets; nothing where there is none."""
    if not sets:
        return ()
    sign = label(_finding(seen, sets, NOTHING, ()), sorted(sets), knowledge)
    graded = (("value", number(seen.said.number)),) if seen.said.number is not None else ()
    return (Remark(key, (("sign", sign), ("date", seen.when.text if seen.when else ""), *graded)),)


def label(finding: Finding, sets: Iterable[str], knowledge: Knowledge) -> str:
    """How a card names the sign in a sentence: in the chart's own words (N59); one told in words by its kind."""
    if finding.spoken is not None:
        return knowledge.names.spoken[finding.spoken]
    return in_sentence(words(finding, sets, knowledge))


def words(finding: Finding, sets: Iterable[str], knowledge: Knowledge) -> str:
    """What the chart calls the sign: by the value of an Observation where only that says it, else by its code."""
    wanted = set(finding.doubt.sets if finding.doubt else sets)
    concepts = sorted(finding.concepts, key=lambda one: wanted.isdisjoint(one.sets))
    by_code = not wanted.isdisjoint(finding.named.sets) or finding.named.phrases & finding.phrases
    stated = finding.named.words if by_code or not finding.value_words else finding.value_words
    return own(stated, concepts, knowledge)


def kind(finding: Finding, sets: Iterable[str], knowledge: Knowledge) -> str:
    """By what a sign is known again, however a chart words it: a short name of its code, else its value set."""
    if finding.spoken is not None:
        return knowledge.names.spoken[finding.spoken]
    wanted = set(finding.doubt.sets if finding.doubt else sets)
    for concept in finding.concepts:
        if concept.sets & wanted and (name := short_name(knowledge.display(concept))):
            return name
    held = finding.doubt.sets if finding.doubt else finding.sets
    hit = next((name for name in (sorted(wanted) if finding.doubt else sets) if name in held), None)
    return knowledge.label(hit) if hit else finding.named.text or knowledge.label(min(finding.sets))


def short_name(display: str | None) -> str | None:
    """A display without its semantic tag, in lower case, if it is short and names something in particular."""
    name = (display or "").rpartition(" (")[0] or display
    if not name or len(name) > LONGEST_NAME or any(word in name.lower() for word in VAGUE):
        return None
    return name[0].lower() + name[1:]


LONGEST_NAME = 40
VAGUE = ("unspecified", "other ", "not elsewhere", " nos")  # how classifications name what they do not name


def fact(finding: Finding, sets: Iterable[str], knowledge: Knowledge) -> Fact:
    """The finding as a fact of a card."""
    names = tuple(sets)
    wanted = set(finding.doubt.sets if finding.doubt else names)
    concept = next((one for one in finding.concepts if one.sets & wanted), None)
    return Fact(
        resource=finding.named.ref,
        label=kind(finding, names, knowledge),
        system=concept.system if concept else None,
        code=concept.code if concept else None,
        date=finding.when.text if finding.when else None,
        quoted=words(finding, names, knowledge),
        place=finding.place.key if finding.place else None,
        visit=finding.place.date if finding.place else None,
        note=PATIENT_REPORTS if finding.reported else None,
    )
