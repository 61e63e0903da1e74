"""The one sentence of a card: what led to it, and always under 140 characters."""

from typing import Any

import pytest
from card_showcase import EVERY, WORDS, show
from charts.book import TAGS, in_order
from hypothesis import given
from hypothesis import strategies as st

from cards.advice import ChartName
from cards.template import fields
from cards.topics import Topic

LONG = st.text(min_size=1, max_size=400)


@pytest.mark.parametrize(
    ("expected", "topic", "variant", "members"),
    [
        (
            "Possible emergency with twitching: low potassium 2.3 mmol/L (2026-11-21). Consider same-day assessment.",
            Topic.EMERG,
            "default",
            {
                "tags": ("potassium",),
                "values": {"potassium": "2.3 mmol/L"},
                "told": {"potassium": ChartName("", "2026-11-21T08:00:00Z")},
            },
        ),
        (
            "Possible emergency with twitching: tetany (2026-11-20) +2 more. Consider same-day assessment.",
            Topic.EMERG,
            "default",
            {
                "tags": ("calcium", "potassium", "weakness"),
                "values": {"potassium": "2.3 mmol/L"},
                "told": {"calcium": ChartName("tetany", "2026-11-20")},
            },
        ),
        (
            "Possible emergency with twitching: sudden or rapidly progressive weakness. Consider same-day assessment.",
            Topic.EMERG,
            "default",
            {"tags": ("weakness",)},
        ),
        (
            (
                "Possible emergency with twitching: localized swelling, mass on estrogen (2026-11-20). "
                "Consider same-day assessment."
            ),
            Topic.EMERG,
            "default",
            {
                "tags": ("venous-thromboembolism",),
                "values": {"venous-thromboembolism": "localized swelling, mass"},
                "told": {"venous-thromboembolism": ChartName("x", "2026-11-20")},
            },
        ),
        (
            (
                "Possible emergency with twitching: localized swelling, mass and lump,… on estrogen (2026-11-20). "
                "Consider same-day assessment."
            ),
            Topic.EMERG,
            "default",
            {
                "tags": ("venous-thromboembolism",),
                "values": {"venous-thromboembolism": "localized swelling, mass and lump, right lower limb"},
                "told": {"venous-thromboembolism": ChartName("x", "2026-11-20")},
            },
        ),
        (
            "Possible emergency with twitching: an emergency sign. Consider same-day assessment.",
            Topic.EMERG,
            "default",
            {},
        ),
        (
            "Potassium 3.1 mmol/L (2026-11-18) is low with twitching: review and treat the cause, then reassess.",
            Topic.LAB_ABN,
            "one",
            {
                "tags": ("potassium",),
                "values": {"value": "3.1 mmol/L", "date": "2026-11-18", "side": "low", "test": "potassium"},
            },
        ),
        (
            (
                "Potassium +2 more 3.1 mmol/L (2026-11-18) is low with twitching: "
                "review and treat the cause, then reassess."
            ),
            Topic.LAB_ABN,
            "one",
            {"values": {"value": "3.1 mmol/L", "date": "2026-11-18", "side": "low", "test": "potassium"}, "more": 2},
        ),
        (
            (
                "Adjusted… +1 more 1.9 mmol/L (2026-11-18) is low with twitching: "
                "review and treat the cause, then reassess."
            ),
            Topic.LAB_ABN,
            "one",
            {
                "values": {"value": "1.9 mmol/L", "date": "2026-11-18", "side": "low", "test": "adjusted calcium"},
                "more": 1,
            },
        ),
        (
            "Serum K value on file (undated) is abnormal with twitching: review and treat the cause, then reassess.",
            Topic.LAB_ABN,
            "one",
            {"tags": ("potassium",), "values": {"test": "serum K"}},
        ),
        (
            "Simvastatin started before the twitching: could it contribute? Check CK; review with the prescriber.",
            Topic.MED_REV,
            "one",
            {"tags": ("statin",), "signs": ("simvastatin",)},
        ),
        (
            "Pyridostigmine started before the twitching: could it contribute? Review with the prescriber.",
            Topic.MED_REV,
            "one-untested",
            {"tags": ("cholinesterase-inhibitor",), "signs": ("pyridostigmine",)},
        ),
        (
            "Statin and twitching, timing unknown: could it contribute? Check CK; review with the prescriber.",
            Topic.MED_REV,
            "unknown-timing",
            {"tags": ("statin",)},
        ),
        (
            (
                "Prednisone (20 mg a day, oral) since 2026-01-02: check K and Ca; review need and dose. "
                "Do not stop it abruptly."
            ),
            Topic.MED_REV,
            "corticosteroid",
            {"signs": ("prednisone",), "values": {"dose": "20 mg a day, oral", "date": "2026-01-02"}},
        ),
        (
            "Prednisone (systemic), start not recorded: check K and Ca; review need and dose. Do not stop it abruptly.",
            Topic.MED_REV,
            "corticosteroid-undated",
            {"signs": ("prednisone",)},
        ),
        (
            "Twitching while on prednisolone, furosemide +1 more: review timing, benefit and risk with prescriber.",
            Topic.MED_REV,
            "several",
            {"tags": ("corticosteroid", "diuretic"), "signs": ("prednisolone", "furosemide", "bumetanide")},
        ),
        (
            "Twitching while on corticosteroid and diuretic: review timing, benefit and risk with prescriber.",
            Topic.MED_REV,
            "several",
            {"tags": ("corticosteroid", "diuretic")},
        ),
        (
            "Twitching with raised CK on a listed medicine: consider CK and neurology or rheumatology referral.",
            Topic.NEURO_URG,
            "medicine",
            {"signs": ("raised CK",)},
        ),
        (
            (
                "Twitching for 6 weeks: calcium, potassium, magnesium +3 more not on file or out of date. "
                "Consider ordering."
            ),
            Topic.LAB_ORDER,
            "default",
            {
                "missing": ("calcium", "potassium", "magnesium", "tsh", "vitamin-d", "vitamin-b12"),
                "values": {"reason": "for 6 weeks"},
            },
        ),
        (
            (
                "Twitching with stress/anxiety and short sleep recorded "
                "and no red flags found on chart: lifestyle advice may help."
            ),
            Topic.LIFESTYLE,
            "several",
            {"tags": ("stress", "sleep")},
        ),
        (
            "Sleep 5.5 h/night recorded with twitching, no red flags on chart: offer sleep advice.",
            Topic.LIFESTYLE,
            "sleep",
            {"tags": ("sleep",), "values": {"hours": "5.5"}},
        ),
        (
            "Neurology/EMG already requested (2026-11-02). Check that the request mentions hand weakness.",
            Topic.STATUS,
            "default",
            {"values": {"date": "2026-11-02"}, "signs": ("hand\nweakness",)},
        ),
    ],
)
def test_the_summary_names_what_led_to_the_card(
    expected: str, topic: Topic, variant: str, members: dict[str, Any]
) -> None:
    """At most two names and how many more; what is not known has a fallback."""
    assert expected == show(topic, variant, **members).summary


def test_a_card_on_one_drug_names_one_drug() -> None:
    """The most telling drug stands alone where the sentence speaks of one."""
    card = show(Topic.MED_REV, "one", tags=("statin",), signs=("simvastatin", "prednisolone"))
    unnamed = show(Topic.MED_REV, "one", tags=("statin", "lithium"))

    assert "Simvastatin started before" in card.summary
    assert "Statin started before" in unnamed.summary


def test_a_card_on_one_test_shows_one_value() -> None:
    """The value of the first tag stands in the sentence."""
    values = {"potassium": "3.1 mmol/L", "tsh": "12 mIU/L", "date": "2026-11-18"}
    card = show(Topic.LAB_ABN, "vitamin-b12", tags=("tsh", "potassium"), named=("potassium", "tsh"), values=values)

    assert card.summary.startswith("B12 3.1 mmol/L (2026-11-18) with twitching")


@pytest.mark.parametrize(("longer", "end"), [(0, "xx:"), (1, "x…:"), (9, "x…:")])
def test_a_name_is_cut_only_when_it_must_be(longer: int, end: str) -> None:
    """At exactly 139 characters nothing is cut; one more, and the end of the name is."""
    rest = "Persistent or frequent twitching plus : consider a complete neurological evaluation."
    card = show(Topic.NEURO_EVAL, signs=("x" * (139 - len(rest) + longer),))

    assert 139 == len(card.summary)
    assert f"{end} consider" in card.summary


@pytest.mark.parametrize(("longer", "expected"), [(0, "twitching plus xx"), (1, "twitching plus y")])
def test_two_names_are_named_while_they_fit(longer: int, expected: str) -> None:
    """Two names that fill exactly 139 characters stay; one character more, and one is named and one counted."""
    rest = "Persistent or frequent twitching plus  and y: consider a complete neurological evaluation."
    room = 139 - len(rest)
    card = show(Topic.NEURO_EVAL, signs=("y", "x" * (room + longer)) if longer else ("x" * room, "y"))

    assert expected in card.summary
    assert ("+1 more" in card.summary) is bool(longer)


MND = "motor-neuron-disease"
REST = "examine; if new and unexplained, neurology within 2 weeks (MND?)."


def test_each_sign_carries_its_own_day() -> None:
    """Two signs that fit are named with a day each; one without a day is said to be undated."""
    signs = ("foot drop", "dysarthria")
    card = show(Topic.NEURO_URG, MND, signs=signs, values={"foot drop": "2026-11-20"})

    assert f"Twitching with foot drop (2026-11-20) and dysarthria (undated): {REST}" == card.summary


def test_a_long_sign_is_cut_at_the_end_of_a_word_and_its_day_never() -> None:
    """44 characters of one sign, fewer beside others; then the summary has at most 139."""
    sign = "difficulty with the fine use of the right hand and of the left"
    alone = show(Topic.NEURO_URG, MND, signs=(sign,), values={sign: "2026-11-20"})
    first = show(Topic.NEURO_URG, MND, signs=(sign, *"abcdefghijk"), values={sign: "2026-11-20"})
    unbroken = show(Topic.NEURO_URG, MND, signs=("x" * 60,), values={"x" * 60: "2026-11-20"})

    assert f"Twitching with difficulty with the fine use of the right… (2026-11-20): {REST}" == alone.summary
    assert f"Twitching with difficulty with the fine use of… (2026-11-20) +11 more: {REST}" == first.summary
    assert f"Twitching with {'x' * 43}… (2026-11-20): {REST}" == unbroken.summary
    assert 139 == len(unbroken.summary)


def test_a_number_is_never_cut() -> None:
    """A value or date that does not fit is replaced whole, a name is cut with an ellipsis."""
    card = show(Topic.LAB_ABN, "one", values={"test": "x" * 90, "value": "1" * 80, "date": "2026-11-18"})

    assert "1…" not in card.summary
    assert " value on file (2026-11-18)" in card.summary
    assert "x…" in card.summary or "x" * 90 in card.summary


@given(st.sampled_from(EVERY), st.lists(LONG, min_size=1, max_size=5), st.data())
def test_a_summary_fits_whatever_fills_it(chosen: tuple[Topic, str], signs: list[str], data: st.DataObject) -> None:
    """With names and values of any length the card is valid and its summary under 140 characters."""
    topic, variant = chosen
    gaps = fields(WORDS.variant(topic, variant).summary)
    values = data.draw(st.dictionaries(st.sampled_from([*gaps, *TAGS.get(topic, ())] or ["x"]), LONG))
    tags = in_order(topic, set(data.draw(st.sets(st.sampled_from(TAGS.get(topic, ("",))))) - {""}))
    card = show(topic, variant, signs=tuple(signs), tags=tags, values=values, missing=tuple(WORDS.book.tests))

    assert 0 < len(card.summary) < 140
    assert [card.summary] == card.summary.splitlines()
