"""What an answer measures: its amount, and the fact that a card shows of it."""

from cards.advice import Fact
from cds.chart.facts import ClinicalObservation
from cds.rules.amount import Amount
from cds.rules.gate import PATIENT_REPORTS
from cds.rules.own_words import of_resource
from cds.rules.view import View


def amount(entry: ClinicalObservation, view: View) -> Amount | None:
    """The number with its UCUM unit, where both are there."""
    quantity = entry.quantity
    unit = view.unit(quantity) if quantity else None
    if quantity is None or quantity.value is None or unit is None:
        return None
    return Amount(quantity.value, unit, quantity.comparator)


def fact(
    entry: ClinicalObservation, name: str, view: View, limit: str, *, unit: str | None, source: str | None = None
) -> Fact:
    """An answer to a question as a fact, with the limit that it is beyond."""
    concept = next(concept for concept in entry.named.concepts if name in concept.sets)
    place = of_resource(entry.named.ref)
    return Fact(
        resource=entry.named.ref,
        label=view.label(name),
        system=concept.system or None,
        code=concept.code or None,
        value=entry.quantity.value if entry.quantity else None,
        unit=unit,
        date=entry.when.text if entry.when else None,
        limit=limit,
        limit_source=source,
        quoted=view.own(entry.named.words, concept),
        place=place.key if place else None,
        note=remark(entry),
    )


def remark(entry: ClinicalObservation) -> str | None:
    """That a patient told it, if so."""
    return PATIENT_REPORTS if entry.reported else None
