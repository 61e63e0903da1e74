"""N56: laboratory tests are asked of adults with a reason, and only those that are not on file or out of date."""

from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.notation import request_bytes
from charts.seam import engine, evaluate
from msgspec.structs import replace
from numbered import got, name_of, of, one

from cards.advice import Advice
from cards.summary import summarise
from cards.topics import Indicator, Topic
from cds.call import Engine
from cds.rules import tests_due

BASIC = ["calcium (with albumin or ionised)", "potassium", "sodium", "magnesium", "TSH"]
NOT_ON_FILE = "**Not on file or out of date:** "


def cards(case: Case) -> dict[str, dict[str, Any]]:
    """The cards of a case by their topics."""
    _, answer = evaluate(request_bytes(case.chart), TODAY)
    return {card["source"]["topic"]["code"]: card for card in answer["cards"]}


def listed_tests(card: dict[str, Any]) -> list[str]:
    """The tests that a card lists as not on file."""
    lines = [line.removeprefix(NOT_ON_FILE) for line in card["detail"].splitlines() if line.startswith(NOT_ON_FILE)]
    return lines[0].split(", ") if lines else []


@pytest.mark.parametrize("case", of(56), ids=name_of)
def test_n56_cards(case: Case) -> None:
    """Each chart of the tables N56 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("V49", "for 7 weeks: calcium, potassium, sodium +2 more"),
        ("45-years-6-weeks", "for 6 weeks: calcium, potassium, sodium +2 more"),
        ("severe-6-weeks", "with severe twitching: calcium, potassium, sodium +2 more"),
        ("daily-6-weeks", "for 6 weeks: calcium, potassium, sodium +2 more"),
        ("pantoprazole", "on pantoprazole: magnesium, calcium, potassium +2 more"),
        ("furosemide", "on furosemide: potassium, sodium, magnesium +2 more"),
        ("prednisone", "on prednisone: potassium, calcium, sodium +3 more"),
        ("lithium", "on lithium: lithium level, creatinine, calcium +4 more"),
        ("lithium-creatinine-old", "on lithium: creatinine"),
        ("diet", "with diet risk: calcium, potassium, sodium +4 more"),
        ("deficiency-13-months", "with Vitamin D deficiency: calcium, potassium, sodium +2 more"),
        ("alcohol-much", "with reported alcohol use: calcium, potassium, sodium +2 more"),
        ("kidney-3", "with kidney disease stage 3: calcium, potassium, sodium +2 more"),
    ],
)
def test_n56_the_reason_and_up_to_three_tests_are_in_the_summary(case: str, said: str) -> None:
    """Those of the medicine's class come first, and how many more there are comes last."""
    card = cards(one(f"N56/{case}"))["lab-order"]

    assert f"Twitching {said} not on file or out of date. Consider ordering." == card["summary"]


@pytest.mark.parametrize(
    ("case", "wanted"),
    [
        ("basic", BASIC),
        ("59-years", BASIC),
        ("60-years", [*BASIC, "B12"]),
        ("diet", [*BASIC, "B12", "vitamin D"]),
        ("steroid-after-onset", [*BASIC, "vitamin D"]),
        ("B12-was-low", [*BASIC, "B12"]),
        ("B12-was-normal", BASIC),
        ("vitamin-D-was-low", [*BASIC, "vitamin D"]),
        ("cramps-of-old", ["magnesium", BASIC[0], "potassium", "sodium", "TSH", "CK"]),
        ("numbness", ["magnesium", BASIC[0], "potassium", "sodium", "TSH", "B12"]),
        ("numbness-labs-on-file", ["B12"]),
        ("two-medicines", ["magnesium", BASIC[0], "potassium", "sodium", "TSH"]),
    ],
)
def test_n56_only_these_tests_are_listed_and_proposed(case: str, wanted: list[str]) -> None:
    """The detail lists them in their order, and there is one draft order for each."""
    card = cards(one(f"N56-tests/{case}"))["lab-order"]

    assert wanted == listed_tests(card)
    assert len(wanted) == len(card["suggestions"])


def test_n56_the_first_thing_to_do_is_to_examine() -> None:
    """Before any test: strength, wasting, reflexes and tongue."""
    detail = cards(one("N56/V49"))["lab-order"]["detail"]

    assert "examine strength, wasting, reflexes, tongue" in detail.partition("**Consider**")[2].splitlines()[2]


@pytest.mark.parametrize(
    ("case", "topic", "is_listed"),
    [
        ("wasting", "paediatric-neurology", True),
        ("known-cause", "known-cause", True),
        ("result", "abnormal-lab", True),
        ("evaluation", "neurology-evaluation", False),
        ("emergency", "emergency", False),
        ("requested", "work-up-status", False),
    ],
)
def test_n56_the_tests_of_a_child_stand_in_three_cards_only(case: str, topic: str, is_listed: bool) -> None:
    """Paediatric neurology, a known cause and an abnormal result list them; no other card does."""
    assert is_listed == bool(listed_tests(cards(one(f"N56-child/{case}"))[topic]))


def test_n56_a_neurological_evaluation_asks_for_b12() -> None:
    """A sign that asks for an evaluation asks for B12 whatever the age; vitamin D it does not."""
    listed = listed_tests(cards(one("N56/beside-an-evaluation"))["neurology-evaluation"])

    assert "B12" in listed
    assert "vitamin D" not in listed


def linked(made: Engine, name: str, classes: tuple[str, ...]) -> Engine:
    """The engine with classes of medicines in one of the lists that N49 fills."""
    rules = made.knowledge.rules
    known = replace(made.knowledge, rules=replace(rules, lists={**rules.lists, name: classes}))
    return replace(made, knowledge=known)


@pytest.mark.parametrize(
    ("name", "expected"),
    [(tests_due.LINKED, ["lab-order"]), (tests_due.OF_B12, ["data-gap"])],
)
def test_n56_a_class_without_a_card_of_its_own_can_ask_for_tests(name: str, expected: list[str]) -> None:
    """A class that is linked with a test asks for it; one that lowers B12 adds B12 and asks for nothing by itself."""
    made = linked(engine(TODAY), name, ("estrogen",))
    late = {"drug": "atc:G03AA07 levonorgestrel and ethinylestradiol", "start": "1 w"}
    chart = {"patient": {"age": "30 y", "sex": "F"}, "resources": [{"twitch": "2 w"}, late]}
    found = made.call("muscle-twitch-patient-view", request_bytes(chart)).cards

    assert expected == [card.source.topic.code for card in found if card.source.topic]


def test_n56_a_class_that_lowers_b12_adds_it_to_what_is_asked_for() -> None:
    """Beside another reason the list has B12 too."""
    made = linked(engine(TODAY), tests_due.OF_B12, ("estrogen",))
    late = {"drug": "atc:G03AA07 levonorgestrel and ethinylestradiol", "start": "1 w"}
    chart = {"patient": {"age": "50 y", "sex": "F"}, "resources": [{"twitch": "6 w"}, late]}
    (card,) = made.call("muscle-twitch-patient-view", request_bytes(chart)).cards

    assert "B12" in (card.detail or "")


@pytest.mark.parametrize(
    "names", [("vitamin-b12", "calcium", "magnesium"), ("calcium", "vitamin-d", "potassium", "tsh")]
)
def test_n56_the_longest_sentence_fits(names: tuple[str, ...]) -> None:
    """With a reason of 30 characters and 50 of tests it stays under 140, and "more" never stands first."""
    advice = Advice(topic=Topic.LAB_ORDER, indicator=Indicator.INFO, values={"reason": "x" * 30}, missing=names)
    said = summarise(advice, engine(TODAY).words)

    assert len(said) <= 139
    assert "x: +" not in said
