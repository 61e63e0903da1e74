"""N58: the sentences that were rewritten, each under 140 characters with its longest fillings."""

import pytest
from charts.book import VARIANTS
from charts.dates import TODAY
from charts.notation import request_bytes
from charts.resources import Line
from charts.seam import engine, evaluate

from cards.advice import Advice, ChartName
from cards.gap_lengths import gap_lengths
from cards.summary import summarise
from cards.template import fields, fill
from cards.topics import Indicator, Topic

WORDS = engine(TODAY).words
EVERY = [(topic, variant) for topic, variants in VARIANTS.items() for variant in variants]
ADULT: Line = {"age": "40 y", "sex": "F"}
TWITCH: Line = {"twitch": "6 w"}


def cards(*lines: Line) -> list[Line]:
    """The cards of an adult with a twitch."""
    status, answer = evaluate(request_bytes({"patient": ADULT, "resources": [TWITCH, *lines]}), TODAY)
    assert status == 200
    found: list[Line] = answer["cards"]
    return found


@pytest.mark.parametrize(
    ("key", "sentence", "longest"),
    [
        ("emergency.default", "Possible emergency with twitching: <finding>. Consider same-day assessment.", 126),
        (
            "abnormal-lab.one",
            "<test> <value> (<date>) is <side> with twitching: review and treat the cause, then reassess.",
            125,  # 121 with "low" or "high"; the side of a result that is only flagged is "abnormal"
        ),
        (
            "medication-review.one",
            "<drug> started before the twitching: could it contribute? Check <tests>; review with the prescriber.",
            139,
        ),
        (
            "medication-review.unknown-timing",
            "<drug> and twitching, timing unknown: could it contribute? Check <tests>; review with the prescriber.",
            139,
        ),
        (
            "medication-review.corticosteroid",
            "<drug> (<dose>) since <date>: check K and Ca; review need and dose. Do not stop it abruptly.",
            128,
        ),
    ],
)
def test_n58_word_for_word(key: str, sentence: str, longest: int) -> None:
    """The sentence has these words, and with its longest fillings this length."""
    topic, _, name = key.partition(".")
    variant = WORDS.variant(Topic(topic), name)
    room = gap_lengths(variant, WORDS.book.placeholders)

    assert sentence == fill(variant.summary, {gap: f"<{gap}>" for gap in fields(variant.summary)})
    assert longest == len(fill(variant.summary, {gap: "x" * room[gap] for gap in room}))


@pytest.mark.parametrize("chosen", EVERY)
def test_n58_no_summary_is_too_long_with_its_longest_fillings(chosen: tuple[Topic, str]) -> None:
    """Every summary of every card is under 140 characters when each of its gaps is filled to the last character."""
    topic, name = chosen
    variant = WORDS.variant(topic, name)
    room = gap_lengths(variant, WORDS.book.placeholders)
    values = {gap: "x" * room[gap] for gap in room}
    said = summarise(Advice(topic=topic, indicator=Indicator.INFO, variant=name, values=values), WORDS)
    overlong = dict.fromkeys(room, "xxx " * 100)
    cut = summarise(Advice(topic=topic, indicator=Indicator.INFO, variant=name, values=overlong), WORDS)

    assert fill(variant.summary, values).casefold() == said.casefold()
    assert len(said) < 140
    assert len(cut) < 140


def test_n58_two_findings_of_an_emergency_are_one_and_a_count() -> None:
    """The more dangerous one with its value and day, and how many others there are."""
    [card, *_] = cards({"lab": "K", "value": "2.3 mmol/L"}, {"lab": "Na", "value": "114 mmol/L"})

    assert (
        "Possible emergency with twitching: "
        "low potassium 2.3 mmol/L (2026-11-19) +1 more. Consider same-day assessment."
    ) == card["summary"]


def test_n58_an_emergency_without_a_value_is_named_by_the_chart() -> None:
    """Not by everything that would have been one."""
    [card, *_] = cards({"condition": "R29.0 Carpopedal spasm", "onset": "1 d"})

    assert (
        "Possible emergency with twitching: carpopedal spasm (2026-11-21). Consider same-day assessment."
        == card["summary"]
    )


def test_n58_the_worst_of_two_results_is_named_with_its_value_and_the_other_beside_it() -> None:
    """The value of the other is in the detail."""
    [card, *_] = cards({"lab": "Na", "value": "128 mmol/L"}, {"lab": "Mg", "value": "0.6 mmol/L"})

    assert (
        "Magnesium 0.6 mmol/L (2026-11-19) is low with twitching, also low sodium: review and treat the cause."
        == card["summary"]
    )
    assert "sodium:** 128 mmol/L" in card["detail"]


@pytest.mark.parametrize(
    ("line", "summary"),
    [
        (
            {"drug": "atc:C03CA01 furosemide", "start": "3 mo"},
            (
                "Furosemide started before the twitching: could it contribute? "
                "Check K, Na, Mg; review with the prescriber."
            ),
        ),
        (
            {"drug": "atc:N07AA02 pyridostigmine", "start": "3 mo"},
            "Pyridostigmine started before the twitching: could it contribute? Review with the prescriber.",
        ),
        (
            {"drug": "atc:C03CA01 furosemide", "start": "", "drop": ["authoredOn"]},
            (
                "Furosemide and twitching, timing unknown: could it contribute? "
                "Check K, Na, Mg; review with the prescriber."
            ),
        ),
        (
            {"drug": "rx:312617 prednisone 20 MG Oral Tablet", "start": "10 w", "dose": "20 mg", "times": 1},
            (
                "Prednisone (20 mg a day, oral) since 2026-09-13: check K and Ca; review need and dose. "
                "Do not stop it abruptly."
            ),
        ),
        (
            {"drug": "atc:H02AB07 prednisone", "start": "10 w"},
            "Prednisone (systemic) since 2026-09-13: check K and Ca; review need and dose. Do not stop it abruptly.",
        ),
        (
            {"drug": "atc:H02AB07 prednisone", "start": "", "drop": ["authoredOn"]},
            "Prednisone (systemic), start not recorded: check K and Ca; review need and dose. Do not stop it abruptly.",
        ),
    ],
)
def test_n58_a_medicine_is_a_question(line: Line, summary: str) -> None:
    """Which medicine, what to check, and no word that it is the cause."""
    assert summary in [card["summary"] for card in cards(line)]


def test_n58_each_additional_symptom_has_a_sentence() -> None:
    """Of cramps it may be said that they are common, of weight loss it may not."""
    told = "\n".join(
        card["detail"]
        for card in cards(
            {"condition": "R25.2 Cramps", "onset": "2 w"},
            {"condition": "R63.4 Abnormal weight loss", "onset": "2 w"},
            {"condition": "R20.2 Tingling", "undated": True},
        )
    )

    assert "Cramps recorded 2026-11-08: common in benign twitching; evaluate if lasting, frequent or severe." in told
    assert "Tingling recorded, date not known: common in benign twitching;" in told
    assert "Abnormal weight loss recorded 2026-11-08: not specific alone; evaluate it with the twitching." in told
    assert "Additional symptom" not in told


def test_n58_a_factor_is_named_as_it_is_recorded() -> None:
    """Short sleep is said of hours only; insomnia is insomnia."""
    insomnia: Line = {"condition": "G47.00 Insomnia"}
    [alone] = [card for card in cards(insomnia) if card["source"]["topic"]["code"] == "lifestyle"]
    [hours] = [
        card for card in cards({"lab": "sleep", "value": "5 h"}) if card["source"]["topic"]["code"] == "lifestyle"
    ]

    assert "insomnia" in alone["summary"].casefold()
    assert "short sleep" not in alone["summary"]
    assert "Twitching with short sleep recorded" in hours["summary"]


@pytest.mark.parametrize("gone", ["has killed", "item 9 follows", "item 9 by", "(optional", "is optional", "work-up: "])
def test_n58_what_was_to_be_said_otherwise_is_not_said(gone: str) -> None:
    """None of the old words stands in any sentence of the wording but where it is asked for."""
    told = [
        *WORDS.notes.values(),
        *WORDS.book.tests.values(),
        *WORDS.book.tests_short.values(),
        *WORDS.book.orders.values(),
        *(text for _, _, tag in WORDS.tagged for text in (*tag.consider, tag.article or "", tag.guidance or "")),
        *(text for entry in WORDS.topics.values() for text in entry.consider),
    ]

    assert [] == [text for text in told if gone in text]


def test_n58_what_stands_around_a_finding_is_never_cut() -> None:
    """A long finding gives way to its day, to what we say of it, and to the count of the others."""
    name = "phlebitis and thrombophlebitis of the deep vessels of the right lower extremity"
    said = summarise(
        Advice(
            topic=Topic.EMERG,
            indicator=Indicator.CRITICAL,
            tags=("venous-thromboembolism", "weakness"),
            values={"venous-thromboembolism": name},
            told={"venous-thromboembolism": ChartName(name, "2026-11-20")},
        ),
        WORDS,
    )

    assert (
        "Possible emergency with twitching: "
        "phlebitis and… on estrogen (2026-11-20) +1 more. Consider same-day assessment."
    ) == said
