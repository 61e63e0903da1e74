"""When each thing was last said on a chart: what a visit noted ages from then (second edition N6)."""

from collections.abc import Iterable, Iterator

from cds.chart.facts import Chart, Meaning, Problem
from cds.fhir.dates import parse
from cds.knowledge.load import Knowledge

Code = tuple[str, str]


def days_of(problem: Problem, chart: Chart) -> Iterator[int]:
    """The days on which a problem began, was recorded, and was seen at a visit."""
    visit = parse(chart.visit_starts.get(problem.visit or ""))
    yield from (when.last for when in (problem.onset, problem.recorded, visit) if when is not None)


class Mentions:
    """When each concept was last said, and which of them the problem list holds."""

    def __init__(self, chart: Chart) -> None:
        self._last: dict[Code, int] = {}
        self._problem_list: set[Code] = set()
        for problem in chart.problems:
            if problem.is_active:
                self._put(problem.named, days_of(problem, chart))
                if not problem.of_visit:
                    self._problem_list.update(_codes(problem.named))
        for entry in chart.seen:
            if entry.said.is_present and entry.when is not None:
                self._put(entry.named, (entry.when.last,))
        for visit in chart.visits:
            if visit.start is not None:
                self._put(visit.named, (visit.start.last,))

        for mention in chart.told:
            if mention.when is not None:
                self._put(mention.named, (mention.when.last,))

    def _put(self, term: Meaning, days: Iterable[int]) -> None:
        for day in days:
            for code in _codes(term):
                self._last[code] = max(day, self._last.get(code, day))

    def last(self, term: Meaning) -> int | None:
        """The last day on which any entry said it."""
        return max((self._last[code] for code in _codes(term) if code in self._last), default=None)

    def is_listed(self, term: Meaning) -> bool:
        """Whether an active entry of the problem list says it."""
        return not self._problem_list.isdisjoint(_codes(term))


def _codes(term: Meaning) -> tuple[Code, ...]:
    """What tells one concept from another: its codes, or its words."""
    return tuple((concept.system, concept.code) for concept in term.concepts) or (
        ("", (term.text or "").strip().lower()),
    )


def twitch_counts(problem: Problem, mentions: Mentions, knowledge: Knowledge, today: int) -> bool:
    """Whether a twitch counts: as the diagnosis of a visit, for so many days after it was last said (N6)."""
    if not problem.of_visit or mentions.is_listed(problem.named):
        return True
    last = mentions.last(problem.named)
    return last is None or today - last <= knowledge.days("visit_twitch")
