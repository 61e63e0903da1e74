"""The headers that keep a browser out of trouble, on every answer of every path."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from cds.settings import load
from cds.web.app import create_app
from cds.web.opening import open_parts

NOTHING = {"default-src": "'none'", "frame-ancestors": "'none'"}
PAGE = {
    **NOTHING,
    **dict.fromkeys(("script-src", "style-src", "img-src", "connect-src", "form-action"), "'self'"),
    "base-uri": "'none'",
}
VALUES = {
    "rest:path": "muscle-twitch-patient-view",
    "name": "site.css",
    "topic": "emergency",
    "patient": "nobody",
    "path:path": "metadata",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "OPTIONS")


async def visited(app: FastAPI, paths: list[str]) -> dict[tuple[str, str], httpx.Response]:
    """Every path with every method."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return {(method, path): await client.request(method, path) for path in paths for method in METHODS}


def paths_of(app: FastAPI) -> Iterator[str]:
    """The paths of all routes, mounted ones too, with values in the place of their parameters."""
    for route in app.router.routes:
        path: str = getattr(route, "path", "")
        yield re.sub(r"\{([^}]+)\}", lambda found: VALUES.get(found[1], "x"), path)
    yield from (
        "/cds-services/x",
        "/cds-services/x/feedback",
        "/demo/fhir/metadata",
        "/demo/fhir/Patient",
        "/demo/fhir/Patient/nobody",
        "/nothing",
        "/evidence/nobody",
    )


@pytest.fixture(scope="module", params=["demo", "required"])
def answers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], httpx.Response]:
    """All answers of a service in demo mode, and of one that knows nobody."""
    folder: Path = tmp_path_factory.mktemp("headers")
    given = {"TWITCH_CDS_DATA_DIR": str(folder), "TWITCH_CDS_DEMO": str(request.param == "demo").lower()}
    settings = load(given)
    app = create_app(open_parts(settings), settings)
    return asyncio.run(visited(app, sorted({*paths_of(app)} - {""})))


def policy(answer: httpx.Response) -> dict[str, str]:
    """The content security policy, part by part."""
    parts = [part.split() for part in answer.headers["content-security-policy"].split(";")]
    return {name: " ".join(values) for name, *values in parts}


def test_every_answer_has_them(answers: dict[tuple[str, str], httpx.Response]) -> None:
    """No guessing of types, no referrer, no frames, no loading by other sites."""
    wanted = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
    }
    missing = {
        where: {name: answer.headers.get(name) for name in wanted}
        for where, answer in answers.items()
        if any(answer.headers.get(name) != value for name, value in wanted.items())
    }

    assert {} == missing
    assert len(answers) > 60


def test_pages_load_what_is_ours_and_everything_else_loads_nothing(answers: Any) -> None:
    """No inline script or style, no eval, no other host."""
    for where, answer in answers.items():
        is_page = answer.headers.get("content-type", "").startswith("text/html")

        assert (PAGE if is_page else NOTHING) == policy(answer), where
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_pages_hold_no_inline_script_or_style(answers: Any) -> None:
    """The policy would refuse them; the page would be broken."""
    pages = [
        answer.text for answer in answers.values() if answer.headers.get("content-type", "").startswith("text/html")
    ]

    assert pages
    for text in pages:
        assert re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text) is None


def test_only_what_is_the_same_for_all_may_be_kept(answers: Any) -> None:
    """Evidence pages and assets say nothing of a patient; all else is not stored, errors neither."""
    kept = {path for (_, path), answer in answers.items() if answer.headers["cache-control"] != "no-store"}

    assert {path for path in kept if not path.startswith(("/evidence", "/assets/", "/demo/fhir/metadata"))} == set()
    for (_, path), answer in answers.items():
        assert answer.status_code < 400 or answer.headers["cache-control"] == "no-store", path


def test_no_answer_tells_the_software(answers: Any) -> None:
    """No server header, no cookies."""
    for answer in answers.values():
        assert not {"server", "x-powered-by", "set-cookie"} & set(answer.headers)
