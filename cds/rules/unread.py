"""What is on file and could not be read, by type and reason: it is counted, and nothing reassures beside it (N48)."""

from collections import Counter
from collections.abc import Iterable, Iterator

from cards.advice import NotChecked
from cds.chart.facts import Chart, Meaning, OtherResult
from cds.fhir.references import entry_type
from cds.rules.lab_status import Laboratory

UNNAMED, UNCLEAR, TOO_MANY, LANGUAGE, AHEAD, NOT_KNOWN = "code", "status", "too-many", "language", "ahead", "not-known"


def accounted(
    chart: Chart, laboratory: Laboratory, other_results: Iterable[OtherResult], texts: Iterable[Meaning]
) -> Iterator[NotChecked]:
    """Every entry that a rule might have used and could not read: the type, why, and how many.

    `other_results` are of tests that no rule judges; `texts` are those that speak of a twitch or a sign in a language
    that is off only (N14).
    """
    results = Counter(laboratory.unread_counts) + Counter(other_result.trouble or "" for other_result in other_results)
    for reason, count in sorted(results.items()):
        yield NotChecked(type="Observation", reason=reason, count=count)
    if chart.strange_problems:
        yield NotChecked(type="Condition", reason=UNNAMED, count=chart.strange_problems)
    if chart.problems_not_known:
        yield NotChecked(type="Condition", reason=NOT_KNOWN)
    if chart.unread_answers:
        yield NotChecked(type="QuestionnaireResponse", reason=TOO_MANY, count=chart.unread_answers)
    for kind, count in sorted(Counter(map(entry_type, chart.ahead)).items()):
        yield NotChecked(type=kind, reason=AHEAD, count=count)
    for kind, count in sorted(Counter(entry_type(text.ref) for text in texts).items()):
        yield NotChecked(type=kind, reason=LANGUAGE, count=count)
    medicines = chart.medicines
    for reason, count in ((UNNAMED, len(medicines.unnamed)), (UNCLEAR, len(medicines.unclear))):
        if count:
            yield NotChecked(type="Medication", reason=reason, count=count)
    if medicines.not_known:
        yield NotChecked(type="Medication", reason=NOT_KNOWN)
