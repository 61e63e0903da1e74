"""By what a card is known again: an answer silences this card and no other, however the chart words it."""

from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request
from charts.seam import engine
from msgspec import json

from cds.need import Recall
from cds.outcome import Outcome

Json = dict[str, Any]
SERVICE = "muscle-twitch-patient-view"
TONGUE: Json = {"twitch": "2 w", "site": "21974007 Tongue"}
TONGUE_BY_CODE: Json = {"twitch": "2 w", "code": "249878001 Tongue fasciculations"}
FACE: Json = {"twitch": "2 w", "code": "1070000 Facial myokymia"}
FACE_IN_WORDS: Json = {"condition": "text:Facial twitching, right side", "onset": "2 w"}
ARM: Json = {"twitch": "2 w", "site": "40983000 Upper arm"}
SLURRED: Json = {"condition": "R47.1 Dysarthria", "onset": "2 w"}
SIGNS = 4  # the line of what a card is known by that names its signs


def outcome(*lines: Json, answered: tuple[str, ...] = (), words: str = "") -> Outcome:
    """What a chart gets, some cards of it answered just now; `words` are what it calls each of its Observations."""
    body = request({"patient": {"age": "50 y", "sex": "F"}, "resources": list(lines)})
    for entry in body["prefetch"]["observations"].get("entry", ()):
        entry["resource"]["code"]["text"] = words
    made = engine(TODAY)
    steps = made.steps(made.read(SERVICE, json.encode(body)))
    try:
        need = next(steps)
        while True:
            held = set(need.fingerprints) & set(answered) if isinstance(need, Recall) else set()
            need = steps.send(dict.fromkeys(held, made.now()))
    except StopIteration as ended:
        told: Outcome = ended.value
        return told


def prints(given: Outcome) -> tuple[str, ...]:
    """What its cards are known by, by their former names too."""
    return tuple(name for due in given.shown for name in due.prints)


def topics(given: Outcome) -> set[str]:
    """Its cards."""
    return {due.advice.topic.value for due in given.shown}


@pytest.mark.parametrize("other", [FACE, FACE_IN_WORDS, ARM, SLURRED], ids=["face", "face-in-words", "arm", "speech"])
@pytest.mark.parametrize("tongue", [TONGUE, TONGUE_BY_CODE], ids=["site", "code"])
def test_an_answer_to_another_site_silences_no_tongue(tongue: Json, other: Json) -> None:
    """A card about the face, the arm or speech is another card than the one about a tongue that twitches."""
    before = prints(outcome(ARM, other))

    assert "neurology-urgent" in topics(outcome(tongue, answered=before))
    assert "neurology-urgent" in topics(outcome(ARM, other, tongue, answered=before))


@pytest.mark.parametrize("other", [FACE, FACE_IN_WORDS, SLURRED], ids=["face", "face-in-words", "speech"])
def test_an_answer_to_the_tongue_silences_no_other_site(other: Json) -> None:
    """What the card of a tongue was answered with does not count for what a face or speech gets."""
    answered = prints(outcome(TONGUE))

    assert topics(outcome(ARM, other)) == topics(outcome(ARM, other, answered=answered))


@pytest.mark.parametrize("tongue", [TONGUE, TONGUE_BY_CODE], ids=["site", "code"])
def test_a_tongue_that_twitches_is_known_as_the_sign(tongue: Json) -> None:
    """The same entry is the twitch and the sign: the card is known by the sign, and its answer silences it."""
    given = outcome(tongue)
    (due,) = (due for due in given.shown if due.advice.topic.value == "neurology-urgent")

    signs = due.fingerprint.split("\n")[SIGNS]

    assert "tongue" in signs
    assert "muscle twitching" not in signs
    assert "neurology-urgent" not in topics(outcome(tongue, answered=prints(given)))


def test_how_the_chart_words_an_examination_makes_no_other_card() -> None:
    """An answer goes on silencing when the same abnormal study is called otherwise."""
    study: Json = {"lab": "emg", "interp": "A", "at": "3 d"}
    answered = prints(outcome(ARM, study, words="EMG of both arms"))

    assert "neurology-evaluation" in topics(outcome(ARM, study, words="EMG of both arms"))
    assert "neurology-evaluation" not in topics(outcome(ARM, study, words="Needle study", answered=answered))
