"""Pictures, drawn with svg.py: attributes only, so that they need nothing but our style sheet under a strict policy."""

from collections.abc import Sequence

import svg
from markupsafe import Markup

HIDDEN = {"aria-hidden": "true", "focusable": "false"}
STRETCHED = {"preserveAspectRatio": "none"}


def drawn(
    elements: Sequence[svg.Element], width: float, height: float, kind: str, *, stretched: bool = False
) -> Markup:
    """A picture as HTML, hidden from those who listen: beside it stands the same in words.

    svg.py escapes nothing: pictures are made of our own numbers and class names alone, and hold no text at all.
    """
    extra = HIDDEN | (STRETCHED if stretched else {})
    box = svg.ViewBoxSpec(0, 0, width, height)
    picture = svg.SVG(viewBox=box, class_=[kind], elements=[*elements], extra=extra)
    return Markup(picture.as_str())  # noqa: S704 - see above
