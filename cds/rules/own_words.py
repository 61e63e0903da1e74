"""What a card calls what is on the chart: in the chart's own words, and where they stand (second edition N59)."""

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from cards.markdown import plain
from cards.printed import day
from cds.chart.facts import Chart, Problem, Report
from cds.fhir.dates import parse
from cds.fhir.references import entry_type
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge

LONGEST = 60
_CAPITALISED = re.compile(r"[A-Z][a-z]+(?:[ ,;:)][ -@\[-`a-~]*)?")  # ASCII, and no other capital


class Place(Struct, frozen=True):
    """Where an entry stands: a key of the wording, and for a visit its day."""

    key: str
    date: str = ""


def of_problem(problem: Problem, chart: Chart) -> Place:
    """The problem list, or the visit that the diagnosis was made at."""
    if not problem.of_visit:
        return Place("problem-list")
    if (kind := entry_type(problem.named.ref)) in _KINDS and kind != "Encounter":
        return Place(_KINDS[kind])
    when = parse(chart.visit_starts.get(problem.visit or "")) or problem.recorded or problem.onset
    return Place("visit", day(when.text) if when else "")


_KINDS = {
    "Encounter": "visit",
    "QuestionnaireResponse": "form",
    "ServiceRequest": "request",
    "Appointment": "appointment",
    "Flag": "alert",
    "FamilyMemberHistory": "family",
}


def of_resource(ref: str, date: str = "") -> Place | None:
    """Where what a resource says stands, by its type; a result or a finding of its own stands nowhere else."""
    key = _KINDS.get(entry_type(ref))
    return Place(key, day(date) if key == "visit" else "") if key else None


def own(words: str | None, concepts: Iterable[Concept], knowledge: Knowledge) -> str:
    """The chart's text, else the name of a code in the data, else the code: never the name of a value set."""
    all_concepts = tuple(concepts)
    names = (words, *(knowledge.display(concept) for concept in all_concepts))
    told_words = next((text for name in names if name and (text := _told(name, knowledge))), None)
    return told_words or next((concept.code for concept in all_concepts), "")


def of_report(report: Report, knowledge: Knowledge) -> str:
    """What the chart calls an examination or an EMG, else its kind: the code of a question tells a reader nothing."""
    words = own(report.words, (report.concept,), knowledge)
    return first_of_sentence(knowledge.label(report.kind)) if words == report.concept.code else words


def in_sentence(text: str) -> str:
    """The words inside a sentence: without the capital of the first word if there is no other, as in a name."""
    return f"{text[0].lower()}{text[1:]}" if _CAPITALISED.fullmatch(text) else text


def first_of_sentence(text: str) -> str:
    """The words at the beginning of a sentence."""
    return f"{text[:1].upper()}{text[1:]}"


def _told(name: str, knowledge: Knowledge) -> str:
    """A name without the kind that SNOMED CT appends and without words that say nothing, no longer than is quoted."""
    kind, empty = _patterns(knowledge)
    line = plain(name, len(name) + 1)
    bare = " ".join(empty.sub(" ", kind.sub("", line)).split()).strip(" ,;-")
    return plain(bare, LONGEST)


@lru_cache(maxsize=4)
def _patterns(knowledge: Knowledge) -> tuple[re.Pattern[str], re.Pattern[str]]:
    kinds = "|".join(map(re.escape, knowledge.phrases.kinds))
    empty = "|".join(map(re.escape, knowledge.phrases.empty))
    return re.compile(rf" \((?:{kinds})\)$"), re.compile(rf"[,;]?\s*\b(?:{empty})\b", re.IGNORECASE)
