"""The texts on which hearing is measured: what each of them says, decided by who wrote it, before it was ever heard."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de", "es", "fr")
FIELDS = ("visit reason", "chief complaint", "triage note", "condition text", "form answer", "short answer")
CONCEPTS = frozenset(
    {"weakness", "wasting", "drop", "hand", "speech", "swallowing", "tongue", "breathing", "vision"}
    | {"urine", "confusion", "numbness", "cramps", "fatigue", "face"}
)
KINDS = frozenset(
    {"positive", "lay word", "misspelt", "action", "grade", "pseudo-negation", "negated", "negation after the phrase"}
    | {"doubtful", "historical", "other person", "homonym", "hypothetical", "nothing"}
)


class Gate(StrEnum):
    """What a text says of a twitch. Only the first two open the gate."""

    PRESENT = "present"
    EYELID = "eyelid"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    HISTORY = "history"
    OTHER = "other person"
    NONE = "none"

    @property
    def is_open(self) -> bool:
        """Whether the patient twitches now."""
        return self in {Gate.PRESENT, Gate.EYELID}


class Half(StrEnum):
    """The development half may be read by who builds the matcher; the sealed half only measures it."""

    DEVELOPMENT = "development"
    SEALED = "sealed"


@dataclass(frozen=True)
class Flag:
    """A sign that a text affirms: one of some equally right concepts; one that is allowed need not be heard."""

    concepts: frozenset[str]
    is_demanded: bool


@dataclass(frozen=True)
class WordText:
    """One short text with what it says."""

    id: str
    language: str
    field: str
    text: str
    gate: Gate
    flags: tuple[Flag, ...]
    kind: str


def half_of(text: str) -> Half:
    """The half of a text, by its hash: nobody chooses."""
    return Half.DEVELOPMENT if sha256(text.encode()).digest()[0] % 2 == 0 else Half.SEALED


def read(paths: Iterable[Path]) -> list[WordText]:
    """The texts of some tables."""
    return [_text(row) for path in paths for row in _rows(path)]


def texts(half: Half) -> list[WordText]:
    """The texts of one half, in all languages."""
    return read(FOLDER / half / f"{language}.tsv" for language in LANGUAGES)


def others() -> list[WordText]:
    """The texts of another hand: written later, to attack what the first two halves had taught; of no half."""
    return read(FOLDER / "other_hand" / f"{language}.tsv" for language in LANGUAGES)


def held() -> list[WordText]:
    """The texts written together with the newest of those by kind and never read since: of no half, a measure only."""
    return read(FOLDER / "held" / f"{language}.tsv" for language in LANGUAGES)


def by_kind() -> list[WordText]:
    """The texts that who tunes the lists wrote, kind by kind, to find what fails: of no half, and no measure."""
    return read(FOLDER / "by_kind" / f"{language}.tsv" for language in LANGUAGES)


def fifth(half: Half) -> list[WordText]:
    """The texts of the fifth round, of which one half, by its hash, is studied and the other only measured."""
    return [text for text in read(FOLDER / "fifth" / f"{one}.tsv" for one in LANGUAGES) if half_of(text.text) is half]


def front_desk(half: Half) -> list[WordText]:
    """The texts as reception desks and forms write them: one half, by its hash, is studied, the other measures."""
    found = read(FOLDER / "front_desk" / f"{language}.tsv" for language in LANGUAGES)
    return [text for text in found if half_of(text.text) is half]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True))


def _text(row: dict[str, str]) -> WordText:
    flags = tuple(Flag(frozenset(one.rstrip("?").split("/")), not one.endswith("?")) for one in row["flags"].split())
    return WordText(row["id"], row["language"], row["field"], row["text"], Gate(row["gate"]), flags, row["kind"])
