"""A temperature above 38 degrees Celsius, measured or named."""

from collections.abc import Iterator

from cards.advice import Fact
from cards.printed import number
from cds.chart.facts import ClinicalObservation
from cds.fhir.dates import When
from cds.rules import measured
from cds.rules.amount import beyond
from cds.rules.view import View

TEMPERATURE = "ask-temperature"


def found(view: View, window: str, *, undated: bool = False) -> Iterator[Fact]:
    """The fevers of a window, as facts."""
    yield from (view.fact(finding, "fever") for finding in view.within(window, "fever", undated=undated))
    for entry in view.answers(TEMPERATURE):
        if _counts(entry.when, view, window, undated=undated) and (limit := _limit(entry, view)) is not None:
            quantity = entry.quantity
            unit = (quantity.code or quantity.unit) if quantity else None
            yield measured.fact(entry, TEMPERATURE, view, f">{number(limit)}", unit=unit)


def _counts(when: When | None, view: View, window: str, *, undated: bool) -> bool:
    return undated if when is None else view.is_within(when, window)


def _limit(entry: ClinicalObservation, view: View) -> float | None:
    """The limit in the unit of the temperature, if it is surely beyond it."""
    amount = measured.amount(entry, view)
    threshold = view.threshold(TEMPERATURE, amount.unit) if amount else None
    if amount is None or threshold is None:
        return None
    limit = view.at(threshold)
    return limit if beyond(amount, ">", limit) else None
