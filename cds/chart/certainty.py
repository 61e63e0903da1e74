"""What the statuses of a Condition say, with the certainty that ICD-10-GM adds to a diagnosis (N5, N14)."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from cds.chart.polarity import ACTIVE, OVER
from cds.fhir import concepts
from cds.fhir.datatypes import CodeableConcept, Coding
from cds.fhir.raw import read_raw
from cds.fhir.resources import Condition
from cds.fhir.statuses import code_of
from cds.knowledge.answers import Answers

VERIFICATIONS = frozenset({"confirmed", "unconfirmed", "provisional", "differential", "refuted", "entered-in-error"})
VERIFIED = {"present": "confirmed", "absent": "refuted", "unknown": "unconfirmed"}
STANDING = frozenset({"refuted", "entered-in-error"})
Certain = Literal["absent", "unknown", "history", "present"]


class _Extension(Struct, rename="camel"):
    url: str | None = None
    value_coding: Coding | None = None


_EXTENSIONS = msgspec.json.Decoder(list[_Extension] | None)


class Statuses(NamedTuple):
    """The clinical status and the verification status, each as the word that is known; None if there is none."""

    clinical: str | None
    verification: str | None


def statuses(condition: Condition, answers: Answers) -> Statuses:
    """The statuses as stated; the certainty of a code decides what they leave open, and doubts what it contradicts.

    Excluded is refuted, but beside "confirmed" only unconfirmed; suspected is unconfirmed; "state after" is resolved
    unless the problem is called active: the sign stays where both are said.
    """
    clinical = _clinical(condition.clinical_status, answers)
    verification = _verification(condition.verification_status, answers)
    certain = _certainty(condition.code, answers)
    if certain == "history" and clinical not in ACTIVE | OVER:
        clinical = "resolved"
    if certain in ("absent", "unknown") and verification not in STANDING:
        excluded = certain == "absent" and verification != "confirmed"
        verification = VERIFIED["absent" if excluded else "unknown"]
    return Statuses(clinical, verification)


def _certainty(concept: CodeableConcept | None, answers: Answers) -> Certain | None:
    """What the codes of a diagnosis say of its certainty; what cannot be read, or differs, is unknown."""
    certainties = {
        certainty for coding in (concept.coding or () if concept else ()) for certainty in _of_code(coding, answers)
    }
    if not certainties:
        return None
    return certainties.pop() if len(certainties) == 1 else "unknown"


def _of_code(coding: Coding, answers: Answers) -> Iterator[Certain]:
    urls = answers.certainty
    for extension in read_raw(_EXTENSIONS, coding.extension) or ():
        if extension.url != urls.extension:
            continue
        value = extension.value_coding or Coding()
        yield urls.codes.get(value.code or "", "unknown") if value.system == urls.system else "unknown"


def _clinical(status: CodeableConcept | str | None, answers: Answers) -> str | None:
    """The clinical status, by code in any case, by name or text, or as SNOMED CT (N5)."""
    if isinstance(status, CodeableConcept) and answers.resolved & set(concepts.codes([status])):
        return "resolved"
    return _word(status, ACTIVE | OVER)


def _verification(status: CodeableConcept | str | None, answers: Answers) -> str | None:
    """The verification status; as SNOMED CT it is read by the lists of answers (N2, N5)."""
    word = _word(status, VERIFICATIONS)
    if word in VERIFICATIONS or not isinstance(status, CodeableConcept):
        return word
    words = (answers.of_code(coding.system, coding.code) for coding in status.coding or ())
    return next((VERIFIED[answer] for answer in words if answer is not None), word)


def _word(status: CodeableConcept | str | None, vocabulary: frozenset[str]) -> str | None:
    """The first word that is known, else the first there is."""
    words = [code_of(word) for word in concepts.words(status)]
    return next((word for word in words if word in vocabulary), next(iter(words), None))
