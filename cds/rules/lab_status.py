"""Where each analyte stands: what decides, if it is fresh, how urgent (2b Which count, 2b Stale abnormal, 2d)."""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from cards.advice import Fact
from cards.printed import number, plain_unit
from cards.template import fill
from cds.chart.facts import Chart, LabResult
from cds.knowledge.load import Knowledge
from cds.rules import calcium
from cds.rules.amount import Amount
from cds.rules.calcium import Albumins
from cds.rules.lab_limits import CRITICAL, FLAGGED, Interpretation, LabLimits, Reading, day_of, deciding
from cds.rules.ranges import Person


class Standing(Struct, frozen=True, kw_only=True):
    """One analyte. `state` is fresh, stale, unreadable or missing; `judged` is the deciding result, also when stale.

    `early` is a newer preliminary result: it can make an emergency, and counts for nothing else (2b).
    """

    analyte: str
    state: str
    judged: Interpretation | None = None
    early: Interpretation | None = None
    age_days: int | None = None
    old_severe: bool = False

    @property
    def is_fresh(self) -> bool:
        """Whether a readable result is in date."""
        return self.state == "fresh"

    @property
    def is_whole(self) -> bool:
        """Whether it needs no further test: total calcium without albumin counts as missing (N30)."""
        return self.is_fresh and (self.judged is None or self.judged.kind != "unadjusted")

    @property
    def is_normal(self) -> bool:
        """Whether a fresh result is normal."""
        return self.is_fresh and self.judged is not None and self.judged.side == "normal"

    @property
    def abnormal(self) -> Interpretation | None:
        """The deciding result if it is in date and abnormal."""
        return self.judged if self.is_fresh and self.judged and self.judged.is_abnormal else None

    def moved(self, side: str) -> Interpretation | None:
        """The deciding result if it is in date and abnormal on that side."""
        result = self.abnormal
        return result if result is not None and result.side == side else None

    @property
    def emergency(self) -> Interpretation | None:
        """The deciding result if it is an emergency by its number alone."""
        result = self.abnormal
        return result if result is not None and result.effect == "emergency" else None


PARTIAL_DATE = "partial-date"
BLOCKING = frozenset(
    {"specimen", "two-values", "status", "date", PARTIAL_DATE, "implausible", "code"}
)  # not judged, not even by its flag


class Unread(Struct, frozen=True):
    """A recent result that is on file and was not understood; `reason` is a key of the wording (N64)."""

    result: LabResult
    reason: str

    @property
    def is_urgent(self) -> bool:
        """Whether the laboratory called it critical."""
        return not CRITICAL.keys().isdisjoint(self.result.flags)


MISSING = Standing(analyte="", state="missing")


class Laboratory(Struct, frozen=True):
    """All analytes of a chart."""

    standings: dict[str, Standing]
    limits: LabLimits
    today: int
    emergency_days: int
    unread: dict[str, Unread] = {}
    unread_counts: dict[str, int] = {}

    def of(self, analyte: str) -> Standing:
        """Where an analyte stands."""
        return self.standings.get(analyte, MISSING)

    def acute(self, analyte: str) -> Iterator[Interpretation]:
        """Results young enough for an emergency, a preliminary one first (2b Which count, 2d EMERG window)."""
        status = self.of(analyte)
        if status.early is not None:
            yield status.early
        young = status.age_days is not None and status.age_days <= self.emergency_days
        if status.judged is not None and status.is_fresh and young:
            yield status.judged


def read(chart: Chart, knowledge: Knowledge, person: Person, today: int) -> Laboratory:
    """Judge all laboratory results of a chart."""
    limits = LabLimits(knowledge, person, today)
    grouped: dict[str, list[Reading]] = {}
    doubted: dict[str, list[Unread]] = {}
    for reading in map(limits.read, chart.labs):
        analyte = reading.result.analyte
        reason = reading.trouble
        if reason not in BLOCKING:  # also one that would decide by its flag: nobody knows whether it is in date
            reason = _partial(reading.result, today - knowledge.analytes[analyte].fresh_days) or reason
        same_analyte = grouped.setdefault(analyte, [])
        if reason not in BLOCKING:
            same_analyte.append(reading)
        if reason is None and reading.number is None and not FLAGGED.isdisjoint(reading.result.flags):
            reason = "no-value"
        if reason is not None:
            doubted.setdefault(analyte, []).append(Unread(reading.result, reason))
    albumins = Albumins(grouped.get("albumin", ()), limits)
    standings = {analyte: _standing(analyte, group, albumins, limits, today) for analyte, group in grouped.items()}
    recent = {analyte: _recent(doubts, standings[analyte], limits, today) for analyte, doubts in doubted.items()}
    unread = {analyte: _newest(doubts, today) for analyte, doubts in recent.items() if doubts}
    counts = Counter(unread.reason for doubts in recent.values() for unread in doubts)
    return Laboratory(standings, limits, today, knowledge.days("emergency_lab"), unread, counts)


def _partial(result: LabResult, oldest: int) -> str | None:
    """Whether only the month or year of a result is known, and it may be in date or not: it is not judged (N48)."""
    when = result.when
    return PARTIAL_DATE if when is not None and when.first < oldest <= when.last else None


def every(analyte: str, chart: Chart, limits: LabLimits) -> list[tuple[LabResult, Interpretation | None]]:
    """Every result of an analyte as it is judged by itself; None where something is wrong with it (N64)."""
    readings = [limits.read(lab) for lab in chart.labs if lab.analyte in (analyte, "albumin")]
    is_albumin = (reading for reading in readings if reading.result.analyte == "albumin" and reading.trouble is None)
    albumins = Albumins(is_albumin, limits)
    of_analyte = (reading for reading in readings if reading.result.analyte == analyte)
    return [(reading.result, None if reading.trouble else _alone(reading, albumins, limits)) for reading in of_analyte]


def _alone(reading: Reading, albumins: Albumins, limits: LabLimits) -> Interpretation:
    if reading.result.analyte == "calcium":
        return calcium.judge([reading], albumins, limits)[0]
    return limits.judge(reading)


def _recent(doubted: list[Unread], status: Standing, limits: LabLimits, today: int) -> list[Unread]:
    """Those that were not read, are in date and no older than the one that decides.

    One whose number was not read decides by its flag, and nobody knows how far it is off: it calms nothing.
    """
    oldest = today - limits.knowledge.analytes[status.analyte].fresh_days
    decided = status.judged
    since = max(oldest, day_of(decided)) if decided else oldest
    return [unread for unread in doubted if _day(unread.result, today) >= since]


def _newest(recent: list[Unread], today: int) -> Unread:
    """The newest, an urgent one first."""
    return max(recent, key=lambda unread: (unread.is_urgent, _day(unread.result, today), unread.result.ref))


def _day(result: LabResult, today: int) -> int:
    """The last possible day of a result; one without a date may be of today."""
    return result.when.last if result.when else today


def _standing(analyte: str, readings: list[Reading], albumins: Albumins, limits: LabLimits, today: int) -> Standing:
    decided, early = _decide(analyte, readings, albumins, limits), None
    if decided is not None and decided.result.preliminary:
        early = decided if today - day_of(decided) <= limits.knowledge.days("emergency_lab") else None
        if early is None or early.effect != "emergency":
            decided = _decide(
                analyte, [reading for reading in readings if not reading.result.preliminary], albumins, limits
            )
    if decided is None:
        return Standing(analyte=analyte, state="unreadable", early=early)
    return replace(_aged(analyte, decided, limits.knowledge, today), early=early)


def _decide(analyte: str, readings: list[Reading], albumins: Albumins, limits: LabLimits) -> Interpretation | None:
    """Judge day by day from the newest until a day has a readable result; older ones cannot matter."""
    by_day: dict[int, list[Reading]] = {}
    for reading in readings:
        when = reading.result.when
        by_day.setdefault(when.first if when else 0, []).append(reading)
    for day in sorted(by_day, reverse=True):
        decided = _of_day(analyte, by_day[day], albumins, limits)
        if decided is not None:
            return decided
    return None


def _of_day(analyte: str, readings: list[Reading], albumins: Albumins, limits: LabLimits) -> Interpretation | None:
    if analyte == "calcium":
        return calcium.deciding(calcium.judge(readings, albumins, limits), limits)
    return deciding(map(limits.judge, readings), limits)


def _aged(analyte: str, result: Interpretation, knowledge: Knowledge, today: int) -> Standing:
    age = today - day_of(result)
    if age > knowledge.analytes[analyte].fresh_days:
        return Standing(analyte=analyte, state="stale", judged=result, age_days=age)
    severe = result.effect == "emergency" and age > knowledge.days("emergency_lab")
    if severe:
        result = replace(result, effect="warning")
    return Standing(analyte=analyte, state="fresh", judged=result, age_days=age, old_severe=severe)


def fact(interpretation: Interpretation, knowledge: Knowledge, *, limit: str | None = None) -> Fact:
    """A result as a fact of a card, with the limit it was held against."""
    result, amount = interpretation.result, interpretation.found
    return Fact(
        resource=result.ref,
        label=sided(interpretation, knowledge),
        system=result.concept.system,
        code=result.concept.code,
        value=_value(amount) if amount else None,
        unit=amount.unit if amount else None,
        date=interpretation.when.text if interpretation.when else None,
        limit=limit or interpretation.limit,
        limit_source=interpretation.limit_source,
    )


def _value(amount: Amount) -> float | str:
    """The number as it is printed; as words if it is bounded."""
    return amount.shown if amount.comparator else float(number(amount.value))


def lab_label(result: Interpretation, knowledge: Knowledge) -> str:
    """The analyte's name; calcium says which kind it is."""
    analyte = knowledge.analytes[result.result.analyte]
    return analyte.kinds.get(result.kind or "", analyte.label)


def sided(result: Interpretation, knowledge: Knowledge) -> str:
    """The analyte's name, and that it is high: a card about calcium must not be taken for one about the other side."""
    label = lab_label(result, knowledge)
    is_high = result.side == "high" and (result.is_abnormal or result.effect == "quote")
    return fill(knowledge.names.high, {"test": label}) if is_high else label


def quoted(result: Interpretation, knowledge: Knowledge) -> dict[str, str]:
    """Name, number and day of a result, for a note about it."""
    day = result.when.text if result.when else ""
    return {"test": lab_label(result, knowledge), "value": shown(result, knowledge), "date": day}


def shown(result: Interpretation, knowledge: Knowledge) -> str:
    """Number and unit as a summary shows them, or that the laboratory flagged it."""
    if result.found is None:
        return knowledge.names.flagged
    return f"{result.found.shown} {plain_unit(result.found.unit)}"
