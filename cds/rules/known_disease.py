"""Neuromuscular diseases on file: those that are known (4b KD), and those in which twitching is expected (N53 KD-N)."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from cds.chart.facts import Problem
from cds.knowledge.load import Knowledge
from cds.rules.findings import Findings
from cds.rules.medication import Medication
from cds.rules.own_words import in_sentence, own
from cds.rules.reads import DISEASES, EXPECTED, WHILE_TREATED

TREATMENT, MYOPATHY, ON_LIST = "cholinesterase-inhibitor", "myopathy", "on-problem-list"


class Disease(Struct, frozen=True):
    """One disease: its value set, what a card calls it, and its earliest day; None if an entry has no date."""

    name: str
    label: str
    since: int | None


def known(problems: Sequence[Problem], knowledge: Knowledge) -> tuple[Disease, ...]:
    """Known neuromuscular diseases that no later entry refutes (KD)."""
    return tuple(_read(problems, knowledge.group(DISEASES), knowledge))


def expected(problems: Sequence[Problem], medicines: Medication, knowledge: Knowledge) -> tuple[Disease, ...]:
    """Diseases in which fasciculation is expected; myasthenia only while it is treated (KD-N)."""
    diseases = _read(problems, knowledge.group(EXPECTED), knowledge)
    treated = bool(medicines.of(TREATMENT))
    return tuple(disease for disease in diseases if treated or disease.name != WHILE_TREATED)


def myopathies(problems: Iterable[Problem], knowledge: Knowledge) -> Iterator[str]:
    """Known muscle diseases: they do not fasciculate, and explain nothing (N53)."""
    for problem in problems:
        if MYOPATHY in problem.named.sets and is_known(problem):
            yield _label(problem, MYOPATHY, knowledge)


def unsettled(problems: Iterable[Problem], signs: Findings, knowledge: Knowledge) -> tuple[str, ...]:
    """Diagnoses on file beside which nothing calms (N24), by what the chart calls them.

    Those of nerve, cord and brain that neither fire nor silence a card (3a), and a disease that is only suspected.
    """
    names = (
        _label(problem, name, knowledge)
        for problem in problems
        for name in (*knowledge.group(DISEASES), *knowledge.group(EXPECTED))
        if problem.is_active and name in problem.named.sets
    )
    listed = (own(finding.named.words, finding.concepts, knowledge) for finding in signs.of(ON_LIST))
    return tuple(dict.fromkeys((*names, *map(in_sentence, listed))))


def is_known(problem: Problem) -> bool:
    """Whether a disease is confirmed, and active or in remission (4b KD, N5, N53)."""
    current = problem.is_active or problem.clinical == "remission"
    return current and problem.verification in ("confirmed", None)


def _read(problems: Sequence[Problem], names: Iterable[str], knowledge: Knowledge) -> Iterable[Disease]:
    for name in names:
        entries = [problem for problem in problems if name in problem.named.sets]
        confirmed = [entry for entry in entries if is_known(entry) and not _is_refuted(entry, entries)]
        if confirmed:
            days = [_first(problem) for problem in confirmed]
            known_days = [day for day in days if day is not None]
            since = min(known_days) if len(known_days) == len(days) else None
            yield Disease(name, _label(confirmed[0], name, knowledge), since)


def _label(problem: Problem, name: str, knowledge: Knowledge) -> str:
    """What the chart calls it."""
    codes = (concept for concept in problem.named.concepts if name in concept.sets)
    return in_sentence(own(problem.named.words, codes, knowledge))


def _is_refuted(disease: Problem, entries: Iterable[Problem]) -> bool:
    """Whether an entry on or after it says no; one without a date may: silence does not rest on a disease in dispute.

    A resolved entry takes back no active one: duplicates are closed when a problem list is put in order (N5).
    """
    since = disease.last_day
    refuted = [entry.last_day for entry in entries if entry.verification == "refuted"]
    return any(day is None or since is None or day >= since for day in refuted)


def _first(problem: Problem) -> int | None:
    """The earliest of these days."""
    return min((when.first for when in (problem.onset, problem.recorded) if when), default=None)
