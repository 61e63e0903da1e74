"""Weakness that an emergency already explains: it is not counted again (second edition N45).

Asked of adults whose age is known, and only where the emergency is shown: then its card asks to examine again.
"""

from collections.abc import Iterable, Iterator

from cds.rules.findings import Finding, Findings
from cds.rules.flags import Flags, Raised, sample_days
from cds.rules.picture import Picture

ELECTROLYTES = "explain-weakness"  # a list of the data
RHABDOMYOLYSIS = "rhabdomyolysis"
GAIT, PROXIMAL, UNSPECIFIC = "functional-weakness", frozenset({"weakness-proximal"}), "weakness-unspecific"
WEAK, MUSCULAR, HARD = "named-weakness", "muscular", "hard-signs"  # groups of the data


def left(picture: Picture, emergencies: Flags, findings: Findings) -> tuple[Findings, tuple[Finding, ...]]:
    """The findings without what an emergency explains, and the weakness among that."""
    if picture.age is None or picture.is_child:
        return findings, ()
    weak: list[Finding] = []
    weak_sets = {*picture.knowledge.group(WEAK), GAIT, UNSPECIFIC}
    for signs, sets in _explained(picture, emergencies, findings):
        findings = findings.without_sets(signs, sets)
        weak += (sign for sign in signs if not sign.sets.isdisjoint(weak_sets))
    return findings, tuple(dict.fromkeys(weak))


def asks_for_muscle_disease(picture: Picture, emergencies: Flags) -> bool:
    """CK of 5000 U/L or more without exertion, a statin or a recent seizure."""
    if picture.laboratory.of("creatine-kinase").emergency is None:
        return False
    oldest = picture.today - picture.knowledge.days("ck_explained")
    recent = (
        finding
        for finding in picture.findings.of("exertion", "seizure")
        if finding.day is not None and finding.day >= oldest
    )
    raised = any(flag.tag == RHABDOMYOLYSIS for flag in emergencies)
    return raised and not any(recent) and not picture.medication.of("statin")


def _explained(
    picture: Picture, emergencies: Flags, findings: Findings
) -> Iterator[tuple[list[Finding], frozenset[str]]]:
    weak_or_gait = frozenset((*picture.knowledge.group(WEAK), GAIT))
    muscular = weak_or_gait.union(picture.knowledge.group(MUSCULAR))
    electrolytes = picture.knowledge.listed(ELECTROLYTES)
    for flag in emergencies:
        if flag.tag == RHABDOMYOLYSIS:
            sets = PROXIMAL if asks_for_muscle_disease(picture, emergencies) else frozenset()
            days = {*sample_days(flag), *_coded(flag)}
            yield _near(findings, muscular, days, picture.knowledge.days("rhabdomyolysis_sign")), muscular - sets
        elif flag.tag in electrolytes and not _has_hard_sign(findings, picture.knowledge.group(HARD)):
            window = picture.knowledge.days("electrolyte_sign")
            days = set(sample_days(flag))
            near = _near(findings, weak_or_gait, days, window)
            yield [finding for finding in near if not _is_older(finding, findings, days, window)], weak_or_gait


def _coded(flag: Raised) -> Iterator[int]:
    return (finding.day for finding in flag.found if RHABDOMYOLYSIS in finding.sets and finding.day is not None)


def _near(findings: Findings, sets: frozenset[str], days: Iterable[int], window: int) -> list[Finding]:
    """The signs dated within so many days of a sample or a code; a gait sign only if it is not specific."""
    return [
        finding
        for finding in findings.of(*sorted(sets))
        if finding.day is not None
        and any(abs(finding.day - day) <= window for day in days)
        and (GAIT not in finding.sets or _is_soft(finding))
    ]


def _is_older(sign: Finding, findings: Findings, days: Iterable[int], window: int) -> bool:
    """Whether another entry of the same sign was first dated before the window."""
    codes = {(concept.system, concept.code) for concept in sign.concepts}
    same = (
        finding
        for finding in findings.all
        if not codes.isdisjoint((concept.system, concept.code) for concept in finding.concepts)
    )
    return any(finding.day is not None and all(day - finding.day > window for day in days) for finding in same)


def _is_soft(finding: Finding) -> bool:
    return all("soft-sign" in concept.sets for concept in finding.concepts)


def _has_hard_sign(findings: Findings, hard: Iterable[str]) -> bool:
    return bool(findings.of(*hard)) or any(not _is_soft(finding) for finding in findings.of(GAIT))
