"""Advice becomes a card."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from cards.advice import Advice, Occasion, ProposedOrder
from cards.basis import BASIS, basis
from cards.detail import detail
from cards.markdown import plain
from cards.orders import TASK, TEST, OrderBook, Resource
from cards.summary import join, summarise
from cards.topics import ASKS_PATIENT, TOPIC_SYSTEM, Indicator, Topic
from cards.wire import Action, Card, Coding, Link, OverrideReason, Source, Suggestion
from cards.words import Words

OVERRIDE_SYSTEM = "urn:twitch-cds:override"


def render(advice: Advice, occasion: Occasion, words: Words, orders: OrderBook, new_id: Callable[[], str]) -> Card:
    """One card (CDS Hooks 2.0), its uuid first and then one per suggestion from `new_id`."""
    uuid = new_id()
    suggestions = tuple(_suggestions(advice, occasion, words, orders, new_id))
    return Card(
        uuid=uuid,
        summary=summarise(advice, words),
        detail=detail(advice, occasion, words),
        indicator=advice.indicator,
        source=_source(advice.topic, advice.indicator, occasion.evidence_url, words),
        suggestions=suggestions,
        selection_behavior="any" if suggestions else None,
        override_reasons=_override_reasons(advice.topic, words),
        links=_links(advice.topic, occasion, words),
        extension={BASIS: basis(advice, occasion, words)},
    )


def bare(advice: Advice, occasion: Occasion, words: Words, new_id: Callable[[], str]) -> Card:
    """A card of one fixed sentence, in the place of one that could not be worded."""
    return Card(
        uuid=new_id(),
        summary=words.variant(advice.topic, advice.variant).summary,
        indicator=advice.indicator,
        source=_source(advice.topic, advice.indicator, occasion.evidence_url, words),
        links=(_link(advice.topic, occasion.evidence_url, words),),
    )


@lru_cache(maxsize=64)
def _source(topic: Topic, indicator: Indicator, evidence_url: str, words: Words) -> Source:
    """Who says so, with the date of the guideline, on info cards the article's too (S1, N59), and the card's id."""
    entry = words.topics[topic]
    label = "source_label" if indicator is Indicator.INFO else "source_label_guideline"
    return Source(
        label=words.phrase(label, guideline=words.dated(entry.guideline)),
        url=evidence_url,
        topic=Coding(system=TOPIC_SYSTEM, code=topic.value, display=entry.title),
    )


def _links(topic: Topic, occasion: Occasion, words: Words) -> tuple[Link, ...]:
    """Its evidence, and where the cause needs history the app that asks for it, which is told the topic."""
    evidence = _link(topic, occasion.evidence_url, words)
    if occasion.ask_url is None or topic not in ASKS_PATIENT:
        return (evidence,)
    context = f'{{"topic":"{topic.value}"}}'
    return (evidence, Link(label=words.phrase("ask_label"), url=occasion.ask_url, type="smart", app_context=context))


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


class Grounds(NamedTuple):
    """Why something is requested: in a sentence, and the same signs as CodeableConcepts."""

    sentence: str
    signs: list[Resource]


def _grounds(signs: Sequence[str], advice: Advice, words: Words) -> Grounds:
    """The twitching and the first signs, in our own words and by the codes that were read on the chart."""
    if not signs:
        return Grounds(words.phrase("order_reason_bare"), [])
    most = words.book.layout.signs_in_reason
    names = [plain(sign) for sign in signs]
    codes = {
        fact.words.casefold(): (fact.system, fact.code) for fact in reversed(advice.facts) if fact.system and fact.code
    }
    pairs = zip(signs[:most], names, strict=False)
    codings = ((name, *codes[sign.casefold()]) for sign, name in pairs if sign.casefold() in codes)
    return Grounds(
        words.phrase("order_reason", sign=join(names, words, most)),
        [{"coding": [{"system": system, "code": code}], "text": name} for name, system, code in codings],
    )


class Offer(NamedTuple):
    """What a suggestion is called, and what taking it does, in words."""

    name: str
    label: str
    description: str


@lru_cache(maxsize=256)
def _offer(order: ProposedOrder, words: Words) -> Offer:
    """Worded once for each order and what it is about."""
    kind = "task" if order.key.startswith(TASK) else "order"
    about = join([plain(reason) for reason in order.about], words, words.book.layout.signs_in_reason)
    name = words.order(order.key, about)
    return Offer(name, words.phrase(f"{kind}_label", name=name), words.phrase(f"{kind}_description", name=name))


def _suggestions(
    advice: Advice, occasion: Occasion, words: Words, orders: OrderBook, new_id: Callable[[], str]
) -> Iterator[Suggestion]:
    """The draft requests and tasks that the clinician may take, the primary one first, each by itself.

    Where the client carries out several actions, the missing tests are one suggestion, in the place of the first (N58).
    """
    grounds = _grounds(() if advice.topic is Topic.MED_REV else advice.signs, advice, words)  # a drug's name is no sign
    tests = [order for order in advice.orders if order.key.startswith(TEST)] if occasion.many_actions else []
    together = tests if len(tests) > 1 else []
    for order in advice.orders:
        offer = _offer(order, words)
        if order not in together:
            action = _action(order, offer, occasion, orders, grounds)
            yield Suggestion(label=offer.label, uuid=new_id(), actions=(action,))
        elif order is together[0]:
            actions = (_action(proposal, _offer(proposal, words), occasion, orders, grounds) for proposal in together)
            label = words.phrase("tests_label", n=str(len(together)))
            yield Suggestion(label=label, uuid=new_id(), actions=tuple(actions))


def _action(order: ProposedOrder, offer: Offer, occasion: Occasion, orders: OrderBook, grounds: Grounds) -> Action:
    """One draft to create."""
    resource = orders.draft(order.key, occasion.patient_id, occasion.today, *grounds, offer.name)
    return Action(type="create", description=offer.description, resource=resource)
