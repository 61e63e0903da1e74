"""Starting the real service, talking to it, and reading what it has written."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PATIENT_VIEW = "/cds-services/muscle-twitch-patient-view"
TWITCHING = Path(__file__).parents[2] / "fhir_fixtures/requests/patient-view.json"
JSON = {"Content-Type": "application/json"}
PATIENCE = 600
STARVED = "3600"  # seconds that a worker may be silent: a machine that is busy elsewhere fails no test
HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers by lower-case names, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Running:
    """A service that answers."""

    address: str
    folder: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.address)
        return parts.hostname or "", parts.port or 0

    def fetch(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = JSON) -> Answer:
        """Make one request as a client library makes it."""
        connection = http.client.HTTPConnection(*self.place, timeout=PATIENCE)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def call(self, body: bytes | None = None, headers: Mapping[str, str] = JSON) -> Answer:
        """Call patient-view; without a body with a chart that twitches."""
        return self.fetch("POST", PATIENT_VIEW, TWITCHING.read_bytes() if body is None else body, headers)

    def raw(self, *pieces: bytes, patience: float = PATIENCE) -> bytes:
        """Send bytes that no client library would, and read until the service hangs up or has answered."""
        with socket.create_connection(self.place, timeout=patience) as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
            except OSError:  # the service has hung up: its answer may still be there
                pass
            return answer_of(connection)

    def written(self) -> str:
        """What the process has written to stdout and stderr so far."""
        return (self.folder / "stderr").read_text("utf-8", "replace")

    def metric(self, line: str) -> float:
        """One number of /metrics, by the beginning of its line; 0 if there is none."""
        lines = self.fetch("GET", "/metrics").body.decode().splitlines()
        return next((float(one.rpartition(" ")[2]) for one in lines if one.startswith(line)), 0.0)


def answer_of(connection: socket.socket) -> bytes:
    """Head and body of one answer, or what there is of it."""
    got = b""
    try:
        while HEAD_END not in got or len(got) < _length(got):
            piece = connection.recv(65_536)
            if not piece:
                break
            got += piece
    except OSError:
        pass
    return got


def _length(got: bytes) -> int:
    """How long an answer is whose head is here."""
    head = got.split(HEAD_END)[0].lower()
    found = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    return len(head) + len(HEAD_END) + (int(found[0].partition(b":")[2]) if found else 0)


@contextmanager
def running(folder: Path, *options: str, **settings: str) -> Iterator[Running]:
    """The service in demo mode on a free port, its data below a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    clean = {name: value for name, value in os.environ.items() if "TWITCH_CDS" not in name}
    given = {
        "data_dir": str(folder / "data"),
        "demo": "true",
        "drain_seconds": "0",
        "worker_timeout_seconds": STARVED,
        **settings,
    }
    environment = {**clean, **{f"TWITCH_CDS_{name.upper()}": value for name, value in given.items()}}
    command = [sys.executable, "-W", "error", "-m", "cds", "serve", "--port", "0", *options]
    with (
        (folder / "stderr").open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=environment) as process,
    ):
        try:
            assert process.stdout
            words = process.stdout.readline().decode().split()
            assert words, (folder / "stderr").read_text()
            yield Running(words[3], folder, process)
        finally:
            process.terminate()
            process.wait(PATIENCE)
