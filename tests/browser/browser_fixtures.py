"""A real browser before a real service: each test in light and dark, on a desk and on a phone."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from functools import partialmethod
from pathlib import Path

import pytest
from browser_kit import PATIENCE, PROFILES, Visit
from playwright.sync_api import Browser, Locator, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
SMALL = "--disable-dev-shm-usage"  # /dev/shm has 64 MB in a container
QUIET = ("--disable-background-networking", "--disable-component-update", "--no-first-run", SMALL, OFFLINE)
SECONDS_TO_START = SECONDS_TO_END = 600


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, with no way to any other machine."""
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as playwright:
        program = _program(playwright)
        assert Path(program).is_file(), f"There is no browser at {program}: install Chromium, or name it with CHROMIUM="
        made = playwright.chromium.launch(executable_path=program, args=[*QUIET, *root], timeout=PATIENCE)
        yield made
        made.close()


def _program(playwright: Playwright) -> str:
    """The browser that is named, else the system's, else what `playwright install chromium` brought."""
    found = (shutil.which(name) for name in NAMES)
    return os.environ.get("CHROMIUM") or next(filter(None, found), playwright.chromium.executable_path)


@pytest.fixture(scope="session", autouse=True)
def _clicks_wait_for_nothing() -> Iterator[None]:
    """On a loaded machine a click returns before the page that it asks for is there; here it does every time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Locator, "click", partialmethod(Locator.click, no_wait_after=True))
        yield


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
        "TWITCH_CDS_DEADLINE_MS": "60000",
        "TWITCH_CDS_STORE_TIMEOUT_MS": "10000",
        "TWITCH_CDS_DRAIN_SECONDS": "0",
    }
    command = [sys.executable, "-m", "cds", "serve", "--demo", "--port", str(port)]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, env=os.environ | own, stderr=log) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/health/ready", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(SECONDS_TO_END)


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
