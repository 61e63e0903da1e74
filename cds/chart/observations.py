"""Observations as laboratory results and as things seen."""

from collections.abc import Iterator

from cds.chart.facts import LabResult, Named, Seen
from cds.chart.naming import Namer
from cds.chart.scope import Scope, span
from cds.fhir import concepts
from cds.fhir.dates import When, parse
from cds.fhir.resources import Component, Concepts, Observation, Quantity
from cds.knowledge.codes import NOTHING, Concept

FINAL = frozenset({"final", "amended", "corrected"})
PRELIMINARY = "preliminary"
NOT_CODED = Named("")
CALCIUM_KINDS = {"calcium_ionized": "ionised", "calcium_corrected": "adjusted", "calcium_total": "unadjusted"}


def labs(observation: Observation, namer: Namer, scope: Scope) -> Iterator[LabResult]:
    """The laboratory results of an Observation and of its components; none if it is of a status that does not count."""
    if observation.status not in FINAL and observation.status != PRELIMINARY:
        return
    for part in (observation, *(observation.component or ())):
        hits = [hit for hit in namer.concepts(part.code) if hit.analyte]
        if hits and (part.value_quantity or part.interpretation):
            when = effective(observation)
            if not scope.is_future(when):
                yield _result(observation, part, hits[0], scope.date(when))


def _result(whole: Observation, part: Observation | Component, concept: Concept, when: When | None) -> LabResult:
    return LabResult(
        ref=whole.ref,
        analyte=concept.analyte or "",
        concept=concept,
        kind=next((kind for group, kind in CALCIUM_KINDS.items() if group in concept.groups), None),
        when=when,
        quantity=None if part.data_absent_reason else part.value_quantity,
        flags=frozenset(concepts.codes(concepts.each(part.interpretation))) if part.interpretation else NOTHING,
        ranges=tuple(part.reference_range or ()) if isinstance(part, Observation) else (),
        preliminary=whole.status == PRELIMINARY,
    )


def seen(observation: Observation, namer: Namer, scope: Scope) -> Iterator[Seen]:
    """The finding, score or answer of an Observation, and of each of its components that a rule reads."""
    when = effective(observation)
    if observation.status not in FINAL or scope.is_future(when):
        return
    ref, when = observation.ref, scope.date(when)
    for part in (observation, *(observation.component or ())):
        if (one := _seen(ref, part, namer, when)) is not None:
            yield one


def _seen(ref: str, part: Observation | Component, namer: Namer, when: When | None) -> Seen | None:
    value = namer.named(ref, part.value_codeable_concept) or NOT_CODED
    named = _telling(namer.named(ref, part.code)) or _telling(value)
    if named is None:
        return None
    return Seen(
        named=named,
        when=when,
        quantity=part.value_quantity or _whole(part),
        value_concepts=value.concepts,
        value_sets=value.sets | _answer(part),
        value_phrases=value.phrases,
        denied=_denied(part, value.sets),
        sites=namer.each_sets(_sites(part)),
    )


def _whole(part: Observation | Component) -> Quantity | None:
    """A score sent as an integer."""
    return Quantity(value=part.value_integer) if part.value_integer is not None else None


def _telling(named: Named | None) -> Named | None:
    return named if named is not None and (named.sets or named.phrases) else None


def _denied(part: Observation | Component, value_sets: frozenset[str]) -> bool:
    untrue = isinstance(part, Observation) and part.value_boolean is False
    return "absent" in value_sets or untrue or part.data_absent_reason is not None


def _sites(part: Observation | Component) -> Concepts:
    return part.body_site if isinstance(part, Observation) else None


def _answer(part: Observation | Component) -> frozenset[str]:
    """Normal or abnormal, as an examination's interpretation states it (4b Exam)."""
    if part.interpretation is None:
        return NOTHING
    flags = concepts.codes(concepts.each(part.interpretation))
    if flags & {"A", "AA"}:
        return frozenset({"abnormal"})
    return frozenset({"normal"}) if "N" in flags else NOTHING


def effective(observation: Observation) -> When | None:
    """When the observation was true; issued if nothing else is stated."""
    text = observation.effective_date_time or observation.effective_instant
    if text:
        return parse(text)
    period = observation.effective_period
    return span(period) if period else parse(observation.issued)
