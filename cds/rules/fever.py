"""A temperature above 38 degrees Celsius, measured or named."""

from collections.abc import Iterator

from cards.advice import Fact
from cards.printed import number
from cds.chart.facts import Seen
from cds.fhir.dates import When
from cds.rules.amount import Amount, beyond
from cds.rules.view import View

LIMITS = {"Cel": "fever", "[degF]": "fever_fahrenheit"}


def found(view: View, window: str, *, undated: bool = False) -> Iterator[Fact]:
    """The fevers of a window, as facts."""
    yield from (view.fact(one, "fever") for one in view.within(window, "fever", undated=undated))
    for seen in view.answers("ask-temperature"):
        if _counts(seen.when, view, window, undated=undated) and (limit := _limit(seen, view)) is not None:
            yield _fact(seen, view, limit)


def _counts(when: When | None, view: View, window: str, *, undated: bool) -> bool:
    return undated if when is None else view.is_within(when, window)


def _limit(seen: Seen, view: View) -> float | None:
    """The limit in the unit of the temperature, if it is surely beyond it."""
    quantity = seen.quantity
    unit = view.unit(quantity) if quantity else None
    if quantity is None or quantity.value is None or unit not in LIMITS:
        return None
    limit = view.at(LIMITS[unit])
    return limit if beyond(Amount(quantity.value, unit, quantity.comparator), ">", limit) else None


def _fact(seen: Seen, view: View, limit: float) -> Fact:
    concept = seen.named.concepts[0]
    return Fact(
        resource=seen.named.ref,
        label=view.label("ask-temperature"),
        system=concept.system,
        code=concept.code,
        value=seen.quantity.value if seen.quantity else None,
        unit=seen.quantity.code or seen.quantity.unit if seen.quantity else None,
        date=seen.when.text if seen.when else None,
        limit=f">{number(limit)}",
    )
