"""What an entry says of the thing it is about: present, absent, unknown or graded (second edition, section 1).

The one place where this is decided, for every Observation, component and Condition. Only what is present can fire a
rule; unknown is never a yes and never a no.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct

from cds.fhir import concepts
from cds.fhir.datatypes import CodeableConcept, Coding, Quantity
from cds.fhir.resources import Component, Observation
from cds.fhir.units import factor
from cds.knowledge.answers import Answers, Word, fold
from cds.knowledge.codes import NOTHING, Concept

ASKED, EXAMINATIONS = "ask-", frozenset({"exam", "emg"})
QUESTION_SYSTEM = "http://loinc.org"
TWITCH, FREQUENT = "twitch", "frequent"
DENIED = frozenset({"refuted", "entered-in-error"})
ACTIVE = frozenset({"active", "recurrence", "relapse"})
OVER = frozenset({"resolved", "inactive", "remission"})


class Says(StrEnum):
    """The readings of an entry."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    GRADED = "graded"
    HISTORY = "history"


class By(StrEnum):
    """Its source: words cancel nothing but their own entry (N4)."""

    NOTHING = "nothing"
    CODE = "code"
    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    REASON = "reason"


class Assertion(Struct, frozen=True):
    """One reading. `disagrees` marks an entry that says yes and no; `number` is the grade that was recorded."""

    says: Says
    by: By = By.NOTHING
    disagrees: bool = False
    number: float | None = None

    @property
    def is_present(self) -> bool:
        """Whether it may fire a rule."""
        return self.says is Says.PRESENT

    @property
    def is_answer(self) -> bool:
        """Whether a number or an answer may be taken from the entry: it was asked, and not denied."""
        return self.says is not Says.ABSENT and self.by is not By.REASON


FINDING = Assertion(Says.PRESENT)
QUESTION = Assertion(Says.UNKNOWN)
NOT_KNOWN = Assertion(Says.UNKNOWN, By.REASON)


def of_condition(clinical: str | None, verification: str | None, *, abated: bool) -> Says:
    """What a Condition says: denied, now, or once (N5). An unknown status counts as an absent one."""
    if verification in DENIED:
        return Says.ABSENT
    if clinical in OVER:
        return Says.HISTORY
    if clinical in ACTIVE or not abated:
        return Says.PRESENT
    return Says.HISTORY


def of_part(
    part: Observation | Component, code: tuple[Concept, ...], value: tuple[Concept, ...], answers: Answers
) -> Assertion:
    """What an Observation or a component says of what its code names (N1): the first that says anything."""
    if part.data_absent_reason is not None:
        return NOT_KNOWN
    sets = NOTHING.union(*(concept.sets for concept in code))
    values = list(_values(part, sets, value, answers))
    flag = _flag(part, answers)
    if values:
        return _settled(values, flag)
    if flag is not None:
        return flag
    return FINDING if _is_finding(part.code, code) else QUESTION


def has_unread_form(part: Observation | Component) -> bool:
    """Whether its value is of a form that no rule reads: it is on file, and says neither yes nor no (N2, N64)."""
    forms = (part.value_ratio, part.value_range, part.value_sampled_data, part.value_time, part.value_period)
    return any(map(memoryview, forms))


def was_not_done(part: Observation | Component, answers: Answers) -> bool:
    """Whether an entry says that nothing was examined or measured; one of unknown outcome does not say that."""
    stated_concepts = [
        concept for concept in (part.data_absent_reason, part.value_codeable_concept) if concept is not None
    ]
    if not stated_concepts and part.value_string is None:
        return False
    codes = (coding for concept in stated_concepts for coding in concept.coding or ())
    texts = (*(concept.text for concept in stated_concepts), part.value_string)
    names = (*(name for coding in codes for name in (coding.code, coding.display)), *texts)
    return any(fold(name) in answers.kinds.not_done for name in names if name)


def _settled(values: list[Assertion], flag: Assertion | None) -> Assertion:
    """One reading of all values, and whether another value or the flag contradicts it (N3)."""
    every = [*values, flag] if flag is not None else values
    kinds = {value.says for value in every}
    first = next((value for value in values if value.says is Says.PRESENT), values[0])
    if {Says.PRESENT, Says.ABSENT} <= kinds:
        return Assertion(Says.UNKNOWN, first.by, disagrees=True)
    return first


def _values(
    part: Observation | Component, sets: frozenset[str], value: tuple[Concept, ...], answers: Answers
) -> Iterator[Assertion]:
    if part.value_boolean is not None:
        yield Assertion(Says.PRESENT if part.value_boolean else Says.ABSENT, By.CODE)
    if part.value_codeable_concept is not None:
        yield _coded(part.value_codeable_concept, sets, value, answers)
    if part.value_string is not None:
        yield _text(part.value_string, sets, answers) or Assertion(Says.UNKNOWN, By.TEXT)
    if part.value_quantity is not None:
        yield _number(part.value_quantity, sets, answers)
    if part.value_integer is not None:
        yield _number(Quantity(stated=part.value_integer), sets, answers)
    if has_unread_form(part) or part.value_date_time is not None:
        yield QUESTION


def _coded(concept: CodeableConcept, sets: frozenset[str], value: tuple[Concept, ...], answers: Answers) -> Assertion:
    """By the lists; a value of the same value sets, or a more exact one, is a yes; else by its names (N2)."""
    examination, codings = _is_examination(sets), concept.coding or ()
    codings_said = (answers.of_code(coding.system, coding.code, examination=examination) for coding in codings)
    if words := {word for word in codings_said if word is not None}:
        word = words.pop() if len(words) == 1 else "unknown"
        return Assertion(Says(word), By.REASON if word == "unknown" else By.CODE)
    asked_sets = _finding_sets(sets)
    if any(theirs and asked_sets <= theirs for theirs in (_finding_sets(concept.sets) for concept in value)):
        return Assertion(Says.PRESENT, By.CODE)
    if TWITCH in sets and any(FREQUENT in concept.sets for concept in value):
        return Assertion(Says.PRESENT, By.CODE)
    by_text = (_text(text, sets, answers) for text in (*_names(codings), concept.text) if text)
    return next((reading for reading in by_text if reading is not None), Assertion(Says.UNKNOWN, By.TEXT))


def _names(codings: Iterable[Coding]) -> Iterator[str]:
    return (coding.display for coding in codings if coding.display)


def _text(text: str, sets: frozenset[str], answers: Answers) -> Assertion | None:
    word = answers.of_text(text, sets)
    if word is None:
        return None
    return Assertion(Says(word), By.REASON if word == "unknown" else By.TEXT)


def _number(quantity: Quantity, sets: frozenset[str], answers: Answers) -> Assertion:
    """1 and 0 answer a question about a symptom; a number says how often somebody twitches; all others are grades."""
    if quantity.value is None:
        return QUESTION
    unit, kinds = quantity.code or quantity.unit, answers.kinds
    if any(not 0 <= quantity.value <= most for name, most in kinds.highest.items() if name in sets):
        return NOT_KNOWN
    if TWITCH in sets and unit and factor(unit, answers.questions.frequency) is not None:
        return Assertion(Says.PRESENT if quantity.value > 0 else Says.ABSENT, By.NUMBER)
    is_symptom = bool(sets & kinds.symptoms) and not sets & (kinds.power | kinds.graded)
    if (
        is_symptom
        and (unit or "") in answers.questions.plain_units
        and quantity.comparator is None
        and quantity.value in (0, 1)
    ):
        return Assertion(Says.PRESENT if quantity.value else Says.ABSENT, By.NUMBER)
    return Assertion(Says.GRADED, By.NUMBER, number=quantity.value)


def _flag(part: Observation | Component, answers: Answers) -> Assertion | None:
    """The interpretation, by code whatever its system, else by its words."""
    if part.interpretation is None:
        return None
    words: set[Word] = set()
    for concept in concepts.each(part.interpretation):
        codings = concept.coding or ()
        by_code = [word for coding in codings if (word := answers.of_flag(coding.code)) is not None]
        by_name = [
            word for text in (*_names(codings), concept.text) if text and (word := answers.of_text(text, NOTHING))
        ]
        words.update(by_code or by_name[:1])
    word = words.pop() if len(words) == 1 else "unknown"
    return Assertion(Says(word), By.FLAG)


def _is_finding(code: CodeableConcept | None, coded_as: tuple[Concept, ...]) -> bool:
    """Whether a code alone says that something is there: a finding or a diagnosis, and nothing that is asked."""
    codings = (code.coding or ()) if code is not None else ()
    asks = any(coding.system == QUESTION_SYSTEM for coding in (*codings, *coded_as))
    return not asks and any(_finding_sets(concept.sets) for concept in coded_as)


def _finding_sets(sets: frozenset[str]) -> frozenset[str]:
    """The value sets that are neither a question nor an examination."""
    return frozenset(name for name in sets if not (name.startswith(ASKED) or name in EXAMINATIONS))


def _is_examination(sets: frozenset[str]) -> bool:
    return not sets.isdisjoint(EXAMINATIONS)
