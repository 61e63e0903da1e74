"""What an answer measures: its amount, and the fact that a card shows of it."""

from cards.advice import Fact
from cds.chart.facts import Seen
from cds.rules.amount import Amount
from cds.rules.gate import PATIENT_REPORTS
from cds.rules.own_words import of_resource
from cds.rules.view import View


def amount(seen: Seen, view: View) -> Amount | None:
    """The number with its UCUM unit, where both are there."""
    quantity = seen.quantity
    unit = view.unit(quantity) if quantity else None
    if quantity is None or quantity.value is None or unit is None:
        return None
    return Amount(quantity.value, unit, quantity.comparator)


def fact(seen: Seen, name: str, view: View, limit: str, *, unit: str | None, source: str | None = None) -> Fact:
    """An answer to a question as a fact, with the limit that it is beyond."""
    concept = next(one for one in seen.named.concepts if name in one.sets)
    place = of_resource(seen.named.ref)
    return Fact(
        resource=seen.named.ref,
        label=view.label(name),
        system=concept.system or None,
        code=concept.code or None,
        value=seen.quantity.value if seen.quantity else None,
        unit=unit,
        date=seen.when.text if seen.when else None,
        limit=limit,
        limit_source=source,
        quoted=view.own(seen.named.words, concept),
        place=place.key if place else None,
        note=remark(seen),
    )


def remark(seen: Seen) -> str | None:
    """That a patient told it, if so."""
    return PATIENT_REPORTS if seen.reported else None
