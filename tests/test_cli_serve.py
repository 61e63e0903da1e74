"""`twitch-cds serve`: in this process to see every line, and as a process of its own to see it whole."""

import http.client
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest
from charts.dates import TODAY
from charts.seam import engine

from cds import cli
from cds.account import Caller
from cds.errors import KnowledgeError, StartError, StoreError, UsageError
from cds.hook_handler import Reply
from cds.settings import Settings, load
from cds.trust.verifier import build_verifier
from cds.web import listener, server, worker
from cds.web.metrics import text_of_all
from cds.web.parts import Parts

QUICK = {"TWITCH_CDS_PORT": "0", "TWITCH_CDS_DRAIN_SECONDS": "0"}
CALL = "/cds-services/muscle-twitch-patient-view"


class Silent:
    """Silent on everything."""

    async def answer(self, service_id: str, body: bytes, caller: Caller) -> Reply:
        return Reply(200, b'{"cards":[]}')


def fake_parts(settings: Settings) -> Parts:
    """The parts of a service that is silent, and keeps nothing."""
    return Parts(engine=engine(TODAY), hook_handler=Silent(), verifier=build_verifier(settings, None))


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting leaks in from outside, none leaks out from a test; what is kept is kept aside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name})


@pytest.fixture
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve without reading the knowledge."""
    monkeypatch.setattr(worker, "open_parts", fake_parts)


def fetch(address: str, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    """Make one request over a real connection."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=600)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def visitor(visit: Callable[[str], object], seen: list[object]) -> Callable[[str], None]:
    """Once the address is announced: visit it from another thread, then ask the server to end."""

    def go(address: str) -> None:
        try:
            seen.append(visit(address))
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    return lambda address: threading.Thread(target=go, args=(address,), daemon=True).start()


@pytest.mark.usefixtures("fake_engine")
def test_serve_answers_until_it_is_asked_to_end() -> None:
    """One process: it announces its address, answers, and returns."""
    seen: list[object] = []

    server.serve(
        load({"TWITCH_CDS_DEMO": "1", "TWITCH_CDS_PORT": "0", "TWITCH_CDS_DRAIN_SECONDS": "0"}),
        visitor(lambda at: fetch(at, "POST", CALL, b"{}"), seen),
    )

    assert [(200, {"cards": []})] == seen


@pytest.mark.usefixtures("fake_engine")
@pytest.mark.parametrize(
    ("given", "warnings"),
    [
        ({}, ["TWITCH_CDS_TIME_ZONE"]),
        ({"TWITCH_CDS_TIME_ZONE": "UTC"}, []),
        ({"TWITCH_CDS_DEMO": "1"}, []),
    ],
)
def test_a_time_zone_that_nobody_chose_is_said_once(
    given: dict[str, str], warnings: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """In the log, as one line of JSON like all others."""
    server.serve(
        load(given | QUICK),
        visitor(lambda at: fetch(at, "GET", "/health/live"), []),
    )

    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert warnings == [line["setting"] for line in told if line["level"] == "warning"]


@pytest.mark.parametrize(
    ("given", "warned"),
    [
        ({"WORKERS": "2"}, True),
        ({"WORKERS": "1"}, False),
        ({"WORKERS": "2", "TOKEN_REUSE": "closed"}, False),
        ({"WORKERS": "2", "DEMO": "true"}, False),
        ({"WORKERS": "2", "DEMO": "true", "AUTH": "required"}, True),
    ],
)
def test_several_workers_that_would_accept_a_token_each_are_warned_of(
    given: dict[str, str], warned: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not where the site has chosen, nor where no token is looked at."""
    monkeypatch.setattr(server, "ProcessPoolExecutor", Tried(""))
    monkeypatch.setattr(server, "Supervisor", Supervisor)
    monkeypatch.setattr(worker, "open_parts", fake_parts)
    monkeypatch.setattr(server, "_serve_alone", lambda *_: None)
    server.serve(
        load({"TWITCH_CDS_PORT": "0"} | {f"TWITCH_CDS_{name}": value for name, value in given.items()}), lambda _: None
    )

    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert warned is any(line.get("setting") == "TWITCH_CDS_TOKEN_REUSE" for line in told)


def test_a_process_that_ended_by_itself_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its status is that of a failure, as at a start: who watches it should know."""
    monkeypatch.setattr(
        worker, "open_parts", lambda settings: replace(fake_parts(settings), ended_by=[StoreError("Too old.")])
    )

    with pytest.raises(StoreError, match="Too old"):
        server.serve(
            load({"TWITCH_CDS_DEMO": "1", "TWITCH_CDS_PORT": "0"}),
            visitor(lambda at: fetch(at, "GET", "/health/live"), []),
        )


def test_a_service_with_clients_and_no_public_address_does_not_start(capsys: pytest.CaptureFixture[str]) -> None:
    """One line names the setting, and the status is 1."""
    os.environ["TWITCH_CDS_CLIENTS"] = "clients.toml"

    assert 1 == cli.main(["serve"])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("twitch-cds: TWITCH_CDS_PUBLIC_URL: is required")


class Tried:
    """Stands for the process in which a start is tried."""

    def __init__(self, ending: str | Exception) -> None:
        self._ending = ending

    def __call__(self, *_: object) -> "Tried":
        return self

    __enter__ = submit = __call__

    def __exit__(self, *_: object) -> None:
        return

    def result(self) -> str:
        if isinstance(self._ending, str):
            return self._ending
        raise self._ending


class Supervisor:
    """Stands for the parent's work, and keeps what it was started with."""

    started: ClassVar[dict[str, Any]] = {}

    def __init__(self, settings: Settings, listener: socket.socket, _: object, *, ended: Callable[[str], None]) -> None:
        self.started.update(workers=settings.workers, port=listener.getsockname()[1])
        self._ended = ended

    def run(self) -> None:
        self._ended("signal")
        self._ended("signal")
        folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
        (line,) = [line for line in text_of_all(folder).splitlines() if b'ended_total{cause="signal"}' in line]
        self.started["ended"] = line[-3:]


def test_several_workers_share_the_socket_and_the_folder_of_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start was tried in another process; how many workers ended is among the numbers of all."""
    said: list[str] = []
    monkeypatch.setattr(server, "Supervisor", Supervisor)
    server.serve(Settings(port=0, workers=2), said.append)

    (address,) = said
    assert {"workers": 2, "port": int(address.rpartition(":")[2]), "ended": b"2.0"} == Supervisor.started


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("limits.toml: k: is no number", "limits.toml: k: is no number"),
        (BrokenProcessPool(), "died while it was starting"),
    ],
)
def test_what_keeps_workers_from_starting_stops_the_parent(
    ending: str | Exception, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker is started, and no address is announced."""
    monkeypatch.setattr(server, "ProcessPoolExecutor", Tried(ending))
    said: list[str] = []

    with pytest.raises(StartError, match=text):
        server.serve(Settings(port=0, workers=2), said.append)
    assert [] == said


@pytest.mark.usefixtures("fake_engine")
def test_a_start_is_tried_with_all_that_a_worker_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wrong, or it is said in a sentence."""

    def fail(_: Settings) -> Parts:
        raise KnowledgeError("limits.toml", "k", "is no number")

    assert "" == server._problem_of_start()
    monkeypatch.setattr(worker, "open_parts", fail)
    assert "limits.toml: k: is no number" == server._problem_of_start()


def test_the_parent_of_several_workers_imports_no_application() -> None:
    """It serves nothing: frameworks, database and knowledge are loaded by its workers alone."""
    heavy = ["fastapi", "sqlalchemy", "cds.knowledge", "pydantic", "httpx", "prometheus_client"]
    script = "import sys, cds.web.server; print(*(name for name in sys.argv[1:] if name in sys.modules))"

    assert (
        "\n"
        == subprocess.run([sys.executable, "-c", script, *heavy], capture_output=True, text=True, check=True).stdout
    )


@pytest.mark.usefixtures("fake_engine")
def test_a_worker_builds_from_the_environment() -> None:
    """What the options said has been put there."""
    os.environ["TWITCH_CDS_DEMO"] = "true"

    assert "/demo/fhir" in [getattr(route, "path", "") for route in worker.build().routes]


@pytest.mark.parametrize(("host", "start"), [("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")])
def test_addresses_of_both_kinds_are_listened_on(host: str, start: str) -> None:
    """IPv4 and IPv6."""
    with listener.listen(host, 0) as door:
        assert listener.address_of(door).startswith(start)


def test_a_port_that_is_taken_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback; the way out is named."""
    monkeypatch.setattr(worker, "open_parts", fake_parts)
    with listener.listen("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        status = cli.main(["serve", "--demo", "--port", str(port)])

    error = capsys.readouterr().err
    assert 1 == status
    assert f"twitch-cds: cannot listen on 127.0.0.1:{port}: Address already in use. Choose another port" in error
    assert 1 == len(error.splitlines())


def test_a_name_that_is_no_address_is_refused() -> None:
    """The resolver's error becomes ours."""
    with pytest.raises(StartError):
        listener.listen("256.256.256.256", 0)


@pytest.mark.parametrize(
    ("error", "status"), [(KnowledgeError("limits.toml", "k", "is no number"), 1), (UsageError("nothing to read"), 2)]
)
def test_errors_end_the_command_with_their_status_and_one_line(
    error: Exception, status: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """1 when the service cannot start, 2 when the input is unusable."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(server, "serve", fail)

    assert status == cli.main(["serve"])
    assert f"twitch-cds: {error}\n" == capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], Settings()),
        (
            ["--host", "0.0.0.0", "--port", "9000", "--workers", "2"],
            Settings(host="0.0.0.0", port=9000, workers=2, public_url="http://127.0.0.1:9000"),
        ),
        (["--demo"], load({"TWITCH_CDS_DEMO": "true"})),
    ],
)
def test_options_become_settings(
    options: list[str], expected: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each option sets the variable of its name, and the address is told with the mode."""
    seen: list[Settings] = []

    def serve(settings: Settings, announce: Callable[[str], None]) -> None:
        seen.append(settings)
        announce("http://127.0.0.1:1")

    monkeypatch.setattr(server, "serve", serve)

    assert 0 == cli.main(["serve", *options])
    assert [expected] == seen
    assert ("demo mode" in capsys.readouterr().out) is expected.demo


def test_an_option_that_is_no_number_names_the_setting(capsys: pytest.CaptureFixture[str]) -> None:
    """Options are checked where settings are."""
    assert 1 == cli.main(["serve", "--port", "http"])
    assert "TWITCH_CDS_PORT: must be a whole number" in capsys.readouterr().err


def test_the_module_is_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m cds` is `twitch-cds`."""
    monkeypatch.setattr(sys, "argv", ["cds", "--version"])
    with pytest.raises(SystemExit):
        runpy.run_module("cds", run_name="__main__")

    assert f"twitch-cds {version('twitch-cds')}\n" == capsys.readouterr().out


def test_a_worker_that_reads_the_module_anew_does_not_start_the_command() -> None:
    """Workers are spawned: each imports the module of its parent under another name."""
    assert "main" in runpy.run_module("cds.__main__", run_name="__mp_main__")


def test_evaluate_is_a_command_and_its_status_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it does is tested where it is written."""
    monkeypatch.setattr("cds.evaluate.command.run", lambda _: 2)

    assert 2 == cli.main(["evaluate", "-"])


def test_version_and_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` tells it; without a command the usage is shown, with status 2."""
    shown, refused = cli.main(["--version"]), cli.main([])

    told = capsys.readouterr()
    assert (0, 2) == (shown, refused)
    assert told.out.startswith(f"twitch-cds {version('twitch-cds')}\n")
    assert told.err.startswith("Usage: twitch-cds")
