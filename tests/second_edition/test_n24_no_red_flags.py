"""N24: "no red flags" and its like are said after a coded normal examination only; nothing calms beside an alarm."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request_bytes
from charts.seam import engine, evaluate
from numbered import got, name_of, of, one, text

from cards.advice import Advice
from cards.summary import summarise
from cards.topics import Indicator, Topic
from cds.prefetch.supply import ALL_LABS, TYPES
from cds.rules.picture import NEEDED

CALMING = re.compile(r"no (new )?red flag|no alarm sign|usually benign", re.IGNORECASE)
ALLOWED = {
    *("N24/examined", "N24/general", "N24/text-denied", "N24/text-of-another", "N24/text-unclear-long-ago"),
    *("N24-on-file/nothing", "N24-on-file/prion-disease-refuted", "N24-on-file/refuted-als"),
    *("N24-on-file/resolved-als", "N24-on-file/weakness-resolved", "N24-on-file/unlisted-diagnosis"),
    "N24-on-file/answered-weakness-and-emg",  # reassurance: no new red flags
}


@pytest.mark.parametrize("case", of(24), ids=name_of)
def test_n24_cards(case: Case) -> None:
    """Each chart of the table N24 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize("case", of(24), ids=name_of)
def test_n24_the_words_are_said_only_after_a_normal_examination(case: Case) -> None:
    """Every chart of the table but those allowed has something open, and no card of it denies red flags."""
    assert (case.id in ALLOWED) == bool(CALMING.search(text(case)))


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (
            "N24/V01",
            (
                "Twitching with stress/anxiety recorded; no normal examination found here: examine first, "
                "then lifestyle advice may help."
            ),
        ),
        (
            "N24/two-factors",
            (
                "Twitching with stress/anxiety and short sleep recorded; no normal examination found here: "
                "examine first, then lifestyle advice may help."
            ),
        ),
        (
            "N24/symptom-since",
            ("Twitching with stress/anxiety recorded: check cramp first, then lifestyle advice may help."),
        ),
        ("N24/quoted-sign", "recorded: check dysarthria first, then lifestyle advice may help."),
        (
            "N24/text-unclear",
            "recorded: check a text whose meaning is not clear first, then lifestyle advice may help.",
        ),
        ("N24/text-unclear", "Not clear whether this is meant of the patient now: “possible fasciculations”."),
        ("N24/text-unclear-sign", "recorded: check a text whose meaning is not clear first"),
        ("N24/medicines-not-received", "check medicines (not received) first, then lifestyle advice may help."),
        ("N24/examined", "Twitching with anxiety/stress recorded, no red flags on chart: offer stress management;"),
    ],
)
def test_n24_what_is_said_instead(case: str, said: str) -> None:
    """Without an examination: examine first; after one: the first thing that is open."""
    assert said in text(one(case))


def test_n24_lifestyle_advice_never_stands_beside_a_card_that_alarms() -> None:
    """Not one golden case has it beside an emergency, neurology, or a warning about a result or a medicine."""
    alarming = {"emergency", "paediatric-neurology", "neurology-urgent", "work-up-status", "neurology-evaluation"}
    seen = 0
    for case in of_all():
        topics = {card.topic for card in case.expect}
        if "lifestyle" in topics:
            seen += 1
            judged = {card.topic for card in case.expect if card.indicator == "warning"}
            assert not topics & alarming, case.id
            assert not judged & {"abnormal-lab", "medication-review"}, case.id
    assert seen


def of_all() -> list[Case]:
    """Every golden case."""
    return list(cases())


@pytest.mark.parametrize(("variant", "length"), [("unexamined", 136), ("open-item", 137)])
def test_n24_the_longest_sentences_fit(variant: str, length: int) -> None:
    """With the longest names of the text they have the lengths that it states."""
    advice = Advice(
        topic=Topic.LIFESTYLE,
        indicator=Indicator.INFO,
        variant=variant,
        tags=("stress", "sleep"),
        values={"item": "x" * 36},
    )

    assert length == len(summarise(advice, engine(TODAY).words))


Change = Callable[[dict[str, Any]], dict[str, Any]]


def with_line(line: dict[str, Any]) -> Change:
    """The chart with one entry more."""
    return lambda chart: {**chart, "resources": [*chart.get("resources", ()), line]}


def without_key(key: str) -> Change:
    """The chart of which one type did not arrive."""
    return lambda chart: {**chart, "missing": {**chart.get("missing", {}), key: "absent"}}


def without_lines(chart: dict[str, Any], kind: str) -> dict[str, Any]:
    """The chart without its entries of a kind, of which all arrived."""
    return {**chart, "resources": [line for line in chart.get("resources", ()) if kind not in line]}


CHANGES: dict[str, Change] = {
    "an answer that is not understood": with_line({"finding": "26544005 Muscle weakness", "is": "261665006 Unknown"}),
    "a result that cannot be read": with_line(
        {"lab": "K", "value": "4.1 mmol/L", "with": {"code": {"text": "Potassium"}}}
    ),
    "a known cause": with_line(
        {"condition": "E89.2 Postprocedural hypoparathyroidism", "recorded": "2 mo"}
    ),  # never dropped
    "a cause that is a line only": with_line({"condition": "G56.01 Carpal tunnel syndrome", "recorded": "7 y"}),
    "a sedative that ended": with_line(
        {"drug": "rx:2598 clonazepam", "start": "1 y", "until": "4 d", "status": "stopped"}
    ),
    "a symptom": with_line({"condition": "55300003 Cramp", "recorded": "1 d"}),
    "medicines that did not arrive": without_key("medicationRequests"),
    "requests that did not arrive": without_key("serviceRequests"),
}
LINES = {"medicines that did not arrive": "drug", "requests that did not arrive": "request"}
PATIENT_VIEWS = [case for case in cases() if "hook" not in case.chart and case.status == 200]


def calms(chart: dict[str, Any]) -> set[str]:
    """What calms in the answer: the cards, and the words of N24."""
    _, answer = evaluate(request_bytes(chart), TODAY)
    topics = {card["source"]["topic"]["code"] for card in answer["cards"]}
    said = " ".join(f"{card['summary']} {card.get('detail', '')}" for card in answer["cards"])
    noted = {"lifestyle"} if re.search(r"Also noted: .*Lifestyle advice", said) else set()  # due, and without a place
    return (topics & {"lifestyle", "reassurance"}) | noted | ({"the words"} if CALMING.search(said) else set())


@pytest.mark.parametrize("change", CHANGES)
def test_n24_nothing_that_is_open_adds_what_calms(change: str) -> None:
    """On golden charts: whatever calms beside something open, unread or missing calmed without it too.

    What did not arrive calms no more than what arrived and holds nothing.
    """
    for case in PATIENT_VIEWS[::37]:
        before, after = calms(case.chart), calms(CHANGES[change](case.chart))
        if change in LINES:
            before |= calms(without_lines(case.chart, LINES[change]))
        assert after <= before, (case.id, before, after)
        assert "the words" not in after, case.id


def test_n24_every_type_is_needed() -> None:
    """All types that any service asks for are among those without which nothing calms."""
    assert {*TYPES.values(), ALL_LABS} == set(NEEDED)


@pytest.mark.parametrize("case", [case for case in cases() if case.id.endswith("-failed-reassure")], ids=name_of)
def test_n24_a_failed_search_is_named_and_nothing_calms(case: Case) -> None:
    """After a normal examination and EMG too, the summary says what did not arrive, and nothing denies red flags."""
    said = text(case)

    assert " not received: examine strength, wasting, reflexes, tongue" in said
    assert not CALMING.search(said)
