"""What cards propose beside the tests that are due: tasks, repeats at once, EMG for hyperexcitability (4a)."""

import pytest
from visits import Json, answer, seen

TWITCH: Json = {"twitch": "2 w"}
REFERRAL: Json = {"request": "183521007 Referral to neurology service", "at": "10 d"}
WASTING: Json = {"condition": "88092000 Muscle atrophy", "recorded": "2 mo"}
ON_CALL, ECG = "Task: contact the on-call team today", "Task: ECG now"


def buttons(card: Json) -> list[str]:
    """The labels of a card's suggestions."""
    return [one["label"] for one in card.get("suggestions", [])]


@pytest.mark.parametrize(
    ("line", "labels"),
    [
        ({"lab": "K", "value": "2.3 mmol/L"}, [ON_CALL, ECG, "Order: potassium, at once"]),
        ({"lab": "adjCa", "value": "1.8 mmol/L"}, [ON_CALL, ECG, "Order: calcium, at once"]),
        ({"lab": "Mg", "value": "0.3 mmol/L"}, [ON_CALL, ECG, "Order: magnesium, at once"]),
        ({"lab": "PO4", "value": "0.3 mmol/L"}, [ON_CALL]),
        ({"lab": "CK", "value": "9000 U/L"}, [ON_CALL, "Order: CK, at once"]),
        ({"condition": "R06.01 Orthopnea"}, [ON_CALL]),
    ],
)
def test_an_emergency_asks_for_people_an_ecg_and_the_level(line: Json, labels: list[str]) -> None:
    """4a EMERG: contact on-call; ECG where the heart is in danger; repeat the level by a verified code."""
    assert labels == buttons(answer(TWITCH, line)[0])


def test_a_request_on_file_is_looked_at_not_repeated() -> None:
    """STATUS: a task that names the sign; no second referral."""
    (card,) = answer(TWITCH, WASTING, REFERRAL)

    assert "work-up-status info" == seen([card])[0]
    assert ["Task: check that the request on file names muscle atrophy"] == buttons(card)


def test_a_medicine_is_reviewed_with_its_prescriber() -> None:
    """MED-REV: a review task names every ingredient once, before the tests; the drug itself is left alone."""
    prednisone: Json = {"drug": "rx:198145 prednisone 10 MG Oral Tablet"}
    statement: Json = {"statement": "rx:8640 prednisone"}
    omeprazole: Json = {"drug": "rx:7646 omeprazole"}
    card = answer(TWITCH, prednisone, statement, omeprazole)[0]
    task = card["suggestions"][0]["actions"][0]["resource"]

    assert "Task: review prednisone and omeprazole with the prescriber" == buttons(card)[0]
    assert ("Task", "review prednisone and omeprazole with the prescriber") == (
        task["resourceType"],
        task["description"],
    )
    assert {"text": "Muscle twitching"} == task["reasonCode"]


def test_hyperexcitability_asks_for_emg_and_nerve_conduction() -> None:
    """S31: R1 proposes both studies; another routine sign leaves them to the specialist."""
    stiff = answer(TWITCH, {"condition": "16046003 Rigidity"})[0]
    double = answer(TWITCH, {"condition": "H53.2 Diplopia"})[0]

    assert ["Order: neurology referral", "Order: EMG", "Order: nerve conduction study"] == buttons(stiff)[:3]
    assert "Order: EMG" not in buttons(double)


def test_a_sign_is_named_in_words_and_by_its_code() -> None:
    """reasonCode: the sentence, then each sign by the code read on the chart; a sign in words has no code."""
    card = answer(TWITCH, WASTING, {"condition": "298283006 Hand muscle weakness", "recorded": "2 mo"})[0]
    sentence, *signs = card["suggestions"][0]["actions"][0]["resource"]["reasonCode"]
    worded = answer(TWITCH, {"condition": "text:muscle weakness"})[0]

    assert sentence["text"].startswith("Muscle twitching with ")
    assert {"88092000", "298283006"} == {coding["code"] for sign in signs for coding in sign["coding"]}
    assert 1 == len(worded["suggestions"][0]["actions"][0]["resource"]["reasonCode"])


def test_a_reason_names_three_signs_and_how_many_more() -> None:
    """The codes go no further than the words: three signs, the rest counted."""
    signs: list[Json] = [
        {"condition": code, "recorded": "2 mo"}
        for code in (
            "88092000 Atrophy",
            "298283006 Weak hand",
            "6077001 Foot drop",
            "366946003 Bulbar",
            "8011004 Speech",
        )
    ]
    sentence, *coded = answer(TWITCH, *signs)[0]["suggestions"][0]["actions"][0]["resource"]["reasonCode"]

    assert 3 == len(coded)
    assert all(one["text"] in sentence["text"] for one in coded)
    assert " more" in sentence["text"]
