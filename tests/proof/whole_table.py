"""The proof that the table cannot calm, whole: every path, every pair, and faults that it must find (make proof).

Takes minutes and is run without coverage; `test_table.py` is its small form.
"""

import sys
from collections import Counter
from collections.abc import Iterator

import pytest
from inputs import Space
from lazily import paths
from properties import broken
from table import SHIPPED, Fault, faulty, results_as_given, wrong
from urgency import CRITICAL, EXEMPT, WARNING, Gathering, Lowered, lowered

CHANCE, MORE = 11, 20000
FAULTS = (
    Fault(
        "decide", "if found.emergencies:\n        return _with_emergency", "if False:\n        return _with_emergency"
    ),
    Fault("decide", "return _with_known_disease(found) or _unseen(found)", "return _with_known_disease(found)"),
    Fault("decide", "if found.childhood:\n        return Topic.PED", "if False:\n        return Topic.PED"),
    Fault(
        "decide",
        "if found.urgent:\n        return Topic",
        "if found.urgent and found.picture.is_marked:\n        return Topic",
    ),
    Fault("decide", "critical or found.hides or is_today(flags)", "found.hides or is_today(flags)"),
    Fault("decide", "critical or found.hides or is_today(flags)", "critical or is_today(flags)"),
    Fault("decide", "critical or found.hides or is_today(flags)", "critical or found.hides"),
    Fault("decide", " and covers(request, flag_days((*flags, *_evaluated(found))))", ""),
    Fault("decide", "flag_days((*flags, *_evaluated(found)))", "flag_days(flags)"),
    Fault(
        "decide",
        "if not found.hides:\n        return [Choice(topic=Topic.EMERG",
        "if True:\n        return [Choice(topic=Topic.EMERG",
    ),
    Fault("decide", ", Choice(topic=Topic.DATA_GAP, indicator=Indicator.INFO, flags=found.emergencies)]", "]"),
    Fault(
        "decide",
        "if any(lab.indicator is Indicator.WARNING for lab in labs) else",
        "if all(lab.indicator is Indicator.WARNING for lab in labs) and False else",
    ),
    Fault("decide", "if not found.is_normal or calm.is_hushed(chosen)", "if not found.is_normal"),
    Fault(
        "decide",
        " or not calm.words_allowed(found):\n        return []\n    if other",
        ":\n        return []\n    if other",
    ),
    Fault("decide", "if other_results.of(found.picture):", "if False:"),
    Fault("decide", "calm.is_hushed(chosen) or not seen or unread", "not seen or unread"),
    Fault("decide", "calm.is_hushed(chosen) or not seen or unread", "calm.is_hushed(chosen) or unread"),
    Fault(
        "decide", "topic = Topic.LIFESTYLE if calm.words_allowed(found) else Topic.DATA_GAP", "topic = Topic.LIFESTYLE"
    ),
    Fault("decide", "spare = [one for one in kept if not _is_protected(one)]", "spare = list(kept)"),
    Fault("decide", "while len(kept) > limit and spare", "while len(kept) > limit + 1 and spare"),
    Fault("decide", "dropped.append(victim.topic)", "pass"),
    Fault(
        "decide",
        "key=lambda choice: (URGENCY[choice.indicator], RANKS[choice.topic])",
        "key=lambda choice: RANKS[choice.topic]",
    ),
    Fault("decide", "if found.hides:  # what", "if False:  # what"),
    Fault("calm", "seen = picture.complete.all and not", "seen = not"),
    Fault("calm", "is_examined(found)\n        and seen", "seen"),
    Fault("calm", "found.failed or picture.unclear or picture.unread", "found.failed or picture.unclear"),
    Fault("lines", "return tuple(lab for lab in found.labs if not _is_line(lab, found))", "return ()"),
)


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


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.module}: {fault.new[:40]}")
def test_a_fault_in_the_table_is_found(fault: Fault) -> None:
    """Each by a property, or by a finding that lowers the most urgent card."""
    assert next(wrong(faulty(fault), CHANCE, MORE), None)
