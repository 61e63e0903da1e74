"""KNOWN as advice: a diagnosis on file that can cause twitching, which is examined first and then checked (N26)."""

from cards.advice import Advice, Order
from cards.topics import Topic
from cds.rules import context, tests_due
from cds.rules.assess import Assessment
from cds.rules.choice import Choice


def cause(choice: Choice, found: Assessment) -> Advice:
    """One card for all causes, in the order of N25, with the tests that they ask for and those that are due anyway."""
    some, due = choice.causes, context.missing_tests(found)
    return Advice(
        topic=Topic.KNOWN,
        indicator=choice.indicator,
        values={"diagnosis": some[0].label},
        tags=tuple(one.tag for one in some),
        signs=tuple(one.label for one in some),
        facts=(*found.picture.twitch_facts, *(fact for one in some for fact in one.facts)),
        notes=(*tests_due.stale(found.picture), *context.notes(found)),
        missing=due,
        orders=tuple(Order(f"lab:{test}") for test in due),
    )
