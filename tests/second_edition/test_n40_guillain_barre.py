"""N40: new weakness with absent reflexes, numbness, both sides, or trouble swallowing or breathing is for today."""

from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.notation import request_bytes
from charts.resources import Line
from charts.seam import evaluate
from numbered import got, name_of, of, one

FIRST = "If both sides are weak and it began within 4 weeks: refer today."


@pytest.mark.parametrize("case", of(40), ids=name_of)
def test_n40_cards(case: Case) -> None:
    """Each chart of the tables N40 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def first_bullet(chart: dict[str, Any]) -> tuple[str, str]:
    """The summary of the first card, and the first thing that it asks to consider."""
    _, answer = evaluate(request_bytes(chart), TODAY)
    card = answer["cards"][0]
    return card["summary"], card["detail"].partition("**Consider**\n\n- ")[2].partition("\n")[0]


def test_n40_the_summary_names_the_picture_and_the_sign() -> None:
    """Since when, beside what, and what to check; the most telling sign is the one that is named."""
    assert (
        "Weak since 2026-11-17 with areflexia: Guillain-Barré? "
        "Refer today; check breathing (FVC) and swallowing." == first_bullet(one("N40/absent-reflexes").chart)[0]
    )
    assert "with weakness of both legs" in first_bullet(one("N40/both-legs-in-text").chart)[0]


def test_n40_beside_another_emergency_it_is_the_first_bullet() -> None:
    """The summary lists both; what must not be read over leads what is to be considered."""
    summary, bullet = first_bullet(one("N40/beside-potassium").chart)

    assert "potassium 2.3" in summary
    assert "Guillain-Barré? Refer today" in bullet


@pytest.mark.parametrize(
    ("onset", "expected"), [("28 d", True), ("29 d", False), ("", True)], ids=["new", "older", "undated"]
)
def test_n40_new_weakness_alone_asks_for_both_sides(onset: str, expected: bool) -> None:
    """The question is the first bullet of the neurology card while the weakness may be new, and not there after."""
    weak: Line = {"condition": "713514005 Muscle weakness of limb"}
    weak |= {"onset": onset} if onset else {"undated": True}
    chart: dict[str, Any] = {"patient": {"age": "40 y", "sex": "M"}, "resources": [{"twitch": "2 w"}, weak]}
    _, bullet = first_bullet(chart)
    _, answer = evaluate(request_bytes(chart), TODAY)

    assert expected == (FIRST == bullet)
    assert expected == (FIRST in answer["cards"][0]["detail"])
