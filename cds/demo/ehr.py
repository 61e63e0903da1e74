"""What demo mode adds beside the playground: the synthetic charts as a FHIR server, and a launcher before it."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from fastapi import FastAPI

from cds.clock import Clock, utc_now
from cds.demo.fhir import demo_fhir
from cds.demo.fhir.chart_stores import ChartStores
from cds.demo.fhir.charts import read_charts
from cds.demo.smart.authority import Authority, demo_client
from cds.demo.smart.routes import DemoSmart
from cds.secrecy import Secret
from cds.settings import Settings

FHIR = "/demo/fhir"
FIXTURES = Path(__file__).parents[2] / "fhir_fixtures"


class Demo:
    """The demo's own EHR: its charts with what was written to them, and its sign-in."""

    def __init__(
        self,
        settings: Settings,
        key: Secret,
        fixtures: Path = FIXTURES,
        today: Callable[[], date] | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.today = today or Clock(settings.zone).today
        self.stores = ChartStores(read_charts(fixtures), self.today)
        self._authority = Authority(settings.public_url + FHIR, key, now)
        self._url = settings.public_url
        self.client = demo_client(settings.public_url, settings.public_url + FHIR)

    def add_to(self, app: FastAPI) -> None:
        """Add the paths: those of the sign-in before the FHIR server, below which one of them is."""
        DemoSmart(self._authority, self.stores, self._url).add_to(app)
        app.mount(FHIR, demo_fhir(self.stores, self.today, self._url + FHIR, self._authority.may_create))
