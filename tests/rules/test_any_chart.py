"""Whatever stands on a chart together: lines drawn from all golden cases, and what must hold for every answer."""

import json
from functools import cache
from typing import Any

from charts.book import FLAGS, RANK, TAGS
from charts.dates import TODAY
from charts.golden import cases
from charts.notation import request_bytes, unfold
from charts.resources import TWITCHES, Line
from charts.seam import evaluate
from hypothesis import given, settings
from hypothesis import strategies as st

from cards.topics import Indicator, Topic

PROTECTED = {Topic.EMERG, Topic.PED_NEURO, Topic.NEURO_URG}
URGENT = {Topic.EMERG, Topic.PED_NEURO, Topic.NEURO_URG, Topic.STATUS}
ORDER = [Indicator.CRITICAL, Indicator.WARNING, Indicator.INFO]
SURE: Line = {"twitch": "2 w", "id": "sure-twitch"}
EMERGENCIES: list[Line] = [
    {"condition": "R06.01 Orthopnea", "id": "sure-emergency"},
    {"condition": "R29.0 Tetany", "id": "sure-emergency"},
    {"condition": "G61.0 Guillain-Barre syndrome", "id": "sure-emergency"},
    {"condition": "M62.82 Rhabdomyolysis", "id": "sure-emergency"},
    {"condition": "T60.0X1A Toxic effect of organophosphate", "id": "sure-emergency"},
    {"lab": "K", "value": "2.2 mmol/L", "at": "today", "id": "sure-emergency"},
    {"lab": "Mg", "value": "0.30 mmol/L", "at": "today", "id": "sure-emergency"},
    {"lab": "iCa", "value": "0.60 mmol/L", "at": "today", "id": "sure-emergency"},
    {"lab": "CK", "value": "9000 U/L", "at": "today", "id": "sure-emergency"},
    {"lab": "lithium", "value": "2.0 mmol/L", "at": "today", "id": "sure-emergency"},
]


def cards(patient: Line, lines: list[Line]) -> list[dict[str, Any]]:
    """The cards of a chart; every chart of complete data is answered."""
    status, body = evaluate(request_bytes({"patient": patient, "resources": lines}), TODAY)
    assert status == 200, body
    found: list[dict[str, Any]] = body["cards"]
    return found


def topic(card: dict[str, Any]) -> Topic:
    """The card's id."""
    return Topic(card["source"]["topic"]["code"])


@cache
def drawn() -> tuple[list[Line], list[Line], list[Line]]:
    """All lines and living patients of the golden cases, each once; and the lines that show no twitch by themselves."""
    lines = {json.dumps(one): one for case in cases() for line in case.chart["resources"] for one in unfold(line)}
    known = (case.chart["patient"] for case in cases())
    patients = {json.dumps(one): one for one in known if not one.get("deceased")}
    quiet = [one for one in lines.values() if next(iter(one)) not in TWITCHES and not cards({}, [one])]
    return list(lines.values()), list(patients.values()), quiet


def some(lines: list[Line]) -> st.SearchStrategy[list[Line]]:
    """Up to fourteen lines in any order."""
    return st.lists(st.sampled_from(lines), max_size=14)


LINES, PATIENTS, QUIET = drawn()
anybody = st.sampled_from(PATIENTS)
often = settings(max_examples=150, derandomize=True)


@often
@given(patient=anybody, lines=some(LINES))
def test_every_answer_is_well_formed(patient: Line, lines: list[Line]) -> None:
    """Nothing raises; at most three cards, in order, each topic once, in the words of the wire."""
    found = cards(patient, [SURE, *lines])
    topics = [topic(card) for card in found]
    places = [(ORDER.index(Indicator(card["indicator"])), RANK[topic(card)]) for card in found]

    assert len(found) <= 3 or set(topics) <= PROTECTED
    assert places == sorted(places)
    assert len(set(topics)) == len(topics)
    for card in found:
        basis = card["extension"]["org.twitch-cds.basis"]
        known = TAGS.get(topic(card), ())
        assert list(basis.get("tags", ())) == [tag for tag in known if tag in basis.get("tags", ())]
        assert bool(basis.get("tags")) == bool(known)
        assert set(basis.get("flags", ())) <= set(FLAGS)
        assert len(card["summary"]) < 140


@often
@given(patient=anybody, lines=some(LINES))
def test_cards_that_exclude_each_other(patient: Line, lines: list[Line]) -> None:
    """Lifestyle and reassurance never stand beside what contradicts them; DATA-GAP stands alone (4c)."""
    every = cards(patient, [SURE, *lines])
    found = {topic(card): card["indicator"] for card in every}
    today = {topic(card) for card in every if "ask and examine today" in card["summary"]}  # beside the others (N17)

    assert not (Topic.LIFESTYLE in found and URGENT & set(found))
    assert not (Topic.LAB_ORDER in found and (URGENT | {Topic.NEURO_EVAL, Topic.LAB_ABN, Topic.REASSURE}) & set(found))
    assert not (Topic.REASSURE in found and (URGENT | {Topic.NEURO_EVAL}) & set(found))
    assert not (Topic.REASSURE in found and found.get(Topic.LAB_ABN) == "warning")
    assert not (Topic.REASSURE in found and "critical" in found.values())
    assert not (Topic.EMERG in found and {Topic.LAB_ABN, Topic.NEURO_EVAL} & set(found))
    assert len({Topic.PED_NEURO, Topic.NEURO_URG, Topic.STATUS, Topic.NEURO_EVAL} & set(found) - today) <= 1
    assert Topic.DATA_GAP not in found or len(found) == 1


@often
@given(patient=anybody, lines=some(LINES), emergency=st.sampled_from(EMERGENCIES))
def test_an_emergency_is_never_lost(patient: Line, lines: list[Line], emergency: Line) -> None:
    """An emergency added to any twitching chart comes first."""
    found = cards(patient, [*lines, SURE, emergency])

    assert (topic(found[0]), found[0]["indicator"]) == (Topic.EMERG, "critical")


@often
@given(patient=anybody, lines=some(QUIET))
def test_no_twitch_means_silence(patient: Line, lines: list[Line]) -> None:
    """Lines that show no twitch by themselves show none together (D1)."""
    assert cards(patient, lines) == []


@often
@given(patient=anybody, lines=some(LINES), data=st.data())
def test_the_order_of_entries_changes_nothing(patient: Line, lines: list[Line], data: st.DataObject) -> None:
    """The same resources in another order get the same cards."""
    named = [{**line, "id": line.get("id", f"n{number}")} for number, line in enumerate([SURE, *lines])]
    unique = list({line["id"]: line for line in named}.values())
    shuffled = data.draw(st.permutations(unique))

    assert [_said(card) for card in cards(patient, unique)] == [_said(card) for card in cards(patient, shuffled)]


def _said(card: dict[str, Any]) -> tuple[object, ...]:
    basis = card["extension"]["org.twitch-cds.basis"]
    return topic(card), card["indicator"], basis.get("tags"), basis.get("flags")
