"""Judging laboratory results: which one counts, against which limit, and how urgent it is (2a, 2b, 2d)."""

from collections.abc import Iterable

from msgspec import Struct

from cds.chart.facts import LabResult
from cds.fhir.dates import When
from cds.knowledge.load import Knowledge
from cds.knowledge.model import Analyte, Effect, Limit
from cds.rules.amount import Amount, amount, edge_text, is_beyond
from cds.rules.ranges import Person, Range, usable

LOW_FLAGS = {"L": "info", "LL": "warning"}
HIGH_FLAGS = {"H": "info", "HH": "warning"}
ANY_FLAGS = {"A": "info", "AA": "warning"}
SEVERITY: dict[str, int] = {"none": 0, "quote": 1, "info": 2, "warning": 3, "emergency": 4}
LAB_RANGE = "laboratory reference range"
LAB_FLAG = "flagged by the laboratory"


class Judged(Struct, frozen=True, kw_only=True):
    """One result judged. `side` is low, high, abnormal, normal, or None where it cannot be told."""

    result: LabResult
    side: str | None
    effect: str = "none"
    found: Amount | None = None
    limit: str | None = None
    limit_source: str | None = None
    by_flag: bool = False
    computed: bool = False
    upper: float | None = None

    @property
    def when(self) -> When | None:
        """When the sample was taken."""
        return self.result.when

    @property
    def readable(self) -> bool:
        """Whether it says anything at all."""
        return self.side is not None


class Bench(Struct, frozen=True):
    """What judging needs beside the result."""

    knowledge: Knowledge
    person: Person

    def judge(self, result: LabResult, kind: str | None = None, found: Amount | None = None) -> Judged:
        """Judge one result by the order of trust of 2b; `found` replaces the number by an adjusted one."""
        analyte = self.knowledge.analytes[result.analyte]
        number = found or amount(result.quantity, analyte, self.knowledge)
        if number is None:
            return self._by_flag(result, analyte)
        ranged = usable(result.ranges, number, analyte, self.person, self.knowledge) if analyte.trust_range else None
        upper = ranged.high if ranged and ranged.high is not None else self._usual_upper(analyte)
        judged = self._by_number(result, analyte, number, ranged, kind, upper)
        severe = self._worst(number, analyte, kind, upper, ("emergency",))
        if severe is not None:
            return self._at_limit(result, number, severe, upper)
        return judged

    def exceeds(self, judged: Judged, name: str) -> bool:
        """Whether a result with a number is surely beyond one of the limits that count only with a sign."""
        limit = self.knowledge.combined[name]
        analyte = self.knowledge.analytes[limit.analyte]
        return judged.found is not None and is_beyond(judged.found, limit, analyte, judged.upper) is True

    def limit_text(self, name: str) -> str:
        """Such a limit as a fact shows it."""
        limit = self.knowledge.combined[name]
        return edge_text(limit, self.knowledge.analytes[limit.analyte].unit)

    def _by_number(
        self, result: LabResult, analyte: Analyte, number: Amount, ranged: Range | None, kind: str | None, upper: float | None
    ) -> Judged:
        graded = self._worst(number, analyte, kind, upper, ("quote", "info", "warning"))
        if ranged is not None:
            return self._by_range(result, analyte, number, ranged, graded, upper)
        flagged = self._flagged(result, analyte, number, graded, upper)
        if flagged is not None:
            return flagged
        if graded is not None:
            return self._at_limit(result, number, graded, upper)
        side = "normal" if self._is_settled(number, analyte, kind, upper) else None
        return Judged(result=result, side=side, found=number, upper=upper)

    def _by_range(
        self, result: LabResult, analyte: Analyte, number: Amount, ranged: Range, graded: Limit | None, upper: float | None
    ) -> Judged:
        """A usable range beats the table in both directions; the table grades what the range calls abnormal (2d)."""
        side = ranged.side(number)
        if side in ("low", "high"):
            effect = _worse("info", graded.effect) if graded and graded.side == side else "info"
            effect = effect if side in analyte.sides else "quote"
            unit = number.unit
            return Judged(
                result=result, side=side, effect=effect, found=number, upper=upper,
                limit=f"{ranged.text} {unit}", limit_source=LAB_RANGE,
            )  # fmt: skip
        if analyte.adds_to_range and graded is not None:
            return self._at_limit(result, number, graded, upper)
        return Judged(result=result, side="normal" if side == "inside" else None, found=number, upper=upper)

    def _flagged(
        self, result: LabResult, analyte: Analyte, number: Amount, graded: Limit | None, upper: float | None
    ) -> Judged | None:
        """The laboratory's flag goes before the table when there is no usable range (2b, order of trust)."""
        by_flag = self._by_flag(result, analyte)
        if not by_flag.readable or (analyte.adds_to_range and graded is not None):
            return None
        effect = by_flag.effect
        if graded is not None and by_flag.side in (graded.side, "abnormal"):
            effect = _worse(effect, graded.effect)
        return Judged(
            result=result, side=by_flag.side, effect=effect, found=number, upper=upper,
            limit=by_flag.limit, limit_source=by_flag.limit_source, by_flag=by_flag.by_flag,
        )  # fmt: skip

    def _by_flag(self, result: LabResult, analyte: Analyte) -> Judged:
        """Judge by the laboratory's interpretation alone: never an emergency (2d)."""
        if analyte.trust_flag:
            for side, flags in (("low", LOW_FLAGS), ("high", HIGH_FLAGS), ("abnormal", ANY_FLAGS)):
                effects = [effect for flag, effect in flags.items() if flag in result.flags]
                if effects:
                    counts = side == "abnormal" or side in analyte.sides
                    effect = max(effects, key=SEVERITY.__getitem__) if counts else "quote"
                    return Judged(result=result, side=side, effect=effect, limit_source=LAB_FLAG, by_flag=True)
            if "N" in result.flags:
                return Judged(result=result, side="normal", limit_source=LAB_FLAG, by_flag=True)
        return Judged(result=result, side=None)

    def _at_limit(self, result: LabResult, number: Amount, limit: Limit, upper: float | None) -> Judged:
        return Judged(
            result=result, side=limit.side, effect=limit.effect, found=number, upper=upper,
            limit=edge_text(limit, number.unit), limit_source=limit.citation,
        )  # fmt: skip

    def _worst(
        self, number: Amount, analyte: Analyte, kind: str | None, upper: float | None, effects: tuple[Effect, ...]
    ) -> Limit | None:
        """The most severe limit that the number is surely beyond."""
        beyond = [
            limit
            for limit in self._limits(number, analyte, kind)
            if limit.effect in effects and is_beyond(number, limit, analyte, upper)
        ]
        return max(beyond, key=lambda limit: SEVERITY[limit.effect], default=None)

    def _is_settled(self, number: Amount, analyte: Analyte, kind: str | None, upper: float | None) -> bool:
        """Whether the number surely passes no limit; "<4" may still be anything below."""
        return all(is_beyond(number, limit, analyte, upper) is False for limit in self._limits(number, analyte, kind))

    def _limits(self, number: Amount, analyte: Analyte, kind: str | None) -> list[Limit]:
        limits = self.knowledge.limits.get(analyte_name(self.knowledge, analyte), ())
        return [limit for limit in limits if limit.kind in (None, kind) and self._is_for_age(limit)]

    def _usual_upper(self, analyte: Analyte) -> float | None:
        limits = self.knowledge.limits.get(analyte_name(self.knowledge, analyte), ())
        usual = (limit.value for limit in limits if limit.side == "high" and limit.effect == "info" and limit.value)
        return next((next(iter(value.values())) for value in usual), None)

    def _is_for_age(self, limit: Limit) -> bool:
        return is_for_age(limit, self.person.age_days, self.knowledge)


def analyte_name(knowledge: Knowledge, analyte: Analyte) -> str:
    """The key of an analyte."""
    return next(name for name, one in knowledge.analytes.items() if one is analyte)


def is_for_age(limit: Limit, age_days: int | None, knowledge: Knowledge) -> bool:
    """Whether a limit holds at this age; an unknown age is taken as adult (4b Age)."""
    raise NotImplementedError


def newest(judged: Iterable[Judged]) -> Judged | None:
    """The readable result that decides: newest day, then newest instant, and if that fails the more abnormal (4b Dates)."""
    dated = [one for one in judged if one.readable and one.when is not None]
    if not dated:
        return None
    day = max(_day(one) for one in dated)
    same = [one for one in dated if _day(one) == day]
    instants = [one.when.instant for one in same if one.when and one.when.instant]
    if len(instants) == len(same):
        latest = max(instants)
        same = [one for one in same if one.when and one.when.instant == latest]
    return max(same, key=lambda one: SEVERITY[one.effect])


def _day(one: Judged) -> int:
    return one.when.first if one.when else 0


def _worse(one: str, other: str) -> str:
    return max(one, other, key=SEVERITY.__getitem__)
