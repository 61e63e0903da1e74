"""`report.html`: one page that needs nothing else, to be read on a screen or on paper."""

from collections.abc import Sequence
from pathlib import Path

import svg
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cds.replay import keep
from cds.replay.figures import Bar, told
from cds.replay.manifest import Manifest
from cds.replay.results import CARDS_FILE, UNREAD_FILE, VISITS_FILE
from cds.replay.sections import sections
from cds.replay.tables import Tables
from cds.web.drawing import drawn

PAGE = "report.html"
ROW_WIDTH, ROW_HEIGHT = 240.0, 12.0
WIDTH, HEIGHT, GAP = 720.0, 120.0, 0.18
HEADLINES = """
    SELECT count(*), count(DISTINCT patient), coalesce(sum(cards), 0)::BIGINT,
           coalesce(sum(silenced), 0)::BIGINT, min(day), max(day) FROM visits
"""


def write_page(database: Tables, out: Path, manifest: Manifest) -> None:
    """Ask the files, and write the page."""
    for name, file in (("visits", VISITS_FILE), ("cards", CARDS_FILE), ("unread", UNREAD_FILE)):
        database.parquet(name, out / file)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ((calls, patients, cards, silenced, first, last),) = database.rows(HEADLINES)
    html = environment.get_template("report.html.jinja").render(
        manifest=manifest,
        headlines=(
            ("calls", told(calls)),
            ("patients with calls", told(patients)),
            ("cards shown", told(cards)),
            (
                "cards per 100 calls",
                f"{100 * cards / calls:.2f}" if calls and (cards == 0 or len(told(cards)) > 2) else "–",
            ),
            ("repeats suppressed", told(silenced)),
        ),
        span=(first, last) if first else (),
        sections=[
            (section, picture(section.bars, upright=section.upright)) for section in sections(database, manifest)
        ],
        row_picture=row_picture,
    )
    keep.put(out / PAGE, [html.encode()])


def picture(bars: Sequence[Bar], *, upright: bool) -> Markup | None:
    """All bars of a section in one picture, if they stand side by side."""
    if not upright or not bars:
        return None
    top = max(sum(count for _, count in bar.parts) for bar in bars)
    step = WIDTH / len(bars)
    elements: list[svg.Element] = [svg.Line(x1=0, x2=WIDTH, y1=HEIGHT - 0.5, y2=HEIGHT - 0.5, class_=["axis"])]
    for place, bar in enumerate(bars):
        floor = HEIGHT
        for kind, count in bar.parts:
            height = HEIGHT * count / max(top, 1)
            floor -= height
            x, width = step * (place + GAP / 2), step * (1 - GAP)
            elements.append(
                svg.Rect(
                    x=round(x, 2), y=round(floor, 2), width=round(width, 2), height=round(height, 2), class_=[kind]
                )
            )
    return drawn(elements, WIDTH, HEIGHT, "graph", stretched=True)


def row_picture(bar: Bar, bars: Sequence[Bar]) -> Markup:
    """One bar from left to right, on the scale of all."""
    most = max(sum(count for _, count in bar.parts) for bar in bars)
    elements: list[svg.Element] = []
    start = 0.0
    for kind, count in bar.parts:
        width = ROW_WIDTH * count / max(most, 1)
        elements.append(svg.Rect(x=round(start, 2), y=0, width=round(width, 2), height=ROW_HEIGHT, class_=[kind]))
        start += width
    return drawn(elements, ROW_WIDTH, ROW_HEIGHT, "bar", stretched=True)
