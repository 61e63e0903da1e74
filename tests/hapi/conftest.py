"""One HAPI FHIR server for all tests of this folder, with every chart on it; the service beside it."""

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from charts.dates import TODAY
from charts.resources import Json
from charts.seam import engine
from hapi_charts import OnServer, fixtures, golden
from hapi_client import Fhir
from hapi_made import made
from hapi_server import running
from hapi_service import COMMAND, FROZEN, Served, serving

from cds.clock import utc_now

PATIENCE_MS = "60000"


@pytest.fixture(scope="session")
def fhir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fhir]:
    """A real server that holds the demo charts, the golden cases, and a few charts of our own."""
    with running(tmp_path_factory.mktemp("hapi")) as base, httpx.Client(timeout=600) as http:
        server = Fhir(base, http)
        assert server.read("metadata").json()["software"]["name"] == "HAPI FHIR Server"
        server.load(one for chart in (*fixtures(), *golden(), *made().values()) for one in chart.resources)
        yield server


@pytest.fixture(scope="session")
def advertised() -> dict[str, dict[str, str]]:
    """The prefetch templates of each service, as discovery lists them."""
    services: list[Json] = json.loads(engine(TODAY).discovery())["services"]
    return {service["id"]: service["prefetch"] for service in services}


@pytest.fixture(scope="session")
def frozen(fhir: Fhir, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service on the day of the golden cases, with all the time it needs."""
    folder = tmp_path_factory.mktemp("frozen")
    with serving(fhir.base, folder, FROZEN, DEADLINE_MS=PATIENCE_MS) as served:
        yield served


@pytest.fixture(scope="session")
def command(fhir: Fhir, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The command as it is installed, with its own clock and its default deadline."""
    with serving(fhir.base, tmp_path_factory.mktemp("command"), COMMAND) as served:
        yield served


@pytest.fixture(scope="session")
def current(fhir: Fhir) -> list[OnServer]:
    """The demo charts once more, with their dates moved to today."""
    days = (utc_now().date() - TODAY) // timedelta(days=1)
    charts = fixtures("now", days)
    fhir.load(one for chart in charts for one in chart.resources)
    return charts
