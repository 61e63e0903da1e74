"""What a survey of charts counts: entries that a rule could use, and what was not understood."""

from collections import Counter
from enum import StrEnum

from msgspec import Struct, field

SYSTEMS = {
    "sct": "SNOMED CT",
    "cm": "ICD-10-CM",
    "who": "ICD-10",
    "loinc": "LOINC",
    "rx": "RxNorm",
    "atc": "ATC",
}
LOCAL, WORDS, OTHER, NATIONAL = "another system", "words only", "other public system", "national ICD-10"
ITEMS_MAX = 50_000  # distinct ones of an export; those beyond are counted together
DISPLAYS_MAX = 3
NONE = "(none)"


class Type(StrEnum):
    """What an entry is about."""

    RESULT = "result"
    MEDICINE = "medicine"
    PROBLEM = "problem"
    OBSERVATION = "observation"


class Kind(StrEnum):
    """What of it was not understood."""

    CODE = "code"
    TEXT = "text"
    UNIT = "unit"
    SYSTEM = "system"
    STATUS = "status"
    VALUE = "value"
    NAME = "name against code"


class Key(Struct, frozen=True):
    """One thing that was not understood. `about` is the analyte that a unit was sent for."""

    type: Type
    kind: Kind
    system: str = ""
    code: str = ""
    text: str = ""
    about: str = ""


class Item(Struct):
    """How often it came, from whom, and what senders call it, each name with the patients that have it."""

    count: int = 0
    patients: set[str] = field(default_factory=set)
    displays: dict[str, set[str]] = field(default_factory=dict)
    units: Counter[str] = field(default_factory=Counter)


class Share(Struct):
    """Entries of one type and source that a rule could use, or might; `read` are those that rules see."""

    read: int = 0
    unread: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All of them."""
        return self.read + self.unread.total()


class Survey:
    """Everything that was counted."""

    def __init__(self, most: int = ITEMS_MAX) -> None:
        self.items: dict[Key, Item] = {}
        self.shares: dict[tuple[Type, str], Share] = {}
        self.beyond = 0
        self.resources = 0
        self.unreadable = 0
        self.patients: set[str] = set()
        self._most = most

    def share(self, kind: Type, source: str) -> Share:
        """Where entries of a type and source are counted."""
        return self.shares.setdefault((kind, source), Share())

    def miss(self, key: Key, patient: str, display: str = "", unit: str = "") -> None:
        """Count something that was not understood."""
        if key not in self.items and len(self.items) >= self._most:
            self.beyond += 1
            return
        item = self.items.setdefault(key, Item())
        item.count += 1
        item.patients.add(patient)
        if unit:
            item.units[unit] += 1
        if display and (display in item.displays or len(item.displays) < DISPLAYS_MAX):
            item.displays.setdefault(display, set()).add(patient)
