"""What demo mode adds: a page that says what this is, and the synthetic charts as a read-only FHIR server."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from fastapi import FastAPI, Response

from cds.settings import Settings
from cds.web.demo_fhir import demo_fhir
from cds.web.pages import page

FHIR = "/demo/fhir"
FIXTURES = Path(__file__).parents[2] / "fhir_fixtures"


def add_demo(app: FastAPI, settings: Settings, fixtures: Path, today: Callable[[], date]) -> None:
    """Add the paths of demo mode."""
    content = page("home.html", {"base": settings.public_url})

    async def home() -> Response:
        return content

    app.add_api_route("/", home, methods=["GET"])
    app.mount(FHIR, demo_fhir(fixtures, today, settings.public_url + FHIR))
