"""When a sign was said: visit diagnoses that age, old signs, and signs that something explains (N6, N8, N10, N11).

Emergencies are asked before any of this, and none of it is asked of a child or of somebody whose age is not known.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from cds.chart.facts import Problem
from cds.fhir.dates import When
from cds.knowledge.load import Knowledge
from cds.rules.findings import IN_DOUBT, Doubt, Finding, Findings, Remark, label
from cds.rules.flags import Raised
from cds.rules.mentions import Mentions
from cds.rules.own_words import first_of_sentence, in_sentence, own
from cds.rules.picture import Picture

WORDED_AS_OLD = frozenset({"old_sign", "old_explained_sign"})
EXPLAINS, EXPLAINED, OLD = "explains-", "explained_sign", "old_sign"
WITHDRAWALS = "asked-withdrawal"  # a group of the data
LOWER_SIGNS, REGIONS = "lower-motor-signs", "regions"  # groups of the data
BESIDE_URGENT, SOFT = "urgent-if-no-emergency", "never-specific"


class Cause(Struct, frozen=True):
    """A dated diagnosis that may explain signs."""

    name: str
    label: str
    when: When


class Timing:
    """The signs of one adult as time leaves them."""

    def __init__(self, findings: Findings, picture: Picture) -> None:
        chart, knowledge, first = picture.chart, picture.knowledge, first_onset(picture)
        tags = {course.tag for course in picture.medication.courses}
        self._findings, self._knowledge, self._today = findings, knowledge, picture.today
        self._since = first if first is not None else picture.today
        self._first = first
        self._mentions = Mentions(chart)
        self._of_visits = {problem.named for problem in chart.problems if problem.of_visit and problem.is_active}
        self._causes = [cause for cause in _causes(chart.problems, knowledge) if self._holds(cause, tags)]
        self._spread = _spreads(findings, knowledge)
        self.quoted: list[Remark] = []

    def left(self) -> Findings:
        """What counts, with what is only R4; what is history is quoted."""
        explained = [
            self._explained(finding) for finding in map(self._of_visit, self._findings.all) if finding is not None
        ]
        return Findings(self._with_old([finding for finding in explained if finding is not None]))

    def _holds(self, cause: Cause, tags: set[str]) -> bool:
        """Whether it explains anything now: some only while their medicine is taken."""
        taking = self._knowledge.explanations[cause.name].taking
        return taking is None or taking in tags

    def _of_visit(self, finding: Finding) -> Finding | None:
        """N6: the diagnosis of a visit counts for a year after it was last said; an undated one is R4."""
        signs = finding.sets & self._knowledge.signs.every
        if not signs or finding.named not in self._of_visits or self._mentions.is_listed(finding.named):
            return finding
        last = self._mentions.last(finding.named)
        if last is None:
            return self._doubted(finding, signs & self._knowledge.signs.doubtful, "undated_sign")
        if self._today - last <= self._knowledge.days("visit_sign"):
            return finding
        return self._history(finding, signs, "past_visit_sign")

    def _explained(self, finding: Finding) -> Finding | None:
        """N10: an old explained sign is history; a few are R4; all others keep their grade, with the explanation."""
        for cause in self._causes:
            explained = self._by(cause, finding)
            if not explained or finding.when is None or finding.doubt is not None:
                continue
            if self._first is not None and self._first - finding.when.last > self._knowledge.days("explained_before"):
                return self._history(finding, explained, "past_explained_sign", cause)
            if self._knowledge.explanations[cause.name].lowers:
                return self._doubted(finding, explained, "old_explained_sign", cause)
            remark = self._remark(EXPLAINED, finding, explained, cause)
            return replace(finding, remarks=(*finding.remarks, remark))
        return finding

    def _by(self, cause: Cause, finding: Finding) -> frozenset[str]:
        """The value sets of a finding that a diagnosis explains."""
        spec, when = self._knowledge.explanations[cause.name], finding.when
        causal_codes, spared = self._knowledge.explained_codes[cause.name], self._knowledge.spared_codes[cause.name]
        explained = finding.sets & spec.signs
        is_named = not causal_codes or any(concept in causal_codes for concept in finding.concepts)
        if not explained or when is None or not is_named or any(concept in spared for concept in finding.concepts):
            return frozenset()
        gap = when.last - cause.when.first
        fits = (
            gap >= -self._knowledge.days("explanation_lead")
            and (spec.within is None or gap <= spec.within)
            and (spec.after is None or when.first - cause.when.last >= spec.after)
            and (spec.older is None or self._today - when.last > spec.older)
            and (spec.settled is None or self._today - cause.when.last > spec.settled)
            and not (spec.earlier and when.first > cause.when.last)
            and not (spec.focal and self._spread)
        )
        return explained if fits else frozenset()

    def _with_old(self, findings: list[Finding]) -> Iterator[Finding]:
        """N8: unspecific signs of years before the first onset are R4, if there is no other unexplained U sign."""
        urgent = self._knowledge.signs.urgent.union(self._knowledge.group(BESIDE_URGENT))
        signs = [finding for finding in findings if finding.sets & urgent and not _is_explained(finding)]
        loses = any("weight-loss" in finding.sets for finding in findings)
        old = not loses and all(self._is_old(sign, urgent) for sign in signs)
        for finding in findings:
            moved = finding.sets & urgent
            yield self._doubted(finding, moved, OLD) if old and moved and not _is_explained(finding) else finding

    def _is_old(self, finding: Finding, urgent: frozenset[str]) -> bool:
        if finding.when is None or self._since - finding.when.last <= self._knowledge.days("old_sign"):
            return False
        last = self._mentions.last(finding.named)
        gentle = frozenset(self._knowledge.group(SOFT))
        soft = all("soft-sign" in concept.sets or concept.sets & urgent <= gentle for concept in finding.concepts)
        return soft and (last is None or self._since - last > self._knowledge.days("old_sign"))

    def _doubted(self, finding: Finding, sets: frozenset[str], key: str, cause: Cause | None = None) -> Finding:
        if not sets:
            return finding
        doubt = Doubt(sets, self._remark(key, finding, sets, cause))
        return replace(finding, sets=finding.sets - sets | IN_DOUBT, doubt=doubt)

    def _history(self, finding: Finding, sets: frozenset[str], key: str, cause: Cause | None = None) -> Finding | None:
        self.quoted.append(self._remark(key, finding, sets, cause))
        other_sets = finding.sets - self._knowledge.signs.every
        return replace(finding, sets=other_sets) if other_sets or finding.phrases else None

    def _remark(self, key: str, finding: Finding, sets: frozenset[str], cause: Cause | None = None) -> Remark:
        values = [("sign", label(finding, sorted(sets), self._knowledge))]
        values.append(("date", finding.when.text if finding.when else ""))
        if cause is not None:
            values += [("diagnosis", cause.label), ("before", cause.when.text)]
        return Remark(key, tuple(values))


def _is_explained(finding: Finding) -> bool:
    return finding.doubt is not None or any(remark.key == EXPLAINED for remark in finding.remarks)


def _causes(problems: Iterable[Problem], knowledge: Knowledge) -> Iterator[Cause]:
    """Dated diagnoses, active or not, that nobody doubts (N10)."""
    for problem in problems:
        when = problem.onset or problem.recorded
        if when is None or problem.verification not in ("confirmed", None):
            continue
        for name in knowledge.explanations:
            if f"{EXPLAINS}{name}" in problem.named.sets:
                yield Cause(name, _called(problem, f"{EXPLAINS}{name}", knowledge), when)


def _called(problem: Problem, name: str, knowledge: Knowledge) -> str:
    """What the chart calls a diagnosis."""
    codes = (concept for concept in problem.named.concepts if name in concept.sets)
    return in_sentence(own(problem.named.words, codes, knowledge))


def _spreads(findings: Findings, knowledge: Knowledge) -> bool:
    """Signs in two regions, or of the upper and the lower motor neuron (N12 b, c): one nerve does not explain them."""
    regions = sum(bool(findings.of(name)) for name in knowledge.group(REGIONS))
    return regions > 1 or bool(findings.of("upper-motor-neuron") and findings.of(*knowledge.group(LOWER_SIGNS)))


def first_onset(picture: Picture) -> int | None:
    """The first possible day of any twitch, if one is known."""
    return min((twitch.onset.first for twitch in picture.twitches if twitch.onset), default=None)


def left(picture: Picture, findings: Findings) -> tuple[Findings, tuple[Remark, ...]]:
    """The findings as time leaves them, and what is quoted as history; all of them where no adult is known."""
    if picture.age is None or picture.is_child:
        return findings, ()
    signs = Timing(findings, picture)
    return signs.left(), tuple(dict.fromkeys(signs.quoted))


def old_sign(flags: Iterable[Raised]) -> dict[str, str] | None:
    """Name and date of the old sign of a card that has nothing else to say (N11)."""
    findings = [finding for flag in flags for finding in flag.found]
    remarks = [
        finding.doubt.remark
        for finding in findings
        if finding.doubt is not None and finding.doubt.remark.key in WORDED_AS_OLD
    ]
    if not remarks or len(remarks) < len(findings):
        return None
    values = dict(remarks[0].values)
    sign = values["sign"]
    return {"sign": first_of_sentence(sign), "date": values["date"]}


def only_soft_gait(flags: Iterable[Raised]) -> bool:
    """Whether gait signs that are not specific are all that is urgent (N9)."""
    urgent = [flag for flag in flags if flag.id.startswith("U")]
    findings = [finding for flag in urgent for finding in flag.found]
    soft = all("soft-sign" in concept.sets for finding in findings for concept in finding.concepts)
    return bool(findings) and soft and all(flag.id == "U5" for flag in urgent)


def past_withdrawals(findings: Findings, knowledge: Knowledge) -> Iterator[Remark]:
    """Those that no emergency has used: the question about them goes with whatever card is shown (N27)."""
    sets = knowledge.group(WITHDRAWALS)
    for finding in findings.of(*sets):
        sign, date = label(finding, sets, knowledge), finding.when.text if finding.when else ""
        yield Remark("withdrawal_recorded", (("sign", first_of_sentence(sign)), ("date", date)))
