"""Markdown of a card as HTML that cannot do harm: no raw HTML, no images, no links to anything but the web."""

from markdown_it import MarkdownIt
from markupsafe import Markup

_RENDERER = MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False}).disable("image")


def rendered(text: str) -> Markup:
    """GitHub-flavoured Markdown as an EHR shows it (CDS Hooks 2.0, `detail`)."""
    return Markup(_RENDERER.render(text))  # noqa: S704 - the renderer escapes; a test gives it hostile text
