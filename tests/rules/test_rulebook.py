"""The rulebook is true: what a row declares exists, is what the rule reads, and is all that it can read."""

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import cases
from charts.notation import request_bytes
from charts.seam import engine, evaluate

from cds.rules.access import Access, UndeclaredReadError
from cds.rules.picture import Picture
from cds.rules.reads import FIELDS, Reads
from cds.rules.rule import Rule
from cds.rules.rulebook import UNJUDGED, rulebook_of
from cds.rules.view import View

KNOWLEDGE = engine(TODAY).knowledge
BOOK = rulebook_of(KNOWLEDGE)
ROWS = (*BOOK.rules.values(), UNJUDGED)
CHART: dict[str, Any] = {"patient": {"age": "40 y"}, "resources": [{"twitch": "2 w"}]}
LOW_CALCIUM = [{"lab": "adjCa", "value": "2.0 mmol/L"}, {"lab": "98979-8", "value": "40 mL/min/{1.73_m2}"}]
STEROID = {"draft": "rx:198145 prednisone 10 MG Oral Tablet"}
BESIDE_THE_CASES = (  # what no golden case asks for
    CHART | {"resources": [{"twitch": "2 w"}, *LOW_CALCIUM]},
    CHART | {"resources": [{"twitch": "2 w"}, *LOW_CALCIUM], "hook": "order-sign", "drafts": [STEROID]},
    {"patient": {}, "resources": [{"twitch": "2 w"}, {"lab": "sleep", "value": "5 h"}]},
    CHART | {"resources": [{"twitch": "2 w"}, {"condition": "F41.1"}, {"lab": "PHQ9", "value": "12 {score}"}]},
)
Asked = dict[str, set[tuple[str, str]]]


def declared(reads: Reads) -> set[tuple[str, str]]:
    """Every name of a row, with its kind."""
    return {(kind, name) for kind in FIELDS for name in getattr(reads, kind)}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What each rule asks its view for, from now on."""
    found: Asked = defaultdict(set)
    check, days, at = Access.check, View.days, View.at

    def checked(access: Access, kind: str, *names: str) -> None:
        found[access.rule] |= {(kind, name) for name in names}
        check(access, kind, *names)

    def windowed(view: View, window: str) -> int:
        found[view.rule].add(("windows", window))
        return days(view, window)

    def limited(view: View, threshold: str) -> float:
        found[view.rule].add(("thresholds", threshold))
        return at(view, threshold)

    monkeypatch.setattr(Access, "check", checked)
    monkeypatch.setattr(View, "days", windowed)
    monkeypatch.setattr(View, "at", limited)
    return found


PLACES: dict[str, Collection[str]] = {
    **dict.fromkeys(("sets", "values", "answers", "problems", "drugs", "relatives", "reports"), KNOWLEDGE.sets),
    "medicines": KNOWLEDGE.medicines,
    "limits": KNOWLEDGE.combined,
    "windows": KNOWLEDGE.rules.windows,
    "thresholds": KNOWLEDGE.rules.thresholds,
    "outcomes": BOOK.rules,
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_what_a_row_declares_is_in_the_data(row: Rule) -> None:
    """No row names a value set, class, limit, window, threshold or rule that does not exist."""
    missing = {(kind, name) for kind, held in PLACES.items() for name in getattr(row.reads, kind) if name not in held}

    assert set() == missing


def test_over_all_cases_each_rule_asks_for_what_its_row_declares_and_nothing_else(asked: Asked) -> None:
    """Both directions: an undeclared read would fail the rule, and a declared one that nothing asks for is dead."""
    for chart in (*(case.chart for case in cases()), *BESIDE_THE_CASES):
        _, answer = evaluate(request_bytes(chart), TODAY)
        assert [] == [card for card in answer.get("cards", ()) if "rule-failed" in str(card["extension"])], chart

    wrong = {row.id: declared(row.reads) ^ asked[row.id] for row in ROWS if row.id != "KD"}
    assert {} == {rule: sorted(names) for rule, names in wrong.items() if names}


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda view: view.of("weakness"), "sets"),
        (lambda view: view.within("tetany", "wasting"), "windows"),
        (lambda view: view.standing("sodium"), "analytes"),
        (lambda view: view.courses("statin"), "medicines"),
        (lambda view: view.takes("digoxin"), "drugs"),
        (lambda view: view.exceeds(None, "lithium"), "limits"),
        (lambda view: view.answers("ask-gad7"), "answers"),
        (lambda view: view.at("gad7"), "thresholds"),
        (lambda view: view.worded("diet"), "phrases"),
        (lambda view: view.outcome("U1"), "outcomes"),
        (lambda view: view.age, "attributes"),
    ],
)
def test_a_view_answers_only_what_was_declared(ask: Callable[[View], Any], kind: str, picture: Picture) -> None:
    """Whatever the row of U2 does not name is an error that names the rule and the kind."""
    view = BOOK.view(BOOK.rules["U2"], picture)

    with pytest.raises(UndeclaredReadError, match=f"U2 reads {kind}"):
        ask(view)


@pytest.fixture
def picture() -> Picture:
    """The picture of an ordinary chart."""
    outcome = engine(TODAY).call("muscle-twitch-patient-view", request_bytes(CHART))
    assert outcome.evaluation is not None
    assert outcome.evaluation.assessed is not None
    return outcome.evaluation.assessed.found.picture
