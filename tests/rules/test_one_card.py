"""A fault costs one card, not all: the others are shown and name it, and an emergency is never hidden by it."""

import json
from collections.abc import Callable, Iterator

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request_bytes
from charts.seam import engine, evaluate
from msgspec.structs import replace
from visits import Json

from cards.advice import Advice, Occasion
from cards.orders import OrderBook
from cards.render import render
from cards.topics import Indicator, Topic
from cards.wire import Card
from cards.words import Words
from cds import call
from cds.rules import advise_orders, advise_risk, cardbook
from cds.rules.assess import assess
from cds.rules.choice import Choice
from cds.rules.picture import Completeness, Picture
from cds.rules.picture import read as read_picture
from cds.rules.rulebook import KNOWN_DISEASE, rulebook_of
from cds.rules.runner import RuleRunner

UNSAID = "this service could not say which sign. Read the chart now."
ALONE = "a check of this service failed: a red flag may have been missed"


def examples() -> Iterator[tuple[Topic, Case]]:
    """For each card the first golden case that shows it, and the first that shows it beside another."""
    for topic in Topic:
        shown = [case for case in cases() if topic.value in [card.topic for card in case.expect]]
        beside = [case for case in shown if len(case.expect) > 1]
        yield from ((topic, case) for case in (*shown[:1], *beside[:1]))


EXAMPLES = list(examples())
IDS = [f"{topic}: {case.id}" for topic, case in EXAMPLES]


def topics(answer: Json) -> list[str]:
    """The ids of the cards of an answer."""
    return [card["source"]["topic"]["code"] for card in answer["cards"]]


def not_checked(card: Json) -> list[tuple[str, str]]:
    """What a card says could not be checked, with the reason."""
    basis = card.get("extension", {}).get("org.twitch-cds.basis", {})
    return [(one["type"], one["reason"]) for one in basis.get("notChecked", ())]


def assert_one_card_lost(topic: Topic, case: Case, before: Json) -> None:
    """What is left after a fault in one card."""
    status, after = evaluate(request_bytes(case.chart), TODAY)
    others = [name for name in topics(before) if name != topic]

    assert 200 == status
    if topic is Topic.EMERG:
        assert topics(before) == topics(after)
        assert after["cards"][0]["summary"].endswith(UNSAID)
        assert "critical" == after["cards"][0]["indicator"]
    else:
        assert (others or ["data-gap"]) == topics(after)
        assert others or ALONE in after["cards"][0]["summary"]
    for card in after["cards"]:
        if card["source"]["topic"]["code"] in others:
            assert (topic.value, "card-failed") in not_checked(card)
            assert "this card could not be made" in card["detail"]


def broken(*_: object, **__: object) -> Advice:
    """An adviser with a fault in it."""
    raise ZeroDivisionError


@pytest.mark.parametrize(("topic", "case"), EXAMPLES, ids=IDS)
def test_an_adviser_that_fails_costs_its_card(topic: Topic, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other cards name it; an emergency is a fixed sentence; an only card is replaced by one that says so."""
    _, before = evaluate(request_bytes(case.chart), TODAY)
    monkeypatch.setitem(cardbook.ROWS, topic, replace(cardbook.ROWS[topic], advise=broken))
    for name in ("emergency", "steroid", "unseen", "unsaid", "estrogen"):
        monkeypatch.setattr(advise_orders, name, broken)
    monkeypatch.setattr(advise_risk, "risk", broken)

    assert_one_card_lost(topic, case, before)


@pytest.mark.parametrize(("topic", "case"), EXAMPLES, ids=IDS)
def test_a_card_that_cannot_be_worded_costs_itself(topic: Topic, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where the wording fails."""
    _, before = evaluate(request_bytes(case.chart), TODAY)

    def failing(advice: Advice, occasion: Occasion, words: Words, orders: OrderBook, new_id: Callable[[], str]) -> Card:
        return broken() if advice.topic is topic else render(advice, occasion, words, orders, new_id)  # type: ignore[return-value]

    monkeypatch.setattr(call, "render", failing)

    assert_one_card_lost(topic, case, before)


def test_every_card_has_an_example() -> None:
    """So that none is left out above."""
    assert set(Topic) == {topic for topic, _ in EXAMPLES}


def empty() -> Picture:
    """The picture of a chart that holds nothing."""
    made = engine(TODAY)
    return read_picture(made.reader("p1").chart, (), made.knowledge, Completeness(), TODAY.toordinal())


def test_a_rule_that_is_asked_by_its_caller_says_nothing_of_itself() -> None:
    """Known disease and renewals: without the caller's question there is no answer, and no failure."""
    runner, book = RuleRunner(), rulebook_of(engine(TODAY).knowledge)
    renewals = [rule for name, rule in book.rules.items() if name.startswith("ORD-RENEWAL")]

    assert [()] * (1 + len(renewals)) == [book.ask(one, empty(), runner) for one in (KNOWN_DISEASE, *renewals)]
    assert renewals
    assert [] == runner.failed


def test_a_card_of_orders_is_never_advised_as_one_of_findings() -> None:
    """It is a fault that is told at once, and no empty card."""
    nothing = assess(empty(), RuleRunner())

    with pytest.raises(ValueError, match="no card of findings"):
        cardbook.advised(Choice(topic=Topic.ORD_STEROID, indicator=Indicator.INFO), nothing)


def test_a_fault_is_logged_with_its_card(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever runs the service finds it."""
    topic, case = next(one for one in EXAMPLES if one[0] is Topic.MED_REV)
    monkeypatch.setitem(cardbook.ROWS, topic, replace(cardbook.ROWS[topic], advise=broken))
    evaluate(request_bytes(case.chart), TODAY)

    assert {"card failed"} == {record.message for record in caplog.records}
    assert json.dumps({"rule": "medication-review"}) == json.dumps(caplog.records[0].fields)  # type: ignore[attr-defined]


@pytest.mark.parametrize("fault", ["adviser", "wording"])
def test_what_stands_for_a_hidden_emergency_is_never_lost(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the site hides emergencies the card in their place is at least its fixed sentence."""
    hidden = replace(engine(TODAY), emergency_cards=False)
    if fault == "adviser":
        monkeypatch.setitem(cardbook.ROWS, Topic.DATA_GAP, replace(cardbook.ROWS[Topic.DATA_GAP], advise=broken))
    else:
        monkeypatch.setattr(call, "render", broken)
    case = next(case for topic, case in EXAMPLES if topic is Topic.EMERG)
    cards = json.loads(hidden.answer("muscle-twitch-patient-view", request_bytes(case.chart)).body)["cards"]
    said = hidden.words.variant(Topic.DATA_GAP, "switched-off").summary

    assert said in [card["summary"] for card in cards]
