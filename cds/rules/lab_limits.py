"""Judging laboratory results: which one counts, against which limit, and how urgent it is (2a, 2b, 2d)."""

import math
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from cards.printed import plain_unit
from cds.chart.facts import LabResult
from cds.fhir.dates import When
from cds.knowledge.card_names import Names
from cds.knowledge.load import Knowledge
from cds.knowledge.model import Analyte, Effect, Limit
from cds.rules.amount import DIGITS, Amount, amount, edge_of, edge_text, is_beyond, to_unit
from cds.rules.newest import newest
from cds.rules.ranges import Person, Range, usable

LOW_FLAGS = {"L": "info", "LL": "warning"}
HIGH_FLAGS = {"H": "info", "HH": "warning"}
ANY_FLAGS = {"A": "info", "AA": "warning"}
FLAGGED = frozenset({"L", "H", "A", "LL", "HH", "AA"})
CRITICAL = {"LL": "low", "HH": "high", "AA": "abnormal"}
SEVERITY: dict[str, int] = {"none": 0, "quote": 1, "info": 2, "warning": 3, "emergency": 4}
BELOW_EMERGENCY: tuple[Effect, ...] = ("quote", "info", "warning")
LAB_RANGE = "laboratory"
LAB_FLAG = "laboratory-flag"


class Interpretation(Struct, frozen=True, kw_only=True):
    """One result judged. `side` is low, high, abnormal, normal, or None if that is unknown.

    `disagrees`: the laboratory's flag says something else than the number. `edge` is the limit or bound that it is
    beyond, in its own unit.
    """

    result: LabResult
    side: str | None = None
    effect: str = "none"
    found: Amount | None = None
    limit: str | None = None
    limit_source: str | None = None
    by_flag: bool = False
    disagrees: bool = False
    upper: float | None = None
    edge: float | None = None
    kind: str | None = None

    @property
    def when(self) -> When | None:
        """When the sample was taken."""
        return self.result.when

    @property
    def is_abnormal(self) -> bool:
        """Whether it makes a card."""
        return SEVERITY[self.effect] >= SEVERITY["info"]

    @property
    def distance(self) -> float:
        """How far it is beyond its limit, as a part of the limit; 0 if that is unknown (N36 a)."""
        return abs(self.found.value - self.edge) / self.edge if self.found and self.edge else 0.0


class Reading(Struct, frozen=True):
    """A result with its number in a unit that fits, if that can be true of somebody alive; else what is wrong (N64).

    `trouble`: why it is not judged, or not by its number.
    """

    result: LabResult
    number: Amount | None
    trouble: str | None


class LabLimits(Struct, frozen=True):
    """The limits that results are held against; judges single results by the order of trust of 2b."""

    knowledge: Knowledge
    person: Person
    today: int | None = None

    def judge(self, reading: Reading, kind: str | None = None) -> Interpretation:
        """Judge one result; `kind` chooses among calcium limits."""
        result, case = reading.result, self._ranged(reading, kind)
        if case.number is None:
            return self._critical(case.by_flag())
        severe = case.worst(("emergency",))
        if severe:
            return case.at_limit(severe)
        interpretation = case.by_number()
        flagged = (
            interpretation.side == "normal" and not interpretation.by_flag and not FLAGGED.isdisjoint(result.flags)
        )
        return self._critical(replace(interpretation, disagrees=flagged and case.analyte.trust_flag))

    def _critical(self, result: Interpretation) -> Interpretation:
        """At least info, or a warning of an electrolyte or glucose, where the laboratory called it critical (N35)."""
        side = next((side for flag, side in CRITICAL.items() if flag in result.result.flags), None)
        analyte = result.result.analyte
        if side is None or analyte not in self.knowledge.lab_tags or not self._is_recent(result.result):
            return result
        effect = worse(result.effect, "warning" if self.knowledge.analytes[analyte].electrolyte else "info")
        disagrees = result.found is not None and result.side not in (None, side) and side != "abnormal"
        if result.side not in (None, "normal"):
            return replace(result, effect=effect, disagrees=disagrees)
        source = {"by_flag": not disagrees, "limit_source": LAB_FLAG}
        return replace(result, side=side, effect=effect, disagrees=disagrees, **source)

    def _is_recent(self, result: LabResult) -> bool:
        return self._age(result) <= self.knowledge.days("flagged_lab")

    def _age(self, result: LabResult) -> int:
        """In days; 0 where nobody asks for the day."""
        return 0 if self.today is None or result.when is None else self.today - result.when.first

    def read(self, result: LabResult) -> Reading:
        """A result as a number, and what is wrong with it."""
        analyte, quantity = self.knowledge.analytes[result.analyte], result.quantity
        measured = amount(quantity, analyte, self.knowledge)
        plausible = measured is not None and is_plausible(measured, analyte, result.kind)
        if measured is not None and plausible and quantity is not None and quantity.grouped is not None:
            # "12.500 U/L" of a German laboratory is 12,500: where both are possible, neither is known.
            thousands = Amount(quantity.grouped, measured.unit, measured.comparator)
            if is_plausible(thousands, analyte, result.kind):
                return Reading(result, None, result.trouble or "number")
        if result.trouble is not None or quantity is None or quantity.value is None or plausible:
            trouble = result.trouble
        else:
            trouble = "unit" if measured is None else "implausible"
        return Reading(result, measured if plausible else None, trouble)

    def depth(self, result: Interpretation) -> float:
        """How far out a result lies on its side, in the analyte's own unit; for comparison only."""
        analyte, measured = self.knowledge.analytes[result.result.analyte], result.found
        ratio = to_unit(measured.unit, analyte.unit, analyte) if measured else None
        if measured is None or ratio is None:
            return -math.inf
        return -measured.value * ratio if result.side == "low" else measured.value * ratio

    def exceeds(self, result: Interpretation, name: str) -> bool:
        """Whether a result with a number is surely beyond one of the limits that count only with a sign."""
        limit = self.knowledge.combined[name]
        analyte = self.knowledge.analytes[limit.analyte]
        return result.found is not None and is_beyond(result.found, limit, analyte, result.upper) is True

    def clears(self, result: Interpretation, name: str) -> bool:
        """Whether a result with a number is surely not beyond such a limit."""
        limit = self.knowledge.combined[name]
        analyte = self.knowledge.analytes[limit.analyte]
        return result.found is not None and is_beyond(result.found, limit, analyte, result.upper) is False

    def limit_text(self, name: str) -> str:
        """Such a limit as a fact shows it."""
        limit = self.knowledge.combined[name]
        return edge_text(limit, self.knowledge.analytes[limit.analyte].unit, self.knowledge.names)

    def _ranged(self, reading: Reading, kind: str | None) -> "RangedResult":
        result, number = reading.result, reading.number
        analyte, age = self.knowledge.analytes[result.analyte], self._age(result)
        limits = [
            _aged(limit, age)
            for limit in self.knowledge.limits.get(result.analyte, ())
            if limit.kind in (None, kind) and is_for_age(limit, self.person)
        ]
        ranged = upper = None
        if number is not None and analyte.trust_range:
            ranged = usable(result.ranges, number, analyte, self.person, self.knowledge)
        if number is not None:
            upper = _upper(number, ranged, limits, analyte)
        return RangedResult(result, analyte, limits, number, ranged, upper, kind, self.knowledge.names)


def _upper(number: Amount, ranged: Range | None, limits: Iterable[Limit], analyte: Analyte) -> float | None:
    """The upper limit of normal in the number's unit: the laboratory's, else the usual one."""
    if ranged is not None and ranged.high is not None:
        return ranged.high
    for limit in limits:
        if limit.side == "high" and limit.effect == "info" and limit.value:
            return edge_of(number, limit, analyte)
    return None


class RangedResult(Struct, frozen=True):
    """One result with all that decides about it; `upper` is the upper limit of normal in its unit."""

    result: LabResult
    analyte: Analyte
    limits: list[Limit]
    number: Amount | None
    ranged: Range | None
    upper: float | None
    kind: str | None
    names: Names

    def by_number(self) -> Interpretation:
        """Below the emergency limits: range, then flag, then table."""
        graded = self.worst(BELOW_EMERGENCY)
        if self.ranged is not None:
            return self._by_range(self.ranged, graded)
        flagged = self.by_flag()
        if flagged.side is not None and not (self.analyte.adds_to_range and graded is not None):
            return self._flagged(flagged, graded)
        return self.at_limit(graded) if graded else self._judged("normal" if self._is_settled() else None)

    def by_flag(self) -> Interpretation:
        """Judge by the laboratory's interpretation alone: never an emergency (2d Boundaries)."""
        if not (self.analyte.trust_flag and self.result.flags):
            return self._judged(None)
        for side, flags in (("low", LOW_FLAGS), ("high", HIGH_FLAGS), ("abnormal", ANY_FLAGS)):
            effects = [effect for flag, effect in flags.items() if flag in self.result.flags]
            if effects:
                effect = max(effects, key=SEVERITY.__getitem__)
                result = self._judged(side, effect if self._counts(side) else "quote")
                return replace(result, limit_source=LAB_FLAG, by_flag=True)
        if "N" in self.result.flags:
            return replace(self._judged("normal"), limit_source=LAB_FLAG, by_flag=True)
        return self._judged(None)

    def at_limit(self, limit: Limit) -> Interpretation:
        """Judged by a limit of the table."""
        unit = self.number.unit if self.number else self.analyte.unit
        upper = None if limit.times_upper is None else self.upper
        edge = edge_of(self.number, limit, self.analyte, upper) if self.number else None
        result = self._judged(limit.side, limit.effect)
        return replace(result, limit=edge_text(limit, unit, self.names), limit_source=limit.citation, edge=edge)

    def worst(self, effects: tuple[Effect, ...]) -> Limit | None:
        """The most severe limit that the number is surely beyond."""
        beyond = [limit for limit in self.limits if limit.effect in effects and self._is_beyond(limit)]
        return max(beyond, key=lambda limit: SEVERITY[limit.effect], default=None)

    def _by_range(self, ranged: Range, graded: Limit | None) -> Interpretation:
        """A usable range beats the table where it states a limit; the table grades the rest (2b Order of trust, 2d)."""
        number = self.number or Amount(math.nan, self.analyte.unit)
        side = ranged.side(number)
        if side in ("low", "high"):
            least = "info" if self._counts(side) else "quote"
            effect = worse(least, graded.effect) if graded and graded.side == side else least
            result = self._judged(side, effect)
            text = f"{ranged.text(self.names)} {plain_unit(number.unit)}"
            return replace(result, limit=text, limit_source=LAB_RANGE, edge=ranged.bound(side))
        if graded is not None and (self.analyte.adds_to_range or not ranged.states(graded.side)):
            return self.at_limit(graded)
        return self._judged("normal" if side == "inside" else None)

    def _flagged(self, flagged: Interpretation, graded: Limit | None) -> Interpretation:
        if graded is None or flagged.side not in (graded.side, "abnormal"):
            return flagged
        return replace(flagged, effect=worse(flagged.effect, graded.effect), side=graded.side)

    def _counts(self, side: str) -> bool:
        return side == "abnormal" or side in self.analyte.sides

    def _is_settled(self) -> bool:
        """Whether the number surely passes no limit; "<4" may still be anything below."""
        return all(self._is_beyond(limit) is False for limit in self.limits)

    def _is_beyond(self, limit: Limit) -> bool | None:
        upper = None if limit.times_upper is None else self.upper
        return None if self.number is None else is_beyond(self.number, limit, self.analyte, upper)

    def _judged(self, side: str | None, effect: str = "none") -> Interpretation:
        return Interpretation(
            result=self.result, side=side, effect=effect, found=self.number, upper=self.upper, kind=self.kind
        )  # fmt: skip


def _aged(limit: Limit, days: int) -> Limit:
    """A limit for a result of that age; beyond its days it is only quoted (N33)."""
    is_over = limit.within_days is not None and days > limit.within_days
    return replace(limit, effect="quote") if is_over else limit


def is_for_age(limit: Limit, person: Person) -> bool:
    """Whether a limit holds at this age; an unknown age is taken as adult (4b Age)."""
    days = math.inf if person.age_days is None else person.age_days
    years = math.inf if person.age_years is None else person.age_years
    return (
        (limit.from_days is None or days >= limit.from_days)
        and (limit.under_days is None or days < limit.under_days)
        and (limit.from_years is None or years >= limit.from_years)
        and (limit.under_years is None or years < limit.under_years)
    )


def is_plausible(measured: Amount, analyte: Analyte, kind: str | None) -> bool:
    """Whether a number lies in the window of its analyte; a bounded one says less than a number and is kept."""
    window = analyte.plausible.get(kind or "", analyte.plausible.get("any"))
    ratio = to_unit(measured.unit, analyte.unit, analyte)
    if window is None or ratio is None or measured.comparator is not None:
        return True
    least, most = window
    return least <= round(measured.value * ratio, DIGITS) <= most


def deciding(results: Iterable[Interpretation], limits: LabLimits) -> Interpretation | None:
    """The readable result that decides: the newest; if nothing tells which that is the more abnormal (4b Dates)."""
    readable = [result for result in results if result.side is not None and result.when is not None]
    return most_abnormal(newest(readable, lambda result: result.when), limits)


def most_abnormal(results: Iterable[Interpretation], limits: LabLimits) -> Interpretation | None:
    """The most urgent; of these the one farthest out, final before preliminary, whatever their order."""
    judged_results = list(results)
    if len(judged_results) < 2:
        return judged_results[0] if judged_results else None
    return max(
        judged_results,
        key=lambda result: (
            SEVERITY[result.effect],
            limits.depth(result),
            not result.result.preliminary,
            result.result.ref,
        ),
    )


def day_of(result: Interpretation) -> int:
    """The day that counts for freshness and order: the first possible one; 0 if unknown."""
    return result.when.first if result.when else 0


def worse(first: str, second: str) -> str:
    """The more severe of two effects."""
    return max(first, second, key=SEVERITY.__getitem__)
