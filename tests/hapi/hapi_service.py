"""The service as a process of its own, allowed to ask one FHIR server, and calls to it."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from hapi_charts import OnServer
from hapi_server import first_line, process

HERE = Path(__file__).parent
COMMAND = ("-m", "cds")
FROZEN = (str(HERE / "frozen_command.py"),)
START_SECONDS = 600


@dataclass(frozen=True)
class Served:
    """A running service, and the FHIR server that its calls name."""

    base: str
    fhir: str
    http: httpx.Client

    def call(self, chart: OnServer) -> httpx.Response:
        """One hook call without prefetch, for a chart that the FHIR server holds."""
        return self.http.post(
            f"{self.base}/cds-services/{chart.service}", json=chart.request | {"fhirServer": self.fhir}
        )


@contextmanager
def serving(
    fhir: str, folder: Path, program: tuple[str, ...], options: tuple[str, ...] = ("--demo",), **settings: str
) -> Iterator[Served]:
    """The service on a free port, in demo mode unless told otherwise, for as long as the block lasts."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("TWITCH_CDS_")}
    own = {
        "FHIR_SERVERS": fhir,
        "DATA_DIR": str(folder / "var"),
        "RATE_PER_SECOND": "100000",
        "DRAIN_SECONDS": "0",
        **settings,
    }
    environment = bare | {f"TWITCH_CDS_{name}": value for name, value in own.items()}
    command = [sys.executable, *program, "serve", *options, "--port", "0"]
    log = folder / "service.log"
    with (
        log.open("w+b") as lines,
        process(command, lines, environment=environment, folder=folder) as output,
        httpx.Client(timeout=600) as http,
    ):
        announced = re.search(r"http://\S+", first_line(output, START_SECONDS, log))
        assert announced
        yield Served(announced[0], fhir, http)
