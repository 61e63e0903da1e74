"""N10: signs that a diagnosis explains."""

from typing import Any

import pytest
from charts.golden import Case
from charts.resources import TWITCHES, Line
from hypothesis import given
from hypothesis import strategies as st
from numbered import got, judged, name_of, of, one, text


@pytest.mark.parametrize("case", of(10), ids=name_of)
def test_n10_cards(case: Case) -> None:
    """Each chart of the tables N10 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n10_the_explanation_is_quoted() -> None:
    """What keeps its grade carries the explanation; what is history is quoted."""
    assert "explained by cerebral infarction (" in text(one("N10/new-weakness-after-stroke"))
    assert "long before the twitching, with hemiplegia following cerebral infarction" in text(
        one("N10/stroke-and-signs-of-8-years")
    )


EMERGENCIES: list[Line] = [
    {"condition": "R06.01 Orthopnea", "id": "sure"},
    {"condition": "R29.0 Tetany", "id": "sure"},
    {"condition": "G61.0 Guillain-Barre syndrome", "id": "sure"},
    {"lab": "K", "value": "2.2 mmol/L", "at": "today", "id": "sure"},
    {"lab": "CK", "value": "9000 U/L", "at": "today", "id": "sure"},
]
TWITCH: Line = {"twitch": "2 w", "id": "twitching"}
LINES = [
    line
    for number in (6, 8, 10)
    for case in of(number)
    for line in case.chart["resources"]
    if next(iter(line)) not in TWITCHES
]
VISIT = {"category": [{"coding": [{"code": "encounter-diagnosis"}]}]}
SIGNS = ["M62.81", "G81.91", "R47.1", "R13.19", "R26.2", "R29.6", "M21.371", "M62.541", "86854008", "249878001"]
CAUSES = ["I63.9", "G80.9", "S72.001A", "K22.2", "C32.9", "G54.0", "G95.20", "G61.82", "G61.0"]


def tags(cards: list[Any]) -> set[str]:
    """The tags of the emergency card."""
    return {tag for card in cards if card[0] == "emergency" for tag in card[2]}


@given(st.sampled_from(EMERGENCIES), st.lists(st.sampled_from(LINES), max_size=6), st.sampled_from(["20 y", "66 y"]))
def test_n10_time_takes_no_emergency(sure: Line, others: list[Line], age: str) -> None:
    """Whatever old, visit and explained entries stand beside it, an emergency stays with its tags."""
    alone = tags(judged({"age": age}, [TWITCH, sure]))

    assert alone <= tags(judged({"age": age}, [TWITCH, sure, *others]))


@given(st.sampled_from(SIGNS), st.sampled_from(CAUSES), st.integers(1, 10), st.integers(1, 10), st.integers(1, 15))
def test_n10_time_takes_no_childs_sign(sign: str, cause: str, years: int, before: int, age: int) -> None:
    """A child's cards do not depend on whose diagnosis a sign is, how old it is, and what may explain it."""
    listed: Line = {"condition": sign, "recorded": f"{years} y"}
    explained: Line = {"condition": cause, "recorded": f"{before} y", "status": "resolved"}
    plain = judged({"age": f"{age} y"}, [TWITCH, listed])

    assert plain == judged({"age": f"{age} y"}, [TWITCH, {**listed, "with": VISIT}, explained])


@given(st.sampled_from(SIGNS), st.sampled_from(CAUSES), st.integers(1, 300), st.integers(31, 3000))
def test_n10_a_sign_newer_than_its_explanation_keeps_its_grade(sign: str, cause: str, days: int, gap: int) -> None:
    """A sign of the last year after its explanation stays urgent; only the few of effect (2) become R4."""
    shown: Line = {"condition": sign, "onset": f"{days} d", "id": "sign"}
    explained: Line = {"condition": cause, "onset": f"{days + gap} d", "status": "resolved"}
    alone, beside = judged({"age": "60 y"}, [TWITCH, shown]), judged({"age": "60 y"}, [TWITCH, shown, explained])
    lowered = (cause == "K22.2" and sign == "R13.19") or (
        cause == "S72.001A" and gap <= 365 and sign in ("M62.81", "R26.2", "R29.6", "M21.371")
    )

    assert lowered or alone == beside
