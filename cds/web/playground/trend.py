"""A small trend with its band, drawn with svg.py: numbers and class names only, never a word of the chart."""

from collections.abc import Iterator, Sequence
from datetime import date

import svg
from markupsafe import Markup
from msgspec import Struct

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
        if self.low is None and self.high is None:
            return "No reference range on file"
        if self.high is None:
            return f"From {self.low:g} ({self.source})"
        return f"Up to {self.high:g} ({self.source})" if self.low is None else f"{self.low:g}–{self.high:g} ({self.source})"


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

    def x(self, day: date) -> float:
        place = (day.toordinal() - self.first) / self.days if self.days else 0.5
        return round(EDGE + place * (WIDTH - 2 * EDGE), 1)

    def y(self, value: float) -> float:
        place = (value - self.lowest) / self.span
        return round(HEIGHT - min(max(place, 0.0), 1.0) * HEIGHT, 1)


def trend(points: Sequence[Point], band: Band) -> Markup:
    """The picture; what it shows is said in words beside it."""
    frame = _frame(points, band)
    elements: list[svg.Element] = [*_band(frame, band)]
    places = [place for point in points for place in (frame.x(point.day), frame.y(point.value))]
    elements.append(svg.Polyline(points=list(places), class_=["line"]))
    for point in points:
        kind = "point-out" if point.is_out else "point"
        elements.append(svg.Circle(cx=frame.x(point.day), cy=frame.y(point.value), r=RADIUS, class_=[kind]))
    return drawn(svg.SVG(viewBox=svg.ViewBoxSpec(0, 0, WIDTH, HEIGHT), class_=["plot"], elements=elements, extra=HIDDEN))


HIDDEN = {"aria-hidden": "true", "focusable": "false"}


def drawn(picture: svg.SVG) -> Markup:
    """The picture as HTML. svg.py escapes nothing: pictures are made of our own numbers and class names alone."""
    return Markup(picture.as_str())  # noqa: S704 - see above; a test holds that no text of a chart gets here


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
