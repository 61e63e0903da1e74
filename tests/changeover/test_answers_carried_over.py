"""The change over: an answer that was given under the first edition goes on silencing the same card.

`first_edition.jsonl` holds what the last build of the first edition knew its cards by, on golden charts that it had.
"""

import json
from functools import cache
from pathlib import Path

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases, service_of
from charts.notation import request
from charts.seam import engine
from first_keys import FIRST_KEYS

from cds.need import Recall
from cds.outcome import Outcome

FILE = Path(__file__).parent / "first_edition.jsonl"
KNOWN: tuple[tuple[str, str], ...] = tuple(
    (name, print_) for name, print_ in map(json.loads, FILE.read_text("utf-8").splitlines())
)
MEANING = 4  # card, urgency, tags and flags are the first lines of what a card is known by
# Shown once more, and why.
NOT_CARRIED = {
    "unit/wrong-dimension": "the card says now that a result was not readable",
    "use/completed": "the card says now that a medicine was stopped",
    "fresh/month-only": "the card says now that only the month of a result is known",
    "counts/future": "the card says now that an entry is dated ahead",
    "statuses/statement-unknown": "the card says now that a medicine was not checked",
    "draft-labs/Ca-total-1.89": "the summary says now that total calcium was measured",
    "tongue-anywhere/visit-text": "words are heard by their kind now, not by their text",
    "text-sign/tongue": "words are heard by their kind now, not by their text",
    "text-sign/arm": "words are heard by their kind now, not by their text",
}


@cache
def case(name: str) -> Case:
    """A golden case."""
    return next(one for one in cases() if one.id == name)


@cache
def outcome(name: str, answered: tuple[str, ...] = ()) -> Outcome:
    """The answer to a chart that was sent with the keys of the first edition, some cards answered just now."""
    body = request(case(name).chart)
    body["prefetch"] = {key: value for key, value in body["prefetch"].items() if key in FIRST_KEYS}
    made = engine(TODAY)
    steps = made.steps(made.read(service_of(case(name)), json.dumps(body).encode()))
    try:
        need = next(steps)
        while True:
            held = set(need.fingerprints) & set(answered) if isinstance(need, Recall) else set()
            need = steps.send(dict.fromkeys(held, made.now()))
    except StopIteration as ended:
        told: Outcome = ended.value
        return told


def meaning(print_: str) -> tuple[str, ...]:
    """Card, urgency, tags and flags."""
    return tuple(print_.split("\n")[:MEANING])


def still_due() -> list[tuple[str, str]]:
    """The cards of the first edition that mean what a card of this one means, of the same chart."""
    return [
        (name, print_)
        for name, print_ in KNOWN
        if meaning(print_) in {meaning(due.fingerprint) for due in outcome(name).shown}
    ]


def test_an_answer_goes_on_silencing_the_same_card() -> None:
    """All but those that are listed with the reason: each of them is shown once more, none hides anything else."""
    shown_again = set()
    for name, print_ in still_due():
        left = {meaning(due.fingerprint) for due in outcome(name, (print_,)).shown}
        if meaning(print_) in left:
            shown_again.add(name)

    assert len(still_due()) > 250
    assert set(NOT_CARRIED) == shown_again


@pytest.mark.parametrize(
    ("name", "print_"), [one for one in KNOWN if meaning(one[1])[1] == "info"][:40], ids=lambda one: one[:40]
)
def test_an_answer_silences_nothing_that_is_another_card(name: str, print_: str) -> None:
    """Only a card of the same name, urgency, tags and flags is held back."""
    before = [meaning(due.fingerprint) for due in outcome(name).shown]
    after = [meaning(due.fingerprint) for due in outcome(name, (print_,)).shown]

    assert [one for one in before if one != meaning(print_)] == [one for one in after if one != meaning(print_)]


def test_a_card_is_known_by_a_former_name_only_where_it_differs() -> None:
    """A high result was called by its test alone; what is called alike is asked for once."""
    (high,) = outcome("K/5.5").shown
    (low,) = outcome("K/3.49").shown

    assert high.former is not None
    assert "high potassium|" in high.fingerprint
    assert "\npotassium|" in high.former
    assert low.former is None
