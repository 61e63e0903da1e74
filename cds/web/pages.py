"""HTML pages: templates that escape by default, own scripts and style sheets only, and a policy that says so."""

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Request, Response

from cards.printed import plain_unit
from cds.web.assets import asset

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent / "templates"
DEMO = Path(__file__).parents[1] / "demo" / "templates"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
KEPT_FOR_AN_HOUR = "public, max-age=3600"
HTML = "text/html; charset=utf-8"


def gaps(sentence: str) -> str:
    """Show the placeholders of a sentence as gaps that a chart fills."""
    return re.sub(r"\{(\w+)\}", r"‹\1›", sentence)


@cache
def _templates() -> "Environment":
    """Made with the first page that is asked for: a worker that answers hooks alone never loads the library."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - see test_architecture

    environment = Environment(
        loader=FileSystemLoader((HERE, DEMO)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = asset
    environment.filters |= {"gaps": gaps, "unit": plain_unit}
    return environment


def page(template: str, values: Mapping[str, object], *, cache: str = "no-store", status: int = 200) -> Response:
    """Fill a template."""
    html = _templates().get_template(template).render(**values)
    headers = {"content-security-policy": POLICY, "cache-control": cache}
    return Response(html, status, headers, HTML)


def cacheable(template: str, values: Mapping[str, object]) -> Response:
    """A page without anything about a patient: it may be cached, and is identified by its ETag."""
    return tagged(page(template, values, cache=KEPT_FOR_AN_HOUR))


def tagged(answer: Response) -> Response:
    """Name an answer by its content."""
    answer.headers["etag"] = f'"{sha256(bytes(answer.body)).hexdigest()[:16]}"'
    return answer


def unless_known(request: Request, answer: Response) -> Response:
    """304 for a browser that has the page already (RFC 9110, If-None-Match)."""
    etags = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if answer.headers["etag"] not in etags and "*" not in etags:
        return answer
    headers = {name: value for name, value in answer.headers.items() if name not in ("content-length", "content-type")}
    return Response(status_code=304, headers=headers)
