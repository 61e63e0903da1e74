"""Why a card of the second edition is not there, and why another one is not beside it (N24 to N28, N52, N53)."""

from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request_bytes
from charts.seam import engine
from msgspec.structs import replace

from cards.topics import Topic
from cds.explain.explain import explain
from cds.rules.cardbook import OF_FINDINGS

ENGINE = replace(engine(TODAY), glances=False)
NUMBERS = ("N24", "N25", "N26", "N28", "N52", "N53", "N54", "N60")
MINE = [case for case in cases() if case.id.partition("/")[0].partition("-")[0] in NUMBERS]


def left_out(case: str | Case) -> dict[str, str]:
    """The cards that the answer to a golden case does not show, each with its reason."""
    chart: dict[str, Any] = case.chart if isinstance(case, Case) else next(one for one in MINE if one.id == case).chart
    return explain(ENGINE.call("muscle-twitch-patient-view", request_bytes(chart)), ENGINE).cards_left_out


def test_every_card_that_is_not_shown_has_its_reason() -> None:
    """On each golden case of these amendments the cards shown and those with a reason are all cards of findings."""
    every = {row.topic.value for row in OF_FINDINGS}
    for case in MINE:
        assert every == {card.topic for card in case.expect} | set(left_out(case)), case.id


@pytest.mark.parametrize(
    ("case", "topic", "said"),
    [
        ("N24/unclear-answer", Topic.LIFESTYLE, "an answer about a sign could not be read as yes or no"),
        ("N24/TSH-below-0.01", Topic.LIFESTYLE, "not shown together with a warning about a result or a medicine"),
        ("N24/beside-evaluation", Topic.LIFESTYLE, "about an examination or neurology"),
        ("N25/tsh-after", Topic.KNOWN, "no diagnosis on file can cause twitching, or normal results"),
        ("N26/anxious", Topic.LIFESTYLE, "should be checked first"),
        ("N26/anxious", Topic.LAB_ORDER, "a known-cause card lists the missing tests"),
        ("N26/examined-with-EMG", Topic.REASSURE, "should be checked first"),
        ("N26/its-test-abnormal", Topic.KNOWN, "an abnormal-lab card covers the test for the diagnosis"),
        ("N26/beside-wasting", Topic.KNOWN, "a neurology card is shown, which mentions the diagnosis"),
        ("N26/beside-an-emergency", Topic.KNOWN, "an emergency takes precedence"),
        ("N26/in-known-disease", Topic.KNOWN, "a neuromuscular disease is on the chart"),
        ("N28/active", Topic.MED_REV, "no rule for a medicine fired"),
        ("N28/beside-an-emergency", Topic.MED_REV, "only medicines that may explain the emergency"),
        ("N52/weakness-31-days", Topic.NEW_SIGN, "no sign is new in the known disease"),
        ("N52/weakness-requested", Topic.NEW_SIGN, "a request to the team covers the new sign"),
        ("N28/active", Topic.NEW_SIGN, "no neuromuscular disease is on file"),
        ("N53/MMN-treated", Topic.NEURO_URG, "in which twitching and its weakness are expected"),
        ("N53/MMN-treated", Topic.NEURO_EVAL, "in which twitching and its weakness are expected"),
        ("N53/examined-with-EMG", Topic.REASSURE, "in which twitching and its weakness are expected"),
        ("N53/anxious-and-examined", Topic.LIFESTYLE, "in which twitching and its weakness are expected"),
        ("N53/MMN-alone", Topic.LAB_ORDER, "in which twitching and its weakness are expected"),
        ("N53/MMN-alone", Topic.DATA_GAP, "in which twitching and its weakness are expected"),
    ],
)
def test_the_reason_is_the_true_one(case: str, topic: Topic, said: str) -> None:
    """Each reason names what kept the card back."""
    assert said in left_out(case)[topic.value]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([{"condition": "G56.01 Carpal tunnel syndrome", "recorded": "7 y"}], "something is still open"),
        ([{"lab": "vitD", "value": "20 nmol/L"}], "a laboratory warning is shown"),
        ([{"finding": "26544005 Muscle weakness", "is": "261665006 Unknown"}], "could not be read as yes or no"),
    ],
)
def test_a_reassurance_is_kept_back_by_what_is_open(lines: list[dict[str, Any]], said: str) -> None:
    """After a normal examination and EMG: a diagnosis on file, a warning, an answer that is not understood."""
    normal = [
        {"lab": "exam", "interp": "N", "at": "5 d"},
        {"report": "18749-2 Electromyogram study", "finds": "17621005 Normal", "at": "5 d"},
    ]
    chart = {"patient": {"age": "40 y", "sex": "F"}, "resources": [{"twitch": "2 w"}, *normal, *lines]}
    told = explain(ENGINE.call("muscle-twitch-patient-view", request_bytes(chart)), ENGINE)

    assert said in told.cards_left_out["reassurance"]
