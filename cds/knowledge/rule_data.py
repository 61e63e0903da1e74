"""What rules.toml holds, typed: windows, thresholds, groups, lists and tables that rules look up."""

from collections.abc import Iterable

from msgspec import Struct

from cds.knowledge.model import MedicineClass, Side


class SleepNeed(Struct, frozen=True, forbid_unknown_fields=True):
    """Hours of sleep below which sleep is a factor, for an age band in years (2a)."""

    from_years: int
    under_years: int
    hours: float


class NewSignKind(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of new sign in a known disease: the value sets by which it is told; `same_day`: when the team is told."""

    kind: str
    sets: frozenset[str]
    same_day: bool = False


class ExampleDrafts(Struct, frozen=True, forbid_unknown_fields=True):
    """Drafts by which the evidence pages show what is decided; `replacement` replaces what glands do not make."""

    diuretic: str
    corticosteroid: str
    replacement: str
    estrogen: str
    unlisted: str

    @property
    def listed(self) -> tuple[str, ...]:
        """Those that have to be in the code files."""
        return (self.diuretic, self.corticosteroid, self.replacement, self.estrogen)


class Pressure(Struct, frozen=True, forbid_unknown_fields=True):
    """The thresholds of each part of a blood pressure."""

    high: dict[str, str]
    severe: dict[str, str]

    @property
    def every(self) -> tuple[tuple[str, str], ...]:
        """Each part with each of its thresholds."""
        return (*self.high.items(), *self.severe.items())


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """Windows in days, thresholds with their sources, groups of value sets, and lists of analytes and classes."""

    windows: dict[str, int]
    thresholds: dict[str, float]
    sleep: list[SleepNeed]
    sources: dict[str, str]
    groups: dict[str, tuple[str, ...]]
    lists: dict[str, tuple[str, ...]]
    repeats: dict[str, str]
    order_emergencies: dict[str, str]
    diuretic_limits: dict[str, str]
    thyrotoxicosis: dict[str, Side]
    new_signs: tuple[NewSignKind, ...]
    example_drafts: ExampleDrafts
    counsel: dict[str, str]
    gaps: dict[str, tuple[str, ...]]
    flags: dict[str, tuple[str, ...]]
    pressure: Pressure
    form_lines: dict[str, str]
    regions: dict[str, str]
    site_signs: dict[str, str]
    order_tags: dict[str, str]
    asked_of_all: tuple[str, ...]

    def orderable(self, medicines: Iterable[MedicineClass]) -> tuple[str, ...]:
        """The tests that a card may list as missing: those of everybody, and those of a class of medicines."""
        tests = (test for name in self.asked_of_all for test in self.lists.get(name, ()))
        return tuple(dict.fromkeys((*tests, *(test for medicine_class in medicines for test in medicine_class.tests))))
