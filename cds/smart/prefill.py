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
    form: Form, namer: Namer, observations: Sequence[Observation], twitches: Sequence[Twitch], today: date
) -> Prefilled:
    """The answers that a recorded twitch and coded Observations give."""
    answers: Given = {}
    origins: dict[str, Origin] = {}
    coded_twitches = [twitch for twitch in twitches if not twitch.reported and not twitch.named.phrases]
    for item, values, origin in (
        *_of_twitch(form, coded_twitches),
        *_of_observations(form, namer, observations, today),
    ):
        answers[item.id], origins[item.id] = values, origin
    return Prefilled(answers, origins)


def _of_twitch(form: Form, twitches: Sequence[Twitch]) -> Iterator[tuple[FormItem, list[str], Origin]]:
    """A coded twitch answers the first question, and its onset the second; words alone do not."""
    if not twitches:
        return
    first = twitches[0]
    when = next((twitch.onset for twitch in twitches if twitch.onset is not None), None)
    origin = Origin(first.named.words or "", when.text[:10] if when else "")
    for item in form.item:
        if item.id == form.end:
            yield item, [YES], origin
        elif item.type == ONSET and when is not None:
            yield item, [when.text[:10]], origin


def _of_observations(
    form: Form, namer: Namer, observations: Sequence[Observation], today: date
) -> Iterator[tuple[FormItem, list[str], Origin]]:
    """The newest Observation of an item's code, while it is young enough to answer the question."""
    for item in form.item:
        if item.period is None or item.code is None:
            continue
        short, _, code = item.code.partition(":")
        oldest = (today - timedelta(days=item.period)).isoformat()
        by_date = [
            (observation.effective_date_time[:10], observation)
            for observation in observations
            if observation.effective_date_time
            and observation.status in FINAL
            and _has(observation.code, namer.systems[short], code)
            and oldest <= observation.effective_date_time[:10] <= today.isoformat()
        ]
        newest = max(by_date, key=lambda pair: pair[0], default=None)
        values = _values(form, namer, item, newest[1]) if newest else []
        if newest and values:
            yield item, values, Origin(newest[1].code.text or "" if newest[1].code else "", newest[0])


def _has(concept: CodeableConcept | None, system: str, code: str) -> bool:
    return concept is not None and any(
        (coding.system, coding.code) == (system, code) for coding in concept.coding or ()
    )


def _values(form: Form, namer: Namer, item: FormItem, observation: Observation) -> list[str]:
    """The value as an answer of this item; nothing unless it is exactly one of its answers, or a number of its unit."""
    options = form.options(item)
    if not options:
        amount = observation.value_quantity
        return _amount(amount, item) if amount is not None else []
    if any(option.number is not None for option in options):
        number = observation.value_quantity.stated if observation.value_quantity else observation.value_integer
        return [option.code for option in options if option.number is not None and option.number == number]
    value = observation.value_codeable_concept
    if value is None:
        return []
    matching = [option for option in options if any(option.code == coding.code for coding in value.coding or ())]
    return [option.code for option in (matching or _meant(options, namer.sets([value])))][:1]


def _amount(amount: Quantity, item: FormItem) -> list[str]:
    value = amount.value
    if value is None or amount.comparator or item.unit not in (amount.code, amount.unit):
        return []
    return [f"{value:g}"] if 0 <= value <= (item.most or value) else []


def _meant(options: tuple[Option, ...], sets: frozenset[str]) -> list[Option]:
    """The answer that the value sets of a code tell apart from all others."""
    shared = frozenset.intersection(*(option.sets for option in options))
    return [option for option in options if option.sets - shared and option.sets - shared <= sets]
