"""What the clinical data files hold, typed. Read and checked by `cds.knowledge.load`."""

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Literal

from msgspec import Struct

from cds.knowledge.abnormal_words import Abnormal
from cds.knowledge.caffeine_words import Caffeine
from cds.knowledge.spoken import SiteWords

DEFICIENCY, EXCESS = "deficiency-", "excess-"  # so the value sets of recorded low and high values begin (N60)
CALCIUM_KINDS = {"calcium_ionized": "ionised", "calcium_corrected": "adjusted", "calcium_total": "unadjusted"}
Side = Literal["low", "high"]
Operator = Literal["<", "<=", ">", ">="]
Effect = Literal["quote", "info", "warning", "emergency"]


class Aliases(Struct, frozen=True, forbid_unknown_fields=True):
    """Other names of code systems, and national editions with the codes that mean the same as in WHO's ICD-10."""

    editions: tuple[str, ...] = ()
    names: dict[str, str] = {}
    national: dict[str, tuple[str, ...]] = {}


class ValueSet(Struct, frozen=True, forbid_unknown_fields=True):
    """One value set as its file states it, named by the wording; a `derived` one has no code: findings imply it."""

    source: str
    label: str = ""
    groups: list[str] = []
    except_: list[str] = []
    codes: list[str] = []
    note_has: str | None = None
    derived: bool = False


class Analyte(Struct, frozen=True, forbid_unknown_fields=True):
    """A laboratory analyte: canonical UCUM unit, molar mass in g/mol, days for which a value counts (2b, 2d).

    `plausible` are the least and the most that a value can be, in that unit, for all kinds or for one of them (N64).

    `label` and `kinds`, the names of its kinds where a card tells them apart, are those of the wording. `words` are
    names of the test in words: a result that is known by them only is said, and never read (N48).
    """

    unit: str
    fresh_days: int
    sides: list[Side]
    label: str = ""
    groups: list[str] = []
    codes: list[str] = []
    except_: list[str] = []
    molar_mass: float | None = None
    valence: int | None = None
    same_as: list[str] = []
    trust_range: bool = True
    trust_flag: bool = True
    adds_to_range: bool = False
    electrolyte: bool = False
    kinds: dict[str, str] = {}
    plausible: dict[str, tuple[float, float]] = {}
    words: list[str] = []


class Limit(Struct, frozen=True, forbid_unknown_fields=True):
    """A decision limit in each unit it is printed for, or a multiple of the upper limit of normal (2a)."""

    analyte: str
    side: Side
    op: Operator
    citation: str
    value: dict[str, float] = {}
    times_upper: float | None = None
    effect: Effect = "emergency"
    kind: str | None = None
    from_days: int | None = None
    under_days: int | None = None
    from_years: int | None = None
    under_years: int | None = None
    within_days: int | None = None

    @property
    def makes_card(self) -> bool:
        """Whether a value beyond it is judged by itself, short of an emergency."""
        return self.effect in ("info", "warning")


class Adjustment(Struct, frozen=True, forbid_unknown_fields=True):
    """Albumin adjustment of calcium in one unit (Payne 1973)."""

    slope: float
    albumin_unit: str
    albumin: float
    decimals: int


class MedicineClass(Struct, frozen=True, forbid_unknown_fields=True):
    """When a drug class fires (5a). `line`: it is never more than a line beside what it `moves` (N49)."""

    timing: Literal["before", "exposure", "recent", "asked", "never"]
    orders_labs: bool
    src: str
    groups: list[str] = []
    codes: list[str] = []
    never: list[str] = []
    check_route: list[str] = []
    check_routes: list[str] = []
    routeless: list[str] = []
    never_ingredients: list[str] = []
    stated_route: list[str] = []
    local_routes: list[str] = []
    systemic_words: list[str] = []
    local_first: bool = False
    linked: list[str] = []
    moves: dict[str, list[Side]] = {}
    moves_by_group: dict[str, dict[str, list[Side]]] = {}
    named: list[str] = []
    needs_muscle_sign: bool = False
    needs_eyelid: bool = False
    line: bool = False
    variant: str = "one"
    checks: list[str] = []
    tests: list[str] = []
    replacement: list[str] = []
    replacement_for: str = ""
    stopped_within: int | None = None
    stopped_warns: bool = False

    def moved_by(self, groups: Collection[str]) -> Iterator[tuple[str, str]]:
        """The analytes that a medicine of these groups may move, each with the side."""
        moves = (self.moves, *(self.moves_by_group[group] for group in self.moves_by_group if group in groups))
        yield from ((analyte, side) for moves in moves for analyte, sides in moves.items() for side in sides)

    @property
    def asks_tests(self) -> bool:
        """Whether the sentence of its card names tests (N58)."""
        return bool(self.checks or self.moves)

    @property
    def moved(self) -> tuple[str, ...]:
        """All analytes that any of its medicines may move."""
        return tuple(dict.fromkeys(analyte for analyte, _ in self.moved_by(self.moves_by_group)))

    def has(self, groups: frozenset[str], code: str) -> bool:
        """Whether a code with these groups is of the class, whatever its route."""
        stated_codes = (token.partition(":")[2] for token in self.codes)
        return not groups.isdisjoint((*self.groups, *self.check_route)) or code in stated_codes


class Route(Struct, frozen=True, forbid_unknown_fields=True):
    """A route of administration: by code, by its whole text, by regular expressions for what texts say, in capitals.

    `local` routes are those of which a dosage speaks before "for" only (N47).
    """

    codes: list[str] = []
    words: list[str] = []
    said: list[str] = []
    capitals: list[str] = []
    local: bool = False


class OtherTests(Struct, frozen=True, forbid_unknown_fields=True):
    """Words that make a test another one than that in serum, plasma or blood: of another specimen, or of another kind.

    They `begin` a word, are a `whole` one, or stand anywhere `within` a name. `kinds` are told by how words begin.
    """

    begin: list[str] = []
    whole: list[str] = []
    within: list[str] = []
    kinds: dict[str, list[str]] = {}


class Phrases(Struct, frozen=True, forbid_unknown_fields=True):
    """Words that count when nothing is coded; those of twitches and signs stand in files of their own (N15, N16)."""

    diet: list[str]
    both_sides: list[str]
    kinds: list[str]
    empty: list[str]
    question_verbs: list[str]
    unnamed: tuple[str, ...]
    same_day: list[str]
    same_day_if_sudden: list[str]
    visit_diagnosis: frozenset[str]
    problem_list: frozenset[str]
    caffeine: Caffeine
    abnormal: Abnormal
    sites: dict[str, SiteWords]
    specimen: list[str] = []
    other_tests: OtherTests = OtherTests()


class Signs(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Which kinds of signs the value sets are."""

    emergency: frozenset[str]
    childhood: frozenset[str]
    urgent: frozenset[str]
    central: frozenset[str]
    routine: frozenset[str]
    unspecific: frozenset[str]
    additional: frozenset[str]

    @cached_property
    def every(self) -> frozenset[str]:
        """All of them."""
        return self.strong | self.cancellable | self.central | self.unspecific | self.additional

    @cached_property
    def strong(self) -> frozenset[str]:
        """Emergencies and a child's signs: never lowered by a flag or a later entry (N3, N4)."""
        return self.emergency | self.childhood

    @cached_property
    def alarming(self) -> frozenset[str]:
        """What may stand behind an emergency, and so counts there when it is preliminary (N1)."""
        return self.emergency | self.urgent | {"cramps", "weakness-unspecific"}

    @cached_property
    def doubtful(self) -> frozenset[str]:
        """U and R signs: what speaks against one makes it R4 (N3)."""
        return self.urgent | self.central | self.routine | self.unspecific

    @cached_property
    def cancellable(self) -> frozenset[str]:
        """Signs of U, R1 and R3: a newer entry that says no cancels an Observation of one (N4)."""
        return self.urgent | self.routine


class Explanation(Struct, frozen=True, forbid_unknown_fields=True):
    """Which signs a diagnosis explains, and what it makes of them (N10)."""

    signs: frozenset[str]
    codes: list[str] = []
    spares: list[str] = []
    within: int | None = None
    after: int | None = None
    older: int | None = None
    settled: int | None = None
    earlier: bool = False
    taking: str | None = None
    lowers: bool = False
    focal: bool = False


class KnownCause(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of diagnosis that can cause twitching: what it asks to check, and what drops it (N25).

    `line`: the note that says it on every card, where it has no card of its own.
    `lowered`: an emergency of which no more than this is left; no rule of its own finds it (N39).
    """

    set: str
    tests: list[str] = []
    dropped_by: list[str] = []
    within: int | None = None
    line: str | None = None
    lowered: bool = False

    @property
    def stands(self) -> bool:
        """Whether it has a card of its own."""
        return self.line is None
