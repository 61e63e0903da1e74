"""What clinicians of one client did with the cards that they were shown, in a pilot or after it."""

from msgspec import Struct
from sqlalchemy import Connection

from cds.report.build import build
from cds.report.model import Filters, Period


class Feedback(Struct, frozen=True, kw_only=True):
    """How many cards were answered, and how many of these were overridden."""

    answers: int = 0
    overridden: int = 0


def count_feedback(connection: Connection, period: Period, client: str) -> Feedback:
    """Of the cards that were shown in the period."""
    cards = build(connection, period, Filters(client=client)).cards
    overridden = sum(line.overridden for line in cards)
    return Feedback(answers=overridden + sum(line.accepted for line in cards), overridden=overridden)
