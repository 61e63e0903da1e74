"""What goes back: FHIR JSON in the type that was asked for, marked as demo; refusals are OperationOutcomes."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

from msgspec.json import Encoder
from starlette.requests import Request
from starlette.responses import Response

from cds.errors import CallError, render

FHIR_JSON: Final = "application/fhir+json"
_OFFERED: Final = (FHIR_JSON, "application/json+fhir", "application/json")
_ANYTHING: Final = ("", "*/*", "application/*", "json")
_DEMO: Final = {"X-Demo": "true"}
_QUALITY: Final = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII)
_FORMAT: Final = re.compile(r"(?:^|&)_format=([^&]*)")
_ENCODER: Final = Encoder(decimal_format="number")


class Refused(CallError):  # noqa: N818 - named like the other refusals in cds.errors
    """A request that the demo server does not answer; the text says what to send instead."""

    def __init__(self, status: int, code: str, text: str, headers: Mapping[str, str] | None = None) -> None:
        """Take what HTTP and FHIR want to know."""
        super().__init__(text)
        self.status, self.code, self.headers = status, code, headers or {}


def answer(
    request: Request, resource: dict[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Send a resource."""
    return Response(_ENCODER.encode(resource), status, {**_DEMO, **(headers or {})}, media_type(request))


def refuse(request: Request, error: CallError) -> Response:
    """Send an OperationOutcome."""
    return Response(render(error), error.status, {**error.headers, **_DEMO}, media_type(request) or FHIR_JSON)


def media_type(request: Request) -> str | None:
    """Choose the type of the answer: `_format` before Accept; None when we have nothing to offer."""
    match = _FORMAT.search(request.scope["query_string"].decode("latin-1"))
    if match is not None:
        return _known(unquote_plus(match[1]).replace(" ", "+"))
    return _best(",".join(request.headers.getlist("accept")))


def _best(accept: str) -> str | None:
    """Pick the first of the ranges with the highest quality."""
    best, quality = None, 0.0
    for part in accept.split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((float(match[1]) for piece in parameters if (match := _QUALITY.fullmatch(piece))), 1.0)
        if (media := _known(name)) and weight > quality:
            best, quality = media, weight
    return best


def _known(name: str) -> str | None:
    name = name.lower()
    if name in _ANYTHING:
        return FHIR_JSON
    return name if name in _OFFERED else None
