"""What a value says of the thing asked about: present, absent or unknown, by code or by its whole text (N2)."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal, TypeVar

from msgspec import Struct

from cds.errors import KnowledgeError
from cds.fhir.units import known

FILE, FLAG = "answers.toml", "flag"
Word = Literal["present", "absent", "unknown"]
Key = tuple[str, str]
K = TypeVar("K")
_SPACES = re.compile(r"\s+")
_OUTER = " .,;:!"
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue"}


class Codes(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The lists of codes, as tokens `system:code`; systems of which every code says that nothing is known."""

    present: list[str]
    absent: list[str]
    unknown: list[str]
    unknown_systems: list[str]
    examinations_only: list[str]
    resolved: list[str]


class Texts(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole texts of one language."""

    present: list[str]
    absent: list[str]
    unknown: list[str]


class Kinds(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """How numbers and grades are read, by the value sets of the thing asked about."""

    symptoms: frozenset[str]
    power: frozenset[str]
    graded: frozenset[str]
    power_present: frozenset[str]
    power_absent: frozenset[str]
    power_names: frozenset[str]
    symptom_present: frozenset[str]
    twitch_frequent: frozenset[str]
    twitch_now_and_then: frozenset[str]
    twitch_never: frozenset[str]
    not_done: frozenset[str]
    highest: dict[str, float]


class Certainty(Struct, frozen=True, forbid_unknown_fields=True):
    """The extension that says how certain a diagnosis of ICD-10-GM is, and what each of its codes says (N14)."""

    extension: str
    system: str
    codes: dict[str, Literal["absent", "unknown", "history", "present"]]


class Listed(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Entries that say that a list is empty, by code and by whole text: there are none, or nothing is known."""

    none: list[str]
    unknown: list[str]
    none_texts: list[str]
    unknown_texts: list[str]


class Questions(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """How the answer to each question is read: as a number with a unit, as a score, a date or a code."""

    units: dict[str, str]
    limits: dict[str, dict[str, str]]
    scores: tuple[str, ...]
    dates: tuple[str, ...]
    codes: tuple[str, ...]
    grouped: tuple[str, ...]
    unsaid: tuple[str, ...]
    alarming: tuple[str, ...]
    less_is_worse: tuple[str, ...]
    frequency: str
    plain_units: frozenset[str]

    @property
    def said(self) -> tuple[str, ...]:
        """Those of which an answer that cannot be read is said."""
        return (*self.units, *self.limits, *self.scores, *self.dates, *self.codes, *self.grouped)

    @property
    def every(self) -> tuple[str, ...]:
        """All questions."""
        return (*self.said, *self.unsaid)

    def check(self) -> None:
        """Raise KnowledgeError unless every unit is of UCUM; those of `limits` are compared, and never converted."""
        for name, unit in self.units.items():
            if not known(unit):
                raise KnowledgeError(FILE, f"questions.{name}", f"`{unit}` is not a UCUM unit")

    def units_of(self, question: str) -> Collection[str]:
        """The units in which the answer is read; none for what is not measured."""
        return (self.units[question],) if question in self.units else self.limits.get(question, ())


class RangeCodes(Struct, frozen=True, forbid_unknown_fields=True):
    """The codes by which a laboratory's range says whom it is meant for."""

    male: str
    female: str
    pregnant: str


class Languages(Struct, frozen=True, forbid_unknown_fields=True):
    """The languages that are read."""

    live: list[str]


class Stated(Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds, and the languages that are on."""

    systems: dict[str, list[str]]
    codes: Codes
    text: dict[str, Texts]
    reading: Kinds
    signs: dict[str, list[str]]
    certainty: Certainty
    nothing: Listed
    questions: Questions
    ranges: RangeCodes
    languages: Languages = Languages([])


class Answers(Struct, frozen=True, eq=False):
    """The lists, ready to be asked; compared by identity, as the knowledge that holds them is."""

    codes: Mapping[Key, Word]
    flags: Mapping[str, Word]
    unknown_systems: frozenset[str]
    examinations_only: frozenset[Key]
    texts: Mapping[str, Word]
    kinds: Kinds
    signs: Mapping[Key, str]
    certainty: Certainty
    resolved: frozenset[str]
    questions: Questions
    ranges: RangeCodes

    def of_code(self, system: str | None, code: str | None, *, examination: bool = False) -> Word | None:
        """What a coded value says; None if it is on no list."""
        if system in self.unknown_systems:
            return "unknown"
        key = (system or "", code or "")
        if key in self.examinations_only:
            return "present" if examination else "unknown"
        return self.codes.get(key)

    def of_flag(self, code: str | None) -> Word | None:
        """What the code of an interpretation says, whatever its system; None if it is on no list."""
        return self.flags.get(code or "")

    def of_text(self, text: str, sets: frozenset[str]) -> Word | None:
        """What a whole text says of something in these value sets; None if it is on no list."""
        plain = fold(text)
        if not sets.isdisjoint(self.kinds.power):
            if plain in self.kinds.power_present:
                return "present"
            if plain in self.kinds.power_absent:
                return "absent"
        if not sets.isdisjoint(self.kinds.symptoms) and plain in self.kinds.symptom_present:
            return "present"
        return self.texts.get(plain)

    def sign_of(self, system: str, code: str) -> str | None:
        """The sign that a code means, if other codes mean it too (N3)."""
        prefixes = (code[:n] + "-" for n in range(len(code), 0, -1))
        return next(
            (self.signs[system, prefix] for prefix in (code, *prefixes) if (system, prefix) in self.signs), None
        )


def fold(text: str) -> str:
    """The text as whole values are compared: NFKC, lower case, no accents, no outer marks, single spaces."""
    bare = unicodedata.normalize("NFKC", text).casefold()
    if not bare.isascii():
        apart = unicodedata.normalize("NFD", bare)
        bare = "".join(character for character in apart if not unicodedata.combining(character))
    return _SPACES.sub(" ", bare).strip(_OUTER)


def compiled(answer_lists: Stated, signs: Mapping[Key, str]) -> Answers:
    """The lists of the file, each code and each live text on one list only; else a KnowledgeError.

    `signs` are the codes of signs that have several, resolved to their systems.
    """
    by_code: dict[Key, Word] = {}
    by_text: dict[str, Word] = {}
    for word, tokens in _lists(answer_lists.codes):
        for key in _keys(answer_lists, tokens):
            _put(by_code, key, word, key[1])
    for language in answer_lists.languages.live:
        if language not in answer_lists.text:
            raise KnowledgeError(FILE, f"text.{language}", "is live and has no lists")
        for word, texts in _lists(answer_lists.text[language]):
            for text in texts:
                for plain in spellings(text):
                    _put(by_text, plain, word, text)
    return Answers(
        codes=by_code,
        flags={code: word for (url, code), word in by_code.items() if url in answer_lists.systems.get(FLAG, ())},
        unknown_systems=frozenset(
            url for name in answer_lists.codes.unknown_systems for url in _urls(answer_lists, name)
        ),
        examinations_only=frozenset(_keys(answer_lists, answer_lists.codes.examinations_only)),
        texts=by_text,
        kinds=answer_lists.reading,
        signs=signs,
        certainty=answer_lists.certainty,
        resolved=frozenset(code for _, code in _keys(answer_lists, answer_lists.codes.resolved)),
        questions=answer_lists.questions,
        ranges=answer_lists.ranges,
    )


def _lists(lists: Codes | Texts) -> Iterator[tuple[Word, list[str]]]:
    yield "present", lists.present
    yield "absent", lists.absent
    yield "unknown", lists.unknown


def _keys(answer_lists: Stated, tokens: Iterable[str]) -> Iterator[Key]:
    for token in tokens:
        name, _, code = token.partition(":")
        yield from ((url, code) for url in _urls(answer_lists, name))


def _urls(answer_lists: Stated, name: str) -> list[str]:
    if name not in answer_lists.systems:
        raise KnowledgeError(FILE, name, "is not a system of this file")
    return answer_lists.systems[name]


def spellings(text: str) -> set[str]:
    """A text as it is folded, and with its umlauts written out."""
    written_out = "".join(_UMLAUTS.get(character, character) for character in text.lower())
    return {fold(text), fold(written_out)}


def _put(table: dict[K, Word], key: K, word: Word, name: str) -> None:
    if table.setdefault(key, word) != word:
        raise KnowledgeError(FILE, name, f"is both {table[key]} and {word}")
