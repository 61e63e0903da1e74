"""What else is recorded of a sign: that it was absent, on the same day or later (second edition N3, N4)."""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from cds.chart.facts import Chart, ClinicalObservation, Source
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

    def is_of(self, sign: "Sign", knowledge: Knowledge) -> bool:
        """Whether both are one concept: a code, or codes of two systems for one sign; and of one place if stated."""
        if self.places and sign.places and self.places.isdisjoint(sign.places):
            return False
        return any(_is_same(concept, two, knowledge) for concept in self.concepts for two in sign.concepts)


def _is_same(concept: Concept, two: Concept, knowledge: Knowledge) -> bool:
    if concept.system == two.system:
        return concept.code == two.code
    sign = knowledge.answers.sign_of(concept.system, concept.code)
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


def name_of(entry: ClinicalObservation, knowledge: Knowledge) -> str:
    """How a card names what an Observation is about: what its code names, else what its value does."""
    grave = (entry.named.sets & knowledge.signs.every) or (entry.value_sets & knowledge.signs.every)
    about = Finding(named=entry.named, concepts=(*entry.named.concepts, *entry.value_concepts), sets=grave)
    return label(about, sorted(grave), knowledge)


def settled(findings: Findings, chart: Chart, knowledge: Knowledge, today: int, *, adult: bool) -> Findings:
    """The findings, each held against what says no; `adult` says that the age is known and no child's."""
    said_no = list(_negatives(chart.seen, knowledge, today))
    if not said_no:
        return findings
    comparison = _Comparison(said_no, knowledge, today, adult=adult)
    remaining = (comparison.left_of(finding) for finding in findings.all)
    return Findings(finding for finding in remaining if finding is not None)


def _negatives(entries: Iterable[ClinicalObservation], knowledge: Knowledge, today: int) -> Iterator[Negative]:
    oldest = today - knowledge.days("finding_observation")
    for entry in entries:
        if (
            entry.said.says is Says.ABSENT
            and entry.when is not None
            and entry.when.first >= oldest
            and not entry.preliminary
        ):
            sign = sign_of(entry.named.concepts, entry.places, knowledge)
            yield Negative(sign, entry.when, entry.source, entry.said.by is By.TEXT)


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
        sign = sign_of(finding.concepts, finding.places, self._knowledge)
        against = [negative for negative in self._said_no if negative.sign.is_of(sign, self._knowledge)]
        same_day = next(
            (negative for negative in against if finding.when and negative.when.first == finding.when.first), None
        )
        if same_day is not None:
            finding = self._noted(finding, same_day)
        later = [negative for negative in against if not negative.in_words and self._is_later(negative, finding)]
        if not later:
            return finding
        newest = max(later, key=lambda negative: negative.when.first)
        if finding.source is None:
            return self._problem(finding, [negative for negative in later if negative.source is Source.EXAMINATION])
        if any(negative.source >= finding.source for negative in later):
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
        kept_sets = self._kept(finding)
        if kept_sets == finding.sets:
            return self._noted(finding, newest)
        return replace(finding, sets=kept_sets) if kept_sets or finding.phrases else None

    def _problem(self, finding: Finding, examined: list[Negative]) -> Finding:
        """A Condition is not cancelled: an examination that says no makes U2 to U7 an R4."""
        if not examined:
            return finding
        newest = max(examined, key=lambda negative: negative.when.first)
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
