"""Why there is no card, and which condition failed of what a silent rule reads: true, and the same everywhere."""

import json
from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request_bytes
from charts.seam import engine
from msgspec.structs import replace

from cds.explain.explain import Why, explain

ENGINE = replace(engine(TODAY), glances=False)
Line = dict[str, Any]
TWITCH: Line = {"twitch": "5 w"}
ALS: Line = {"condition": "86044005 Amyotrophic lateral sclerosis", "recorded": "5 mo"}
ADDISON: Line = {"condition": "E27.1 Primary adrenocortical insufficiency"}
LABS: Line = {"normal_labs": "3 d"}
PREDNISONE: Line = {"draft": "rx:198145 prednisone 10 MG Oral Tablet"}
HYDROCORTISONE: Line = {"draft": "rx:197782 hydrocortisone 10 MG Oral Tablet"}
TAKEN: Line = {"drug": "rx:198145 prednisone 10 MG Oral Tablet"}
ADULT: Line = {"age": "40 y", "sex": "F"}


def why(*lines: Line, patient: Line = ADULT, **case: Any) -> Why:
    """The explanation of the answer to a chart."""
    body = request_bytes({"patient": patient, "resources": list(lines), **case})
    return explain(ENGINE.call(f"muscle-twitch-{json.loads(body)['hook']}", body), ENGINE)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (why({"condition": "F41.1 Anxiety"}), "the chart shows no active muscle twitch"),
        (why(TWITCH, patient=ADULT | {"deceased": True}), "the patient is recorded as deceased: no rule was evaluated"),
        (why(TWITCH, ALS), "the twitching has a known cause: a neuromuscular disease is on the chart"),
        (why(TWITCH), ""),
        (
            why(TWITCH, hook="order-sign", drafts=[{"draft": "rx:310965 ibuprofen"}]),
            "no draft of a class that is checked",
        ),
        (
            why(TWITCH, TAKEN, LABS, hook="order-sign", drafts=[PREDNISONE]),
            "no drafted corticosteroid or estrogen is new",
        ),
        (
            why(TWITCH, ADDISON, LABS, hook="order-sign", drafts=[HYDROCORTISONE]),
            "is replacement therapy",
        ),
        (
            why(TWITCH, LABS, hook="order-sign", drafts=[{"draft": "atc:A02BC01 omeprazole"}]),
            "nothing on the chart makes the draft dangerous",
        ),
        (why(TWITCH, ALS, LABS, hook="order-sign", drafts=[PREDNISONE]), "nothing on the chart makes a draft urgent"),
    ],
)
def test_no_card_has_its_true_reason(told: Why, said: str) -> None:
    """One sentence, and none where there is a card."""
    assert said in told.summary
    assert bool(said) == bool(told.summary)


def because(told: Why, rule: str) -> list[str]:
    """What is said against the things that a silent rule reads."""
    found = next(one for one in told.rules if one.rule == rule)
    assert "not-fired" == found.state, found
    return [trace.because or "" for trace in found.not_qualified]


SWOLLEN: Line = {"condition": "I82.401 Thrombosis of leg", "onset": "60 d", "recorded": "60 d"}
ESTRADIOL: Line = {"drug": "rx:197658 estradiol 1 MG Oral Tablet", "start": "3 y"}


@pytest.mark.parametrize(
    ("lines", "rule", "said"),
    [
        ([{"condition": "26544005 Weakness", "onset": "9 d"}], "E2", "more than 3 days ago"),
        ([{"condition": "J96.00 Respiratory failure", "onset": "60 d"}], "E1", "more than 30 days ago"),
        ([{"condition": "R56.9 Seizure", "onset": "20 d"}], "E3", "more than 7 days ago"),
        ([SWOLLEN, ESTRADIOL], "E8", "more than 30 days ago"),
        ([{"lab": "K", "value": "4.1 mmol/L"}], "E4", "normal"),
        ([{"lab": "K", "value": "3.2 mmol/L"}], "E4", "abnormal, but within the limits of this rule"),
        ([{"lab": "K", "value": "2.2 mmol/L", "at": "90 d"}], "E4", "out of date after 30 days"),
        (
            [
                {"lab": "K", "value": "4.1 mmol/L", "at": "1 d", "status": "preliminary"},
                {"lab": "K", "value": "4.2 mmol/L"},
            ],
            "E4",
            "another result decides",
        ),
        ([{"lab": "K", "value": "4.1 bananas"}], "E4", "its value or unit could not be read"),
        ([{"drug": "rx:8640 prednisone", "start": "3 d"}], "corticosteroid", "started after the twitching began"),
        (
            [{"drug": "rx:7646 omeprazole", "start": "50 d"}],
            "proton-pump-inhibitor",
            "started less than 90 days before",
        ),
        ([{"drug": "atc:R03AC02 salbutamol", "start": "300 d"}], "beta-agonist", "not started within 90 days"),
        ([{"drug": "atc:R03AC02 salbutamol", "drop": ["authoredOn"]}], "beta-agonist", "is unknown"),
        (
            [{"drug": "rx:8640 prednisone", "status": "stopped", "from": "2 y", "until": "90 d"}],
            "corticosteroid",
            "no longer taken",
        ),
        ([{"drug": "rx:312961 simvastatin 20 MG Oral Tablet", "start": "3 y"}], "statin", ""),
    ],
)
def test_a_silent_rule_says_which_condition_failed(lines: list[Line], rule: str, said: str) -> None:
    """Too old, normal, not at a limit, out of date, another result, after the onset, ended, unknown."""
    reasons = because(why(TWITCH, *lines), rule)

    assert [one for one in reasons if said in one], reasons
