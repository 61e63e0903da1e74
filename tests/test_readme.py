"""Every command of the README does what the README says."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS: list[str] = [block.strip() for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)]
START_SECONDS = 240


def _command(start: str) -> str:
    return next(command for command in COMMANDS if command.startswith(start))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`make run`, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*shlex.split(_command("make run")), f"PORT={port}"],
        cwd=ROOT,
        start_new_session=True,
        env=os.environ | {"PYTHON": sys.executable, "TWITCH_CDS_DATA_DIR": str(tmp_path_factory.mktemp("data"))},
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(START_SECONDS * 2):
        assert process.poll() is None, "make run ended"
        try:
            with urlopen(f"{address}/health/ready"):
                return
        except URLError:
            time.sleep(0.5)
    raise AssertionError("make run did not start")


def test_commands() -> None:
    """The README has four commands, and each is exercised here or is this very run."""
    assert ["make run", "curl", "make test", ".venv/bin/twitch-cds"] == [
        " ".join(command.split()[: 2 if command.startswith("make") else 1]) for command in COMMANDS
    ]


def test_make_test() -> None:
    """`make test` runs the whole suite, which is what runs this test."""
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert re.search(r"^test:.*\n\t@\$\(BIN\)/python -m pytest --cov", makefile, re.MULTILINE)


def test_curl(base: str) -> None:
    """The curl command brings cards from `make run`."""
    command = _command("curl").replace("http://127.0.0.1:8000", base).replace("\\\n", " ")
    answer = subprocess.run(shlex.split(command), cwd=ROOT, capture_output=True, check=True, timeout=60)

    topics = [card["source"]["topic"]["code"] for card in json.loads(answer.stdout)["cards"]]
    assert ["neurology-urgent", "medication-review"] == topics


def test_evaluate() -> None:
    """The evaluate command prints the cards and the reasons."""
    arguments = shlex.split(_command(".venv/bin/twitch-cds"))[1:]
    run = [sys.executable, "-m", "cds", *arguments]
    answer = subprocess.run(run, cwd=ROOT, capture_output=True, check=True, timeout=60, text=True)

    assert "neurology-urgent" in answer.stdout
    assert "U1" in answer.stdout


@pytest.mark.parametrize("patient", ["samir-haddad", "viktor-lindqvist", "amara-okafor", "anna-kowalska"])
def test_sandbox_patients(patient: str) -> None:
    """The patients that the sandbox steps name exist, and bring cards or none as the README says."""
    charts = json.loads((ROOT / "fhir_fixtures" / "index.json").read_text("utf-8"))["charts"]
    chart = next(one for one in charts if one["id"] == patient)

    assert (patient != "anna-kowalska") == bool(chart["expect"])


def test_links() -> None:
    """Every file that the README links to exists."""
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]

    assert [] == [link for link in links if not (ROOT / link).exists()]
