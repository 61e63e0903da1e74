"""What the chart answers already: each answer with where it comes from. It is shown to be confirmed, not taken over."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from msgspec import Struct

from cds.chart.naming import Namer
from cds.fhir.datatypes import CodeableConcept, Quantity
from cds.fhir.resources import Observation
from cds.knowledge.form import Form, FormItem, Option
from cds.rules.gate import Twitch
from cds.smart.asked import YES
from cds.smart.session import Given

FINAL = frozenset({"final", "amended", "corrected"})
ONSET = "date"


class Origin(Struct, frozen=True):
    """What of the chart an answer comes from: what it is called there, and its day."""

    label: str
    day: str = ""


class Prefilled(Struct, frozen=True):
    """Answers, and the origin of each."""

    given: Given
    origins: dict[str, Origin]


def prefill(
    form: Form, namer: Namer, found: Sequence[Observation], twitches: Sequence[Twitch], today: date
) -> Prefilled:
    """The answers that a recorded twitch and coded Observations give."""
    given: Given = {}
    origins: dict[str, Origin] = {}
    recorded = [one for one in twitches if not one.reported and not one.named.phrases]
    for item, values, origin in (*_of_twitch(form, recorded), *_of_observations(form, namer, found, today)):
        given[item.id], origins[item.id] = values, origin
    return Prefilled(given, origins)


def _of_twitch(form: Form, recorded: Sequence[Twitch]) -> Iterator[tuple[FormItem, list[str], Origin]]:
    """A coded twitch answers the first question, and its onset the second; words alone do not."""
    if not recorded:
        return
    first = recorded[0]
    when = next((one.onset for one in recorded if one.onset is not None), None)
    origin = Origin(first.named.words or "", when.text[:10] if when else "")
    for item in form.item:
        if item.id == form.end:
            yield item, [YES], origin
        elif item.type == ONSET and when is not None:
            yield item, [when.text[:10]], origin


def _of_observations(
    form: Form, namer: Namer, found: Sequence[Observation], today: date
) -> Iterator[tuple[FormItem, list[str], Origin]]:
    """The newest Observation of an item's code, while it is young enough to answer the question."""
    for item in form.item:
        if item.period is None or item.code is None:
            continue
        short, _, code = item.code.partition(":")
        oldest = (today - timedelta(days=item.period)).isoformat()
        dated = [
            (one.effective_date_time[:10], one)
            for one in found
            if one.effective_date_time
            and one.status in FINAL
            and _has(one.code, namer.systems[short], code)
            and oldest <= one.effective_date_time[:10] <= today.isoformat()
        ]
        newest = max(dated, key=lambda pair: pair[0], default=None)
        values = _values(form, namer, item, newest[1]) if newest else []
        if newest and values:
            yield item, values, Origin(newest[1].code.text or "" if newest[1].code else "", newest[0])


def _has(concept: CodeableConcept | None, system: str, code: str) -> bool:
    return concept is not None and any((one.system, one.code) == (system, code) for one in concept.coding or ())


def _values(form: Form, namer: Namer, item: FormItem, one: Observation) -> list[str]:
    """The value as an answer of this item; nothing unless it is exactly one of its answers, or a number of its unit."""
    options = form.options(item)
    if not options:
        amount = one.value_quantity
        return _amount(amount, item) if amount is not None else []
    if any(option.number is not None for option in options):
        number = one.value_quantity.stated if one.value_quantity else one.value_integer
        return [option.code for option in options if option.number is not None and option.number == number]
    value = one.value_codeable_concept
    if value is None:
        return []
    named = [option for option in options if any(option.code == coding.code for coding in value.coding or ())]
    return [option.code for option in (named or _meant(options, namer.sets([value])))][:1]


def _amount(amount: Quantity, item: FormItem) -> list[str]:
    value = amount.value
    if value is None or amount.comparator or item.unit not in (amount.code, amount.unit):
        return []
    return [f"{value:g}"] if 0 <= value <= (item.most or value) else []


def _meant(options: tuple[Option, ...], sets: frozenset[str]) -> list[Option]:
    """The answer that the value sets of a code tell apart from all others."""
    shared = frozenset.intersection(*(option.sets for option in options))
    return [option for option in options if option.sets - shared and option.sets - shared <= sets]
