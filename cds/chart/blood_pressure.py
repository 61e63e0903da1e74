"""A blood pressure that is written as text, "165/112": its two numbers, as a panel states them (N42)."""

import re
from collections.abc import Iterator

from cds.chart.naming import Namer
from cds.fhir.datatypes import CodeableConcept, Quantity
from cds.fhir.resources import Component, Observation

PANEL = "ask-blood-pressure"
# Three digits above two or three are millimetres of mercury, also without a unit: no kilopascals are so high.
_TEXT = re.compile(r"\s*(\d{3})\s*/\s*(\d{2,3})\s*(?:mm\s*\[?Hg\]?)?\s*", re.ASCII | re.IGNORECASE)


def written(observation: Observation, namer: Namer) -> Iterator[Component]:
    """The systolic and the diastolic pressure of a text that is nothing else."""
    text = observation.value_string
    match = _TEXT.fullmatch(text) if text is not None and "/" in text else None
    if match is None or not any(PANEL in concept.sets for concept in namer.concepts(observation.code)):
        return
    for (coding, unit), value in zip(namer.pressures, match.groups(), strict=True):
        yield Component(code=CodeableConcept(coding=[coding]), value_quantity=Quantity(stated=float(value), code=unit))
