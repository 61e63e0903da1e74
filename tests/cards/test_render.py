"""Advice becomes a card that carries everything a client needs."""

import json
from typing import Any

import pytest
from card_showcase import OCCASION, show
from fhir.resources.R4B.servicerequest import ServiceRequest
from msgspec.structs import replace

from cards.advice import Note, ProposedOrder
from cards.errors import WordingError
from cards.render import OVERRIDE_SYSTEM
from cards.topics import TOPIC_SYSTEM, Indicator, Topic
from cards.wire import encode


def test_a_card_carries_everything_a_client_needs() -> None:
    """Indicator, uuid, topic, override reasons and link are on the card."""
    card = show(Topic.EMERG, tags=("potassium",), values={"potassium": "2.3 mmol/L"})
    reasons = [reason.code for reason in card.override_reasons]

    assert "id-1" == card.uuid
    assert Indicator.INFO == card.indicator
    assert card.source.topic is not None
    assert (TOPIC_SYSTEM, "emergency", "Possible emergency") == (
        card.source.topic.system,
        card.source.topic.code,
        card.source.topic.display,
    )
    assert "Twitch CDS (article 01/05/2021; SfE 2016)" == card.source.label
    assert "https://cds.example.org/evidence" == card.source.url
    assert ["https://cds.example.org/evidence/emergency"] == [link.url for link in card.links]
    assert ["already-managed", "known-chronic", "not-clinically-relevant", "wrong-data"] == reasons
    assert {OVERRIDE_SYSTEM} == {reason.system for reason in card.override_reasons}


def test_a_guideline_without_known_year_is_named_without_one() -> None:
    """A year that was not read is not invented."""
    assert "Twitch CDS (article 01/05/2021; NICE NG42)" == show(Topic.NEW_SIGN).source.label


@pytest.mark.parametrize("indicator", [Indicator.WARNING, Indicator.CRITICAL])
def test_only_an_info_card_names_the_article_as_its_source(indicator: Indicator) -> None:
    """N59: what is urgent cites the guideline with its year."""
    assert "Twitch CDS (NICE NG127 2019)" == show(Topic.NEURO_URG, indicator=indicator).source.label
    assert "Twitch CDS (article 01/05/2021; NICE NG127 2019)" == show(Topic.DATA_GAP).source.label


def test_without_orders_nothing_is_suggested() -> None:
    """Neither suggestions nor selectionBehavior are sent when there is nothing to choose."""
    sent = json.loads(encode([show(Topic.DATA_GAP)]))["cards"][0]

    assert not {"suggestions", "selectionBehavior"} & set(sent)


def test_the_missing_tests_are_one_choice_where_the_client_carries_out_many_actions() -> None:
    """N58: in the place of the first; what is no test, and a test alone, stays a choice of its own."""
    tests = (ProposedOrder("lab:potassium"), ProposedOrder("lab:calcium"), ProposedOrder("lab:tsh"))
    occasion = replace(OCCASION, many_actions=True)
    card = show(Topic.NEURO_URG, occasion=occasion, orders=(ProposedOrder("referral:neurology-urgent"), *tests))
    alone = show(Topic.LAB_ORDER, occasion=occasion, orders=tests[:1])
    each = show(Topic.LAB_ORDER, orders=tests)

    assert ["Order: neurology referral, urgent", "Order the 3 missing tests"] == [one.label for one in card.suggestions]
    assert [1, 3] == [len(one.actions) for one in card.suggestions]
    assert ["id-1", "id-2", "id-3"] == [card.uuid, *(one.uuid for one in card.suggestions)]
    assert ["potassium", "calcium", "TSH"] == [
        action.resource["code"]["text"] for action in card.suggestions[1].actions if action.resource
    ]
    assert ["Order: potassium"] == [one.label for one in alone.suggestions]
    assert [1, 1, 1] == [len(one.actions) for one in each.suggestions]


def test_each_order_is_a_choice_of_its_own() -> None:
    """One suggestion per order, each with its uuid and one create action of a valid draft."""
    orders = (ProposedOrder("lab:potassium"), ProposedOrder("referral:neurology-urgent"))
    card = show(Topic.NEURO_URG, signs=("foot drop", "wasting"), orders=orders)
    drafts = [action.resource for suggestion in card.suggestions for action in suggestion.actions]
    reasons = [draft["reasonCode"][0]["text"] for draft in drafts if draft]

    assert "any" == card.selection_behavior
    assert ["Order: potassium", "Order: neurology referral, urgent"] == [part.label for part in card.suggestions]
    assert ["id-1", "id-2", "id-3"] == [card.uuid, *(part.uuid for part in card.suggestions)]
    assert ["create", "create"] == [action.type for part in card.suggestions for action in part.actions]
    assert ["Muscle twitching with foot drop and wasting"] * 2 == reasons
    for draft in drafts:
        assert "draft" == ServiceRequest.model_validate(draft).status


def test_a_medicine_is_not_given_as_the_sign() -> None:
    """On a medication card the names are drugs, so the order's reason is the twitching alone."""
    card = show(
        Topic.MED_REV, "one", tags=("statin",), signs=("simvastatin",), orders=(ProposedOrder("lab:creatine-kinase"),)
    )
    resource = card.suggestions[0].actions[0].resource

    assert resource is not None
    assert [{"text": "Muscle twitching"}] == resource["reasonCode"]


@pytest.mark.parametrize(
    "members",
    [
        {"variant": "nonsense"},
        {"flags": ("U99",)},
        {"tags": ("nonsense",)},
        {"notes": (Note("nonsense"),)},
        {"missing": ("nonsense",)},
        {"orders": (ProposedOrder("lab:nonsense"),)},
    ],
)
def test_advice_that_nothing_words_is_an_error(members: dict[str, Any]) -> None:
    """A key without words is an error, never a card with a hole."""
    with pytest.raises(WordingError, match=r"nonsense|U99"):
        show(Topic.DATA_GAP, **members)
