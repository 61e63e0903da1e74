"""Advice becomes a card."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from cards.advice import Advice, Occasion, Order
from cards.basis import BASIS, basis
from cards.detail import detail
from cards.markdown import plain
from cards.orders import TASK, OrderBook, Resource
from cards.summary import join, summarise
from cards.topics import TOPIC_SYSTEM, Topic
from cards.wire import Action, Card, Coding, Link, OverrideReason, Source, Suggestion
from cards.words import Words

OVERRIDE_SYSTEM = "urn:twitch-cds:override"


def render(advice: Advice, occasion: Occasion, words: Words, orders: OrderBook, new_id: Callable[[], str]) -> Card:
    """One card (CDS Hooks 2.0), its uuid first and then one per suggestion from `new_id`."""
    uuid = new_id()
    suggestions = tuple(_suggestion(order, advice, occasion, words, orders, new_id) for order in advice.orders)
    return Card(
        uuid=uuid,
        summary=summarise(advice, words),
        detail=detail(advice, occasion, words),
        indicator=advice.indicator,
        source=_source(advice.topic, occasion.evidence_url, words),
        suggestions=suggestions,
        selection_behavior="any" if suggestions else None,
        override_reasons=_override_reasons(advice.topic, words),
        links=(_link(advice.topic, occasion.evidence_url, words),),
        extension={BASIS: basis(advice, occasion, words)},
    )


@lru_cache(maxsize=64)
def _source(topic: Topic, evidence_url: str, words: Words) -> Source:
    """Who says so, with the dates of article and guideline (clinical knowledge S1), and the card's id."""
    entry = words.topics[topic]
    return Source(
        label=words.phrase("source_label", guideline=words.dated(entry.guideline)),
        url=evidence_url,
        topic=Coding(system=TOPIC_SYSTEM, code=topic.value, display=entry.title),
    )


@lru_cache(maxsize=64)
def _link(topic: Topic, evidence_url: str, words: Words) -> Link:
    """Where limits, citations and source attributes can be read."""
    url = f"{evidence_url.rstrip('/')}/{topic.value}"
    return Link(label=words.phrase("link_label"), url=url, type="absolute")


@lru_cache(maxsize=64)
def _override_reasons(topic: Topic, words: Words) -> tuple[OverrideReason, ...]:
    """Why this card may be set aside."""
    return tuple(
        OverrideReason(code=key, system=OVERRIDE_SYSTEM, display=words.book.overrides[key])
        for key in words.topics[topic].overrides
    )


def _suggestion(
    order: Order, advice: Advice, occasion: Occasion, words: Words, orders: OrderBook, new_id: Callable[[], str]
) -> Suggestion:
    """One draft request or task that the clinician may take."""
    kind = "task" if order.key.startswith(TASK) else "order"
    shown = words.book.layout.signs_in_reason
    name = words.order(order.key, join([plain(one) for one in order.about], words, shown))
    signs = _signs(order, advice)
    resource = orders.draft(
        order.key, occasion.patient_id, occasion.today, _reason(signs, words), _coded(signs[:shown], advice), name
    )
    action = Action(type="create", description=words.phrase(f"{kind}_description", name=name), resource=resource)
    return Suggestion(label=words.phrase(f"{kind}_label", name=name), uuid=new_id(), actions=(action,))


def _signs(order: Order, advice: Advice) -> tuple[str, ...]:
    """The signs behind a request; a drug's name is no sign."""
    return order.reasons or (() if advice.topic is Topic.MED_REV else advice.signs)


def _reason(signs: Sequence[str], words: Words) -> str:
    """Why it is requested: the twitching and the signs, in our own words."""
    if not signs:
        return words.phrase("order_reason_bare")
    names = [plain(sign) for sign in signs]
    return words.phrase("order_reason", sign=join(names, words, words.book.layout.signs_in_reason))


def _coded(signs: Iterable[str], advice: Advice) -> list[Resource]:
    """The same signs as CodeableConcepts, each by the code that was read on the chart, if there was one."""
    codes = {fact.label: (fact.system, fact.code) for fact in reversed(advice.facts) if fact.system and fact.code}
    found = ((sign, *codes[sign]) for sign in signs if sign in codes)
    return [{"coding": [{"system": system, "code": code}], "text": plain(sign)} for sign, system, code in found]
