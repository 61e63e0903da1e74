"""Observations as laboratory results and as things seen."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec
from msgspec import Raw

from cds.chart.facts import LabResult, Named, Seen, Source
from cds.chart.naming import Namer
from cds.chart.polarity import By, of_part
from cds.chart.scope import Scope, span
from cds.fhir import concepts
from cds.fhir.datatypes import Concepts, Quantity, Reference
from cds.fhir.dates import When, parse
from cds.fhir.resources import Component, Observation
from cds.knowledge.codes import NOTHING, Concept

FINAL = frozenset({"final", "amended", "corrected"})
PRELIMINARY = "preliminary"
NOT_CODED = Named("")
PATIENTS = frozenset({"Patient", "RelatedPerson"})
ANSWERED = frozenset({"survey", "social-history"})  # HL7 observation-category: what somebody was asked
_PERFORMERS = msgspec.json.Decoder(list[Reference] | None)
_CATEGORIES = msgspec.json.Decoder(Concepts)
T = TypeVar("T")
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
    """The finding, score or answer of an Observation, and of each of its components that a rule reads.

    What is preliminary counts for emergencies only (N1).
    """
    when = effective(observation)
    if (observation.status not in FINAL and observation.status != PRELIMINARY) or scope.is_future(when):
        return
    when = scope.date(when)
    for part in (observation, *(observation.component or ())):
        if (one := _seen(observation, part, namer, when)) is not None:
            yield one


def _seen(whole: Observation, part: Observation | Component, namer: Namer, when: When | None) -> Seen | None:
    code, value = namer.named(whole.ref, part.code), namer.named(whole.ref, part.value_codeable_concept) or NOT_CODED
    named = _telling(code) or _telling(value)
    if named is None:
        return None
    said = of_part(part, code.concepts if code is not None else (), value.concepts, namer.answers)
    if said.by is By.REASON:
        value = NOT_CODED
    return Seen(
        named=named,
        when=when,
        quantity=part.value_quantity or _whole(part),
        value_concepts=value.concepts,
        value_sets=value.sets | _answer(part),
        value_phrases=value.phrases,
        said=said,
        is_done=said.by is not By.REASON and "absent" not in value.sets and part.value_boolean is not False,
        sites=namer.each_sets(_sites(part)),
        places=_places(_sites(part)),
        source=_source(whole),
        preliminary=whole.status == PRELIMINARY,
    )


def _whole(part: Observation | Component) -> Quantity | None:
    """A score sent as an integer."""
    return Quantity(value=part.value_integer) if part.value_integer is not None else None


def _telling(named: Named | None) -> Named | None:
    return named if named is not None and (named.sets or named.phrases) else None


def _sites(part: Observation | Component) -> Concepts:
    return part.body_site if isinstance(part, Observation) else None


def _places(sites: Concepts) -> frozenset[str]:
    """What the sites are called, by code and by text: two entries about different places are about different things."""
    codes = (coding.code for site in concepts.each(sites) for coding in site.coding or ())
    texts = (site.text.strip().lower() for site in concepts.each(sites) if site.text)
    return frozenset(one for one in (*codes, *texts) if one)


def _source(observation: Observation) -> Source:
    """The patient, if nobody else performed it; an answer, if it is of a survey; else an examination."""
    performers = _read(_PERFORMERS, observation.performer) or []
    kinds = {(one.reference or "").rpartition("/")[0].rpartition("/")[2] for one in performers}
    if kinds and kinds <= PATIENTS:
        return Source.PATIENT
    asked = concepts.codes(concepts.each(_read(_CATEGORIES, observation.category))) & ANSWERED
    return Source.CLINICIAN if asked else Source.EXAMINATION


def _read(decoder: "msgspec.json.Decoder[T]", raw: Raw) -> T | None:
    """An element that is left unread until a finding asks for it; None if it is absent or of another shape."""
    try:
        return decoder.decode(raw) if memoryview(raw) else None
    except msgspec.DecodeError:
        return None


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
