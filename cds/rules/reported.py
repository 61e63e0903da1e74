"""What a patient answers on a form, and what words tell: signs are R4 at most, some of them of today (N17, N21)."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from cds.chart.facts import Chart, ClinicalObservation
from cds.fhir.dates import When
from cds.knowledge.codes import NOTHING
from cds.knowledge.load import Knowledge
from cds.rules.findings import ASKED, IN_DOUBT, Doubt, Finding, Findings, Remark, label
from cds.rules.newest import newest
from cds.rules.own_words import first_of_sentence

BREATHLESS, WEAK, BOTH_SIDES_NEW = "respiratory-emergency", "weakness", "weak-on-both-sides"
SWALLOWING = "feeding-difficulty"
IN_FULL = frozenset({"dark-urine"})  # it counts beside a result only (N36 f)
TWITCHING = "twitching"  # a group of the data


def of_person(chart: Chart, age: int | None) -> Chart:
    """The chart without answers to what is not asked of somebody of this age and sex (N22), and none twice.

    An Observation that was made from a form says nothing new beside the form.
    """
    forms = {entry.named.ref for entry in chart.seen if entry.reported}
    entries = [entry for entry in chart.seen if _is_asked(entry, age, chart.sex) and entry.form not in forms]
    return chart if len(entries) == len(chart.seen) else replace(chart, seen=entries)


def _is_asked(entry: ClinicalObservation, age: int | None, sex: str | None) -> bool:
    if entry.except_sex is not None and entry.except_sex == sex:
        return False
    if age is None or not entry.years:
        return True
    return entry.years[0] <= age and all(age <= most for most in entry.years[1:])


SPOKEN = {"breathing": BREATHLESS, "swallowing": SWALLOWING, "weakness": WEAK}  # what words say that is of today


def capped(findings: Findings, knowledge: Knowledge, today: int) -> Findings:
    """The findings with those that a patient told, or that are told in words, at the grade that they have."""
    reported = [finding for finding in findings.all if finding.reported]
    if not (reported or any(finding.named.today for finding in findings.all)):
        return findings
    forms = {finding.named.ref: _Form(reported, finding.named.ref, knowledge, today) for finding in reported}
    remaining = (forms[finding.named.ref].graded(finding) if finding.reported else finding for finding in findings.all)
    return Findings(_in_words(finding, knowledge, today) for finding in remaining if finding is not None)


def _in_words(finding: Finding, knowledge: Knowledge, today: int) -> Finding:
    """A sign in words of the last week about breathing, swallowing or sudden weakness is one of today (N17)."""
    if finding.spoken not in finding.named.today or finding.told is None:
        return finding
    if today - finding.told.first > knowledge.days("reported_today"):
        return finding
    values = (("sign", first_of_sentence(label(finding, (), knowledge))), ("date", finding.told.text))
    doubt = Doubt(
        frozenset({SPOKEN[finding.spoken]}),
        Remark("reason_today" if finding.named.is_coded else "worded_today", values),
        today=True,
    )
    return replace(finding, sets=IN_DOUBT, phrases=NOTHING, doubt=doubt)


class _Form:
    """The findings of one form, and the two pictures that count in full (N21)."""

    def __init__(self, findings: Iterable[Finding], ref: str, knowledge: Knowledge, today: int) -> None:
        self._knowledge = knowledge
        self._today = today
        self._signs = knowledge.signs
        of_form = [
            finding
            for finding in findings
            if finding.named.ref == ref and finding.doubt is None and not finding.phrases
        ]
        sets = NOTHING.union(*(finding.sets for finding in of_form)) if self._is_new(of_form) else NOTHING
        weak, breathless = WEAK in sets, BREATHLESS in sets
        self._cannot_breathe = weak and breathless
        self._is_acute = weak and BOTH_SIDES_NEW in sets and (breathless or SWALLOWING in sets)
        self._is_new_weakness = weak and BOTH_SIDES_NEW in sets
        self._now = frozenset((*knowledge.group("breathing"), SWALLOWING))

    def _is_new(self, findings: list[Finding]) -> bool:
        return any(self._is_within(finding, "reported_today") for finding in findings)

    def _is_within(self, finding: Finding, window: str) -> bool:
        return finding.when is not None and self._today - finding.when.first <= self._knowledge.days(window)

    def graded(self, finding: Finding) -> Finding | None:
        """One finding as far as it counts; none of a sign that is too old."""
        signs = finding.sets & (self._signs.every | self._signs.doubtful)
        if not signs and finding.spoken is None:
            return finding
        if finding.when is not None and not self._is_within(finding, "reported_sign"):
            return None
        if finding.spoken is not None:
            return finding
        if self._is_in_full(finding):
            is_acute = self._is_acute and WEAK in signs
            return self._acute(finding, finding.when) if is_acute and finding.when is not None else finding
        symptoms = signs & (self._signs.additional | IN_FULL)
        if symptoms:
            return replace(finding, sets=finding.sets - signs | symptoms)
        return self._doubted(finding, signs)

    def _is_in_full(self, finding: Finding) -> bool:
        """N21: breathless and weak is E1; newly weak on both sides with trouble breathing or swallowing is E2."""
        if self._is_acute and not finding.sets.isdisjoint((WEAK, BREATHLESS, SWALLOWING)):
            return True
        return self._cannot_breathe and BREATHLESS in finding.sets

    def _acute(self, finding: Finding, when: When) -> Finding:
        """Weakness of both sides that began within the four weeks before the form."""
        days = self._knowledge.days("guillain_barre")
        onset = When(max(when.first - days, 1), when.last, when.text)
        return replace(finding, sets=finding.sets | {"both-sides"}, onset=onset)

    def _doubted(self, finding: Finding, signs: frozenset[str]) -> Finding:
        twitching = self._knowledge.group(TWITCHING)
        sets = (name for name in finding.sets if name.startswith(ASKED) or name in twitching)
        today = self._is_within(finding, "reported_today") and self._asks_today(signs)
        values = (
            ("sign", first_of_sentence(label(finding, sorted(signs), self._knowledge))),
            ("date", finding.when.text if finding.when else ""),
        )
        doubt = Doubt(signs, Remark("reported_today" if today else "reported_sign", values), today=today)
        return replace(finding, sets=frozenset(sets) | IN_DOUBT, doubt=doubt)

    def _asks_today(self, signs: frozenset[str]) -> bool:
        """R4-today (N17): breathing, swallowing, or weakness that began within four weeks on both sides."""
        return not signs.isdisjoint(self._now) or (self._is_new_weakness and WEAK in signs)


def sign_today(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Those that are to be examined today."""
    return (finding for finding in findings if finding.doubt is not None and finding.doubt.today)


def pregnancy(answers: Iterable[ClinicalObservation], oldest: int) -> When | None:
    """The day of the newest answers of patients, if they say so; of two at one moment a yes counts."""
    answers_in_time = [
        answer for answer in answers if answer.reported and answer.when is not None and answer.when.first >= oldest
    ]
    return next(
        (entry.when for entry in newest(answers_in_time, lambda entry: entry.when) if entry.said.is_present), None
    )


def is_pregnant(answers: Iterable[ClinicalObservation], oldest: int) -> bool:
    """Whether the newest answers of patients say so."""
    return pregnancy(answers, oldest) is not None
