"""What speaks of a sign and neither affirms nor denies it: nothing reassures beside it (N1, N14)."""

from cds.chart.facts import Chart, ClinicalObservation, Meaning
from cds.chart.polarity import Says
from cds.chart.spoken import RED_FLAG
from cds.knowledge.load import Knowledge

ANTIBODY = "antibody"


def answers(chart: Chart, knowledge: Knowledge, today: int) -> tuple[ClinicalObservation, ...]:
    """What was asked of a U, E or P sign and not understood, or is not final: nothing reassures beside it (N1).

    So is a result of an antibody that may be behind an encephalitis (N43).
    What is not final and says that the sign is absent is left out. A grade is unclear where the question is in words.
    """
    oldest = today - knowledge.days("finding_observation")
    grave = knowledge.signs.strong | knowledge.signs.urgent | {ANTIBODY}
    return tuple(
        entry
        for entry in (*chart.seen, *chart.unsettled)
        if _is_unclear(entry, grave) and (entry.when is None or entry.when.last >= oldest)
    )


def texts(chart: Chart, phrases: str, knowledge: Knowledge, today: int) -> tuple[Meaning, ...]:
    """The entries whose text says something of this kind: problems of any age, others as long as findings count."""
    oldest = today - knowledge.days("finding_observation")
    dated_names = [
        *((visit.named, visit.start) for visit in chart.visits),
        *((entry.named, entry.when) for entry in chart.told),
        *((term, entry.when) for entry in chart.seen for term in (entry.named, entry.value)),
    ]
    problems = [problem for problem in chart.problems if problem.is_active]
    all_named = [
        *(problem.named for problem in problems),
        *(note.named for problem in problems for note in problem.notes),
    ]
    all_named += [term for term, when in dated_names if when is None or when.last >= oldest]
    return tuple({term.ref: term for term in reversed(all_named) if phrases in term.phrases}.values())


def _is_unclear(entry: ClinicalObservation, grave: frozenset[str]) -> bool:
    if ANTIBODY in entry.named.sets and not entry.is_done:
        return False  # a test that was not made leaves nothing open
    says = entry.said.says
    in_doubt = says is Says.UNKNOWN or not (entry.is_settled or says is Says.ABSENT)
    is_asked = RED_FLAG in entry.named.phrases
    return (is_asked and says is Says.GRADED) or (
        in_doubt and (is_asked or not grave.isdisjoint(entry.named.sets | entry.value_sets))
    )
