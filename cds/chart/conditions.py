"""Conditions as problems."""

from collections.abc import Iterator

import msgspec

from cds.chart.certainty import statuses
from cds.chart.facts import Meaning, Noted, Problem
from cds.chart.naming import Namer, said_at
from cds.chart.polarity import Says, of_condition
from cds.chart.scope import Scope
from cds.chart.spoken import NOTHING_SAID, TWITCH_PHRASES
from cds.fhir import concepts
from cds.fhir.datatypes import Annotation, Concepts, Quantity
from cds.fhir.dates import When, parse, years_after
from cds.fhir.raw import read_raw
from cds.fhir.references import id_of
from cds.fhir.resources import Condition
from cds.fhir.units import factor
from cds.knowledge.answers import Answers

_CATEGORIES = msgspec.json.Decoder(Concepts)
_NOTES = msgspec.json.Decoder(Annotation | list[Annotation | None] | None)  # DSTU2 has one


def problem(condition: Condition, namer: Namer, scope: Scope, birth: When | None) -> Problem | None:
    """The problem, or None if no rule reads its code, it was entered in error, or it lies in the future."""
    meaning = namer.named_at(condition.ref, condition.code, condition.body_site)
    if meaning is None:
        return None
    if _is_twitch(meaning):
        meaning = namer.with_disease(meaning, condition.ref, concepts.texts(condition.code)) or meaning
    clinical, verification = statuses(condition, namer.answers)
    if verification == "entered-in-error":
        return None
    onset, recorded_on, ahead = _dates(condition, scope, birth)
    if ahead and onset is None and recorded_on is None:
        return None
    return Problem(
        named=meaning,
        clinical=clinical,
        verification=verification,
        onset=scope.date(onset),
        onset_stated=_onset_stated(condition),
        recorded=scope.date(recorded_on),
        ahead=ahead,
        abated=_abated(condition, scope),
        of_visit=_is_of_visit(condition, namer),
        visit=_visit(condition),
        sites=namer.each_sets(condition.body_site),
        severe="severe" in namer.sets(concepts.each(condition.severity)),
        notes=tuple(_notes(condition, namer, scope)) if _is_twitch(meaning) else (),
    )


def _dates(condition: Condition, scope: Scope, birth: When | None) -> tuple[When | None, When | None, str]:
    """When it began and was recorded, and as text what lies ahead: it is not used, the other one stands (4b Dates)."""
    dates = (_onset(condition, birth), parse(condition.recorded_date or condition.asserted_date))
    ahead = next((when.text for when in dates if when is not None and scope.is_future(when)), "")
    onset, recorded_on = (None if scope.is_future(when) else when for when in dates)
    return onset, recorded_on, ahead


def lies_ahead(condition: Condition, scope: Scope, birth: When | None, answers: Answers) -> bool:
    """Whether it counts but for its dates, which all lie ahead, so that it is left out (4b Dates, N48)."""
    onset, recorded_on, ahead = _dates(condition, scope, birth)
    return bool(ahead) and onset is None and recorded_on is None and counts(condition, answers, scope)


def _is_twitch(meaning: Meaning) -> bool:
    return "twitch" in meaning.sets or bool(meaning.phrases & TWITCH_PHRASES)


def _notes(condition: Condition, namer: Namer, scope: Scope) -> Iterator[Noted]:
    """The signs that the notes of a twitch tell in words (N13, field 8)."""
    notes = read_raw(_NOTES, condition.note)
    for note in notes if isinstance(notes, list) else [notes]:
        when = parse(note.time) if note is not None else None
        if note is None or not note.text or scope.is_future(when):
            continue
        mentions = namer.listener.noted(note.text)
        if mentions is not NOTHING_SAID:
            yield Noted(said_at(condition.ref, mentions), scope.date(when))


def counts(condition: Condition, answers: Answers, scope: Scope) -> bool:
    """Whether it says that something is the matter now, whatever that is."""
    clinical, verification = statuses(condition, answers)
    return of_condition(clinical, verification, abated=_abated(condition, scope)) is Says.PRESENT


def _is_of_visit(condition: Condition, namer: Namer) -> bool:
    """Whether it is a visit's diagnosis and not on the problem list, by code, name or text of its category (N6)."""
    categories = concepts.each(read_raw(_CATEGORIES, condition.category))
    kinds = {_plain(word) for category in categories for word in concepts.words(category)}
    return not kinds.isdisjoint(namer.visit_diagnosis) and kinds.isdisjoint(namer.problem_list)


def _plain(word: str) -> str:
    return " ".join(word.lower().replace("-", " ").replace("_", " ").split())


def _visit(condition: Condition) -> str | None:
    """The id of the Encounter that it was made at."""
    encounter = condition.encounter or condition.context
    target = encounter.reference if encounter else None
    return id_of(target) if target else None


def _onset(condition: Condition, birth: When | None) -> When | None:
    if condition.onset_date_time:
        return parse(condition.onset_date_time)
    if condition.onset_period:
        return parse(condition.onset_period.start)
    return _at_age(condition.onset_age, birth)


def _at_age(age: Quantity | None, birth: When | None) -> When | None:
    """Birth date plus an age; in whole years it is an interval of one year."""
    if age is None or age.value is None or birth is None:
        return None
    unit = age.code or age.unit or ""
    days = factor(unit, "d")
    if days is None:
        return None
    if unit in ("a", "year", "years"):
        return years_after(birth, int(age.value))
    start = birth.shifted(round(age.value * days))
    return When(start.first, start.last + round(days) - 1, start.text)


def _onset_stated(condition: Condition) -> bool:
    onsets = (condition.onset_date_time, condition.onset_age, condition.onset_period, condition.onset_string)
    return any(onsets) or bool(bytes(condition.onset_range))


def _abated(condition: Condition, scope: Scope) -> bool:
    """Whether it says that it is over; an end that lies ahead is none yet."""
    ended = condition.abatement_date_time
    return bool(
        (ended and not scope.is_future(parse(ended)))
        or condition.abatement_period
        or condition.abatement_age
        or condition.abatement_string
        or condition.abatement_boolean
    )
