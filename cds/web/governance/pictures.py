"""The pictures of the governance page: stacked bars of counts. What they show stands beside them in words."""

from collections.abc import Iterator, Sequence

import svg
from markupsafe import Markup

from cds.web.drawing import drawn
from cds.web.governance.bins import Bin

WIDTH, HEIGHT = 720.0, 180.0
SMALL_HEIGHT = 90.0
ROW_WIDTH, ROW_HEIGHT = 240.0, 12.0
GAP = 0.18
STEPS = (1, 2, 5, 10)
PARTS = ("accepted", "overridden", "unanswered")


def over_time(bins: Sequence[Bin], top: int) -> Markup:
    """What was shown and answered, bar by bar, before lines at nothing, half and all of the scale."""
    lines = (svg.Line(x1=0, x2=WIDTH, y1=y, y2=y, class_=["axis"]) for y in (0.5, HEIGHT / 2, HEIGHT - 0.5))
    return drawn([*lines, *_bars(bins, HEIGHT, top)], WIDTH, HEIGHT, "graph", stretched=True)


def small(bins: Sequence[Bin], top: int) -> Markup:
    """The same of one card, small; `top` is the scale that all of them share."""
    floor = svg.Line(x1=0, x2=WIDTH, y1=SMALL_HEIGHT - 1, y2=SMALL_HEIGHT - 1, class_=["axis"])
    return drawn([floor, *_bars(bins, SMALL_HEIGHT, top)], WIDTH, SMALL_HEIGHT, "graph", stretched=True)


def row(parts: Sequence[tuple[str, int]], most: int) -> Markup:
    """One bar from left to right, its parts one after the other."""
    elements: list[svg.Element] = []
    start = 0.0
    for kind, count in parts:
        width = ROW_WIDTH * count / max(most, 1)
        elements.append(svg.Rect(x=round(start, 2), y=0, width=round(width, 2), height=ROW_HEIGHT, class_=[kind]))
        start += width
    return drawn(elements, ROW_WIDTH, ROW_HEIGHT, "graph", stretched=True)


def nice(value: int) -> int:
    """The next even round number, so that half of it is one, too."""
    size = 1
    while True:
        for step in STEPS:
            if value <= 2 * step * size:
                return 2 * step * size
        size *= 10


def _bars(bins: Sequence[Bin], floor: float, top: int) -> Iterator[svg.Element]:
    step = WIDTH / len(bins)
    for place, bin_ in enumerate(bins):
        height = floor
        for kind, count in zip(PARTS, (bin_.accepted, bin_.overridden, bin_.unanswered), strict=True):
            part = count * floor / max(top, 1)
            height -= part
            if part:
                yield svg.Rect(
                    x=round(step * (place + GAP / 2), 2),
                    y=round(height, 2),
                    width=round(step * (1 - GAP), 2),
                    height=round(part, 2),
                    class_=[kind],
                )
