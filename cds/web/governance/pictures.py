"""The pictures of the governance page: stacked bars of counts. Numbers and dates only; words stand beside them."""

from collections.abc import Iterator, Sequence

import svg
from markupsafe import Markup

from cds.web.drawing import drawn
from cds.web.governance.bins import Bin

WIDTH, HEIGHT = 720.0, 190.0
LEFT, BOTTOM, TOP = 44.0, 22.0, 8.0
GAP = 0.18
SMALL_WIDTH, SMALL_HEIGHT = 240.0, 40.0
ROW_WIDTH, ROW_HEIGHT = 240.0, 12.0
STEPS = (1, 2, 5, 10)
PARTS = ("accepted", "overridden", "unanswered")


def over_time(bins: Sequence[Bin]) -> Markup:
    """What was shown and answered, bar by bar, with an axis."""
    top = _nice(max(one.shown for one in bins))
    scale = (HEIGHT - BOTTOM - TOP) / top
    elements = [*_axis(top, scale), *_bars(bins, LEFT, WIDTH, HEIGHT - BOTTOM, scale), *_days(bins)]
    return drawn(elements, WIDTH, HEIGHT, "graph")


def small(bins: Sequence[Bin], most: int) -> Markup:
    """The same of one card, small and without an axis; `most` is the scale that all of them share."""
    scale = SMALL_HEIGHT / max(most, 1)
    return drawn([*_bars(bins, 0, SMALL_WIDTH, SMALL_HEIGHT, scale)], SMALL_WIDTH, SMALL_HEIGHT, "graph")


def row(parts: Sequence[tuple[str, int]], most: int) -> Markup:
    """One bar from left to right, its parts one after the other."""
    elements: list[svg.Element] = []
    start = 0.0
    for kind, count in parts:
        width = round(ROW_WIDTH * count / max(most, 1), 2)
        elements.append(svg.Rect(x=round(start, 2), y=0, width=width, height=ROW_HEIGHT, class_=[kind]))
        start += width
    return drawn(elements, ROW_WIDTH, ROW_HEIGHT, "graph")


def _bars(bins: Sequence[Bin], left: float, right: float, floor: float, scale: float) -> Iterator[svg.Element]:
    step = (right - left) / len(bins)
    for place, one in enumerate(bins):
        height = floor
        for kind in PARTS:
            part = getattr(one, kind) * scale
            height -= part
            if part:
                yield svg.Rect(
                    x=round(left + (place + GAP / 2) * step, 2),
                    y=round(height, 2),
                    width=round(step * (1 - GAP), 2),
                    height=round(part, 2),
                    class_=[kind],
                )


def _axis(top: int, scale: float) -> Iterator[svg.Element]:
    """Lines at nothing, half and all."""
    floor = HEIGHT - BOTTOM
    for value in sorted({0, top // 2, top}):
        y = round(floor - value * scale, 2)
        yield svg.Line(x1=LEFT, x2=WIDTH, y1=y, y2=y, class_=["axis"])
        yield svg.Text(x=LEFT - 6, y=y + 4, text=f"{value:,}", text_anchor="end")


def _days(bins: Sequence[Bin]) -> Iterator[svg.Element]:
    """The first and the last day."""
    yield svg.Text(x=LEFT, y=HEIGHT - 6, text=bins[0].first.isoformat())
    if len(bins) > 1:
        yield svg.Text(x=WIDTH, y=HEIGHT - 6, text=bins[-1].first.isoformat(), text_anchor="end")


def _nice(value: int) -> int:
    """The next even round number, so that its half is one, too."""
    size = 1
    while True:
        for step in STEPS:
            if value <= 2 * step * size:
                return 2 * step * size
        size *= 10
