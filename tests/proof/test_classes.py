"""The classes are right: charts that are alike in what the classes tell get the same cards.

The assessments of all golden charts, and of their twins, are laid side by side: no likeness may have two answers.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from charts.dates import TODAY
from charts.golden import cases
from charts.notation import request_bytes
from charts.seam import engine
from inputs import Space, assessment
from lazily import Asked, ImpossibleError
from likeness import Likeness, likeness
from table import KNOWLEDGE, SHIPPED, results_as_given
from twins import twin

from cds.errors import CallError
from cds.rules.assess import Assessment
from cds.rules.choice import Choice
from cds.rules.decide import choose
from cds.rules.runner import RuleRunner

Cards = tuple[tuple[str, str], ...]


def of_charts() -> Iterator[tuple[str, Assessment]]:
    """What the rules find on every golden chart that shows a twitch."""
    made = engine(TODAY)
    for case in cases():
        hook = case.chart.get("hook", "patient-view")
        try:
            evaluation = made.call(f"muscle-twitch-{hook}", request_bytes(case.chart)).evaluation
        except CallError:
            continue
        if evaluation is not None and evaluation.assessed is not None:
            yield case.id, evaluation.assessed.found


def cards(due: Iterable[Choice]) -> Cards:
    """The cards that are due."""
    return tuple((one.topic.value, one.indicator.value) for one in due)


def test_what_is_alike_gets_the_same_cards() -> None:
    """Golden charts among each other, and each with its twin among the inputs that the proof goes through."""
    answers: defaultdict[Likeness, dict[Cards, str]] = defaultdict(dict)
    twins = 0
    for name, found in of_charts():
        alike = likeness(found)
        answers[alike].setdefault(cards(choose(found, RuleRunner())), name)
        asked = Asked(Space(), given=twin(found))
        with results_as_given():
            try:
                answer = SHIPPED(asked)
                same = alike == likeness(assessment(asked, KNOWLEDGE))
            except ImpossibleError:
                same = False
        if same:
            twins += 1
            answers[alike].setdefault(cards(answer.due), f"the twin of {name}")

    assert [] == [tuple(told.items()) for told in answers.values() if len(told) > 1]
    assert len(answers) > 300
    assert twins > 1000
