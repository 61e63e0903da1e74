"""A chart in the compact notation, with guests: resources that have no prefetch key of their own."""

import json
from typing import Any

from charts.dates import TODAY
from charts.notation import request
from charts.seam import evaluate

ME = {"reference": "Patient/golden"}
BASIS = "org.twitch-cds.basis"
Json = dict[str, Any]


def answer(*lines: Json, guests: list[Json] | None = None, key: str = "procedures", **case: Any) -> list[Json]:
    """The cards of a 45-year-old with these lines on the chart, and guests in the Bundle of some key."""
    made = request({"patient": {"age": "45 y", "sex": "F"}, "resources": list(lines), **case})
    made["prefetch"][key].setdefault("entry", []).extend({"resource": guest} for guest in guests or ())
    status, body = evaluate(json.dumps(made).encode(), TODAY)
    assert status == 200, body
    cards: list[Json] = body["cards"]
    return cards


def seen(cards: list[Json]) -> list[str]:
    """Topic, indicator and tags of each card, as golden cases write them."""
    return [
        " ".join(filter(None, (one["source"]["topic"]["code"], one["indicator"], ",".join(basis(one).get("tags", [])))))
        for one in cards
    ]


def basis(card: Json) -> Json:
    """What a card says it rests on."""
    found: Json = card["extension"][BASIS]
    return found


def orders(card: Json) -> list[str]:
    """The displays of the drafts that a card proposes."""
    actions = [action for one in card.get("suggestions", ()) for action in one.get("actions", ())]
    return [action["resource"]["code"]["coding"][0]["display"] for action in actions if "code" in action["resource"]]


def coded(system: str, code: str) -> Json:
    """A CodeableConcept of one code."""
    return {"coding": [{"system": system, "code": code}]}
