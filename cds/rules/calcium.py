"""Calcium: ionised, adjusted by the laboratory or here by albumin, or neither (2a Ionised calcium, 2d Calcium)."""

from collections.abc import Iterable

from msgspec.structs import replace

from cds.fhir.dates import When
from cds.knowledge.model import Adjustment
from cds.rules import lab_limits
from cds.rules.amount import Amount, is_beyond, to_unit
from cds.rules.lab_limits import Interpretation, LabLimits, Reading, most_abnormal
from cds.rules.newest import of_newest_day

MOST_A_DAY = 24  # albumin results of one day that are looked at; no laboratory measures it more often
TRUST = {"ionised": 3, "adjusted": 2, "computed": 1, "unadjusted": 0}


class Albumins:
    """The readable albumin results of a chart, by day."""

    def __init__(self, readings: Iterable[Reading], limits: LabLimits) -> None:
        self._by_day: dict[int, list[tuple[When, Amount]]] = {}
        for reading in readings:
            result, number = reading.result, reading.number
            if number is not None and number.comparator is None and result.when and not result.preliminary:
                grams = number.times(_ratio(number, limits), limits.knowledge.analytes["albumin"].unit)
                self._by_day.setdefault(result.when.first, []).append((result.when, grams))
        for day in self._by_day.values():
            day.sort(key=_by_time)

    def near(self, when: When, hours: int) -> list[Amount]:
        """The albumin of the same sample, or the nearest within the hours allowed: the least and the most of them."""
        days = range(when.first - hours // 24 - 1, when.first + hours // 24 + 2)
        gaps = [
            (gap, number)
            for day in days
            for other_time, number in self._by_day.get(day, ())[:MOST_A_DAY]
            if (gap := _hours(when, other_time)) is not None and gap <= hours
        ]
        least = min((gap for gap, _ in gaps), default=0)
        nearest = sorted((number for gap, number in gaps if gap == least), key=lambda amount: amount.value)
        return list(dict.fromkeys((*nearest[:1], *nearest[-1:])))


def _by_time(measurement: tuple[When, Amount]) -> tuple[float, float]:
    when, number = measurement
    return when.instant.timestamp() if when.instant else 0.0, number.value


def _ratio(albumin: Amount, limits: LabLimits) -> float:
    analyte = limits.knowledge.analytes["albumin"]
    return to_unit(albumin.unit, analyte.unit, analyte) or 1.0


def judge(readings: list[Reading], albumins: Albumins, limits: LabLimits) -> list[Interpretation]:
    """Every calcium result judged; the one that decides comes from `deciding`."""
    return [_judge(reading, albumins, limits) for reading in readings]


def deciding(results: Iterable[Interpretation], limits: LabLimits) -> Interpretation | None:
    """One result decides: the newest day; on the same day ionised, then lab-adjusted, then computed."""
    readable = [result for result in results if result.side is not None and result.when is not None]
    same = of_newest_day(readable, lambda result: result.when)
    best = max((TRUST[result.kind or "unadjusted"] for result in same), default=0)
    return lab_limits.deciding((result for result in same if TRUST[result.kind or "unadjusted"] == best), limits)


def _judge(reading: Reading, albumins: Albumins, limits: LabLimits) -> Interpretation:
    result, number = reading.result, reading.number
    if result.kind != "unadjusted":
        return limits.judge(reading, result.kind)
    if number is None or result.when is None or number.comparator:
        return _unadjusted(reading, limits)
    near = albumins.near(result.when, limits.knowledge.albumin_hours)
    plain = replace(result, flags=frozenset())  # the laboratory flagged the unadjusted value
    adjusted = [Reading(plain, adjust(number, albumin, limits), reading.trouble) for albumin in near]
    worst = most_abnormal([limits.judge(adjusted_reading, "adjusted") for adjusted_reading in adjusted], limits)
    return replace(worst, kind="computed") if worst else _unadjusted(reading, limits)


def _unadjusted(reading: Reading, limits: LabLimits) -> Interpretation:
    """Without albumin a total that is low or high says so; none is ever normal (N30)."""
    interpretation = limits.judge(reading, "unadjusted")
    return interpretation if interpretation.is_abnormal else replace(interpretation, side=None)


def adjust(calcium: Amount, albumin: Amount, limits: LabLimits) -> Amount:
    """Calcium adjusted for albumin, rounded as 2d says; unchanged if albumin is not low (Payne 1973)."""
    knowledge = limits.knowledge
    low = knowledge.combined["albumin-adjust"]
    if is_beyond(albumin, low, knowledge.analytes["albumin"]) is not True:
        return calcium
    unit = (
        "mg/dL" if to_unit(calcium.unit, "mg/dL", replace(knowledge.analytes["calcium"], molar_mass=None)) else "mmol/L"
    )
    rule = knowledge.adjustments[unit]
    ratio = to_unit(calcium.unit, unit, knowledge.analytes["calcium"]) or 1.0
    return Amount(_adjusted(calcium.value * ratio, albumin, rule, limits), unit)


def _adjusted(value: float, albumin: Amount, rule: Adjustment, limits: LabLimits) -> float:
    ratio = to_unit(albumin.unit, rule.albumin_unit, limits.knowledge.analytes["albumin"]) or 1.0
    return round(value + rule.slope * (rule.albumin - albumin.value * ratio) + 1e-9, rule.decimals)


def _hours(first: When, second: When) -> float | None:
    if first.uncertain or second.uncertain:
        return None
    if first.instant is not None and second.instant is not None:
        return abs((first.instant - second.instant).total_seconds()) / 3600
    return abs(first.first - second.first) * 24.0
