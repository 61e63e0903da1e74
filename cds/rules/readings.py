"""What else is recorded of a sign: that it was absent, on the same day or later (second edition N3, N4)."""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from cds.chart.facts import Chart, Seen, Source
from cds.chart.polarity import By, Says
from cds.fhir.dates import When
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.rules.findings import IN_DOUBT, Doubt, Finding, Findings, Remark, label

WEAK, PARALYSIS = "named-weakness", "acute-paralysis"  # a group of the data, and its worst: U1 has a rule of its own


class Sign(Struct, frozen=True):
    """One sign as it is compared: its codes, and the places it is stated for (N3 Concept)."""

    concepts: tuple[Concept, ...]
    places: frozenset[str]

    def is_of(self, other: "Sign", knowledge: Knowledge) -> bool:
        """Whether both are one concept: a code, or codes of two systems for one sign; and of one place if stated."""
        if self.places and other.places and self.places.isdisjoint(other.places):
            return False
        return any(_is_same(one, two, knowledge) for one in self.concepts for two in other.concepts)


def _is_same(one: Concept, two: Concept, knowledge: Knowledge) -> bool:
    if one.system == two.system:
        return one.code == two.code
    sign = knowledge.answers.sign_of(one.system, one.code)
    return sign is not None and sign == knowledge.answers.sign_of(two.system, two.code)


class Negative(Struct, frozen=True):
    """An Observation that says that a sign is absent."""

    sign: Sign
    when: When
    source: Source
    in_words: bool


def sign_of(concepts: Iterable[Concept], places: frozenset[str], knowledge: Knowledge) -> Sign:
    """The codes among these that are signs."""
    return Sign(tuple(concept for concept in concepts if concept.sets & knowledge.signs.every), places)


def name_of(seen: Seen, knowledge: Knowledge) -> str:
    """How a card names what an Observation is about: what its code names, else what its value does."""
    grave = (seen.named.sets & knowledge.signs.every) or (seen.value_sets & knowledge.signs.every)
    about = Finding(named=seen.named, concepts=(*seen.named.concepts, *seen.value_concepts), sets=grave)
    return label(about, sorted(grave), knowledge)


def settled(found: Findings, chart: Chart, knowledge: Knowledge, today: int, *, adult: bool) -> Findings:
    """The findings, each held against what says no; `adult` says that the age is known and no child's."""
    said_no = list(_negatives(chart.seen, knowledge, today))
    if not said_no:
        return found
    comparison = _Comparison(said_no, knowledge, today, adult=adult)
    left = (comparison.left_of(one) for one in found.all)
    return Findings(one for one in left if one is not None)


def _negatives(seen: Iterable[Seen], knowledge: Knowledge, today: int) -> Iterator[Negative]:
    oldest = today - knowledge.days("finding_observation")
    for one in seen:
        if one.said.says is Says.ABSENT and one.when is not None and one.when.first >= oldest and not one.preliminary:
            sign = sign_of(one.named.concepts, one.places, knowledge)
            yield Negative(sign, one.when, one.source, one.said.by is By.TEXT)


class _Comparison:
    """Holds single findings against all that says no."""

    def __init__(self, said_no: list[Negative], knowledge: Knowledge, today: int, *, adult: bool) -> None:
        self._said_no = said_no
        self._knowledge = knowledge
        self._strong = knowledge.signs.emergency if adult else knowledge.signs.strong | knowledge.signs.urgent
        self._weakness = frozenset((*knowledge.group(WEAK), PARALYSIS))
        self._oldest_alarm = today - knowledge.days("emergency_sign")

    def left_of(self, finding: Finding) -> Finding | None:
        """What is left of a finding: all of it, part of it, an R4, or nothing (N4)."""
        mine = sign_of(finding.concepts, finding.places, self._knowledge)
        against = [one for one in self._said_no if one.sign.is_of(mine, self._knowledge)]
        same_day = next((one for one in against if finding.when and one.when.first == finding.when.first), None)
        if same_day is not None:
            finding = self._noted(finding, same_day)
        later = [one for one in against if not one.in_words and self._is_later(one, finding)]
        if not later:
            return finding
        newest = max(later, key=lambda one: one.when.first)
        if finding.source is None:
            return self._problem(finding, [one for one in later if one.source is Source.EXAMINATION])
        if any(one.source >= finding.source for one in later):
            return self._observed(finding, newest)
        return self._noted(finding, newest)

    @staticmethod
    def _is_later(negative: Negative, finding: Finding) -> bool:
        return finding.when is not None and negative.when.first > finding.when.last

    def _kept(self, finding: Finding) -> frozenset[str]:
        """The value sets that nothing takes away: an emergency in its time, a child's sign, what is no U, R1 or R3."""
        alarm = finding.sets & self._knowledge.signs.emergency
        if alarm and (finding.day is None or finding.day >= self._oldest_alarm):
            return finding.sets
        strong = finding.sets & self._strong
        return strong | (finding.sets - self._knowledge.signs.cancellable)

    def _observed(self, finding: Finding, newest: Negative) -> Finding | None:
        kept = self._kept(finding)
        if kept == finding.sets:
            return self._noted(finding, newest)
        return replace(finding, sets=kept) if kept or finding.phrases else None

    def _problem(self, finding: Finding, examined: list[Negative]) -> Finding:
        """A Condition is not cancelled: an examination that says no makes U2 to U7 an R4."""
        if not examined:
            return finding
        newest = max(examined, key=lambda one: one.when.first)
        moved = finding.sets & self._knowledge.signs.urgent - self._weakness - self._kept(finding)
        if not moved:
            return self._noted(finding, newest)
        before = finding.when.text if finding.when else ""
        values = (("sign", self._label(finding, moved)), ("before", before), ("date", newest.when.text))
        doubt = Doubt(moved, Remark("absent_later", values))
        return replace(finding, sets=finding.sets - moved | IN_DOUBT, doubt=doubt)

    def _noted(self, finding: Finding, negative: Negative) -> Finding:
        signs = finding.sets & self._knowledge.signs.every
        if not signs:
            return finding
        remark = Remark("also_absent", (("sign", self._label(finding, signs)), ("date", negative.when.text)))
        return replace(finding, remarks=(*finding.remarks, remark))

    def _label(self, finding: Finding, sets: frozenset[str]) -> str:
        return label(finding, sorted(sets), self._knowledge)
