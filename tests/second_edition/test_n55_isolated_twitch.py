"""N55: the ordinary isolated twitch gets one short card that says what to examine; it neither reassures nor orders."""

import json
import re
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request_bytes
from charts.seam import engine, evaluate
from numbered import got, name_of, of, one

from cards.advice import Advice
from cards.summary import summarise
from cards.topics import Indicator, Topic

PLAIN = (
    "Twitching recorded: examine strength, wasting, reflexes, tongue. "
    "If normal and isolated, no referral needed (NICE NG127)."
)
CHILD = "Child with twitching: a tic? Check strength, tongue, reflexes and gait; refer if any is abnormal."
UNTOLD = re.compile(r"cause cannot be judged|missing|\bgap\b", re.IGNORECASE)
HABITS = re.compile(r"caffeine|smok|GAD-7|anxiety", re.IGNORECASE)


def card(case: Case) -> dict[str, Any]:
    """The one card of a case."""
    _, answer = evaluate(request_bytes(case.chart), TODAY)
    (found,) = answer["cards"]
    return dict(found)


def is_child(case: Case) -> bool:
    """Whether the one card of the case speaks of a child."""
    return [one.topic for one in case.expect] == ["data-gap"] and ("child" in case.id or "15-years" in case.id)


def with_item(item: str) -> str:
    """The sentence of a twitch that is not plain."""
    return f"Twitching with {item}: examine strength, wasting, reflexes and tongue before deciding on tests."


def eyelid(since: str) -> str:
    """The sentence of an eyelid."""
    return (
        f"Eyelid twitching since {since}: if face and eyes are normal, no referral unless both eyes close "
        "or over 3 months (NG127)."
    )


def without(types: str) -> str:
    """The sentence of a chart that did not arrive whole."""
    return (
        f"Twitching recorded; {types} not received: examine strength, wasting, reflexes, tongue; "
        "look again when complete."
    )


@pytest.mark.parametrize("case", of(55), ids=name_of)
def test_n55_cards(case: Case) -> None:
    """Each chart of the table N55 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("N55/V20", PLAIN),
        ("N55/30-years-6-weeks", PLAIN),
        ("N55/resting", PLAIN),
        ("N55/referred-already", PLAIN),
        ("N55/family-not-received", without("family history")),
        ("N55/16-years", PLAIN),
        ("N55/eyelid", eyelid("2026-11-01")),
        ("N55/eyelid-90-days", eyelid("2026-08-24")),
        ("N55/eyelid-twice", eyelid("2026-09-27")),
        ("N55/eyelid-undated", PLAIN),
        ("N55/eyelid-and-calf", PLAIN),
        ("N55/eyelid-with-fatigue", with_item("other fatigue")),
        ("N55/child", CHILD),
        ("N55/child-6-weeks", CHILD),
        ("N55/15-years", CHILD),
        ("N55/child-eyelid-open", CHILD),
        ("N55-age/not-known", with_item("age not known")),
        ("N55/unclear-answer", with_item("muscle weakness, answer unclear")),
        ("N55/quoted-sign", with_item("dysarthria and anarthria")),
        ("N55/known-nerve", with_item("carpal tunnel syndrome, right upper limb")),
        ("N55/stopped-undated", with_item("diazepam stopped")),
        ("N55/other-result", with_item("Creatinine 180 umol/L H (2026-11-19)")),
        ("N55/flag-against-range", with_item("potassium flagged by the laboratory")),
        ("N55/unread-result", with_item("potassium not readable")),
        ("N55/unread-medicine", with_item("a medicine not checked")),
        ("N55/unread-problem", with_item("a problem not understood")),
        ("N55/alcohol-stopped", with_item("reported alcohol use")),
        ("N55/pregnancy-reported", with_item("reported pregnancy")),
        ("N55/medicines-not-received", without("medicines")),
        ("N55/two-types-not-received", without("medicines and requests")),
        ("N55/three-types-not-received", without("observations, medicines +1 more")),
        ("N55/child-not-received", without("observations")),
    ],
)
def test_n55_the_first_text_whose_condition_is_true(case: str, said: str) -> None:
    """Not received, a child, an eyelid, plain, and else the first thing that is open."""
    assert said == card(one(case))["summary"]


def test_n55_of_three_symptoms_the_first_is_named() -> None:
    """Weight loss, numb feet and a father with ALS for two weeks: examine, and nothing is ordered or calmed."""
    assert card(one("N55/three-symptoms"))["summary"].startswith("Twitching with ")
    assert PLAIN != card(one("N55/three-symptoms"))["summary"]


def test_n55_a_request_on_file_is_a_line() -> None:
    """A referral that is under way is said, with its day."""
    said = "Neurology/EMG requested 2026-11-18."

    assert said in card(one("N55/referred-already"))["detail"]
    assert said not in card(one("N55/V20"))["detail"]


def test_n55_it_never_reassures_and_never_speaks_against_tests() -> None:
    """On all golden charts: no "cause cannot be judged", "missing" or "gap"; "no referral" only with "if normal"."""
    seen = 0
    for case in cases():
        if not any(one.topic == "data-gap" for one in case.expect):
            continue
        _, answer = evaluate(request_bytes(case.chart), TODAY)
        for found in answer["cards"]:
            if found["source"]["topic"]["code"] != "data-gap":
                continue
            seen += 1
            spoken = f"{found['source']['topic']['display']} {found['summary']} {found['detail']}"
            assert UNTOLD.search(spoken) is None, case.id
            assert "no tests" not in spoken, case.id
            assert "no red flag" not in spoken.lower(), case.id
            assert "no referral" not in found["summary"] or "f normal" in spoken or "are normal" in spoken, case.id
    assert seen > 100


@pytest.mark.parametrize("case", [one for one in of(55) if is_child(one)], ids=name_of)
def test_n55_a_child_is_not_asked_about_habits(case: Case) -> None:
    """Neither caffeine nor smoking nor GAD-7 is named for a child."""
    assert HABITS.search(json.dumps(card(case))) is None


def test_n55_an_adult_is_asked_about_habits() -> None:
    """What a plain twitch leaves to be asked is on the card of an adult."""
    assert HABITS.search(card(one("N55/V20"))["detail"]) is not None


@pytest.mark.parametrize(
    ("variant", "length"), [("incomplete", 139), ("child", 97), ("eyelid", 124), ("default", 121), ("open", 137)]
)
def test_n55_the_longest_sentences_fit(variant: str, length: int) -> None:
    """With the longest fillings they have the lengths that the text states."""
    advice = Advice(
        topic=Topic.DATA_GAP,
        indicator=Indicator.INFO,
        variant=variant,
        signs=("x" * 34,) if variant == "incomplete" else (),
        values={"first_item": "x" * 48, "date": "2026-11-22"},
    )

    assert length == len(summarise(advice, engine(TODAY).words))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("paresthesia of the left foot after a long walk home", "paresthesia of the left foot after a long walk…"),
        ("x" * 60, "x" * 47 + "…"),
    ],
)
def test_n55_a_longer_item_is_cut_at_the_end_of_a_word(given: str, said: str) -> None:
    """More than 48 characters are cut where a word ends, and a single long word where the room ends."""
    advice = Advice(topic=Topic.DATA_GAP, indicator=Indicator.INFO, variant="open", values={"first_item": given})

    assert with_item(said) == summarise(advice, engine(TODAY).words)
