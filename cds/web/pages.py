"""The few HTML pages: generated, without script, readable on a phone."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent / "templates"
STYLE = (HERE / "style.css").read_text("utf-8")
STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_templates = Environment(
    loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def page(template: str, values: Mapping[str, object], *, cache: str = "no-store") -> Response:
    """Fill a template; the one style sheet is inside, and allowed by its hash alone."""
    html = _templates.get_template(template).render(style=STYLE, **values)
    headers = {"content-security-policy": POLICY, "cache-control": cache}
    return Response(html, headers=headers, media_type="text/html")
