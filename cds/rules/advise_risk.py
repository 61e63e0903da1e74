"""ORD-RISK as advice: a draft that the chart makes dangerous, or one that could not be checked (N51)."""

from collections.abc import Sequence

from cards.advice import Advice, Note, ProposedOrder
from cards.topics import Indicator, Topic
from cds.rules import advise_orders
from cds.rules.advise_orders import Beginning
from cds.rules.order_risk import Risk
from cds.rules.picture import Picture
from cds.rules.rulebook import rulebook_of


def risk(risks: Sequence[Risk], beginnings: Sequence[Beginning], picture: Picture) -> Advice:
    """The first draft and finding in the summary, all of them in the detail; what is not known as a test."""
    tests = tuple(dict.fromkeys(test for risk in risks for test in risk.tests))
    due = tests if picture.complete.has("Observation") else ()
    return Advice(
        topic=Topic.ORD_RISK,
        indicator=Indicator.WARNING,
        values={"drug": risks[0].drug, "sign": risks[0].finding},
        tags=rulebook_of(picture.knowledge).in_order(Topic.ORD_RISK, {risk.tag for risk in risks}),
        signs=tuple(dict.fromkeys(risk.finding for risk in risks)),
        facts=(
            *picture.twitch_facts,
            *(beginning.fact for beginning in beginnings if beginning.name in {risk.drug for risk in risks}),
            *dict.fromkeys(fact for risk in risks for fact in risk.facts),
        ),
        notes=(
            *(Note("order_risk", {"drug": risk.drug, "items": risk.finding}) for risk in risks[1:]),
            *_not_received(picture),
            *advise_orders.notes(beginnings, (), picture),
        ),
        missing=due,
        orders=tuple(ProposedOrder(f"lab:{test}") for test in due),
    )


def unseen(beginnings: Sequence[Beginning], tags: tuple[str, ...], picture: Picture) -> Advice:
    """Where silence would need what failed: it says so."""
    return Advice(
        topic=Topic.ORD_RISK,
        indicator=Indicator.INFO,
        variant="unseen",
        values={"drug": advise_orders.drugs(beginnings)},
        tags=tags,
        facts=(*picture.twitch_facts, *(beginning.fact for beginning in beginnings)),
        notes=(*_not_received(picture), *advise_orders.notes(beginnings, (), picture)),
    )


def _not_received(picture: Picture) -> tuple[Note, ...]:
    return () if picture.complete.has("Observation") else (Note("labs_not_received"),)
