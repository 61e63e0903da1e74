"""What a worker is made of: nothing that no call needs."""

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx

from cds.settings import load
from cds.web.app import create_app
from cds.web.opening import open_parts

NEEDLESS = [
    *("pydantic.v1", "httpx._main", "rich", "fhir", "ucumvert", "pint"),
    *("svg", "jinja2", "httpx", "httpcore", "h2", "sqlalchemy.dialects.postgresql", "alembic"),
]


def test_a_worker_imports_nothing_needless(tmp_path: Path) -> None:
    """Neither command lines of libraries, nor models for the checks of tests, nor the parser of units.

    What pages, key sets behind an address, FHIR servers, PostgreSQL and tables that have to be changed need is loaded
    where there are such.
    """
    script = (
        "import sys; from cds.settings import load; from cds.web import worker;"
        "worker.ready_application(load({'TWITCH_CDS_DATA_DIR': sys.argv[1]}));"
        "print(*(name for name in sys.argv[2:] if sys.modules.get(name) is not None))"
    )
    run = [sys.executable, "-c", script, str(tmp_path), *NEEDLESS]
    subprocess.run(run, capture_output=True, check=True)  # makes the tables

    assert "\n" == subprocess.run(run, capture_output=True, text=True, check=True).stdout


def test_a_service_that_asks_nobody_starts_and_ends(tmp_path: Path) -> None:
    """No FHIR server is listed: there is nothing that could fetch, and nothing to be closed."""
    settings = load({"TWITCH_CDS_DATA_DIR": str(tmp_path)})
    app = create_app(open_parts(settings), settings)

    async def life() -> int:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
        ):
            return (await client.get("/health/live")).status_code

    assert 200 == asyncio.run(life())
