"""N26: the card known-cause: its sentence, what it lists, and where it is a line instead."""

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.notation import request_bytes
from charts.seam import engine, evaluate
from numbered import got, name_of, of, one, text

from cards.advice import Advice
from cards.summary import summarise
from cards.topics import Indicator, Topic


@pytest.mark.parametrize("case", of(26), ids=name_of)
def test_n26_cards(case: Case) -> None:
    """Each chart of the table N26 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n26_the_sentence() -> None:
    """It asks to examine before anything is checked, and is under 140 characters with the longest diagnosis."""
    said = (
        "Twitching with thyrotoxicosis with diffuse… on file (can cause it): examine first - strength, wasting, "
        "reflexes, tongue - then check it."
    )
    longest = Advice(topic=Topic.KNOWN, indicator=Indicator.INFO, values={"diagnosis": "x" * 31})

    assert said in text(one("N26/anxious"))
    assert 139 == len(summarise(longest, engine(TODAY).words))


def test_n26_the_card_lists_what_to_check_and_the_tests_that_are_due() -> None:
    """The checks of every cause, and drafts of the tests that are not on file."""
    _, answer = evaluate(request_bytes(one("N26/several").chart), TODAY)
    [card] = answer["cards"]
    labels = {one["label"] for one in card["suggestions"]}

    assert "TSH and free T4" in card["detail"]
    assert "ask when the last drink was" in card["detail"]
    assert "calcium (adjusted or ionised) and magnesium today" in card["detail"]
    assert {"Order: TSH", "Order: calcium", "Order: magnesium"} <= labels


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("N26/beside-wasting", "Thyrotoxicosis with diffuse goiter (2026-09-22) does not explain muscle atrophy."),
        ("N26/beside-a-request", "Thyrotoxicosis with diffuse goiter (2026-09-22) does not explain diplopia."),
        (
            "N26/beside-an-emergency",
            "Thyrotoxicosis with diffuse goiter (2026-09-22) is on file and can cause twitching.",
        ),
        (
            "N26/its-test-abnormal",
            "Thyrotoxicosis with diffuse goiter (2026-09-22) is on file and can cause twitching.",
        ),
    ],
)
def test_n26_where_it_has_no_card_it_is_a_line(case: str, said: str) -> None:
    """Beside neurology it explains nothing; beside an emergency and its own abnormal test it is named."""
    assert said in text(one(case))


def test_n26_a_cause_never_lowers_or_removes_another_card() -> None:
    """Every golden case with an urgent card keeps it beside a known cause."""
    thyroid = {"condition": "E05.00 Thyrotoxicosis with diffuse goiter", "recorded": "2 mo"}
    for name in ("N26/beside-wasting", "N26/beside-diplopia", "N26/beside-an-emergency", "N26/another-test-abnormal"):
        case = one(name)
        without = {**case.chart, "resources": [line for line in case.chart["resources"] if line != thyroid]}
        assert len(without["resources"]) < len(case.chart["resources"])
        before = [card["source"]["topic"]["code"] for card in evaluate(request_bytes(without), TODAY)[1]["cards"]]
        kept = [topic for topic in before if topic not in ("lab-order", "data-gap", "lifestyle")]
        after = [card.topic for card in got(case)]
        assert set(kept) <= set(after), name
