"""The names that a language has for value sets and analytes, joined to what the data files hold."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from cards.errors import WordingError
from cards.words import LABELS, Labels, read_labels
from cds.errors import KnowledgeError
from cds.knowledge.model import Analyte, ValueSet

N = TypeVar("N", ValueSet, Analyte)


def labels_of(folder: Path) -> Labels:
    """The names of one language."""
    try:
        return read_labels(folder)
    except WordingError as problem:
        raise KnowledgeError(problem.file, problem.key, problem.reason) from problem


def analytes_named(analytes: dict[str, Analyte], labels: Labels) -> dict[str, Analyte]:
    """The analytes with their names and those of their kinds."""
    labelled = named(analytes, labels.analytes)
    return {name: replace(analyte, kinds=labels.kinds.get(name, {})) for name, analyte in labelled.items()}


def named(entries: dict[str, N], labels: Mapping[str, str]) -> dict[str, N]:
    """Each with its name; one without is an error, and so is a name for nothing."""
    for key in (name for name in entries if not labels.get(name)):
        raise KnowledgeError(LABELS, key, "has no label in this language")
    for key in sorted(labels.keys() - entries.keys()):
        raise KnowledgeError(LABELS, key, "is a label of nothing")
    return {name: replace(entry, label=labels[name]) for name, entry in entries.items()}
