"""Laboratory results over time, each with the band in which it is expected to lie."""

from collections.abc import Iterable, Iterator
from datetime import date

from markupsafe import Markup
from msgspec import Struct

from cards.printed import plain_unit
from cds.demo.fhir.charts import Resource
from cds.demo.playground.reading import codes, moment, number, one, shown, some, status, text, words
from cds.demo.playground.trend import Band, Point, trend
from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.knowledge.model import Limit

LABORATORY = "laboratory"
OF_LABORATORY = "laboratory's range"
ASSUMED_YEARS = 40
MOST_POINTS = 30


class Series(Struct, frozen=True, kw_only=True):
    """One test over time. `is_read` says that a rule of ours reads it."""

    name: str
    unit: str
    points: tuple[Point, ...]
    latest: str
    when: str
    is_out: bool
    is_read: bool
    band: str
    plot: Markup

    @property
    def told(self) -> str:
        """The picture in words."""
        values = ", ".join(f"{point.text} on {point.when}" for point in self.points)
        return f"{self.name} in {self.unit or 'no unit'}: {values}. {self.band}."


class Results:
    """Draws the results of a chart with the knowledge that the rules use."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def is_result(self, resource: Resource) -> bool:
        """Whether an observation is a laboratory result: by its category, or by its code."""
        categories = {status(category) for category in some(resource.get("category"))}
        return LABORATORY in categories or self._concept(resource) is not None

    def of(self, chart: Iterable[Resource], years: int | None) -> tuple[Series, ...]:
        """All series, those that rules read first, then by name."""
        grouped: dict[tuple[str, str], list[Resource]] = {}
        for resource in chart:
            quantity = one(resource.get("valueQuantity"))
            if resource.get("resourceType") == "Observation" and self.is_result(resource) and moment(resource):
                unit = text(quantity.get("code")) or text(quantity.get("unit"))
                grouped.setdefault((self._name(resource), unit), []).append(resource)
        all_series = (self._series(name, unit, observations, years) for (name, unit), observations in grouped.items())
        return tuple(
            sorted(
                (series for series in all_series if series),
                key=lambda series: (not series.is_read, series.name.lower()),
            )
        )

    def _concept(self, resource: Resource) -> Concept | None:
        concepts = (self._knowledge.codes.find(system, code) for system, code in codes(resource.get("code")))
        return next((concept for concept in concepts if concept is not None and concept.analyte), None)

    def _name(self, resource: Resource) -> str:
        concept = self._concept(resource)
        if concept is None or concept.analyte is None:
            return words(resource.get("code"))
        return self._knowledge.analytes[concept.analyte].label

    def _series(self, name: str, unit: str, observations: list[Resource], years: int | None) -> Series | None:
        newest = max(observations, key=moment)
        band = self._band(newest, unit, years)
        points = tuple(_points(observations, band))[-MOST_POINTS:]
        if not points:
            return None
        last = points[-1]
        return Series(
            name=name[:1].upper() + name[1:],
            unit=plain_unit(unit),
            points=points,
            latest=last.text,
            when=last.when,
            is_out=last.is_out,
            is_read=self._concept(newest) is not None,
            band=band.text,
            plot=trend(points, band),
        )

    def _band(self, resource: Resource, unit: str, years: int | None) -> Band:
        """The laboratory's own range, else our limits for this age in this unit."""
        reference_range = one(resource.get("referenceRange"))
        low, high = (number(one(reference_range.get(side)).get("value")) for side in ("low", "high"))
        if low is not None or high is not None:
            return Band(low, high, OF_LABORATORY)
        concept = self._concept(resource)
        limits = self._knowledge.limits.get(concept.analyte or "", ()) if concept else ()
        fitting = [
            limit
            for limit in limits
            if unit in limit.value and _is_for(limit, years) and limit.kind in (None, "adjusted")
        ]
        lows = [limit.value[unit] for limit in fitting if limit.side == "low" and limit.effect != "emergency"]
        highs = [limit.value[unit] for limit in fitting if limit.side == "high" and limit.effect != "emergency"]
        source = "limit of this service" if lows or highs else ""
        return Band(max(lows, default=None), min(highs, default=None), source)


def _is_for(limit: Limit, years: int | None) -> bool:
    """Whether a limit is meant for this age; limits in days are for infants."""
    age = ASSUMED_YEARS if years is None else years
    under = limit.under_years if limit.under_years is not None else age + 1
    return (limit.from_years or 0) <= age < under and limit.under_days is None


def _points(observations: Iterable[Resource], band: Band) -> Iterator[Point]:
    for resource in sorted(observations, key=moment):
        amount = one(resource.get("valueQuantity")).get("value")
        value, day = number(amount), _day(moment(resource))
        if value is not None and day is not None:
            yield Point(day, value, shown(amount), band.excludes(value))


def _day(when: str) -> date | None:
    """The day of a date; the first of a month or year that is all that is known."""
    try:
        return date.fromisoformat(f"{when}-01-01"[:10] if len(when) < 10 else when)
    except ValueError:
        return None
