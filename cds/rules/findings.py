"""Findings: positive signs and symptoms on the chart, by value set (3a)."""

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from cards.advice import Fact, Note
from cards.printed import number
from cds.chart.facts import Chart, ClinicalObservation, Meaning, Problem, Source
from cds.chart.polarity import Says
from cds.chart.spoken import ADDED, RED_FLAG, UNREAD, UNSURE
from cds.fhir.dates import When
from cds.knowledge.codes import NOTHING, Concept
from cds.knowledge.load import Knowledge
from cds.knowledge.model import DEFICIENCY, EXCESS
from cds.rules.gate import PATIENT_REPORTS, Twitch, heard, is_twitch, shows_twitch
from cds.rules.own_words import Place, in_sentence, of_problem, of_resource, own

ASKED = "ask-"  # so the value sets of questions begin
IN_DOUBT = frozenset({"sign-in-doubt"})
IN_WORDS, ADDED_IN_WORDS = frozenset({RED_FLAG}), frozenset({ADDED})
WORDED = IN_WORDS | ADDED_IN_WORDS | {UNSURE, UNREAD}  # of these only the first two are signs
LONGEST_NAME = 40


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

    named: Meaning
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

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.all = tuple(findings)
        self._by_set: dict[str, list[Finding]] = {}
        for finding in self.all:
            for name in finding.sets:
                self._by_set.setdefault(name, []).append(finding)

    def of(self, *sets: str) -> tuple[Finding, ...]:
        """The findings in any of the sets, each once."""
        lists = [self._by_set[name] for name in sets if name in self._by_set]
        if not lists:
            return ()
        return tuple(lists[0]) if len(sets) == 1 else tuple(dict.fromkeys(chain(*lists)))

    def worded(self, phrases: str) -> tuple[Finding, ...]:
        """The findings that are one of these phrases in words."""
        return tuple(finding for finding in self.all if phrases in finding.phrases)

    @property
    def names(self) -> Iterable[str]:
        """The value sets and phrases of which there is a finding."""
        return (*self._by_set, *(name for finding in self.all for name in finding.phrases))

    def without(self, findings: Iterable[Finding]) -> "Findings":
        """The findings that are left when some are used (4b Flags)."""
        gone = set(findings)
        return Findings(finding for finding in self.all if finding not in gone) if gone else self

    def without_sets(self, findings: Iterable[Finding], sets: frozenset[str]) -> "Findings":
        """The findings with some of them no longer in those sets; what else they say stands."""
        gone = set(findings)
        remaining = (replace(finding, sets=finding.sets - sets) if finding in gone else finding for finding in self.all)
        return Findings(remaining)


def read(chart: Chart, twitches: Iterable[Twitch], knowledge: Knowledge, today: int) -> Findings:
    """Positive Conditions of any age, Observations of the last year (3a), and visits for a twitch that is a sign."""
    oldest = today - knowledge.days("finding_observation")
    twitching = {twitch.named.ref for twitch in twitches}
    active = (problem for problem in chart.problems if problem.is_active)
    problems = chain.from_iterable(_of_problem(problem, of_problem(problem, chart), knowledge) for problem in active)
    recent = (entry for entry in chart.seen if entry.when is None or entry.when.last >= oldest)
    from_seen = chain.from_iterable(_of_seen(entry, knowledge) for entry in recent)
    mentions = [
        *((visit.named, visit.start) for visit in chart.visits),
        *((entry.named, entry.when) for entry in chart.told),
    ]
    mentioned = (_of_mention(term, when) for term, when in mentions if term.ref in twitching and not term.is_coded)
    worded = chain.from_iterable(
        _in_words(term, when, of_resource(term.ref, when.text if when else ""))
        for term, when in heard(chart, knowledge, today)
    )
    return Findings((*problems, *from_seen, *mentioned, *worded))


@lru_cache(maxsize=4)
def recorded_sets(knowledge: Knowledge) -> frozenset[str]:
    """The value sets of diagnoses that count by what is on the problem list: low and high values, and known causes."""
    names = (name for name in knowledge.sets if name.startswith((DEFICIENCY, EXCESS)))
    return frozenset((*names, *(cause.set for cause in knowledge.causes.values())))


def recorded(chart: Chart, knowledge: Knowledge) -> dict[str, list[Finding]]:
    """Coded deficiencies and known causes that nobody doubts, by value set (2e, N25)."""
    by_set: dict[str, list[Finding]] = {}
    sets = recorded_sets(knowledge)
    refuted = [problem for problem in chart.problems if problem.verification == "refuted"]
    for problem in chart.problems:
        if (
            problem.is_active
            and problem.is_confirmed
            and not any(_takes_back(other_problem, problem) for other_problem in refuted)
        ):
            for name in problem.named.sets & sets:
                by_set.setdefault(name, []).append(_by_recording(problem, of_problem(problem, chart)))
    return by_set


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
    term, when = problem.named, problem.recorded or problem.onset
    return Finding(named=term, concepts=term.concepts, sets=term.sets, place=place, when=when, onset=problem.onset)


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
        yield from _in_words(note.named, note.when, place)


def _in_words(
    term: Meaning,
    when: When | None,
    place: Place | None,
    *,
    onset: When | None = None,
    told: When | None = None,
    reported: bool = False,
) -> Iterator[Finding]:
    """Each sign that a text affirms: R4, or a symptom only (N16, N17)."""
    for phrases, signs in ((IN_WORDS, term.signs), (ADDED_IN_WORDS, term.added)):
        for sign in signs:
            yield Finding(
                named=term,
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
    return frozenset(region for site in sites for place, region in knowledge.rules.regions.items() if place in site)


def _of_mention(term: Meaning, when: When | None) -> Finding:
    """A twitch code that is also a flag counts as both (4b TW)."""
    return Finding(
        named=term,
        concepts=term.concepts,
        sets=term.sets,
        phrases=term.phrases - WORDED,
        place=of_resource(term.ref, when.text if when else ""),
        when=when,
    )


def _of_seen(entry: ClinicalObservation, knowledge: Knowledge) -> Iterator[Finding]:
    """What an Observation shows: what its code names if its value says so, and what its value names (N1, N2)."""
    names, signs = entry.named.sets, knowledge.signs
    asked_sets = frozenset(name for name in names if name.startswith(ASKED))
    shown_sets = asked_sets | entry.value_sets | (names if entry.said.is_present else NOTHING)
    shown_sets |= _tongue(entry.sites, shows_twitch(entry)) | _limbs(entry.sites, shown_sets, knowledge)
    phrases = entry.value.phrases | (entry.named.phrases if entry.said.is_present else NOTHING)
    remarks: tuple[Remark, ...] = ()
    if entry.said.disagrees:
        doubted = (names | entry.value_sets) & signs.doubtful - signs.strong
        shown_sets = (names | entry.value_sets) & signs.strong
        phrases, remarks = NOTHING, _remarks("contradictory", entry, shown_sets, knowledge)
        yield from _in_doubt("contradictory", entry, doubted, knowledge)
    elif entry.said.says is Says.GRADED:
        yield from _in_doubt("graded_sign", entry, names & signs.every, knowledge)
    if entry.preliminary:
        shown_sets, phrases = shown_sets & signs.alarming, NOTHING
    if shown_sets or phrases - WORDED:
        yield _finding(entry, shown_sets, phrases - WORDED, remarks)
    if entry.said.is_present and not entry.preliminary:
        yield from _in_words(entry.named, entry.when, of_resource(entry.named.ref), reported=entry.reported)
    if not (entry.said.disagrees or entry.preliminary):
        yield from _in_words(entry.value, entry.when, of_resource(entry.named.ref), reported=entry.reported)


def _finding(
    item: ClinicalObservation, sets: frozenset[str], phrases: frozenset[str], remarks: tuple[Remark, ...]
) -> Finding:
    return Finding(
        named=item.named,
        concepts=item.named.concepts + item.value_concepts,
        sets=sets,
        phrases=phrases,
        value_words=item.value.words,
        place=of_resource(item.named.ref),
        when=item.when,
        remarks=remarks,
        source=item.source,
        places=item.places,
        preliminary=item.preliminary,
        reported=item.reported,
    )


def _in_doubt(key: str, entry: ClinicalObservation, sets: frozenset[str], knowledge: Knowledge) -> Iterator[Finding]:
    """A sign that is no more than R4; a preliminary one is none (N1)."""
    if not entry.preliminary:
        for remark in _remarks(key, entry, sets, knowledge):
            yield replace(_finding(entry, IN_DOUBT, NOTHING, ()), doubt=Doubt(sets, remark))


def _remarks(key: str, entry: ClinicalObservation, sets: frozenset[str], knowledge: Knowledge) -> tuple[Remark, ...]:
    """What is said of a sign in these sets; nothing where there is none."""
    if not sets:
        return ()
    sign = label(_finding(entry, sets, NOTHING, ()), sorted(sets), knowledge)
    graded = (("value", number(entry.said.number)),) if entry.said.number is not None else ()
    return (Remark(key, (("sign", sign), ("date", entry.when.text if entry.when else ""), *graded)),)


def label(finding: Finding, sets: Iterable[str], knowledge: Knowledge) -> str:
    """How a card names the sign in a sentence: in the chart's own words (N59); one told in words by its kind."""
    if finding.spoken is not None:
        return knowledge.names.spoken[finding.spoken]
    return in_sentence(words(finding, sets, knowledge))


def words(finding: Finding, sets: Iterable[str], knowledge: Knowledge) -> str:
    """What the chart calls the sign: by the value of an Observation where only that says it, else by its code."""
    wanted_sets = set(finding.doubt.sets if finding.doubt else sets)
    concepts = sorted(finding.concepts, key=lambda concept: wanted_sets.isdisjoint(concept.sets))
    by_code = not wanted_sets.isdisjoint(finding.named.sets) or finding.named.phrases & finding.phrases
    stated_words = finding.named.words if by_code or not finding.value_words else finding.value_words
    return own(stated_words, concepts, knowledge)


def kind(finding: Finding, sets: Iterable[str], knowledge: Knowledge) -> str:
    """By what a sign is known again, however a chart words it: a short name of its code, else its value set."""
    if finding.spoken is not None:
        return knowledge.names.spoken[finding.spoken]
    wanted_sets = set(finding.doubt.sets if finding.doubt else sets)
    for concept in finding.concepts:
        if concept.sets & wanted_sets and (name := short_name(knowledge.display(concept), knowledge.phrases.unnamed)):
            return name
    finding_sets = finding.doubt.sets if finding.doubt else finding.sets
    hit = next((name for name in (sorted(wanted_sets) if finding.doubt else sets) if name in finding_sets), None)
    return knowledge.label(hit) if hit else finding.named.text or knowledge.label(min(finding.sets))


def short_name(display: str | None, unnamed: Collection[str]) -> str | None:
    """A display without its semantic tag, in lower case, if it is short and names something in particular."""
    name = (display or "").rpartition(" (")[0] or display
    if not name or len(name) > LONGEST_NAME or any(word in name.lower() for word in unnamed):
        return None
    return name[0].lower() + name[1:]


def fact(finding: Finding, sets: Iterable[str], knowledge: Knowledge) -> Fact:
    """The finding as a fact of a card."""
    names = tuple(sets)
    wanted_sets = set(finding.doubt.sets if finding.doubt else names)
    concept = next((concept for concept in finding.concepts if concept.sets & wanted_sets), None)
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
