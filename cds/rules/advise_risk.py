"""ORD-RISK as advice: a draft that the chart makes dangerous, or one that could not be checked (N51)."""

from collections.abc import Sequence

from cards.advice import Advice, Note, ProposedOrder
from cards.topics import Indicator, Topic
from cds.rules import advise_orders
from cds.rules.advise_orders import Beginning
from cds.rules.order_risk import Risk
from cds.rules.picture import Picture
from cds.rules.rulebook import rulebook_of


def risk(risks: Sequence[Risk], begun: Sequence[Beginning], picture: Picture) -> Advice:
    """The first draft and finding in the summary, all of them in the detail; what is not known as a test."""
    tests = tuple(dict.fromkeys(test for one in risks for test in one.tests))
    due = tests if picture.complete.has("Observation") else ()
    return Advice(
        topic=Topic.ORD_RISK,
        indicator=Indicator.WARNING,
        values={"drug": risks[0].drug, "sign": risks[0].finding},
        tags=rulebook_of(picture.knowledge).in_order(Topic.ORD_RISK, {one.tag for one in risks}),
        signs=tuple(dict.fromkeys(one.finding for one in risks)),
        facts=(
            *picture.twitch_facts,
            *(one.fact for one in begun if one.name in {some.drug for some in risks}),
            *dict.fromkeys(fact for one in risks for fact in one.facts),
        ),
        notes=(
            *(Note("order_risk", {"drug": one.drug, "items": one.finding}) for one in risks[1:]),
            *_not_received(picture),
            *advise_orders.notes(begun, (), picture),
        ),
        missing=due,
        orders=tuple(ProposedOrder(f"lab:{test}") for test in due),
    )


def unseen(begun: Sequence[Beginning], tags: tuple[str, ...], picture: Picture) -> Advice:
    """Where silence would need what failed: it says so."""
    return Advice(
        topic=Topic.ORD_RISK,
        indicator=Indicator.INFO,
        variant="unseen",
        values={"drug": advise_orders.drugs(begun)},
        tags=tags,
        facts=(*picture.twitch_facts, *(one.fact for one in begun)),
        notes=(*_not_received(picture), *advise_orders.notes(begun, (), picture)),
    )


def _not_received(picture: Picture) -> tuple[Note, ...]:
    return () if picture.complete.has("Observation") else (Note("labs_not_received"),)
