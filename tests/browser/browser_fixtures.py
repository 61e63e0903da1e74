"""A real browser before a real service: each test in light and dark, on a desk and on a phone."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_kit import PROFILES, Visit
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
QUIET = ("--disable-background-networking", "--disable-component-update", "--no-first-run", OFFLINE)
SECONDS_TO_START = 300


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, with no way to any other machine."""
    assert Path(CHROMIUM).is_file(), f"There is no browser at {CHROMIUM}: install Chromium, or name it with CHROMIUM="
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *root])
        yield made
        made.close()


@pytest.fixture(scope="session", params=list(PROFILES))
def profile(request: pytest.FixtureRequest) -> str:
    """Colours and size."""
    return str(request.param)


@pytest.fixture(scope="session")
def base(profile: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service of its own for each profile: what is dismissed in one is news in the next."""
    port = _free_port()
    folder = tmp_path_factory.mktemp(profile)
    own = {
        "TWITCH_CDS_DATA_DIR": str(folder),
        "TWITCH_CDS_DEADLINE_MS": "10000",
        "TWITCH_CDS_STORE_TIMEOUT_MS": "5000",
    } | {"TWITCH_CDS_DRAIN_SECONDS": "0"}
    command = [sys.executable, "-m", "cds", "serve", "--demo", "--port", str(port)]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, env=os.environ | own, stderr=log) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/health/ready", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
def visit(browser: Browser, base: str, profile: str) -> Iterator[Visit]:
    """One visitor; whatever the browser complained of fails the test."""
    made = Visit(browser, base, profile)
    yield made
    made.close()
    assert [] == made.complaints


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the service says that it is ready."""
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        assert process.poll() is None, "the service did not start"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:  # refused, or accepted and not answered yet; a URLError is an OSError
            time.sleep(0.2)
    raise AssertionError("the service did not become ready")
