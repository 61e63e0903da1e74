"""Signs that are coded as the reason of a visit, a request or an alert: R4, like those in words (N13, N17)."""

from collections.abc import Iterable, Iterator

from cds.chart.facts import Chart, Meaning
from cds.fhir.dates import When
from cds.knowledge.load import Knowledge
from cds.rules.findings import IN_DOUBT, Doubt, Finding, Findings, Remark, words
from cds.rules.gate import heard
from cds.rules.own_words import first_of_sentence, in_sentence, of_resource

TODAY = "grave-as-reason"  # a group of the data: what is an emergency by itself where it is coded as a finding
LATER = "mind-as-reason"  # a group of the data: what is a red flag in words (N16)


def added(findings: Findings, chart: Chart, knowledge: Knowledge, today: int, *, adult: bool) -> Findings:
    """The findings with the reasons that no other entry of their time codes as a finding."""
    signs = [*_read(findings, chart, knowledge, today, adult=adult)]
    if not signs:
        return findings
    reasons = {finding.named for finding in signs}
    return Findings((*(finding for finding in findings.all if finding.named not in reasons), *signs))


def _read(findings: Findings, chart: Chart, knowledge: Knowledge, today: int, *, adult: bool) -> Iterator[Finding]:
    grave = frozenset(knowledge.group(TODAY))
    read_sets = grave | frozenset(knowledge.group(LATER)) | knowledge.signs.doubtful
    if not adult:
        read_sets |= knowledge.signs.childhood
    for term, when in heard(chart, knowledge, today):
        sets = term.sets & read_sets
        is_today = bool(sets & grave) and _is_within(when, today, knowledge)
        is_told = bool(term.today) or (bool(term.signs) and not is_today)  # by what its words say
        if term.is_coded and sets and not is_told and not _is_coded(sets, when, findings, knowledge):
            yield _finding(term, sets, when, knowledge, today=is_today)


def _is_coded(sets: frozenset[str], when: When | None, findings: Findings, knowledge: Knowledge) -> bool:
    """Whether another entry codes it as a finding, of about that time: it has its full grade there (N17)."""
    oldest = when.first - knowledge.days("reported_today") if when is not None else 0
    return any(finding.day is None or finding.day >= oldest for finding in findings.of(*sets))


def _is_within(when: When | None, today: int, knowledge: Knowledge) -> bool:
    return when is not None and today - when.first <= knowledge.days("reported_today")


def _finding(term: Meaning, sets: frozenset[str], when: When | None, knowledge: Knowledge, *, today: bool) -> Finding:
    place = of_resource(term.ref, when.text if when else "")
    finding = Finding(named=term, concepts=term.concepts, sets=sets, place=place, when=when, told=when)
    sign = words(finding, sorted(sets), knowledge)
    if today and when is not None:
        remark = Remark("reason_today", (("sign", first_of_sentence(in_sentence(sign))), ("date", when.text)))
    else:
        remark = Remark("reason_sign", (("phrase", sign),))
    return Finding(
        named=term,
        concepts=term.concepts,
        sets=IN_DOUBT,
        place=place,
        when=when,
        told=when,
        doubt=Doubt(sets, remark, today=today),
    )


def unclear(texts: Iterable[Meaning], findings: Findings, knowledge: Knowledge) -> tuple[Meaning, ...]:
    """The texts that are not clear: without the reasons that are for today, with those that no examination answers."""
    unanswered = {*knowledge.group(TODAY), *knowledge.group(LATER)}
    reasons = [finding for finding in findings.all if finding.doubt is not None and finding.named.is_coded]
    today = {finding.named for finding in reasons if finding.doubt and finding.doubt.today}
    later = [
        finding.named
        for finding in reasons
        if finding.doubt and not finding.doubt.today and finding.doubt.sets & unanswered
    ]
    return tuple(dict.fromkeys((*(term for term in texts if term not in today), *later)))
