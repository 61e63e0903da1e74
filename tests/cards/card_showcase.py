"""What the card tests share: the wording, the orders, an occasion, and a card built from an advice."""

import json
from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

from charts.book import VARIANTS

from cards.advice import Advice, Fact, Occasion
from cards.basis import BASIS
from cards.orders import load_orders
from cards.proofreading import load_words
from cards.render import render
from cards.topics import Indicator, Topic
from cards.wire import Card, encode

WORDS = load_words()
ORDERS = load_orders(WORDS.book.orders)
OCCASION = Occasion(
    patient_id="p-1",
    today=date(2026, 11, 22),
    knowledge_version="2026.11",
    evidence_url="https://cds.example.org/evidence",
)
POTASSIUM = Fact(
    resource="Observation/k-1",
    label="Potassium",
    system="http://loinc.org",
    code="2823-3",
    value=2.30,
    unit="mmol/L",
    date="2026-11-21",
    limit="< 2.5 mmol/L",
    limit_source="rcem",
)
EVERY = [(topic, variant) for topic, variants in VARIANTS.items() for variant in variants]


def ids() -> Callable[[], str]:
    """Numbered ids."""
    numbers = count(1)
    return lambda: f"id-{next(numbers)}"


def show(
    topic: Topic,
    variant: str = "default",
    occasion: Occasion = OCCASION,
    indicator: Indicator = Indicator.INFO,
    **members: Any,
) -> Card:
    """The card of an advice."""
    advice = Advice(topic=topic, indicator=indicator, variant=variant, **members)
    return render(advice, occasion, WORDS, ORDERS, ids())


def detail(card: Card) -> str:
    """A card's detail, which every card has."""
    assert card.detail is not None
    return card.detail


def basis(card: Card) -> dict[str, Any]:
    """A card's basis as a client reads it."""
    found: dict[str, Any] = json.loads(encode([card]))["cards"][0]["extension"][BASIS]
    return found
