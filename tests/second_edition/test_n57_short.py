"""N57: the detail of a card is short because its texts are; nothing is cut when the card is made."""

import re
from functools import cache
from statistics import median

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request_bytes
from charts.resources import TWITCHES
from charts.seam import evaluate

LIMITS = {"info": 120, "warning": 180, "critical": 180}
ANSWER = 360
TARGET = 80
# What has more to say than the limit, and why: each fact and each thing to do is of another result or factor.
LONGER = {
    "order-of-flags/urgent": "four signs of an urgent referral in one chart, each with its own line",
    "order-of-flags/routine": "four signs of a referral in one chart, each with its own line",
    "order-of-flags/age-unknown": "signs of a child and of an adult in one chart, each with its own line",
    "several-labs/all-info": "four abnormal results, each with its limit and what to do",
    "N25-together/all-with-a-card": "nine known causes, each with its diagnosis, its date and what to do",
    "N25-together/all-that-are-a-line": "four known causes, each a line of its own",
    "N22-signs/not-sure": "one line for each of the five signs that the patient is not sure of",
    "N22-signs/unknown-answers": "one line for each of the answers to our form that could not be read",
    "factors/four": "four factors, each with its limit and its advice",
    "edges-classes/order-of-five": "five classes of medicines, each with its name, its date and what to do",
    "order-of-tags/all-classes": "a medicine of every class, each with its name, its date and what to do",
    "order-of-tags/stopped-and-statin": "four classes of medicines, one of them stopped",
    "order-of-results/all-low": "every result that can be low, each with its limit and what to do",
}
LONGER_ANSWERS = {"order-of-tags/all-classes"}  # a patient who takes a medicine of every class
GRAFTED = ("look-alike", "dead-twitch", "dead-text")
REASONS = {
    "look-alike/blepharospasm": "neurology-evaluation",  # R3: a spasm of the lids that lasts
    "look-alike/G24.5": "neurology-evaluation",
    "look-alike/who-G24.5": "neurology-evaluation",
    "look-alike/tetany": "emergency",  # E3
}


def words(text: str) -> int:
    """How many words a reader meets, marks of Markdown left out."""
    return sum(bool(re.search(r"\w", word)) for word in re.sub(r"[*_`#\\]", " ", text).split())


@cache
def lengths() -> dict[str, list[tuple[str, str, int]]]:
    """Topic, indicator and length of each card, by golden case."""
    found = {}
    for case in cases():
        if case.status == 200:
            answer = evaluate(request_bytes(case.chart), TODAY)[1]
            found[case.id] = [
                (one["source"]["topic"]["code"], one["indicator"], words(one["detail"])) for one in answer["cards"]
            ]
    return found


def test_n57_no_detail_is_longer_than_its_limit() -> None:
    """Of all golden answers: 120 words for information, 180 for a warning or what is critical."""
    over = {name for name, found in lengths().items() for _, indicator, length in found if length > LIMITS[indicator]}

    assert set(LONGER) == over


def test_n57_no_answer_is_longer_than_360_words() -> None:
    """All cards of an answer together."""
    sums = {name: sum(length for _, _, length in found) for name, found in lengths().items()}

    assert LONGER_ANSWERS == {name for name, length in sums.items() if length > ANSWER}


def test_n57_the_target_is_kept_where_little_is_to_be_said() -> None:
    """Half of the answers need no more than the target for their cards of information that are no whole work-up."""
    short = ("estrogen-order", "known-cause", "lab-order", "medication-review")
    found = [length for one in lengths().values() for topic, _, length in one if topic in short]

    assert median(found) <= TARGET


def test_n57_the_parts_stand_in_their_order() -> None:
    """Facts, why, what to do, what was not found or not received, the source."""
    case = next(one for one in cases() if one.id == "N55/medicines-not-received")
    detail = evaluate(request_bytes(case.chart), TODAY)[1]["cards"][0]["detail"]
    parts = ("- **", "Article: ", "**Consider**", "**Not found here", "**Not checked:**", "**Source:**")

    assert sorted(places := [detail.index(part) for part in parts]) == places


def without_a_twitch() -> list[Case]:
    """Golden charts of people who do not twitch: nothing on them, or what is taken for a twitch."""
    return [
        case
        for case in cases()
        if (case.id.partition("/")[0] in GRAFTED or case.id == "life-alone/nothing")
        and not any(next(iter(line)) in TWITCHES for line in case.chart["resources"])
    ]


@pytest.mark.parametrize("case", without_a_twitch(), ids=lambda case: case.id)
def test_n57_an_isolated_twitch_on_a_chart_gets_the_one_short_card(case: Case) -> None:
    """With a twitch of two weeks put onto it: the one short card and nothing else, unless the chart has a reason."""
    chart = {**case.chart, "resources": [*case.chart["resources"], {"twitch": "2 w"}]}
    (card,) = evaluate(request_bytes(chart), TODAY)[1]["cards"]

    assert REASONS.get(case.id, "data-gap") == card["source"]["topic"]["code"]


def test_n57_the_charts_without_a_twitch_are_many() -> None:
    """Enough of them, and every exception is one of them."""
    names = {case.id for case in without_a_twitch()}

    assert len(names) > 60
    assert set(REASONS) <= names
