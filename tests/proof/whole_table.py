"""The proof that the table cannot calm, whole: every path and every pair (make proof).

Takes minutes and is run without coverage; `test_table.py` is its small form.
"""

import sys
from collections import Counter
from collections.abc import Iterator

import pytest
from inputs import Space
from lazily import paths
from properties import broken
from table import SHIPPED, results_as_given
from urgency import CRITICAL, EXEMPT, WARNING, Gathering, Lowered, lowered


@pytest.fixture(autouse=True, scope="module")
def _results() -> Iterator[None]:
    with results_as_given():
        yield


HALVES = (
    pytest.param("no", id="adult", marks=pytest.mark.xdist_group("adult")),
    pytest.param("yes", id="child", marks=pytest.mark.xdist_group("child")),
)


@pytest.fixture(scope="module", params=HALVES)
def walked(request: pytest.FixtureRequest) -> tuple[Counter[str], dict[str, dict[str, str]], list[Lowered]]:
    """Every path for adults or children: how many break which property, one of each, and what lowers the urgency."""
    counted: Counter[str] = Counter()
    examples: dict[str, dict[str, str]] = {}
    gathering = Gathering()
    for path in paths(SHIPPED, Space(), {"is_child": request.param}):
        gathering.add(path)
        counted["paths"] += 1
        for name in broken(path.read, path.result):
            counted[name] += 1
            examples.setdefault(name, dict(path.read))
    whole = gathering.whole()
    sys.stdout.write(
        f"{counted['paths']:,} paths; {len(gathering.diagrams):,} nodes tell how urgent the first card is\n"
    )
    return counted, examples, list(lowered(gathering.diagrams, whole))


Walked = tuple[Counter[str], dict[str, dict[str, str]], list[Lowered]]


def test_no_answer_breaks_a_property(walked: Walked) -> None:
    """Over all inputs: nothing calms beside what alarms, three cards at most, none of the protected ones dropped."""
    counted, examples, _ = walked

    assert {} == examples
    assert counted["paths"] > 1_000_000


def test_more_findings_never_lower_the_most_urgent_card(walked: Walked) -> None:
    """Over all inputs, but for the exceptions, which name their paragraph."""
    allowed = {(one.finding, *pair) for one in EXEMPT for pair in one.lowers}

    assert [] == [one for one in walked[2] if (one.finding, one.before, one.after) not in allowed]


def test_every_exception_is_needed(walked: Walked, request: pytest.FixtureRequest) -> None:
    """One that lowers nothing would hide a fault; only a child has a critical sign that is no emergency."""
    met = {(one.finding, one.before, one.after) for one in walked[2]}
    possible = CRITICAL if "child" in request.node.name else WARNING
    exceptions = {(one.finding, *pair) for one in EXEMPT for pair in one.lowers}

    assert set() == {one for one in exceptions if one[1] <= possible} - met
