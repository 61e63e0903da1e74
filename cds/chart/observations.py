"""Observations as laboratory results and as things seen."""

import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cds.chart import blood_pressure, examinations
from cds.chart.facts import NO_MEANING, ClinicalObservation, LabResult, Meaning, OtherResult, Source
from cds.chart.frequency import how_often
from cds.chart.naming import Namer, union
from cds.chart.polarity import By, has_unread_form, of_part, was_not_done
from cds.chart.scope import Scope, span
from cds.fhir import concepts
from cds.fhir.datatypes import CodeableConcept, Concepts, Quantity, Reference
from cds.fhir.dates import When, parse
from cds.fhir.forms import QuestionnaireResponse
from cds.fhir.raw import read_raw
from cds.fhir.references import parts, type_of
from cds.fhir.resources import Component, DiagnosticReport, Observation
from cds.fhir.statuses import status_of
from cds.knowledge.codes import NOTHING, Concept
from cds.knowledge.model import CALCIUM_KINDS
from cds.knowledge.unit_names import UnitWords

FINAL = frozenset({"final", "amended", "corrected"})
PRELIMINARY = "preliminary"
VOID = frozenset({"registered", "cancelled", "entered-in-error"})
_AMOUNT = re.compile(
    r"(?P<sign>[<>]=?)?\s*(?P<number>\d{1,9}(?:\.\d{1,9})?)\s*(?P<unit>[^\s\d.,;:][^\s,;:]{0,30}(?: ?/ ?[\w]{1,10})?)?",
    re.ASCII,
)
BY_NAME = "code"  # the trouble of a result that is known by its name only
DONE = ("order-", "result-")  # so the value sets begin that tell that a test was ordered or done
CAFFEINE = "ask-caffeine"
TEXT_FIELD = "text-fields"
LABORATORY = "laboratory"  # HL7 observation-category
FORM = QuestionnaireResponse.__name__
PATIENTS = frozenset({"Patient", "RelatedPerson"})
ANSWERED = frozenset({"survey", "social-history"})  # HL7 observation-category: what somebody was asked
_REFERENCES = msgspec.json.Decoder(list[Reference] | None)
_OBSERVATION = msgspec.json.Decoder(Observation)
_CATEGORIES = msgspec.json.Decoder(Concepts)


def labs(observation: Observation, namer: Namer, scope: Scope) -> Iterator[LabResult]:
    """The laboratory results of an Observation and of its components; none of one that is cancelled or not yet there.

    One of another status, without a date that can be read, or known by its name only, is kept to be said, and is not
    judged (N48, N64).
    """
    status = status_of(observation)
    if status in VOID:
        return
    for part in (observation, *(observation.component or ())):
        if _has_result(part, namer) and (concept := _test(part.code, namer)) is not None:
            when = effective(observation)
            if not scope.is_future(when):
                yield _result(observation, part, concept, scope.date(when), status, namer.units)


def contained(report: DiagnosticReport, namer: Namer, scope: Scope) -> Iterator[LabResult]:
    """The laboratory results that a report holds within itself, each known by the report; none of one that is void."""
    for observation in within(report):
        if scope.owns(observation):
            yield from (replace(lab_result, ref=report.ref) for lab_result in labs(observation, namer, scope))


def within(container: DiagnosticReport | Observation) -> Iterator[Observation]:
    """The Observations that a report or a panel holds within itself; none of one that is void."""
    if container.contained and status_of(container) not in VOID:
        observations = (read_raw(_OBSERVATION, raw) for raw in container.contained)
        yield from (observation for observation in observations if observation is not None)


def is_laboratory(observation: Observation, *, is_known: bool = False) -> bool:
    """Whether a laboratory measured it: by its category; of an unknown code also if it may be abnormal."""
    categories = concepts.codes(concepts.each(read_raw(_CATEGORIES, observation.category)))
    is_measured = tells_abnormal(observation)
    return LABORATORY in categories or (is_measured and not categories and not is_known)


def tells_abnormal(observation: Observation) -> bool:
    """Whether it may be abnormal, whatever its test: by a flag or a range of its own, or for it has no value."""
    tells = observation.interpretation or observation.reference_range
    return bool(tells) or observation.data_absent_reason is not None


def other(observation: Observation, namer: Namer, scope: Scope) -> OtherResult | None:
    """A result of a test that no rule judges, if it is one of a laboratory or of the code file (N35)."""
    when, code, status = effective(observation), observation.code, status_of(observation)
    if status in VOID or when is None or scope.is_future(when):
        return None
    hits = namer.concepts(code)
    concept = next((hit for hit in hits if hit.groups and not hit.analyte and _is_only_ordered(hit)), None)
    is_lost_text = observation.data_absent_reason is not None and TEXT_FIELD in union(hits)
    is_measured = concept or is_lost_text or is_laboratory(observation, is_known=bool(hits))
    when, codes = scope.date(when), [coding.code for coding in code.coding or () if coding.code] if code else []
    name = _called(code)
    if when is None or not (name or codes) or not is_measured:
        return None
    flags = _flags(observation, namer.units)
    return OtherResult(
        ref=observation.ref,
        key=next(iter(codes), name),
        name=name,
        concept=concept,
        when=when,
        quantity=_measured(observation)[0],
        flags=flags,
        ranges=tuple(observation.reference_range or ()),
        preliminary=status == PRELIMINARY,
        trouble=_trouble(observation, status, namer, is_flagged=bool(flags)),
    )


def _trouble(observation: Observation, status: str, namer: Namer, *, is_flagged: bool) -> str | None:
    """Why a result that no rule judges could not be read: its status says nothing, or nothing came of it."""
    if status not in (*FINAL, PRELIMINARY):
        return "status"
    is_empty = observation.data_absent_reason is not None and not was_not_done(observation, namer.answers)
    return "no-value" if is_empty and not is_flagged else None


def _is_only_ordered(concept: Concept) -> bool:
    """Whether no rule reads the code, except to see that the test was done or ordered (N56)."""
    return all(name.startswith(DONE) for name in concept.sets)


def _called(code: CodeableConcept | None) -> str:
    """What the chart calls a test."""
    names = (code.text, *(coding.display for coding in code.coding or ())) if code else ()
    return next((name for name in names if name), "")


def _test(code: CodeableConcept | None, namer: Namer) -> Concept | None:
    """What was measured: by a code of ours, else by its name, and then without a code."""
    hits = namer.concepts(code)
    if hits:
        return next((hit for hit in hits if hit.analyte), None)
    analyte = namer.worded_test(code)
    return Concept(system="", code="", display="", analyte=analyte) if analyte else None


def _has_result(part: Observation | Component, namer: Namer) -> bool:
    """Whether it has a value, a flag, or a reason for having none, but for the one that nothing was measured."""
    if _has_value(part) or part.interpretation:
        return True
    return part.data_absent_reason is not None and not was_not_done(part, namer.answers)


def _has_value(part: Observation | Component) -> bool:
    plain = (part.value_quantity, part.value_string, part.value_codeable_concept, part.value_integer is not None)
    return any(plain) or has_unread_form(part)


def _result(
    observation: Observation,
    part: Observation | Component,
    concept: Concept,
    when: When | None,
    status: str,
    units: UnitWords,
) -> LabResult:
    quantity, trouble = _measured(part)
    if not concept.code:
        trouble = BY_NAME
    elif status not in FINAL and status != PRELIMINARY:
        trouble = "status"
    elif when is None:
        trouble = "date"
    elif units.spoils(_remarks(observation, part)):
        trouble = "specimen"
    elif part.data_absent_reason is not None or _tells_nothing(quantity, _flags(part, units), units):
        trouble = trouble or "no-value"
    return LabResult(
        ref=observation.ref,
        analyte=concept.analyte or "",
        concept=concept,
        kind=next((kind for group, kind in CALCIUM_KINDS.items() if group in concept.groups), None),
        when=when,
        quantity=None if part.data_absent_reason else quantity,
        flags=_flags(part, units),
        ranges=tuple(part.reference_range or ()) if isinstance(part, Observation) else (),
        preliminary=status == PRELIMINARY,
        trouble=trouble,
    )


def _tells_nothing(quantity: Quantity | None, flags: frozenset[str], units: UnitWords) -> bool:
    """Whether a result has no number and no flag that is understood."""
    return quantity is None and flags.isdisjoint(units.known_flags)


def _measured(part: Observation | Component) -> tuple[Quantity | None, str | None]:
    """The number of a result, also where a text is nothing else; and what is wrong with it."""
    words = part.value_string or _words(part.value_codeable_concept)
    quantity = part.value_quantity or _whole(part)
    if quantity is not None and words:
        return None, "two-values"
    if quantity is not None:
        return quantity, None if quantity.value is not None or quantity.stated is None else "number"
    if words is None:
        return None, "number" if has_unread_form(part) else None
    match = _AMOUNT.fullmatch(words.strip())
    if match is None:
        return None, "words"
    return Quantity(stated=match["number"], sign=match["sign"], unit=match["unit"]), None


def _words(value: CodeableConcept | None) -> str | None:
    return value.text or next((code.display for code in value.coding or () if code.display), None) if value else None


def _flags(part: Observation | Component, units: UnitWords) -> frozenset[str]:
    """The codes of the interpretation; where it has none, the flag that its words are."""
    if not part.interpretation:
        return NOTHING
    interpretations = list(concepts.each(part.interpretation))
    codes = frozenset(units.flag(code) or code.strip().upper() for code in concepts.codes(interpretations))
    flags = (units.flag(text) for term in interpretations for text in (term.text, _words(term)) if text)
    return codes or frozenset(flag for flag in flags if flag)


def _remarks(observation: Observation, part: Observation | Component) -> str:
    """Everything that may say that a sample was spoiled."""
    remarks = [part.value_string, _words(part.value_codeable_concept)]
    remarks += [term.text or _words(term) for term in concepts.each(part.interpretation)] if part.interpretation else []
    raw = (
        bytes(text).decode("utf-8", "replace") for text in (observation.note, observation.specimen) if memoryview(text)
    )
    return " ".join(filter(None, (*remarks, *raw)))


def seen(observation: Observation, namer: Namer, scope: Scope) -> Iterator[ClinicalObservation]:
    """The finding, score or answer of an Observation, and of each of its components that a rule reads.

    What is preliminary counts for emergencies only (N1); of another status nothing is known (`is_settled`).
    """
    when, status = effective(observation), status_of(observation)
    if status in VOID or scope.is_future(when):
        return
    source, form = _source(observation), _form(observation)
    entry = Entry(
        observation.ref,
        scope.date(when),
        source,
        preliminary=status == PRELIMINARY,
        is_settled=status in FINAL,
        reported=form is not None and source is Source.PATIENT,
        form=form,
    )
    pressures = (*blood_pressure.written(observation, namer),)
    parts = (*((observation,) if not pressures else ()), *(observation.component or ()), *pressures)
    findings = [finding for part in parts if (finding := seen_in(part, namer, entry)) is not None]
    yield from examinations.in_one(findings, observation, namer)


class Entry(Struct, frozen=True):
    """What the parts of one entry share: where it is, of when it is, who reported it, and whom it is about."""

    ref: str
    when: When | None
    source: Source
    preliminary: bool = False
    is_settled: bool = True
    reported: bool = False
    years: tuple[int, ...] = ()
    except_sex: str | None = None
    form: str | None = None


def seen_in(
    part: Observation | Component, namer: Namer, entry: Entry, *, date: When | None = None
) -> ClinicalObservation | None:
    """What one part of an entry shows, if a rule reads it; `date` is its value where that is a date."""
    sites = _sites(part)
    if (drunk := _caffeine(part, namer, entry)) is not None:
        return drunk
    code = namer.named_at(entry.ref, part.code, sites)
    value = namer.named_at(entry.ref, part.value_codeable_concept, sites) or NO_MEANING
    meaning = _telling(code) or _telling(value)
    if meaning is None:
        return None
    often = how_often(part, meaning, namer.answers)
    assertion = often.assertion or of_part(
        part, code.concepts if code is not None else (), value.concepts, namer.answers
    )
    if assertion.by is By.REASON:
        value = NO_MEANING
    return ClinicalObservation(
        named=meaning,
        when=entry.when,
        quantity=part.value_quantity or _whole(part),
        value_concepts=value.concepts,
        value_sets=value.sets | examinations.flagged(part) | often.sets,
        value=value,
        date=parse(part.value_date_time) or date,
        said=assertion,
        is_done=not (was_not_done(part, namer.answers) or "absent" in value.sets or part.value_boolean is False),
        sites=namer.each_sets(sites),
        places=_places(sites),
        source=entry.source,
        preliminary=entry.preliminary,
        is_settled=entry.is_settled,
        reported=entry.reported,
        years=entry.years,
        except_sex=entry.except_sex,
        form=entry.form,
    )


def _caffeine(part: Observation | Component, namer: Namer, entry: Entry) -> ClinicalObservation | None:
    """Caffeine that a text states, of a question about it or of the history of somebody's habits (N23)."""
    text = part.value_string
    if text is None or part.value_quantity is not None:
        return None
    codes = namer.concepts(part.code)
    is_question = any(CAFFEINE in concept.sets for concept in codes)
    amount = namer.caffeine(text, is_asked=is_question) if is_question or not codes else None
    if amount is None:
        return None
    caffeine_codes = codes or (Concept(system="", code="", display="", sets=frozenset({CAFFEINE})),)
    return ClinicalObservation(
        named=Meaning(entry.ref, caffeine_codes, union(caffeine_codes), text=text, words=text),
        when=entry.when,
        quantity=Quantity(stated=amount, code=namer.answers.questions.units[CAFFEINE]),
        source=entry.source,
        reported=entry.reported,
        years=entry.years,
        except_sex=entry.except_sex,
        form=entry.form,
    )


def tells_caffeine(observation: Observation, namer: Namer) -> bool:
    """A quick look: whether the text of an Observation about somebody's habits mentions caffeine (N23)."""
    text = observation.value_string
    if text is None or namer.caffeine(text) is None:
        return False
    return not ANSWERED.isdisjoint(concepts.codes(concepts.each(read_raw(_CATEGORIES, observation.category))))


def _whole(part: Observation | Component) -> Quantity | None:
    """A score sent as an integer."""
    return Quantity(stated=part.value_integer) if part.value_integer is not None else None


def _telling(meaning: Meaning | None) -> Meaning | None:
    return meaning if meaning is not None and (meaning.sets or meaning.phrases) else None


def _sites(part: Observation | Component) -> Concepts:
    return part.body_site if isinstance(part, Observation) else None


def _places(sites: Concepts) -> frozenset[str]:
    """What the sites are called, by code and by text: two entries about different places are about different things."""
    if sites is None:
        return NOTHING
    codes = (coding.code for site in concepts.each(sites) for coding in site.coding or ())
    texts = (site.text.strip().lower() for site in concepts.each(sites) if site.text)
    return frozenset(place for place in (*codes, *texts) if place)


def _source(observation: Observation) -> Source:
    """The patient, if nobody else performed it; an answer, if it is of a survey; else an examination."""
    kinds = {type_of(performer.reference or "") for performer in read_raw(_REFERENCES, observation.performer) or ()}
    if kinds and kinds <= PATIENTS:
        return Source.PATIENT
    categories = concepts.codes(concepts.each(read_raw(_CATEGORIES, observation.category))) & ANSWERED
    return Source.CLINICIAN if categories else Source.EXAMINATION


def _form(observation: Observation) -> str | None:
    """The response to a form that an Observation was made from, as a fact names it."""
    references = (parts(source.reference or "") for source in read_raw(_REFERENCES, observation.derived_from) or ())
    return next((f"{FORM}/{ident}" for kind, ident in references if kind == FORM), None)


def lies_ahead(observation: Observation, scope: Scope) -> bool:
    """Whether it says something, of a day that lies ahead."""
    return status_of(observation) not in VOID and scope.is_future(effective(observation))


def effective(observation: Observation) -> When | None:
    """When the observation was true; issued if nothing else is stated."""
    text = observation.effective_date_time or observation.effective_instant
    if text:
        return parse(text)
    period = observation.effective_period
    return span(period) if period else parse(observation.issued)
