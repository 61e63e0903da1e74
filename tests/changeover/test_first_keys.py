"""The change over: a client that still sends the prefetch keys of the first edition gets the same or more urgent cards.

What a new key would have brought is said on each card as not checked, and no call is refused for it.
"""

import json
from functools import cache
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases, service_of
from charts.notation import request
from charts.seam import engine
from first_keys import FIRST_KEYS

BASIS = "org.twitch-cds.basis"
URGENCY = ("info", "warning", "critical")
SAID = frozenset({"flags", "medicationAdministrations"})  # keys that every hook with a chart asks for
# What the chart says is in what only a new key brings: without the key there is nothing to answer.
ONLY_THERE = ("appointments", "flags", "clinicalImpressions", "questionnaireResponses")


@cache
def bodies() -> tuple[tuple[Case, dict[str, Any]], ...]:
    """Each golden case with its whole request."""
    return tuple((case, request(case.chart)) for case in cases())


def answer(case: Case, body: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    """Status and cards."""
    status, said = engine(TODAY).answer(service_of(case), json.dumps(body).encode())
    return status, json.loads(said).get("cards", [])


def of_first_edition(body: dict[str, Any]) -> dict[str, Any]:
    """The same call with the keys of the first edition only."""
    return body | {"prefetch": {key: value for key, value in body["prefetch"].items() if key in FIRST_KEYS}}


def new_keys(body: dict[str, Any]) -> set[str]:
    """The keys that the second edition added."""
    return set(body["prefetch"]) - FIRST_KEYS


def holds(body: dict[str, Any], keys: set[str]) -> set[str]:
    """Those of some keys under which something arrived."""
    return {key for key in keys if (body["prefetch"].get(key) or {}).get("entry")}


def has_failed(body: dict[str, Any], keys: set[str]) -> bool:
    """Whether something under one of the keys did not arrive whole: that is said, while an absent new key is named."""
    held = [body["prefetch"].get(key) or {} for key in keys]
    return any(one.get("resourceType") != "Bundle" or one.get("link") for one in held)


def worst(cards: list[dict[str, Any]]) -> int:
    """How urgent the most urgent card is."""
    return max((URGENCY.index(card["indicator"]) for card in cards), default=-1)


def unsaid(cards: list[dict[str, Any]], keys: set[str]) -> list[str]:
    """The cards that do not say that a new key was missing."""
    said = [{one.get("key") for one in card["extension"][BASIS].get("notChecked", ())} for card in cards]
    return [card["summary"] for card, told in zip(cards, said, strict=True) if not keys <= told]


@pytest.mark.parametrize("part", range(8))
def test_the_keys_of_the_first_edition_get_the_same_or_more_urgent_cards(part: int) -> None:
    """Over all golden charts: the same status, nothing less urgent, and each card says what was not looked at.

    Where a danger itself is only in a medicine that was given, a card says that this was not seen.
    """
    checked, wrong = 0, []
    for case, body in bodies()[part::8]:
        keys = new_keys(body)
        if holds(body, keys & set(ONLY_THERE)):
            continue
        (status, cards), (less_status, less) = answer(case, body), answer(case, of_first_edition(body))
        checked += 1
        least = min(worst(cards), 0) if holds(body, keys) else worst(cards)
        if worst(cards) == 0 and has_failed(body, keys):
            least = -1  # in known disease the failure alone brings a card
        if status != less_status or worst(less) < least or unsaid(less, keys & SAID):
            wrong.append(case.id)

    assert [] == wrong
    assert checked > 300


def test_no_call_is_refused_for_a_new_key() -> None:
    """A quiet chart is answered with silence; what only a new key brings is not known of."""
    left = [(case, body) for case, body in bodies() if holds(body, new_keys(body) & set(ONLY_THERE))]
    refused = [case.id for case, body in left if answer(case, of_first_edition(body))[0] != answer(case, body)[0]]

    assert [] == refused
    assert left


def test_a_missing_answer_about_calcium_lowers_nothing() -> None:
    """Whether calcium was given decides about tetany (N39): unknown, it stays the emergency that it was."""
    (case, body) = next(one for one in bodies() if one[0].id == "N39/calcium-given-11-d")

    assert "known-cause" in {card["source"]["topic"]["code"] for card in answer(case, body)[1]}
    assert "emergency" in {card["source"]["topic"]["code"] for card in answer(case, of_first_edition(body))[1]}
