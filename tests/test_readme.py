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
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from service.process import STARVED

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS: list[str] = [block.strip() for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
START_SECONDS = 600


def _command(start: str) -> str:
    return next(command for command in COMMANDS if command.startswith(start))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo keeps what it keeps."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def base(data: Path) -> Iterator[str]:
    """`make run`, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*shlex.split(_command("make run")), f"PORT={port}"],
        cwd=ROOT,
        start_new_session=True,
        env=os.environ
        | {
            "PYTHON": sys.executable,
            "TWITCH_CDS_DATA_DIR": str(data),
            "TWITCH_CDS_WORKER_TIMEOUT_SECONDS": STARVED,
        },
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(600)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(START_SECONDS * 2):
        assert process.poll() is None, "make run ended"
        try:
            with urlopen(f"{address}/health/ready"):
                return
        except OSError:  # refused, or not answered yet; a URLError is an OSError
            time.sleep(0.5)
    raise AssertionError("make run did not start")


def test_commands() -> None:
    """The README has five commands, and each is exercised here or is this very run."""
    assert ["make run", "curl -s", "make test", ".venv/bin/twitch-cds evaluate", ".venv/bin/twitch-cds report"] == [
        " ".join(command.split()[:2]) for command in COMMANDS
    ]


def test_the_other_ways_are_tried_or_said_not_to_be() -> None:
    """Each command of the table is run by `.ci/run`, or is what `make run` starts, or its row says "not tried"."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", README.partition("### Other ways")[2], re.MULTILINE)[2:]
    tried = {way: re.findall(r"`([^`]+)`", commands) for way, commands, told in rows if "not tried" not in told}
    script = {line.strip().removeprefix("again ") for line in (ROOT / ".ci/run").read_text("utf-8").splitlines()}
    served = {"twitch-cds serve --demo", ".venv/bin/twitch-cds serve --demo"}  # what `make run` starts

    assert {"pipx", "uv", "Linux without make"} <= tried.keys()
    assert [] == [command for commands in tried.values() for command in commands if command not in script | served]
    assert f"dist/twitch_cds-{PROJECT['version']}-py3-none-any.whl" in README


def test_make_test() -> None:
    """`make test` runs the whole suite, which is what runs this test."""
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert re.search(r"^PARALLEL := -m pytest --numprocesses auto --dist loadfile$", makefile, re.MULTILINE)
    assert re.search(r"^test:.*\n\t@\$\(BIN\)/python \$\(PARALLEL\)$", makefile, re.MULTILINE)


def test_curl(base: str) -> None:
    """The curl command brings cards from `make run`."""
    command = _command("curl").replace("http://127.0.0.1:8000", base).replace("\\\n", " ")
    answer = subprocess.run(shlex.split(command), cwd=ROOT, capture_output=True, check=True, timeout=600)

    topics = [card["source"]["topic"]["code"] for card in json.loads(answer.stdout)["cards"]]
    assert ["neurology-urgent", "medication-review"] == topics


def test_evaluate() -> None:
    """The evaluate command prints the cards and the reasons."""
    arguments = shlex.split(_command(".venv/bin/twitch-cds evaluate"))[1:]
    run = [sys.executable, "-m", "cds", *arguments]
    answer = subprocess.run(run, cwd=ROOT, capture_output=True, check=True, timeout=600, text=True)

    assert "neurology-urgent" in answer.stdout
    assert "U1" in answer.stdout


def _called(base: str, service: str, body: bytes) -> list[Any]:
    """The cards of a call."""
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{base}/cds-services/{service}", body, headers)) as answer:
        cards: list[Any] = json.loads(answer.read())["cards"]
    return cards


@pytest.mark.parametrize(("patient", "expected"), [("ruth-mbeki", ["steroid-order"]), ("clara-jensen", [])])
def test_order_hooks(base: str, patient: str, expected: list[str]) -> None:
    """The patients of the order hooks get the card, or none, when prednisone is selected."""
    with urlopen(
        f"{base}/demo/patients/{patient}/request.json?hook=order-select&medicine=prednisone-20&daily=1"
    ) as sent:
        cards = _called(base, "muscle-twitch-order-select", sent.read())

    assert expected == [card["source"]["topic"]["code"] for card in cards]


def test_report(base: str, data: Path) -> None:
    """The report command prints what was shown."""
    run = [sys.executable, "-m", "cds", *shlex.split(_command(".venv/bin/twitch-cds report"))[1:]]
    shown = _called(
        base, "muscle-twitch-patient-view", (ROOT / "fhir_fixtures/requests/patient-view.json").read_bytes()
    )
    table = ""
    for _ in range(START_SECONDS):
        given = os.environ | {"TWITCH_CDS_DATA_DIR": str(data)}
        table = subprocess.run(run, cwd=ROOT, env=given, capture_output=True, check=True, timeout=600, text=True).stdout
        if shown[0]["source"]["topic"]["code"] in table:
            return
        time.sleep(0.5)
    raise AssertionError(table)


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
