"""What a patient answers: what the cards say of it, and what it never does (issue 15, second edition N17, N21, N24)."""

from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request_bytes
from charts.resources import Line
from charts.seam import evaluate

BASIS = "org.twitch-cds.basis"
MAN: Line = {"age": "52 y", "sex": "M"}
WOMAN: Line = {"age": "30 y", "sex": "F"}
TWITCH: Line = {"twitch": "2 w"}
RANK = {"critical": 0, "warning": 1, "info": 2}
GIVES_WAY = {"data-gap", "lifestyle", "lab-order", "reassurance", "work-up-status", "known-cause"}


def answer(chart: Line) -> list[dict[str, Any]]:
    """The cards of a chart."""
    status, found = evaluate(request_bytes(chart), TODAY)
    assert status == 200, found
    cards: list[dict[str, Any]] = found["cards"]
    return cards


def said(*lines: Line, person: Line = MAN) -> str:
    """All that the cards of a twitching person say."""
    cards = answer({"patient": person, "resources": [TWITCH, *lines]})
    return "\n".join(f"{card['summary']}\n{card['detail']}" for card in cards).replace("**", "")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"q.signs": ["breath"]}, "Reported orthopnea (2026-11-21), not coded: ask and examine today; if confirmed"),
        ({"q.signs": ["thin"]}, "Muscle atrophy reported by the patient 2026-11-21: examine."),
        ({"q.signs": ["thin"]}, "the patient reports"),
        ({"q.sleep": 5}, "the patient reports"),
        ({"q.gad1": "nearly-every-day", "q.gad2": "not-at-all"}, "GAD-2: 3"),
        ({"q.coffee": 3, "q.energy": 2}, "430 mg/d"),
        ({"q.recent": ["fluid"]}, "check K, Na, Mg."),
        (
            {"q.recent": ["alcstop"]},
            "Alcohol cut down or stopped within 14 days (form 2026-11-21): withdrawal? Ask today.",
        ),
        ({"q.recent": ["alcmuch"]}, "More than 14 units of alcohol a week, as the patient reports (2026-11-21)."),
        (
            {"q.drugs": [{"q.drugs.name": "the blue one", "q.drugs.change": "stopped", "q.drugs.date": "1 w"}]},
            "Medicine reported by the patient (2026-11-21): “the blue one”, stopped 2026-11-15: withdrawal?",
        ),
        ({"q.drugs": [{"q.drugs.name": "ibuprofen"}]}, "Medicine reported by the patient (2026-11-21): “ibuprofen”."),
        (
            {"q.drugs": [{"q.drugs.name": "ibuprofen", "q.drugs.change": "changed"}]},
            "Medicine reported by the patient (2026-11-21): “ibuprofen”, changed undated.",
        ),
    ],
)
def test_the_card_says_that_the_patient_reports_it(form: Line, words: str) -> None:
    """Each with the day of the form."""
    assert words in said({"form": form, "at": "1 d"})


def test_a_pregnancy_is_said() -> None:
    """On whatever card is shown."""
    assert "Pregnancy reported by the patient (2026-11-21)." in said(
        {"form": {"q.preg": "Y"}, "at": "1 d"}, person=WOMAN
    )
    assert "Pregnancy reported" not in said({"form": {"q.preg": "N"}, "at": "1 d"}, person=WOMAN)


def test_caffeine_in_words_is_quoted() -> None:
    """The chart's own words stand beside the number (N23)."""
    assert "8 energy drinks/day (1200 mg): 1200 mg/d" in said(
        {"lab": "caffeine", "words": "8 energy drinks/day (1200 mg)"}
    )


def test_what_is_to_be_examined_today_is_a_line_of_an_emergency() -> None:
    """It is asked and examined with it (N17)."""
    words = said({"lab": "K", "value": "2.3 mmol/L"}, {"form": {"q.signs": ["swallow"]}, "at": "1 d"})

    assert "reported by the patient 2026-11-21, not coded: ask and examine today." in words


def test_answers_that_were_not_read_are_counted_on_the_card() -> None:
    """What is too deep is said, and nothing reassures beside it (N20, N48)."""
    form = {"answers": {"Muscle weakness": True}, "depth": 10, "at": "1 d"}

    assert "Answers to forms on file that were not read: 1 " in said(form)


# Charts without answers of their own: a later answer of a patient may cancel an earlier one (N4 a).
PATIENT_VIEWS = [
    case
    for case in cases()
    if case.expect and case.status == 200 and "hook" not in case.chart
    if case.file != "n20_n23_forms" and "performer" not in str(case.chart)
]
FORMS: tuple[Line, ...] = (
    {"q.signs": ["none"], "q.also": ["none"], "q.family": "N", "q.recent": ["none"], "q.smoke": "N", "q.diet": "none"},
    {"q.where": ["leg"], "q.onset": "3 d", "q.often": "now-and-then", "q.sleep": 8, "q.gad1": "not-at-all"},
    {"q.signs": ["weak", "thin"], "q.start28": "N", "q.preg": "Y", "q.preg.weeks": 8},
    {"q.drugs": [{"q.drugs.name": "pyridostigmine", "q.drugs.change": "stopped"}], "q.signs": ["not-sure"]},
    {"q.drugs": [{"q.drugs.name": "vitamin D", "q.drugs.change": "started", "q.drugs.date": "today"}]},
)


@pytest.mark.parametrize("case", PATIENT_VIEWS[::6], ids=lambda case: case.id)
def test_answers_neither_remove_nor_lower_a_card(case: Case) -> None:
    """Whatever a patient answers, each urgent card stays or is topped by one that is more urgent (N4, N21)."""
    before = answer(case.chart)
    for number, form in enumerate(FORMS):
        line = {"twitch_form": form, "at": "today", "id": f"form-{number}"}
        after = answer(case.chart | {"resources": [*case.chart["resources"], line]})
        topics = {card["source"]["topic"]["code"]: RANK[card["indicator"]] for card in after}
        for card in before:
            topic, rank = card["source"]["topic"]["code"], RANK[card["indicator"]]
            held = topics.get(topic, 9) <= rank
            topped = any(other < rank for other in topics.values()) or (topic in GIVES_WAY and bool(topics))
            assert held or topped, (form, topic, topics)


CALM = ("no red flags", "usually benign", "no alarm signs")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("person", [MAN, WOMAN, {"age": "8 y"}, {}])
def test_answers_alone_never_reassure(form: Line, person: Line) -> None:
    """No answer brings the words that N24 keeps for a coded normal examination."""
    chart = {"patient": person, "resources": [TWITCH, {"normal_labs": "3 d"}, {"form": form, "at": "today"}]}
    text = "\n".join(f"{card['summary']} {card['detail']}" for card in answer(chart)).lower()

    assert text
    assert not any(words in text for words in CALM)
    assert "reassurance" not in {card["source"]["topic"]["code"] for card in answer(chart)}
