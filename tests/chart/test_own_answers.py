"""Answers to our own form as a text, a boolean or a number: read where they are unambiguous, else said (N22)."""

from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request_bytes
from charts.seam import evaluate

Json = dict[str, Any]
SNOMED = "http://snomed.info/sct"
NOT_READ = "Answers to forms on file that were not read: 1 "
PLAIN = "Twitching recorded: examine strength, wasting, reflexes, tongue. If normal and isolated, no referral needed"


def cards(item: str, answer: Json, *, twitches: bool = True) -> list[Json]:
    """The cards of a woman who may twitch and whose form of yesterday holds one answer."""
    form = {
        "resourceType": "QuestionnaireResponse",
        "id": "f",
        "status": "completed",
        "subject": {"reference": "Patient/golden"},
        "authored": "2026-11-20",
        "questionnaire": "https://cds.example.org/Questionnaire/muscle-twitching|1.0.0",
        "item": [{"linkId": item, "answer": [answer]}],
    }
    lines: list[Json] = [{"resource": form}, *([{"twitch": "2 w"}] if twitches else [])]
    _, answered = evaluate(request_bytes({"patient": {"age": "44 y", "sex": "F"}, "resources": lines}), TODAY)
    found: list[Json] = answered["cards"]
    return found


def topics(item: str, answer: Json, *, twitches: bool = True) -> set[str]:
    """What the cards are."""
    return {card["source"]["topic"]["code"] for card in cards(item, answer, twitches=twitches)}


@pytest.mark.parametrize(
    "answer",
    [
        {"valueBoolean": True},
        {"valueString": "Yes"},
        {"valueInteger": 1},
        {"valueCoding": {"system": SNOMED, "code": "373066001"}},
        {"valueCoding": {"display": "Yes"}},
        {"valueQuantity": {"value": 1}},
    ],
)
def test_a_yes_of_any_type_opens_the_gate(answer: Json) -> None:
    """A Yes to the twitch is one in every type that says it unambiguously."""
    assert topics("q.twitch", answer, twitches=False)


@pytest.mark.parametrize(
    "answer",
    [
        {"valueBoolean": False},
        {"valueString": "no"},
        {"valueInteger": 0},
        {"valueInteger": 7},
        {"valueString": "sometimes"},
        {"valueCoding": {"system": SNOMED, "code": "373067005"}},
        {"valueCoding": {"code": "perhaps"}},
    ],
)
def test_no_and_what_is_not_understood_open_nothing(answer: Json) -> None:
    """A No of any type and an answer that nobody understands leave the chart silent."""
    assert set() == topics("q.twitch", answer, twitches=False)


@pytest.mark.parametrize(
    ("item", "answer", "topic"),
    [
        ("q.signs", {"valueString": "Slurred speech"}, "neurology-evaluation"),
        ("q.signs", {"valueString": "speech; swallow"}, "neurology-evaluation"),
        ("q.signs", {"valueString": "my grip is weak since May"}, "neurology-evaluation"),
        ("q.sleep", {"valueString": "4 h"}, "lifestyle"),
        ("q.sleep", {"valueDecimal": 4.5}, "lifestyle"),
        ("q.coffee", {"valueString": "6"}, "lifestyle"),
        ("q.coffee", {"valueQuantity": {"value": 6, "unit": "{cup}"}}, "lifestyle"),
        ("q.diet", {"valueString": "Vegan"}, "lifestyle"),
    ],
)
def test_what_is_unambiguous_is_read(item: str, answer: Json, topic: str) -> None:
    """A text that is the code or the words of an answer, a number in a text, a number that counts."""
    assert topic in topics(item, answer)


@pytest.mark.parametrize(
    ("item", "answer"),
    [
        ("q.signs", {"valueString": "sometimes"}),
        ("q.signs", {"valueBoolean": True}),
        ("q.signs", {"valueString": "none; speech"}),
        ("q.signs", {"valueInteger": 3}),
    ],
)
def test_what_is_not_understood_of_a_sign_calms_nothing(item: str, answer: Json) -> None:
    """The card says that an answer was not read, and names what it might have said."""
    (card,) = cards(item, answer)

    assert NOT_READ in card["detail"]
    assert "answer unclear" in card["summary"]


@pytest.mark.parametrize(
    ("item", "answer"),
    [
        ("q.coffee", {"valueQuantity": {"value": 900, "unit": "mg"}}),
        ("q.coffee", {"valueString": "a lot"}),
        ("q.sleep", {"valueString": "not much"}),
        ("q.onset", {"valueString": "in spring"}),
        ("q.diet", {"valueBoolean": True}),
        ("q.gad1", {"valueInteger": 9}),
    ],
)
def test_what_is_not_understood_is_said(item: str, answer: Json) -> None:
    """No answer to our own form is lost without a word."""
    assert all(NOT_READ in card["detail"] for card in cards(item, answer))


@pytest.mark.parametrize(
    ("item", "answer", "name"),
    [
        ("q.sleep", {"valueDecimal": 72}, "sleep duration"),
        ("q.sleep", {"valueQuantity": {"value": 1500, "code": "min"}}, "sleep duration"),
        ("q.coffee", {"valueInteger": 900}, "caffeine intake"),
        ("q.coffee", {"valueInteger": -1}, "caffeine intake"),
    ],
)
def test_a_number_that_cannot_be_is_named_and_not_used(item: str, answer: Json, name: str) -> None:
    """More hours than a day has, more cups than the form allows, less than nothing."""
    (card,) = cards(item, answer)

    assert "data-gap" == card["source"]["topic"]["code"]
    assert f"{name} not readable" in card["summary"]
    assert "its value is not possible" in card["detail"]


@pytest.mark.parametrize(
    ("item", "answer"),
    [
        ("q.signs", {"valueString": "None of these"}),
        ("q.signs", {"valueBoolean": False}),
        ("q.sleep", {"valueInteger": 8}),
        ("q.coffee", {"valueString": "1"}),
        ("q.often", {"valueString": "Every day"}),
        ("q.onset", {"valueString": "2026-11"}),
        ("q.smoke", {"valueBoolean": False}),
    ],
)
def test_what_tells_nothing_new_is_not_called_unread(item: str, answer: Json) -> None:
    """An answer that was understood and changes nothing leaves the card as it is."""
    (card,) = cards(item, answer)

    assert NOT_READ not in card["detail"]
    assert card["summary"].startswith(PLAIN)
