"""A small trend with its band; what it shows is said in words beside it."""

from collections.abc import Iterator, Sequence
from datetime import date

import svg
from markupsafe import Markup
from msgspec import Struct

from cards.printed import number
from cds.web.drawing import drawn

WIDTH, HEIGHT, EDGE = 240.0, 56.0, 6.0
RADIUS = 2.6
HEADROOM = 0.15


class Band(Struct, frozen=True):
    """The limits between which a value is expected, and whose they are."""

    low: float | None
    high: float | None
    source: str

    def excludes(self, value: float) -> bool:
        """Whether a value lies outside."""
        return (self.low is not None and value < self.low) or (self.high is not None and value > self.high)

    @property
    def text(self) -> str:
        """The band in words."""
        if self.low is None:
            limits = "" if self.high is None else f"Up to {number(self.high)}"
        elif self.high is None:
            limits = f"From {number(self.low)}"
        else:
            limits = f"{number(self.low)}–{number(self.high)}"
        return f"{limits} ({self.source})" if limits else "No reference range on file"


class Point(Struct, frozen=True):
    """One value on one day, and how it was written."""

    day: date
    value: float
    text: str
    is_out: bool

    @property
    def when(self) -> str:
        """The day, as people write it."""
        return self.day.isoformat()


class _Frame(Struct, frozen=True):
    """From days and values to places in the picture."""

    first: int
    days: int
    lowest: float
    span: float

    def place(self, point: Point) -> tuple[float, float]:
        days = point.day.toordinal() - self.first
        across = days / self.days if self.days else 0.5
        return round(EDGE + across * (WIDTH - 2 * EDGE), 1), self.y(point.value)

    def y(self, value: float) -> float:
        place = (value - self.lowest) / self.span
        return round(HEIGHT - min(max(place, 0.0), 1.0) * HEIGHT, 1)


def trend(points: Sequence[Point], band: Band) -> Markup:
    """The picture of at least one point."""
    frame = _frame(points, band)
    line = svg.Polyline(points=[svg.Point(*frame.place(point)) for point in points], class_=["line"])
    dots = (_dot(frame, point) for point in points)
    return drawn([*_band(frame, band), line, *dots], WIDTH, HEIGHT, "plot")


def _dot(frame: "_Frame", point: Point) -> svg.Element:
    x, y = frame.place(point)
    return svg.Circle(cx=x, cy=y, r=RADIUS, class_=["point-out" if point.is_out else "point"])


def _frame(points: Sequence[Point], band: Band) -> _Frame:
    days = [point.day.toordinal() for point in points]
    edges = [edge for edge in (band.low, band.high) if edge is not None]
    values = [*(point.value for point in points), *edges]
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    return _Frame(min(days), max(days) - min(days), low - span * HEADROOM, span * (1 + 2 * HEADROOM))


def _band(frame: _Frame, band: Band) -> Iterator[svg.Element]:
    if band.low is None and band.high is None:
        return
    top = 0.0 if band.high is None else frame.y(band.high)
    bottom = HEIGHT if band.low is None else frame.y(band.low)
    yield svg.Rect(x=0, y=top, width=WIDTH, height=round(max(bottom - top, 0.0), 1), class_=["band"])
    for edge in (band.low, band.high):
        if edge is not None:
            yield svg.Line(x1=0, x2=WIDTH, y1=frame.y(edge), y2=frame.y(edge), class_=["edge"])
