"""What Observations say in words: their texts, and a grade of power together with what was tested (N13, N15 to N17).

"Motor strength left hand" with the value "3/5" says what the same words say in one text; 5/5 says nothing.
"""

import re
from collections.abc import Iterator

from cards.printed import number
from cds.chart import observations
from cds.chart.facts import ChartMention
from cds.chart.naming import Namer, doubted, union
from cds.chart.polarity import EXAMINATIONS
from cds.chart.scope import Scope
from cds.chart.spoken import KEPT, RED_FLAG
from cds.fhir import concepts
from cds.fhir.resources import Component, Observation
from cds.fhir.statuses import status_of

LONGEST = 16  # characters of a grade
PLAIN_UNITS = (None, "", "1", "{score}")
_GRADE = re.compile(
    r"(?:mrc|m|grade|mrc grade|grad|grado)?\s*:?\s*(?P<grade>[0-5][+-]?)\s*(?:/\s*5|out of 5|von 5|de 5|sur 5)?",
    re.IGNORECASE | re.ASCII,
)
_WORDS = re.compile(r"\w+")


def tells(observation: Observation) -> bool:
    """A quick look: whether a value may be a grade of power."""
    return any(_grade(part) is not None for part in (observation, *(observation.component or ())))


def told(observation: Observation, namer: Namer, scope: Scope) -> Iterator[ChartMention]:
    """All that is said in words."""
    yield from _texts(observation, namer, scope)
    yield from _grades(observation, namer, scope)


def _texts(observation: Observation, namer: Namer, scope: Scope) -> Iterator[ChartMention]:
    """What the text of a complaint, of an examination or of a code that no rule reads says (N13, fields 3 and 4)."""
    status, when = status_of(observation), observations.effective(observation)
    if observation.value_string is None or status in observations.VOID:
        return
    concepts_known = namer.concepts(observation.code)
    is_text_field = observations.TEXT_FIELD in union(concepts_known)
    is_other = any(concept.analyte or not concept.sets <= EXAMINATIONS for concept in concepts_known)
    if scope.is_future(when) or (is_other and not is_text_field):
        return
    meaning = namer.said(observation.ref, observation.value_string)
    if meaning is not None and meaning.phrases & KEPT:
        yield ChartMention(named=meaning if status in observations.FINAL else doubted(meaning), when=scope.date(when))


def _grades(observation: Observation, namer: Namer, scope: Scope) -> Iterator[ChartMention]:
    """Weakness that a grade below 5 and the name of what was tested say together, of codes that no rule reads."""
    when = observations.effective(observation)
    status = status_of(observation)
    if status in observations.VOID or scope.is_future(when):
        return
    for part in (observation, *(observation.component or ())):
        grade = _grade(part)
        if grade is None or namer.concepts(observation.code) or namer.concepts(part.code):
            continue
        codes = (observation.code,) if part is observation else (observation.code, part.code)
        name = " ".join(next(concepts.texts(code), "") for code in codes)
        if not namer.answers.kinds.power_names.isdisjoint(_WORDS.findall(name.lower())):
            meaning = namer.said(observation.ref, f"{name} {grade['grade']}/5")
            if meaning is not None and RED_FLAG in meaning.phrases:
                is_final = status in observations.FINAL
                yield ChartMention(named=meaning if is_final else doubted(meaning), when=scope.date(when))


def _grade(part: Observation | Component) -> re.Match[str] | None:
    text = part.value_string or next(concepts.texts(part.value_codeable_concept), None) or _number(part)
    return _GRADE.fullmatch(text.strip()) if text and len(text) <= LONGEST else None


def _number(part: Observation | Component) -> str | None:
    """A number without a unit: the grade itself (N2)."""
    quantity = part.value_quantity
    if quantity is None:
        return None if part.value_integer is None else str(part.value_integer)
    is_plain = quantity.value is not None and (quantity.code or quantity.unit) in PLAIN_UNITS
    return number(quantity.value) if is_plain and quantity.value is not None else None
