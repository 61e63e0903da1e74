"""Examinations and EMGs: what they found, and whether the same entry says otherwise (4b Exam, N3, N24)."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from cds.chart.facts import ClinicalObservation, Report
from cds.chart.naming import Namer
from cds.chart.polarity import Assertion, By, Says
from cds.chart.spoken import RED_FLAG, UNREAD, UNSURE
from cds.fhir import concepts
from cds.fhir.datatypes import Annotation, CodeableConcept
from cds.fhir.raw import read_raw
from cds.fhir.resources import Component, Observation
from cds.knowledge.codes import NOTHING

KINDS = ("exam", "emg")
OTHERWISE = frozenset({RED_FLAG, UNSURE, UNREAD})
NORMAL, ABNORMAL, TWITCH = "normal", "abnormal", "twitch"
_NOTES = msgspec.json.Decoder(Annotation | list[Annotation | None] | str | None)


def examined(observation: ClinicalObservation) -> Report | None:
    """An Observation that is an examination or an EMG, unless it says that there was none.

    What has no value or is not final is one of unknown result: it neither calms nor alarms, nor does an older normal
    one. What is preliminary is not there yet (N1) only if it is normal: nothing calms beside one that is abnormal, or
    whose result was lost.
    """
    outcome = result(observation.value_sets)
    disagrees = outcome == NORMAL and observation.said.disagrees
    if not observation.is_done or (observation.preliminary and outcome == NORMAL and not disagrees):
        return None
    is_known = observation.is_settled and observation.said.by is not By.REASON
    kind = next(kind for kind in KINDS if kind in observation.named.sets)
    return Report(
        ref=observation.named.ref,
        kind=kind,
        concept=observation.named.concepts[0],
        words=observation.named.words,
        when=observation.when,
        result=outcome if is_known and not disagrees else None,
        disagrees=disagrees,
    )


def result(sets: frozenset[str]) -> str | None:
    """Abnormal, normal or unknown; abnormal wins."""
    return next((word for word in (ABNORMAL, NORMAL) if word in sets), None)


def flagged(part: Observation | Component) -> frozenset[str]:
    """Normal or abnormal, as the interpretation states it."""
    flags = concepts.codes(concepts.each(part.interpretation)) if part.interpretation is not None else NOTHING
    if flags & {"A", "AA"}:
        return frozenset({ABNORMAL})
    return frozenset({NORMAL}) if "N" in flags else NOTHING


def of_all(conclusions: Iterable[CodeableConcept], namer: Namer) -> tuple[str | None, bool]:
    """What several conclusions say together, and whether one says something else beside a normal one.

    A twitch is why the patient was examined, and no finding against it.
    """
    each = [namer.sets([conclusion]) for conclusion in conclusions]
    outcome = result(NOTHING.union(*each))
    return outcome, outcome == NORMAL and any(NORMAL not in sets and TWITCH not in sets for sets in each)


def in_one(
    parts: Sequence[ClinicalObservation], observation: Observation, namer: Namer
) -> Sequence[ClinicalObservation]:
    """The parts of one Observation: a normal examination disagrees with itself if a part of it or its words do.

    Free text is never "normal" (4b), and a normal result with a sign in its text or in a component calms nothing (N24).
    """
    first = parts[0] if parts else None
    if first is None or first.named.sets.isdisjoint(KINDS) or NORMAL not in first.value_sets:
        return parts
    if not (any(map(_is_sign, parts[1:])) or speaks_against(_texts(observation), namer)):
        return parts
    return (replace(first, said=Assertion(Says.UNKNOWN, By.TEXT, disagrees=True)), *parts[1:])


def _is_sign(part: ClinicalObservation) -> bool:
    return (part.said.is_present or part.said.disagrees) and TWITCH not in part.named.sets


def _texts(observation: Observation) -> Iterable[str]:
    yield observation.value_string or ""
    yield from concepts.texts(observation.value_codeable_concept)
    yield from remarks(observation.note)


def remarks(*raws: Raw) -> Iterable[str]:
    """The texts of elements that stayed unread: a string, or one note or several."""
    for raw in raws:
        notes = read_raw(_NOTES, raw)
        for note in notes if isinstance(notes, list) else [notes]:
            text = note.text if isinstance(note, Annotation) else note
            yield text or ""


def speaks_against(texts: Iterable[str], namer: Namer) -> bool:
    """Whether a text beside a normal result affirms a sign, leaves one open, or calls something abnormal."""
    return any(
        not namer.listener.heard(text).phrases.isdisjoint(OTHERWISE) or namer.says_abnormal(text)
        for text in texts
        if text
    )
