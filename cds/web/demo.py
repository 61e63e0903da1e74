"""What demo mode adds beside the playground: the synthetic charts as a read-only FHIR server."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from fastapi import FastAPI

from cds.settings import Settings
from cds.web.demo_fhir import demo_fhir

FHIR = "/demo/fhir"
FIXTURES = Path(__file__).parents[2] / "fhir_fixtures"


def add_demo(app: FastAPI, settings: Settings, fixtures: Path, today: Callable[[], date]) -> None:
    """Add the paths of demo mode."""
    app.mount(FHIR, demo_fhir(fixtures, today, settings.public_url + FHIR))
